# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole scan of a machine that was booted with Secure Boot enforced, before and after something that its next boot refuses."""

from __future__ import annotations

import base64
import os
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from boot_world import GUID, MARK, key, pkcs7
from firebreak_lab import ssh
from running_fleet import Fleet
from secure_boot import VENDOR, Debian, whole

HOST = "secured"
MENU = b"search --label hostroot --set=root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n"
PREPARE = f"""
mkdir -p /boot/efi
echo PARTUUID={GUID} /boot/efi vfat umask=0077 0 1 >>/etc/fstab
mount /boot/efi
"""
MODULE = "dummy"
SECONDS = 300


@pytest.fixture(scope="module")
def debian() -> Debian:
    return Debian()


@pytest.fixture(scope="module")
def machines(debian: Debian, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet of one host, as Debian's installer leaves a machine with Secure Boot."""
    folder = tmp_path_factory.mktemp("firmware")
    given = whole(debian)
    del given.files["/vmlinuz"]
    given.write(debian.firmware, folder, {f"/{VENDOR}/grub.cfg": MENU})
    described = folder / "fleet.yml"
    described.write_text(yaml.safe_dump({HOST: {"image": "bookworm", "cpus": 1, "memory": 768, "firmware": str(folder), "prepare": PREPARE}}),
                         encoding="utf-8")
    fleet = Fleet(f"test-{os.getpid()}-secure", tmp_path_factory.mktemp("reports"))
    try:
        fleet.run("up", "--fleet", str(described))
        yield fleet
    finally:
        fleet.run("down")


def trust(machines: Fleet, name: str) -> dict[str, Any]:
    """The part of the host's record."""
    seen: dict[str, Any] = machines.report(name).document(HOST)["record"]["boot"]["trust"]
    return seen


def bring(machines: Fleet, path: str, data: bytes) -> None:
    """A file onto the host."""
    argv = ssh.argv(machines.lab.folder, HOST, f"mkdir -p {Path(path).parent} && cat >{path} && sync {path}")
    subprocess.run(argv, input=data, timeout=300, check=True)


def signed_by_a_stranger(module: bytes) -> bytes:
    """The module with the signature of a key that no keyring holds."""
    head = module[-len(MARK) - 12:-len(MARK)]
    length = struct.unpack(">I", head[8:])[0]
    blob = pkcs7(key("Own modules"), None, with_certificates=False)
    return module[:-len(MARK) - 12 - length] + blob + struct.pack(">BBBBB3xI", 0, 0, 2, 0, 0, len(blob)) + MARK


def console(machines: Fleet) -> str:
    return (machines.lab.host_folder(HOST) / "console.log").read_text(errors="replace")


def test_what_is_said_of_the_next_boot_is_what_it_does(machines: Fleet, debian: Debian) -> None:
    release = machines.ask(HOST, "uname -r")
    first = trust(machines, "first")
    assert (first["mode"], first["next_boot"], first["modules_refused"]) == ("enforced", "allowed", [])
    assert first["sbat_level"] is not None and first["ready_for_2023_shim"] is True and first["revoked_components"] == []

    path = machines.ask(HOST, f"modinfo -F filename {MODULE}")
    module = base64.b64decode(machines.ask(HOST, f"base64 {path}"))
    bring(machines, f"/lib/modules/{release}/updates/dkms/{MODULE}.ko", signed_by_a_stranger(module))
    refused = machines.ask(HOST, f"depmod && modprobe {MODULE} 2>&1; dmesg | tail -5")
    assert "Key was rejected by service" in refused and "unavailable key is rejected" in refused, refused
    assert [(row["module"], row["signer"]) for row in trust(machines, "module")["modules_refused"]] == [(MODULE, "Own modules")]

    program = f"/boot/efi/{VENDOR}/grubx64.efi"
    bring(machines, program, debian.old_grub)
    last = trust(machines, "last")
    assert (last["next_boot"], last["next_boot_stage"], last["next_boot_outcome"]) == ("refused", "loader", "console_box")
    assert [row["path"] for row in last["revoked_components"]] == [program]

    before = len(console(machines))
    ssh.answers(machines.lab.folder, HOST, "systemctl reboot", 120)
    until = time.monotonic() + SECONDS
    while "Security Violation" not in console(machines)[before:]:
        assert time.monotonic() < until, console(machines)[-4000:]
        time.sleep(2)
