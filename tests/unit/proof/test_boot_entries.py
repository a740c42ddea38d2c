# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's own order of .conf entries, held against the scan's on random ids and on the cases that public threads name."""

from __future__ import annotations

import random

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import bls
from firebreak_proof.views import boot_entries

EL8, EL9 = {"ID": "rocky", "VERSION_ID": "8.10"}, {"ID": "almalinux", "VERSION_ID": "9.6"}
PIECES = ("6", "18", "0", "01", "5.14.0", "570", "el9_6", "x86_64", "+debug", "+64k-debug", "~rc1",
          "-", "-", "-", ".", "_", "+", "~", "a", "Z", "fc43")


def text(*entries: tuple[str, str]) -> str:
    return "".join(f"={name}.conf\ntitle T {name}\nversion {version}\nlinux /vmlinuz-{version}\n\n" for name, version in entries)


@pytest.mark.parametrize(("os_release", "branch"), [
    (EL8, bls.branch_of("rocky", "8.10", "redhat")), (EL9, bls.branch_of("almalinux", "9.6", "redhat"))])
def test_scan_and_proof_show_the_same_entry_first(os_release: dict[str, str], branch: bls.Branch) -> None:
    source = random.Random(20261128)
    for _ in range(2000):
        pairs = [tuple("".join(source.choice(PIECES) for _ in range(source.randint(1, 8))) + "x" for _ in range(2)) for _ in range(2)]
        if pairs[0] == pairs[1]:
            continue
        said = text(*pairs)  # type: ignore[arg-type]
        entries = [bls.parse_grub_entry(f"{name}.conf", f"version {version}\nlinux /vmlinuz-{version}\n") for name, version in pairs]
        order = bls.grub_compare(entries[0], entries[1], branch, branch.by_version)
        found = boot_entries.first(boot_entries.read(said), os_release)
        assert found is not None
        assert order == 0 or found.name == pairs[0 if order > 0 else 1][0], pairs


def test_two_machine_ids_on_el_8_and_9() -> None:
    confs = boot_entries.read(text(("104a-4.18.0-477.el8", "4.18.0-477.el8"), ("cd33-4.18.0-553.el8", "4.18.0-553.el8")))
    assert [boot_entries.chosen(confs, "", system).version for system in (EL8, EL9)] == ["4.18.0-553.el8", "4.18.0-477.el8"]  # type: ignore[union-attr]
    assert boot_entries.chosen(confs, "T cd33-4.18.0-553.el8", EL9) == confs[1]
    assert boot_entries.chosen(confs, "1", EL9) is None


@pytest.mark.parametrize(("system", "version"), [
    # TimeBye/kubeadm-ha#123 (TencentOS 3.1, whose grub2 is 2.02: rhboot/shim-review#440), pgsty/pigsty#703 (4.4), Fedora's platform:f43.
    ({"ID": "tencentos", "VERSION_ID": "3.1", "PLATFORM_ID": "platform:el8"}, "553.el8"),
    ({"ID": "alinux", "VERSION_ID": "3", "PLATFORM_ID": "platform:al8"}, "553.el8"),
    ({"ID": "tencentos", "VERSION_ID": "4.4", "PLATFORM_ID": "platform:tl4"}, "477.el8"),
    ({"ID": "fedora", "VERSION_ID": "43", "PLATFORM_ID": "platform:f43"}, "477.el8"),
])
def test_a_relative_names_what_it_is_built_from(system: dict[str, str], version: str) -> None:
    confs = boot_entries.read(text(("104a-4.18.0-477.el8", "4.18.0-477.el8"), ("cd33-4.18.0-553.el8", "4.18.0-553.el8")))
    found = boot_entries.chosen(confs, "", system)
    assert found is not None
    assert found.version == f"4.18.0-{version}"


def test_an_entry_that_ends_before_its_image_is_none() -> None:
    assert boot_entries.read("=a.conf\ntitle a\n\nlinux /vmlinuz-1\n") == []
