# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine's root file system with a layer of its own, in namespaces of its own, as a host that Ansible reaches by a real ssh: containerd runs
there, and sysctls of the network are the host's own. All of it is gone when it is ended. Needs root.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from layering import LAYER

SECONDS = 60.0
_WORLD = LAYER + r"""
layer "$1"
rm -rf "$1/root/var/lib/firebreak"
mount -t proc proc "$1/root/proc"
mount -t sysfs sysfs "$1/root/sys"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/run"
mount -t tmpfs tmpfs "$1/root/tmp"
mkdir "$1/root/run/sshd"
cp "$2"/host_key "$2"/user_key.pub "$2"/sshd_config "$1/root/run/sshd/"
exec chroot "$1/root" /usr/bin/containerd --log-level error
"""
_SSHD = """HostKey /run/sshd/host_key
AuthorizedKeysFile /run/sshd/user_key.pub
PermitRootLogin yes
StrictModes no
UsePAM no
PasswordAuthentication no
MaxSessions 100
LogLevel ERROR
"""


class NamespaceHost:
    """One such host; ``folder`` is where its keys are and its root is mounted, ``address`` a name of its own, that tells ssh connections apart."""

    def __init__(self, folder: Path, address: str) -> None:
        folder.mkdir()
        self._folder, self._address = folder, address
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        (folder / "sshd_config").write_text(_SSHD, encoding="ascii")
        (folder / "mnt").mkdir()
        argv = ["unshare", "--mount", "--net", "--uts", "--ipc", "--fork", "--kill-child", "sh", "-c", _WORLD, "sh", str(folder / "mnt"), str(folder)]
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + SECONDS
        while not self._leader() and self._process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert self._leader(), self._process.communicate()[1] if self._process.poll() is not None else "it did not start"

    def _leader(self) -> str:
        """The process that stands for the host, once it is what it is to be."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii").split()
        is_there = children and Path(f"/proc/{children[0]}/exe").readlink().name == "containerd"
        return children[0] if is_there else ""

    def _entered(self) -> list[str]:
        return ["nsenter", "--target", self._leader(), "--mount", "--net", "--uts", "--ipc", "--root", "--wd=/", "--"]

    def variables(self) -> dict[str, Any]:
        """What Ansible needs to reach it: an sshd for each connection, at its standard input."""
        sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
        proxy = shlex.join([*self._entered(), str(sshd), "-i", "-f", "/run/sshd/sshd_config"])
        return {"ansible_host": self._address, "ansible_user": "root", "ansible_ssh_private_key_file": str(self._folder / "user_key"),
                "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR "
                                           f"-o ProxyCommand={shlex.quote(proxy)}"}

    def run(self, command: str) -> str:
        """What a shell command prints there."""
        done = subprocess.run([*self._entered(), "sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS,
                              check=False)
        assert done.returncode == 0, f"{command!r} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def end(self) -> None:
        """Let it go."""
        self._process.kill()
        self._process.wait(SECONDS)
        assert self._process.stderr
        self._process.stderr.close()
