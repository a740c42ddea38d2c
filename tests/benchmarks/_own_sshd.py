# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An sshd of the benchmark's own: on a free port of the loopback address, with keys that are thrown away, killed with the benchmark."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ADDRESS = "127.0.0.1"
START_SECONDS = 10.0


class Server(NamedTuple):
    """Where it listens, and the private key that opens it."""

    port: int
    key: Path


def free_port() -> int:
    """A port of the loopback address on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def new_key(path: Path) -> Path:
    """A key without a passphrase, to be thrown away."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def _configuration(directory: Path, port: int, startups: str) -> str:
    return "\n".join((
        f"ListenAddress {ADDRESS}:{port}", f"HostKey {new_key(directory / 'host_key')}", f"AuthorizedKeysFile {directory / 'user_key.pub'}",
        "PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "PermitRootLogin prohibit-password",
        f"MaxStartups {startups}", "MaxSessions 200", "PrintMotd no", "",
    ))


def configure(directory: Path, startups: str) -> tuple[Path, Server]:
    """The configuration of an sshd that is still to be started, and where it will listen."""
    server = Server(free_port(), new_key(directory / "user_key"))
    configuration = directory / "sshd_config"
    configuration.write_text(_configuration(directory, server.port, startups))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return configuration, server


@contextmanager
def own_sshd(directory: Path, startups: str = "200") -> Iterator[Server]:
    """Serve until the block ends. RuntimeError where there is no sshd, or it does not start."""
    program = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not program:
        raise RuntimeError("sshd: not found; wanted: Debian's openssh-server (make bench installs it)")
    configuration, server = configure(directory, startups)
    log = directory / "sshd.log"
    process = subprocess.Popen([program, "-D", "-f", str(configuration), "-E", str(log)], stdin=subprocess.DEVNULL)
    try:
        wait_for(server.port, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it listens; RuntimeError where it ends instead, or takes too long."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((ADDRESS, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"sshd: does not listen on {ADDRESS}:{port}: {log.read_text() if log.exists() else 'no log'}")
