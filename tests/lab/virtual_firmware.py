# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with UEFI firmware (OVMF under emulation), a disk with one EFI system partition, and what its serial console says of its boot."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from debian_archive import run
from firebreak_lab import machine, supervisor

VIRT_FIRMWARE = "virt-firmware==26.10"
PARTITION_BYTES, PARTITION_AT = 160 << 20, 1 << 20
_EFI_SYSTEM = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
_WRITTEN = "e9070101000000000000000000000000"  # the time that authenticated variables carry: 2025-01-01
_AUTHENTICATED = 0x20
_SECONDS = 300.0
# So long a machine must stand still before it counts as one that waits for a person: MokManager's own patience is ten seconds.
_WAITS_SECONDS = 40.0

INIT = "#!/bin/busybox sh\necho init was reached\n/bin/busybox poweroff -f\n"
REACHED = "init was reached"


class Variable(NamedTuple):
    """One EFI variable, as it is kept over boots."""

    name: str
    vendor: str
    attributes: int
    value: bytes


class Sign(NamedTuple):
    """A text on the console, what it says of the boot (answer, stage, outcome), and how QEMU then ends; '' where that says nothing."""

    text: str
    verdict: tuple[str, str | None, str | None]
    ending: str


ENDED, STANDS = "guest-shutdown", "lost"
# The texts are those of EDK2, shim, MokManager and GRUB; the last that is seen decides.
SIGNS = (
    Sign(REACHED, ("allowed", None, None), ENDED),
    Sign(r"failed to load Boot0001.*Access Denied", ("refused", "firmware", "next_entry"), ""),
    Sign(r"SBAT self-check failed", ("refused", "shim", "power_off"), ENDED),
    Sign(r"Something has gone seriously wrong", ("refused", "mok_manager", "power_off"), ENDED),
    Sign(r"Verification failed: \(0x1A\) Security Violation", ("refused", "loader", "console_box"), STANDS),
    Sign(r"bad shim signature", ("refused", "kernel", "loader_prompt"), STANDS),
    Sign(r"perform MOK management", ("waits", "mok_manager", "console_box"), STANDS),
)


class Firmware(NamedTuple):
    """OVMF's code, its empty variables, and the program that writes variables."""

    code: Path
    blank: Path
    writer: Path


def provide_writer(place: Path) -> Path:
    """virt-firmware's command, from the package index, in an environment of its own."""
    folder = place / VIRT_FIRMWARE.replace("==", "-")
    if not (folder / "bin/virt-fw-vars").exists():
        run([sys.executable, "-m", "venv", str(folder)], place)
        run([str(folder / "bin/pip"), "install", "--quiet", VIRT_FIRMWARE], place)
    return folder / "bin/virt-fw-vars"


def write_variables(firmware: Firmware, variables: list[Variable], target: Path) -> None:
    """The firmware's file with these variables."""
    rows = [{"name": each.name, "guid": each.vendor, "attr": each.attributes, "data": each.value.hex(),
             **({"time": _WRITTEN} if each.attributes & _AUTHENTICATED else {})} for each in variables]
    described = target.with_suffix(".json")
    described.write_text(json.dumps({"version": 2, "variables": rows}), encoding="ascii")
    run([str(firmware.writer), "--input", str(firmware.blank), "--set-json", str(described), "--output", str(target)], target.parent)


def write_disk(disk: Path, guid: str, files: Mapping[str, bytes]) -> None:
    """A disk whose only partition has these files."""
    with disk.open("wb") as image:
        image.truncate(PARTITION_AT + PARTITION_BYTES + (1 << 20))
    layout = f"label: gpt\nstart={PARTITION_AT // 512}, size={PARTITION_BYTES // 512}, type={_EFI_SYSTEM}, uuid={guid}\n"
    subprocess.run(["sfdisk", "--quiet", str(disk)], input=layout, text=True, check=True, stdout=subprocess.DEVNULL)
    partition = f"{disk}@@{PARTITION_AT}"
    run(["mformat", "-i", partition, "-T", str(PARTITION_BYTES // 512), "-F", "::"], disk.parent)
    made: set[str] = set()
    content = disk.parent / "content"
    for path, data in files.items():
        for folder in [f"/{'/'.join(path.strip('/').split('/')[:depth])}" for depth in range(1, path.strip("/").count("/") + 1)]:
            if folder not in made:
                run(["mmd", "-i", partition, f"::{folder}"], disk.parent)
                made.add(folder)
        content.write_bytes(data)
        run(["mcopy", "-i", partition, str(content), f"::{path}"], disk.parent)
    content.unlink()


def initrd(folder: Path) -> bytes:
    """Busybox and a first process that says it was reached."""
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    (root / "bin/busybox").write_bytes(Path("/bin/busybox").read_bytes())
    (root / "init").write_text(INIT, encoding="ascii")
    for path in (root / "bin/busybox", root / "init"):
        path.chmod(0o755)
    run(["sh", "-c", "find . | cpio --quiet -o -H newc | gzip -1 > ../initrd"], root)
    return (folder / "initrd").read_bytes()


class Boot(NamedTuple):
    """What became of a boot: the sign that decided (None: none was seen), how QEMU ended (``STANDS`` where it was stopped), and the console."""

    sign: Sign | None
    ended: str
    console: str


def boot(folder: Path) -> Boot:
    """One start of a machine by a folder's code.fd, variables.fd and partition.img, until it ends or stands still where a person is wanted."""
    console, events = folder / "console.log", folder / "events.log"
    argv = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-accel", "tcg", "-cpu", "max,la57=off",
            *machine.uefi(folder), "-m", "512", "-display", "none", "-no-reboot", "-nic", "none", "-serial", f"file:{console}", "-qmp", "stdio"]
    with events.open("wb") as said:
        emulator = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=said, stderr=subprocess.DEVNULL)
        assert emulator.stdin is not None
        try:
            emulator.stdin.write(b'{"execute": "qmp_capabilities"}\n')
            emulator.stdin.flush()
            text = _watch(emulator, lambda: _plain(console))
        finally:
            emulator.kill()
            emulator.wait()
    ended = supervisor.shutdown_reason(json.loads(line) for line in events.read_text(encoding="utf-8").splitlines())
    seen = [(text.rfind(found[-1]), sign) for sign in SIGNS if (found := re.findall(sign.text, text))]
    return Boot(max(seen, key=lambda pair: pair[0])[1] if seen else None, ended, text)


def _watch(emulator: subprocess.Popen[bytes], said: Callable[[], str]) -> str:
    """The console when the machine has ended, was refused by its firmware, or has stood still for long enough after a sign."""
    until, text, since = time.monotonic() + _SECONDS, "", time.monotonic()
    while emulator.poll() is None and time.monotonic() < until:
        time.sleep(0.5)
        now = said()
        if now.split() != text.split():
            text, since = now, time.monotonic()
        signs = [sign for sign in SIGNS if re.search(sign.text, text)]
        if any(not sign.ending for sign in signs) or (signs and time.monotonic() - since > _WAITS_SECONDS):
            break
    return said()


def _plain(console: Path) -> str:
    """What was printed, without the terminal's commands and MokManager's count of seconds: who only counts stands still."""
    text = console.read_text(errors="replace") if console.exists() else ""
    return re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]|Booting in \d+ seconds|\r", "", text)
