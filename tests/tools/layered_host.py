# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine with a layer of its own over the root file system and processes of its own, without a boot: it is gone when it is ended."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from layering import LAYER

SECONDS = 300.0
# No Python of the tester's own is meant there.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_START = LAYER + r"""
layer "$1"
cp -r "$2/." "$1/root/"
mount -t proc proc "$1/root/proc"
mount -t tmpfs tmpfs "$1/root/run"
mount --rbind /dev "$1/root/dev"
mkdir -p "$1/root$3"
mount --bind "$3" "$1/root$3"
exec chroot "$1/root" sh -c 'echo ready; exec sleep 9999'
"""


class LayeredHost:
    """A copy whose first process does nothing; ``files`` is a folder whose content is laid over its root."""

    def __init__(self, folder: Path, files: Path, repository: Path) -> None:
        (folder / "host").mkdir()
        argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _START, "sh", str(folder / "host"), str(files), str(repository)]
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said == "ready\n", f"the copy of this machine did not start: {said}{self._process.stdout.read()}"
        self._leader = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii").split()[0]

    def run(self, command: str, arguments: Sequence[str] = (), *, check: bool = True) -> str:
        """What a shell command prints there."""
        argv = ["nsenter", "--target", self._leader, "--mount", "--pid", "--root", "--wd", "--", "sh", "-c", command, "sh", *arguments]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False, env=_ENVIRONMENT)
        assert not check or done.returncode == 0, f"{command!r} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def wait_for(self, command: str) -> None:
        """Until a shell command succeeds there."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if self.run(f"if {command}; then echo yes; fi").strip() == "yes":
                return
            time.sleep(0.1)
        raise AssertionError(f"never came true: {command}")

    def end(self) -> None:
        """End all its processes, and with them its mounts."""
        self._process.kill()
        self._process.communicate()
