# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reaching hosts: one key in the user's cache, one ssh configuration in each lab's folder."""

import os
import subprocess
from pathlib import Path

from firebreak_lab import cache, confined, requirements
from firebreak_lab.errors import LabError


def private_key() -> Path:
    """The lab's key, made at the first call."""
    path = cache.cache_folder() / "ssh/id_ed25519"
    with cache.locked(cache.cache_folder() / "locks/ssh"):
        if not path.exists():
            requirements.require_commands(["ssh-keygen"])
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "firebreak-lab", "-f", path], check=True)
    return path


def authorized_key() -> str:
    """The public half, one line."""
    return private_key().with_suffix(".pub").read_text()


def host_block(name: str, port: int, folder: Path) -> str:
    """One host's part of an ssh configuration."""
    return "\n    ".join([
        f"Host {name}", "HostName 127.0.0.1", f"Port {port}", "User root", f"IdentityFile {private_key()}", "IdentitiesOnly yes",
        f"UserKnownHostsFile {folder / 'known_hosts'}", f"HostKeyAlias {name}", "GlobalKnownHostsFile /dev/null", "LogLevel ERROR",
        "ConnectTimeout 30", "ServerAliveInterval 15", "ServerAliveCountMax 4",
    ]) + "\n"


def write_files(folder: Path, ports: dict[str, int], host_keys: dict[str, str]) -> None:
    """ssh_config and known_hosts of a lab; ``host_keys`` has each host's public key line."""
    (folder / "ssh_config").write_text("\n".join(host_block(name, port, folder) for name, port in sorted(ports.items())))
    (folder / "known_hosts").write_text("".join(f"{name} {key.strip()}\n" for name, key in sorted(host_keys.items())))


def argv(folder: Path, name: str, *words: str) -> list[str]:
    """The ssh command line for a host."""
    return ["ssh", "-F", str(folder / "ssh_config"), name, *words]


def answers(folder: Path, name: str, command: str, seconds: float) -> str | None:
    """What a command on the host prints; None where the host cannot be reached, or does not answer in time."""
    try:
        done = subprocess.run([*argv(folder, name), command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return None
    return None if done.returncode == 255 else done.stdout


def run_script(folder: Path, name: str, script: str, log: Path, seconds: float) -> None:
    """Run a shell script on the host with its output appended to ``log``; LabError where it fails or takes longer."""
    with log.open("ab") as output:
        try:
            done = subprocess.run([*argv(folder, name), "sh", "-eux"], input=script.encode(), stdout=output, stderr=subprocess.STDOUT,
                                  timeout=seconds, check=False)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{name}: its preparation took more than {seconds:.0f} s; see {log}") from error
    if done.returncode:
        raise LabError(f"{name}: its preparation ended with {done.returncode}; the end of {log}:\n{confined.tail(log, 15)}")


def become(folder: Path, name: str, words: list[str]) -> None:
    """Replace this process by ssh."""
    os.execvp("ssh", argv(folder, name, *words))
