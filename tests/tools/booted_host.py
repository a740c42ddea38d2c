# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine with a layer of its own over the root file system, booted by systemd in a container: it is gone when it is ended."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from layering import LAYER

SECONDS = 60.0
# Units of this machine that have no business in the copy.
_MASKED = ("ssh.service", "systemd-networkd-wait-online.service", "postgresql.service", "apt-daily.timer", "apt-daily-upgrade.timer",
           "lxc.service", "lxc-net.service", "podman.socket", "podman-restart.service", "podman-auto-update.timer")
_BOOT = LAYER + r"""
layer "$1"
rm -f "$1/root/etc/machine-id"
echo 0123456789abcdef0123456789abcdef >"$1/root/etc/machine-id"
for unit in $3; do ln -sf /dev/null "$1/root/etc/systemd/system/$unit"; done
cp -r "$2/." "$1/root/"
exec systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --bind-ro="$4" --directory="$1/root"
"""


class BootedHost:
    """A booted copy; ``files`` is a folder whose content is laid over its root."""

    def __init__(self, folder: Path, files: Path, repository: Path) -> None:
        assert shutil.which("systemd-nspawn"), "systemd-nspawn is not installed; this test needs the Debian package systemd-container"
        (folder / "host").mkdir()
        argv = ["unshare", "--mount", "sh", "-c", _BOOT, "sh", str(folder / "host"), str(files), " ".join(_MASKED), str(repository)]
        self._log = (folder / "boot.log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)
        self._leader = ""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii").split()
            self._leader = children[0] if children else ""
            if self._leader and self.run("systemctl is-system-running", check=False).strip() in ("running", "degraded"):
                return
            time.sleep(0.2)
        self._log.seek(0)
        raise AssertionError(f"the copy of this machine did not boot: {self._log.read()[-2000:]}")

    def run(self, command: str, arguments: Sequence[str] = (), *, check: bool = True) -> str:
        """What a shell command prints there."""
        argv = ["nsenter", "--target", self._leader, "--all", "--", "sh", "-c", command, "sh", *arguments]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert not check or done.returncode == 0, f"{command!r} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def end(self) -> None:
        """Let it halt."""
        self.run("systemctl halt --force --force", check=False)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
