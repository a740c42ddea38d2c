# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one host until it powers off: ``python -m firebreak_lab.supervisor LAB_FOLDER HOST``.

A warm reset inside the emulator is several times slower than a fresh start, so QEMU ends at a reset and is started again on the same
disk: to the guest that is a reboot like any other.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from firebreak_lab import container, control_group, machine
from firebreak_lab.files import write_json
from firebreak_lab.images import Image
from firebreak_lab.processes import identify
from firebreak_lab.state import Host, Lab

REBOOT = "guest-reset"


def qmp_messages(control: socket.socket) -> Iterator[dict[str, Any]]:
    """What QEMU says on its control connection until it closes it."""
    control.sendall(b'{"execute": "qmp_capabilities"}\n')
    with control.makefile("rb") as lines:
        try:
            for line in lines:
                yield json.loads(line)
        except ConnectionResetError:
            return


def shutdown_reason(messages: Iterator[dict[str, Any]]) -> str:
    """Why QEMU ended: guest-reset, guest-shutdown, guest-panic, host-signal ... or lost, where it did not say."""
    reason = "lost"
    for message in messages:
        if message.get("event") == "SHUTDOWN":
            reason = str(message["data"]["reason"])
    return reason


class Supervisor:
    """The loop around one host's process."""

    def __init__(self, lab: Lab, host: Host) -> None:
        self.lab, self.host = lab, host
        self.folder = lab.host_folder(host.name)
        self.image = Image(host.image, Path(host.image_folder))
        self.process: subprocess.Popen[bytes] | None = None
        self.boots = 0

    def record(self, ended: str | None) -> None:
        """Say in run.json how the host is."""
        pid = self.process.pid if self.process and ended is None else None
        write_json(self.folder / "run.json", {"boots": self.boots, "pid": pid, "ended": ended})

    def start(self, argv: list[str], inherit: tuple[int, ...]) -> subprocess.Popen[bytes]:
        """Start the host's process with its words in emulator.log, or a container's in its console."""
        log = self.folder / ("console.log" if self.host.kind == "container" else "emulator.log")
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, pass_fds=inherit, cwd=self.folder)
        self.boots += 1
        self.record(None)
        return self.process

    def run_machine(self) -> str:
        """One start of QEMU; why it ended."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = self.start(machine.command(self.host, self.folder, theirs.fileno()), (theirs.fileno(),))
            reason = shutdown_reason(qmp_messages(ours))
        process.wait()
        return reason

    def run_container(self) -> str:
        """One start of systemd-nspawn, which itself starts the container again at its reboot; how it ended."""
        control_group.enter(f"{self.lab.name}-{self.host.name}", self.folder)
        container.listen(self.host)
        return f"exit status {self.start(container.command(self.host, self.folder, self.image), (3,)).wait()}"

    def run(self) -> None:
        """Until the host powers off, or we are told to stop."""
        reason = REBOOT
        try:
            while reason == REBOOT:
                reason = self.run_container() if self.host.kind == "container" else self.run_machine()
        finally:
            if self.process:
                self.process.kill()
                self.process.wait()
            self.record(reason if reason != REBOOT else "stopped by the lab")


def main(lab_folder: str, name: str) -> None:
    """Record who we are before anything else, so that lab-down finds us however this ends."""
    lab = Lab(Path(lab_folder))
    write_json(lab.host_folder(name) / "supervisor.json", identify(os.getpid())._asdict())
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Supervisor(lab, lab.load(name)).run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
