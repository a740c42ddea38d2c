# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role rollout and a host that its reboot does not bring back: its sshd is gone, or holds the connection and says nothing any more.

The host is a real sshd in namespaces of its own, in which systemctl is a stand-in: nothing else of this machine is rebooted or ended.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from benchmarks._own_sshd import ADDRESS, Server, configure, wait_for
from golden_record import golden
from playing import play

# Process 1 of the namespace is the sshd: it ends at a TERM, and all its sessions with it. Who stands still is all but itself.
ENDINGS = {"gone": "kill -TERM 1", "still": "kill -STOP -1"}
SYSTEMCTL = """#!/bin/sh
case "$1" in
show) echo UserspaceTimestampMonotonic=17 ;;
soft-reboot) touch {folder}/asked; {ending} ;;
esac
"""
READY = {"room": {}, "packages": [], "lock_holders": [], "enabled": [], "systemd": 257, "kexec": False}
SECONDS = 3


@contextmanager
def host(folder: Path, ending: str) -> Iterator[Server]:
    """An sshd that a soft reboot ends in that way. Where the stand-in cannot be put in its place, nothing is served."""
    (folder / "systemctl").write_text(SYSTEMCTL.format(folder=folder, ending=ENDINGS[ending]))
    (folder / "systemctl").chmod(0o755)
    configuration, server = configure(folder, "10")
    serve = f'mount --bind "{folder}/systemctl" "$(readlink -f "$(command -v systemctl)")" && exec {shutil.which("sshd")} -D -f "{configuration}"'
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-euc", serve]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(server.port, process, folder / "no-log")
            yield server
        finally:
            process.kill()


def same_kernel() -> dict[str, Any]:
    """A record of a host that a soft reboot serves: the wanted kernel runs, by the wanted words."""
    record = golden()
    running = record["kernel"]["running"]
    row = {"release": running["release"], "package_version": running["package_version"], "image_present": True, "complete": True,
           "initrd_missing": False, "image": "/boot/vmlinuz", "initrd": "/boot/initrd.img"}
    record["kernel"].update(installed=[row], modules=[])
    record["kernel"]["default_boot"].update(release=running["release"], loader="grub", options="root=/dev/vda1 ro")
    record["boot"].update(cmdline="root=/dev/vda1 ro", reboot_required=False, boot_id="11111111-1111-1111-1111-111111111111")
    return record


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_host_that_never_returns_is_named_with_what_a_person_finds(ending: str, tmp_path: Path) -> None:
    record = same_kernel()
    task = {"name": "Reboot", "ansible.builtin.include_role": {"name": "firebreak.fleet.rollout", "tasks_from": "reboot.yml"}}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"name": "Reboot", "hosts": "all", "gather_facts": False, "tasks": [task]}]))
    with host(tmp_path, ending) as server:
        variables = {
            "ansible_connection": "ssh", "ansible_host": ADDRESS, "ansible_port": server.port, "ansible_ssh_private_key_file": str(server.key),
            "ansible_control_path": str(tmp_path / "cp"),
            "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR",
            "ansible_python_interpreter": os.path.realpath(sys.executable),
            "rollout_before": {"scan": {"record": {"record": record}, "standard": None}, "readiness": READY}}
        began = time.monotonic()
        done = play(tmp_path, {"away": variables}, playbook=str(tmp_path / "play.yml"), rollout_rungs=["soft_reboot"],
                    rollout_reboot_seconds=SECONDS)
    assert (tmp_path / "asked").exists(), done.output
    assert time.monotonic() - began < 100
    assert done.status != 0
    release = record["kernel"]["running"]["release"]
    assert f"away did not come back within {SECONDS} seconds; {release} was expected, and no other kernel follows by itself" in " ".join(
        done.output.split()), done.output
