# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mitigations put on a host and taken back: what the files hold, what the note keeps, and that nothing is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import mitigating
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.mitigating import Wanted
from ansible_collections.firebreak.fleet.plugins.modules.mitigations import Paths, change

NOTHING = Wanted([], [], {}, [], [], [], {})
READING = " ".join(Path("/proc/sys/kernel/pid_max").read_text(encoding="utf-8").split())


class Machine:
    """What the module needs of Ansible's own: a folder, a move, and whether it only looks."""

    def __init__(self, folder: Path, check_mode: bool = False) -> None:
        self.tmpdir, self.check_mode = str(folder), check_mode

    def atomic_move(self, source: str, target: str) -> None:
        Path(source).replace(target)


def host(folder: Path) -> Paths:
    """A host with the folders of the files, and a file of somebody else's."""
    for name in ("modprobe.d", "sysctl.d", "tmp"):
        (folder / name).mkdir()
    (folder / "modprobe.d/own.conf").write_text("options x y=1\n", encoding="utf-8")
    return Paths(str(folder / "firebreak/mitigations.json"), str(folder / "modprobe.d/00.conf"), str(folder / "sysctl.d/zz.conf"))


def content(folder: Path) -> dict[str, str]:
    """Every file and folder below a folder."""
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") if path.is_file() else "" for path in folder.rglob("*")}


def apply(folder: Path, paths: Paths, wanted: Wanted, finish: bool = False, check_mode: bool = False) -> dict[str, Any]:
    return change(Machine(folder / "tmp", check_mode), wanted, [], finish, paths)


FULL = Wanted(["CVE-2026-2", "CVE-2026-1"], ["rxrpc", "algif_aead"], {"kernel.pid_max": READING}, [], ["initcall_blacklist=a_init"],
              ["kvm_intel.nested"], {"kvm_intel.nested": "Y"})


def test_it_comes_and_goes_byte_for_byte(tmp_path: Path) -> None:
    paths = host(tmp_path)
    before = content(tmp_path)
    assert apply(tmp_path, paths, FULL, check_mode=True)["changed"] is True
    assert content(tmp_path) == before
    assert apply(tmp_path, paths, FULL)["changed"] is True
    seen = content(tmp_path)
    assert seen["modprobe.d/00.conf"].splitlines()[1:] == [
        "softdep algif_aead pre:", "install algif_aead /bin/false", "softdep rxrpc pre:", "install rxrpc /bin/false"]
    assert seen["sysctl.d/zz.conf"].splitlines()[1:] == [f"kernel.pid_max = {READING}"]
    assert json.loads(seen["firebreak/mitigations.json"])["applied"] == ["CVE-2026-1", "CVE-2026-2"]
    assert (Path(paths.note).stat().st_mode & 0o777, Path(paths.note).parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert apply(tmp_path, paths, FULL)["changed"] is False
    back = apply(tmp_path, paths, NOTHING)
    assert (back["words_gone"], back["kvm_back"]) == (["initcall_blacklist=a_init"], {"kvm_intel.nested": "Y"})
    # What the loader and KVM must still take back is not forgotten before they did.
    assert json.loads(content(tmp_path)["firebreak/mitigations.json"])["words"] == ["initcall_blacklist=a_init"]
    assert apply(tmp_path, paths, NOTHING, finish=True)["words_gone"] == ["initcall_blacklist=a_init"]
    assert content(tmp_path) == before
    assert apply(tmp_path, paths, NOTHING)["changed"] is False


def test_one_goes_and_another_stays(tmp_path: Path) -> None:
    paths = host(tmp_path)
    apply(tmp_path, paths, FULL)
    other = Wanted(["CVE-2026-1"], ["rxrpc"], {}, [], ["initcall_blacklist=b_init"], ["kvm_intel.nested"], {"kvm_intel.nested": "N"})
    done = apply(tmp_path, paths, other)
    assert (done["words_gone"], done["kvm_back"]) == (["initcall_blacklist=a_init"], {})
    apply(tmp_path, paths, other, finish=True)
    note = json.loads(content(tmp_path)["firebreak/mitigations.json"])
    # The first value that was seen is the one to give back, not what the mitigation made of it.
    assert (note["words"], note["kvm_parameters"], note["sysctls"]) == (["initcall_blacklist=b_init"], {"kvm_intel.nested": "Y"}, {})
    assert content(tmp_path)["modprobe.d/00.conf"].splitlines()[1:] == ["softdep rxrpc pre:", "install rxrpc /bin/false"]
    assert "sysctl.d/zz.conf" not in content(tmp_path)


def test_units_are_given_back_as_they_were() -> None:
    on = NOTHING._replace(services=["a.service", "b.service"])
    note = mitigating.next_note(mitigating.empty_note(), on, {"a.service": True, "b.service": False}, {}, False)
    again = mitigating.next_note(note, on, {"a.service": False, "b.service": False}, {}, False)
    assert again == note
    assert mitigating.services_back(note, NOTHING) == {"a.service": True, "b.service": False}
    assert mitigating.services_back(note, on._replace(services=["a.service"])) == {"b.service": False}


def test_the_former_value_of_a_parameter_is_the_first_that_was_seen() -> None:
    on = NOTHING._replace(sysctls={"kernel.x": "1"})
    note = mitigating.next_note(mitigating.empty_note(), on, {}, {"kernel.x": "0"}, False)
    again = mitigating.next_note(note, on, {}, {"kernel.x": "1"}, False)
    assert again["sysctls"] == {"kernel.x": {"given": "1", "former": "0"}}
    assert mitigating.sysctls_back(again, NOTHING) == {"kernel.x": {"given": "1", "former": "0"}}


@pytest.mark.parametrize("text", [
    "{", "[]", '{"schema": "other", "applied": []}', '{"schema": "firebreak.mitigations/1", "applied": [], "words": {}}'])
def test_a_note_that_cannot_be_read_is_no_empty_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        mitigating.parse_note(text)


def test_a_parameter_that_the_kernel_has_not_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    paths = host(tmp_path)
    before = content(tmp_path)
    with pytest.raises(Exception, match=r"the kernel has no parameter kernel\.no_such"):
        apply(tmp_path, paths, FULL._replace(sysctls={"kernel.no_such": "1"}))
    assert content(tmp_path) == before
