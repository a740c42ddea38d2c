# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a kernel is, by the real dpkg: packages with files of kernels are installed on a host of the test's own; scan and proof are asked."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from firebreak_proof.questions.kernels import KERNEL
from private_host import on_host
from workshop import REPOSITORY

SPLIT = "7.2.13+deb14-cloud-amd64"
PLAIN = "6.1.0-28-amd64"
BOARD = "6.6.39-current-rockchip64"
# package: (version, what it depends on, its files)
PACKAGES: dict[str, tuple[str, str, list[str]]] = {
    f"linux-image-{SPLIT}": ("7.2.13-1", f"linux-binary-{SPLIT} (= 7.2.13-1), linux-modules-{SPLIT} (= 7.2.13-1)", []),
    f"linux-binary-{SPLIT}": ("7.2.13-1", "", [f"usr/lib/modules/{SPLIT}/vmlinuz"]),
    f"linux-base-{SPLIT}": ("7.2.13-1", "", []),
    f"linux-modules-{SPLIT}": ("7.2.13-1", f"linux-base-{SPLIT}",
                               [f"usr/lib/modules/{SPLIT}/modules.builtin", f"usr/lib/modules/{SPLIT}/kernel/x.ko"]),
    f"linux-image-{PLAIN}-unsigned": ("6.1.119-1", "", [f"boot/vmlinuz-{PLAIN}", f"usr/lib/modules/{PLAIN}/kernel/x.ko"]),
    "vendor-bsp": ("24.5.3", "", [f"boot/vmlinuz-{BOARD}", f"usr/lib/modules/{BOARD}/kernel/x.ko"]),
}
SCAN = f"""
import json, sys
sys.path.insert(0, {str(REPOSITORY / "collections")!r})
from ansible_collections.firebreak.fleet.plugins.module_utils._host import host, record, witness
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import section
written = record.Section("kernel")
section.collect(witness.Witness(host.LiveHost()), written, {{"available": False}})
print("== scan " + json.dumps(written.facts))
"""


# The older kernel's image in the place of the newer one's: an x86 header whose pointer leads to the release.
EXCHANGE = f"""
image = bytearray(0x4000)
image[0x202:0x206], image[0x20E:0x210], image[0x3200:0x3230] = b"HdrS", bytes((0, 0x30)), b"{PLAIN} (x) #1 SMP".ljust(0x30, bytes(1))
open("/boot/vmlinuz-{SPLIT}", "wb").write(image)
"""


def _build(folder: Path) -> None:
    for name, (version, depends, files) in PACKAGES.items():
        root = folder / name
        (root / "DEBIAN").mkdir(parents=True)
        control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: a kernel without one\n"
        (root / "DEBIAN/control").write_text(control + (f"Depends: {depends}\n" if depends else ""), encoding="utf-8")
        for path in files:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(f"{name} {path}\n", encoding="utf-8")
        sums = "find . -path ./DEBIAN -prune -o -type f -printf '%P\\0' | xargs -0 -r md5sum >DEBIAN/md5sums"
        subprocess.run(["sh", "-c", sums], check=True, cwd=root)
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", str(root), str(folder / f"{name}.deb")], check=True, capture_output=True)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What scan and proof say of the host: the section's facts and the proof's answers, before and after an image was changed."""
    folder = tmp_path_factory.mktemp("owners")
    _build(folder)
    (folder / "scan.py").write_text(SCAN, encoding="utf-8")
    (folder / "exchange.py").write_text(EXCHANGE, encoding="utf-8")
    asked = {question.name: question.shell for question in KERNEL if question.name in ("installed", "stray", "incomplete")}
    for name, shell in asked.items():
        (folder / f"{name}.sh").write_text(shell, encoding="utf-8")
    ask = " && ".join(f"echo == {name} && sh {name}.sh" for name in asked)
    # The hook of forky's linux-base copies the image; a file that nobody brought lies beside it.
    ended = on_host(folder, "ID=debian\n", f"""set -e
        dpkg --install ./*.deb >dpkg.log 2>&1 || {{ cat dpkg.log; exit 1; }}
        cp /usr/lib/modules/{SPLIT}/vmlinuz /boot/vmlinuz-{SPLIT}
        echo mine >/boot/vmlinuz-9.9.9-hand
        {shlex.quote(sys.executable)} scan.py
        {ask}
        {shlex.quote(sys.executable)} exchange.py
        {shlex.quote(sys.executable)} scan.py
        echo == changed && sh installed.sh""")
    assert ended.status == 0, ended.output
    said = dict(part.split("\n", 1) for part in ended.output.split("== ") if "\n" in part)
    before, after = [json.loads(name[len("scan "):]) for name in said if name.startswith("scan ")]
    return {**said, "facts": before, "after": after}


def test_the_scan_knows_each_kernel_by_its_files(seen: dict[str, Any]) -> None:
    rows = {row["release"]: row for row in seen["facts"]["installed"]}
    assert {release: row["package"] for release, row in rows.items()} == {
        SPLIT: f"linux-image-{SPLIT}", PLAIN: f"linux-image-{PLAIN}-unsigned", BOARD: "vendor-bsp"}
    assert rows[SPLIT]["packages"] == [f"linux-{part}-{SPLIT}" for part in ("base", "binary", "image", "modules")]
    assert all(row["complete"] and row["image_altered"] is False for row in rows.values())
    assert seen["facts"]["stray_images"] == ["/boot/vmlinuz-9.9.9-hand"]


def test_the_proof_knows_them_too_by_its_own_way(seen: dict[str, Any]) -> None:
    rows = {cells[2]: cells for cells in (line.split("\t") for line in seen["installed"].splitlines())}
    assert {release: (cells[0], cells[1], cells[3], cells[4]) for release, cells in rows.items()} == {
        SPLIT: (f"linux-binary-{SPLIT}", "7.2.13-1", f"/boot/vmlinuz-{SPLIT}", "packaged"),
        PLAIN: (f"linux-image-{PLAIN}-unsigned", "6.1.119-1", f"/boot/vmlinuz-{PLAIN}", "packaged"),
        BOARD: ("vendor-bsp", "24.5.3", f"/boot/vmlinuz-{BOARD}", "packaged")}
    assert seen["stray"].split() == ["/boot/vmlinuz-9.9.9-hand"]


def test_a_copy_that_was_changed_is_not_the_file_that_the_package_brought(seen: dict[str, Any]) -> None:
    states = {line.split("\t")[2]: line.split("\t")[4] for line in seen["changed"].splitlines()}
    assert states == {SPLIT: "changed", PLAIN: "packaged", BOARD: "packaged"}
    assert {row["release"]: row["image_altered"] for row in seen["after"]["installed"]} == {SPLIT: True, PLAIN: False, BOARD: False}
