# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles of self-built live patches: what is taken from one, and what is refused before anything is loaded."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.filter.live_patch_manifest import add_patch
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import kernel_module
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch.bundle import manifest, source
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch.bundle.manifest import KernelView
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch.bundle.store import Store
from hypothesis import given
from hypothesis import strategies as st

RELEASE = "6.1.0-50-cloud-amd64"
KERNEL = KernelView(RELEASE, "6.1.176-1", True, "none", False, [])
NOTE = struct.pack("<III", 4, 20, 3) + b"GNU\0" + bytes(range(20))


def module(release: str = RELEASE, livepatch: bool = True, signed: bool = False, name: str = "fix_one") -> bytes:
    """A module's file with the sections that are read, as the kernel's build lays them out."""
    said = [f"vermagic={release} SMP preempt mod_unload modversions ", f"name={name}", "depends=", "license=GPL", *(["livepatch=Y"] * livepatch)]
    parts = {"": b"", ".modinfo": "\0".join(said).encode() + b"\0", ".note.gnu.build-id": NOTE}
    names = b"\0" + b"".join(part.encode() + b"\0" for part in [*parts, ".shstrtab"] if part)
    parts[".shstrtab"] = names
    at, rows, content = 64, [], b""
    for part, data in parts.items():
        rows.append(struct.pack("<IIQQQQIIQQ", names.index(part.encode() + b"\0") if part else 0, 1 if part else 0, 0, 0, at, len(data), 0, 0, 1, 0))
        content, at = content + data, at + len(data)
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, at, 0, 64, 0, 0, 64, len(rows), len(rows) - 1)
    return header + content + b"".join(rows) + (b"signature" + kernel_module.SIGNATURE_MARK if signed else b"")


def patch(data: bytes, **changes: Any) -> dict[str, Any]:
    """A patch's entry in a manifest."""
    return {"kernel": {"release": RELEASE, "package_version": "6.1.176-1"}, "module": "fix-one.ko", "sha256": hashlib.sha256(data).hexdigest(),
            "cves": ["CVE-2026-1234"], "cumulative": True, "built_at": "2026-11-24T12:00:00Z", **changes}


def bundle(folder: Path, data: bytes, **changes: Any) -> str:
    """A bundle that is a folder."""
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "patches": [patch(data, **changes)]}))
    (folder / "fix-one.ko").write_bytes(data)
    return str(folder)


def archive(folder: Path, data: bytes, below: str = "") -> str:
    """A bundle that is an archive."""
    path = folder / "bundle.tar.xz"
    with tarfile.open(path, "w:xz") as packed:
        for name, content in (("manifest.json", json.dumps({"format": 1, "patches": [patch(data)]}).encode()), ("fix-one.ko", data)):
            member = tarfile.TarInfo(below + name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return str(path)


def test_a_modules_own_words() -> None:
    said = kernel_module.parse(module())
    assert (said.name, said.release, said.livepatch, said.depends, said.signed) == ("fix_one", RELEASE, True, [], False)
    assert said.build_id == bytes(range(20)).hex()
    assert kernel_module.parse(module(signed=True)).signed


@given(st.integers(0, 800), st.binary(min_size=1, max_size=8))
def test_a_damaged_module_is_refused_or_read_but_breaks_nothing(at: int, damage: bytes) -> None:
    data = module()
    with contextlib.suppress(ValueError):
        kernel_module.parse(data[:at] + damage + data[at + len(damage):])


@pytest.mark.parametrize("below", ["", "bundle/", "./"])
def test_a_folder_and_an_archive_hold_the_same(tmp_path: Path, below: str) -> None:
    data = module()
    assert source.take(bundle(tmp_path, data), KERNEL) == source.take(archive(tmp_path, data, below), KERNEL)


@pytest.mark.parametrize(("data", "changes", "kernel", "said"), [
    (module(), {"sha256": "0" * 64}, {}, "the manifest says 0000"),
    (module("6.1.0-56-cloud-amd64"), {}, {}, "was built for kernel 6.1.0-56-cloud-amd64"),
    (module(), {"kernel": {"release": "6.1.0-56-cloud-amd64"}}, {}, r"no patch for .* 6.1.0-50-cloud-amd64; it has for: 6.1.0-56-cloud"),
    (module(), {}, {"package_version": "6.1.177-1"}, "the patch is for kernel package 6.1.176-1, and 6.1.177-1 runs"),
    (module(livepatch=False), {}, {}, "no live patch"),
    (module(), {}, {"signature_required": True}, "is not signed, .*module.sig_enforce is set"),
    (module(), {}, {"lockdown": "integrity"}, "is not signed, .*lockdown is integrity"),
    (b"no module", {}, {}, "not a kernel module"),
    (module()[:300], {}, {}, "not a kernel module"),
])
def test_refused(tmp_path: Path, data: bytes, changes: dict[str, Any], kernel: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        source.take(bundle(tmp_path, data, **changes), KERNEL._replace(**kernel))


def test_a_signed_module_may_be_loaded_where_signatures_are_asked_for(tmp_path: Path) -> None:
    entry, _module, _data = source.take(bundle(tmp_path, module(signed=True)), KERNEL._replace(lockdown="integrity", signature_required=True))
    assert entry.cves == ["CVE-2026-1234"]


@pytest.mark.parametrize("changes", [
    {"module": "../fix-one.ko"}, {"module": "/etc/fix.ko"}, {"sha256": "short"}, {"cves": ["none"]}, {"cves": "CVE-2026-1234"}, {"cumulative": "yes"},
    {"built_at": "today"}, {"kernel": {"release": "../etc"}}, {"kernel": {}}, {"kernel": None}])
def test_a_manifest_that_is_not_understood(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"manifest\.json: "):
        source.take(bundle(tmp_path, module(), **changes), KERNEL)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2, "patches": []}', '{"format": 1, "patches": [1]}'])
def test_no_manifest_at_all(text: str) -> None:
    with pytest.raises(Refused):
        manifest.parse_manifest(text)


def test_two_patches_for_one_kernel_are_one_too_many() -> None:
    entry = manifest.parse_manifest(json.dumps({"format": 1, "patches": [patch(b"")]}))[0]
    with pytest.raises(Refused, match="2 patches for kernel"):
        manifest.choose([entry, entry], KERNEL)


def test_a_truncated_archive(tmp_path: Path) -> None:
    path = Path(archive(tmp_path, module()))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(Refused, match="no whole tar archive"):
        source.take(str(path), KERNEL)


def test_a_bundle_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no bundle"):
        source.take(str(tmp_path / "none"), KERNEL)


def test_a_pinned_archive(tmp_path: Path) -> None:
    path = archive(tmp_path, module())
    source.check_archive(path, hashlib.sha256(Path(path).read_bytes()).hexdigest())
    with pytest.raises(Refused, match="wanted 0000"):
        source.check_archive(path, "0" * 64)
    with pytest.raises(Refused, match="is no file"):
        source.check_archive(str(tmp_path), "0" * 64)


@pytest.mark.parametrize(("kernel", "said"), [
    ({"capable": False}, "no live patching"), ({"stopped_by": ["kernel.modules_disabled=1"]}, "modules_disabled=1")])
def test_a_kernel_into_which_nothing_can_be_patched(kernel: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        manifest.check_kernel(KERNEL._replace(**kernel))


def test_a_patch_is_kept_only_when_it_was_seen_in_force(tmp_path: Path) -> None:
    store = Store(str(tmp_path / RELEASE))
    store.bring("fix_one", b"module", "manifest")
    assert sorted(path.name for path in (tmp_path / RELEASE).iterdir()) == ["fix_one.json", "fix_one.waiting"]
    assert not store.holds("fix_one", b"module", "manifest")
    store.commit("fix_one")
    assert store.holds("fix_one", b"module", "manifest")
    assert not store.holds("fix_one", b"module", "another manifest")
    store.remove("fix_one")
    assert not (tmp_path / RELEASE).exists()


def test_a_bundle_keeps_one_patch_for_each_kernel() -> None:
    other = patch(b"", kernel={"release": "6.12.1-amd64"})
    text = add_patch(add_patch(add_patch("", patch(b"")), other), patch(b"", cves=[]))
    assert [(row["kernel"]["release"], row["cves"]) for row in json.loads(text)["patches"]] == [(RELEASE, []), ("6.12.1-amd64", ["CVE-2026-1234"])]
