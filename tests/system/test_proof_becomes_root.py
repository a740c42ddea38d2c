# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof becomes root as the play does: by the real sudo, su and doas over a real ssh, with passwords that are seen nowhere. Needs root.

The hosts are one copy of this machine with users of its own, on which only root may read what the release of the system is.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from benchmarks._own_sshd import ADDRESS, free_port, new_key
from layered_host import LayeredHost
from playing import Done, play
from workshop import REPOSITORY

WORD, ROOTS_WORD = "correct-horse-7", "battery-staple-9"
_USERS = f"""set -e
for user in asked free plain; do useradd --create-home --shell /bin/sh $user; done
useradd --create-home --shell /usr/bin/fish fishy
printf '%s\\n' asked:{WORD} free:{WORD} plain:{WORD} fishy:{WORD} root:{ROOTS_WORD} | chpasswd
mkdir -p /etc/sudoers.d
printf '%s\\n' 'root ALL=(ALL) ALL' 'asked ALL=(ALL) ALL' 'fishy ALL=(ALL) ALL' 'free ALL=(ALL) NOPASSWD: ALL' 'Defaults lecture=always' >/etc/sudoers
printf '%s\\n' 'permit asked' 'permit nopass free' >/etc/doas.conf
chmod 400 /etc/doas.conf /etc/sudoers
chmod 600 /etc/os-release /usr/lib/os-release
mkdir -p /run/sshd
"""
STANDARD = {"os": {"id": "debian", "architecture": platform.machine()}}
SUDO, SU, DOAS = ("ansible.builtin.sudo", "ansible.builtin.su", "community.general.doas")


class Way(NamedTuple):
    """Who logs in, by what they become root and with which password; words of what goes wrong."""

    user: str
    method: str = SUDO
    password: str = ""
    wrong: str = ""


WAYS = {
    "sudo_password": Way("asked", SUDO, WORD), "sudo_free": Way("free"), "sudo_needless_password": Way("free", SUDO, WORD),
    "below_fish": Way("fishy", SUDO, WORD), "su_password": Way("plain", SU, ROOTS_WORD), "doas_password": Way("asked", DOAS, WORD),
    "doas_free": Way("free", DOAS),
    "sudo_wrong": Way("asked", SUDO, "wrong-word-3", "does not take the password for sudo"),
    "sudo_none": Way("asked", SUDO, "", "lets nobody become root by sudo: sudo: a password is required"),
    "sudo_forbidden": Way("plain", SUDO, WORD, "lets nobody become root by sudo: plain is not in the sudoers file"),
    "su_wrong": Way("plain", SU, "wrong-word-3", "lets nobody become root by su: Password: su: Authentication failure"),
    "su_none": Way("plain", SU, "", "wants a password for su, and none was given (--ask-become-pass)"),
    "doas_wrong": Way("asked", DOAS, "wrong-word-3", "lets nobody become root by doas: doas: Authentication failed"),
    "doas_none": Way("asked", DOAS, "", "lets nobody become root by doas: doas: Authentication required"),
    "run0": Way("asked", "community.general.run0", WORD, "becomes root by run0, and the proof knows sudo, su, doas"),
}


class Proven(NamedTuple):
    """The run, what it found of each host, every file that it left, and every command line that was seen meanwhile."""

    done: Done
    hosts: dict[str, Any]
    left: str
    seen: str


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    assert os.geteuid() == 0, f"this test must run as root, not as user {os.geteuid()}"
    folder, files = tmp_path_factory.mktemp("layered"), tmp_path_factory.mktemp("files")
    etc, number = files / "etc/ssh", free_port()
    etc.mkdir(parents=True)
    new_key(etc / "own_host_key")
    key = new_key(folder / "user_key")
    (etc / "own_keys").write_text((folder / "user_key.pub").read_text(encoding="utf-8"), encoding="utf-8")
    (etc / "own_config").write_text("\n".join((
        f"ListenAddress {ADDRESS}:{number}", "HostKey /etc/ssh/own_host_key", "AuthorizedKeysFile /etc/ssh/own_keys", "PidFile none",
        "StrictModes no", "UsePAM no", "PasswordAuthentication no", "MaxStartups 200", "")), encoding="utf-8")
    host = LayeredHost(folder, files, REPOSITORY)
    try:
        host.run(_USERS)
        host.run("/usr/sbin/sshd -f /etc/ssh/own_config -E /run/sshd.log")
        host.wait_for(f"ssh-keyscan -p {number} {ADDRESS} 2>/dev/null | grep -q ssh-ed25519")
        yield number, key
    finally:
        host.end()


@pytest.fixture(scope="module")
def proven(port: tuple[int, Path], tmp_path_factory: pytest.TempPathFactory) -> Proven:
    folder = tmp_path_factory.mktemp("proof")
    common = {"ansible_host": ADDRESS, "ansible_port": port[0], "ansible_ssh_private_key_file": str(port[1]), "ansible_become": True,
              "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR",
              "firebreak_standard": STANDARD}
    hosts = {name: {**common, "ansible_user": way.user, "ansible_become_method": way.method,
                    **({"ansible_become_password": way.password} if way.password else {})} for name, way in WAYS.items()}
    seen: set[str] = set()
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(seen, stop))
    watcher.start()
    try:
        done = play(folder, hosts, playbook="verify_platform.yml", firebreak_report_dir=str(folder / "run"), firebreak_evidence=f"{folder}/kept/")
    finally:
        stop.set()
        watcher.join()
    unpacked = subprocess.run("tar --extract --to-stdout --gzip --file kept/*.tar.gz && cat run/proof/*", shell=True, cwd=folder, check=True,
                              stdout=subprocess.PIPE).stdout.decode(errors="replace")
    document = json.loads((folder / "run/proof/proof.json").read_text(encoding="utf-8"))
    return Proven(done, document["hosts"], unpacked, "\n".join(seen))


def _watch(seen: set[str], stop: threading.Event) -> None:
    """Every command line and environment of this machine's, again and again."""
    while not stop.is_set():
        for path in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    seen.add((path / name).read_bytes().decode(errors="replace"))
                except OSError:
                    continue
        time.sleep(0.05)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if not way.wrong])
def test_root_is_become_and_what_only_root_sees_is_proven(proven: Proven, name: str) -> None:
    assert proven.hosts[name]["broken"] == [], proven.hosts[name]


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.wrong])
def test_where_it_fails_the_host_says_why_and_nothing_is_proven(proven: Proven, name: str) -> None:
    sentences = [promise["sentence"] for promise in proven.hosts[name]["promises"].values()]
    assert proven.hosts[name]["broken"] == ["the host can be asked"]
    assert all(WAYS[name].wrong in sentence for sentence in sentences), sentences


def test_no_password_is_seen_by_others_or_kept(proven: Proven) -> None:
    assert "firebreak_proof" in proven.left or "asked" in proven.left
    assert "--ansible-inventory=" in proven.seen
    for word in {WORD, ROOTS_WORD, "wrong-word-3"}:
        assert word not in proven.left
        assert word not in proven.done.output
        assert word not in proven.seen
