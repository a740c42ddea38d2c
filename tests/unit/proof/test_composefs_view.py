# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof on hosts of bootc without ostree: the question on files as bootc 1.16 lays them (its boot.rs), and what its answer comes to."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from firebreak_proof.asking import Answer
from firebreak_proof.promises import BrokenPromiseError
from firebreak_proof.proof import Proof
from firebreak_proof.questions import system
from firebreak_proof.standards import Standard
from firebreak_proof.views import comparisons, kernels

RUNS, NEXT, OLD = "b" * 128, "c" * 128, "a" * 128
HERE, THERE = "6.19.8-200.fc44.x86_64", "6.20.1-300.fc44.x86_64"
TOOLS = ("tr", "sed", "tail", "od", "head", "cut", "grep", "sort", "uname", "awk", "stat", "ls")


def image(release: str) -> bytes:
    """The head of an x86 kernel: its magic, and where its version stands."""
    return bytes(514) + b"HdrS" + bytes(8) + (600).to_bytes(2, "little") + bytes(584) + f"{release} (mockbuild@x) #1".encode() + bytes(200)


def slot(verity: str, boot_digest: str, **more: Any) -> dict[str, Any]:
    return {"image": {"image": {"image": "quay.io/x/y:44"}, "imageDigest": f"sha256:{verity[0]}"},
            "composefs": {"verity": verity, "bootType": "Bls", "bootloader": "systemd", "bootDigest": boot_digest}, **more}


def told(root: Path, status: dict[str, Any], entries: dict[str, tuple[str, str]], images: dict[str, str]) -> str:
    """What the question prints of a host with these entries (digest and image, by file) and images (release, by path)."""
    files = {"proc/cmdline": f"root=UUID=1 composefs={RUNS} rw\n".encode(), **{path: image(release) for path, release in images.items()}}
    for path, (digest, linux) in entries.items():
        files[path] = f"title x\nversion 44\nlinux {linux}\noptions root=UUID=1 composefs={digest}\n".encode()
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / "bin").mkdir()
    for tool in TOOLS:
        (root / "bin" / tool).symlink_to(str(shutil.which(tool)))
    (root / "bin/bootc").write_text(f"#!/bin/sh\necho '{json.dumps({'status': status}, indent=1)}'\n", encoding="utf-8")
    (root / "bin/bootc").chmod(0o755)
    shell = next(question.shell for question in system.BOOT if question.name == "boot_tools")
    shell = re.sub(r"(?<![\w|*\\/}])/(?=(?:boot|efi|proc|run)\b)", f"{root}/", shell)
    environment = {"PATH": str(root / "bin"), "LC_ALL": "C"}
    return subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=True, env=environment).stdout


def proof(said: str) -> Proof:
    answers = {"boot_tools": said, "running": f"uname {HERE}\nproc {HERE}\nbanner Linux version {HERE} (x)\n",
               "installed": f"kernel-core\t6.19.8-200.fc44\t{HERE}\t/usr/lib/modules/{HERE}/vmlinuz\tpackaged\n"}
    return Proof("web1", Standard({}, (), ()), {name: Answer(out, "", 0, 1) for name, out in answers.items()})


ENTRIES = {"boot/loader/entries/a.conf": (RUNS, f"/boot/bootc_composefs-{RUNS}/vmlinuz"),
           "boot/loader/entries.staged/b.conf": (NEXT, f"/boot/bootc_composefs-{NEXT}/vmlinuz")}
ON_ESP = {"efi/loader/entries/a.conf": (RUNS, f"/EFI/Linux/bootc_composefs-{RUNS}/vmlinuz"),
          "efi/loader/entries.staged/b.conf": (NEXT, f"/EFI/Linux/bootc_composefs-{NEXT}/vmlinuz")}
IMAGES = {f"boot/bootc_composefs-{RUNS}/vmlinuz": HERE, f"boot/bootc_composefs-{NEXT}/vmlinuz": THERE}
IMAGES_ON_ESP = {path.replace("boot/", "efi/EFI/Linux/", 1): release for path, release in IMAGES.items()}
PLAIN = {"booted": slot(RUNS, "1"), "staged": None, "rollback": slot(OLD, "0"), "rollbackQueued": False}
STAGED = {**PLAIN, "staged": slot(NEXT, "2")}


@pytest.mark.parametrize(("status", "entries", "images", "release"), [
    (PLAIN, ENTRIES, IMAGES, HERE), (STAGED, ENTRIES, IMAGES, THERE), (STAGED, ON_ESP, IMAGES_ON_ESP, THERE),
    # bootc-dev/bootc#2425: fetched alone. What two deployments share lies in the folder of the first.
    ({**PLAIN, "staged": slot(NEXT, "2", downloadOnly=True)}, ENTRIES, IMAGES, HERE),
    ({**PLAIN, "staged": slot(NEXT, "1")}, {}, {}, HERE),
    (STAGED, {**ENTRIES, "boot/loader/entries.staged/b.conf": (NEXT, f"/boot/bootc_composefs-{OLD}/vmlinuz")},
     {**IMAGES, f"boot/bootc_composefs-{OLD}/vmlinuz": "6.20.2-1.fc44.x86_64"}, "6.20.2-1.fc44.x86_64"),
    ({**PLAIN, "rollbackQueued": True}, {**ENTRIES, "boot/loader/entries/0.conf": (OLD, f"/boot/bootc_composefs-{OLD}/vmlinuz")},
     {**IMAGES, f"boot/bootc_composefs-{OLD}/vmlinuz": "6.18.2-1.fc44.x86_64"}, "6.18.2-1.fc44.x86_64"),
    # Entries on a partition that is not mounted; a bootc that says nothing; a rollback of unified images, whose word some versions turn round.
    (STAGED, {}, {}, None), ({"booted": None}, ENTRIES, IMAGES, None),
    ({**PLAIN, "booted": {**slot(RUNS, "1"), "composefs": {"verity": RUNS, "bootType": "Uki"}}}, ENTRIES, IMAGES, None),
])
def test_the_next_kernel_is_that_of_the_next_deployment(
    status: dict[str, Any], entries: dict[str, tuple[str, str]], images: dict[str, str], release: str | None, tmp_path: Path,
) -> None:
    host = proof(told(tmp_path, status, entries, images))
    if release is None:
        with pytest.raises(BrokenPromiseError, match=r"bootc|which kernel comes with it"):
            kernels.default_release(host)
        list(comparisons.groups(host))
        return
    assert kernels.default_release(host) == release
    assert kernels.boots_another_root(host) is (status["rollbackQueued"] or bool(status["staged"] and not status["staged"].get("downloadOnly")))
