# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host keeps its self-built live patches, and the unit that loads them at boot: the part that writes.

A module comes under its final name only when it was seen in force, so that nothing is loaded at boot which never was in force here. Its manifest
comes before it is loaded, so that a patch in memory can always be told from those of others.
"""

import os
from typing import Any, Callable, List

from ..providers import kpatch, self_built

SYSTEM = "/etc/systemd/system"
SCRIPT = "/usr/local/sbin/firebreak-load-live-patches"

UNIT_TEXT = """\
# Firebreak: loads the self-built live patches of the running kernel. Hosts with kpatch's runtime use kpatch.service instead.
[Unit]
Description=Load self-built live patches
ConditionKernelCommandLine=!kpatch.enable=0
ConditionPathIsDirectory=%(folder)s
Before=network-pre.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=%(script)s

[Install]
WantedBy=multi-user.target
""" % {"folder": kpatch.INSTALLED, "script": SCRIPT}

SCRIPT_TEXT = """\
#!/bin/sh
# Firebreak: loads each live patch of the running kernel and waits until it is in force; one that does not come into force is turned back.
failed=0
for module in "%s/$(uname -r)"/*.ko; do
    [ -e "$module" ] || continue
    name=$(basename "$module" .ko | tr - _)
    state=/sys/kernel/livepatch/$name
    [ -d "$state" ] || insmod "$module" || { failed=1; continue; }
    waited=0
    while [ "$(cat "$state/transition")" = 1 ] && [ $waited -lt 75 ]; do
        sleep 1
        waited=$((waited + 1))
    done
    if [ "$(cat "$state/transition")" = 1 ]; then
        echo "$name did not come into force and is turned back" >&2
        echo 0 >"$state/enabled"
        failed=1
    fi
done
exit $failed
""" % kpatch.INSTALLED

Run = Callable[[List[str]], None]


def write_whole(path: str, data: bytes, mode: int) -> None:
    """A file that is there whole or not at all. OSError."""
    fresh = "%s/.%s.new" % os.path.split(path)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fchmod(stream.fileno(), mode)
        os.fsync(stream.fileno())
    os.rename(fresh, path)


def _holds(path: str, data: bytes, mode: int) -> bool:
    try:
        with open(path, "rb") as stream:
            return stream.read(len(data) + 1) == data and os.fstat(stream.fileno()).st_mode & 0o7777 == mode
    except FileNotFoundError:
        return False


class Store:
    """The patches of one kernel release below /var/lib/kpatch."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def module_path(self, name: str) -> str:
        """Where a module lies that is loaded at boot. The name in the kernel is the file's, as kpatch's runtime expects."""
        return "%s/%s.ko" % (self.folder, name)

    def waiting_path(self, name: str) -> str:
        """Where a module lies that has not been seen in force."""
        return "%s/%s.waiting" % (self.folder, name)

    def manifest_path(self, name: str) -> str:
        """Where a module's manifest lies."""
        return "%s/%s.json" % (self.folder, name)

    def holds(self, name: str, data: bytes, manifest: str) -> bool:
        """Whether the module is loaded at boot, with this very manifest. OSError."""
        return _holds(self.module_path(name), data, 0o644) and _holds(self.manifest_path(name), manifest.encode(), 0o644)

    def bring(self, name: str, data: bytes, manifest: str) -> None:
        """Lay the module down to be loaded, not yet for the next boot. OSError."""
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        write_whole(self.waiting_path(name), data, 0o600)
        write_whole(self.manifest_path(name), manifest.encode(), 0o644)

    def commit(self, name: str) -> None:
        """From now on the module is loaded at boot. OSError."""
        os.chmod(self.waiting_path(name), 0o644)
        os.rename(self.waiting_path(name), self.module_path(name))

    def remove(self, name: str) -> None:
        """Forget a patch. OSError."""
        for path in (self.module_path(name), self.waiting_path(name), self.manifest_path(name)):
            if os.path.lexists(path):
                os.unlink(path)
        if os.path.isdir(self.folder) and not os.listdir(self.folder):
            os.rmdir(self.folder)


class Loader:
    """What loads the patches at boot: kpatch.service where kpatch's runtime is installed, else a unit of our own."""

    def __init__(self, host: Any, run: Run) -> None:
        self.run = run
        self.host = host
        self.has_kpatch = kpatch.is_present(host)
        self.unit = "kpatch.service" if self.has_kpatch else self_built.UNIT
        self.own_files = ((SYSTEM + "/" + self_built.UNIT, UNIT_TEXT.encode(), 0o644), (SCRIPT, SCRIPT_TEXT.encode(), 0o755))

    def is_ready(self) -> bool:
        """Whether the patches are loaded at boot by the one right unit. OSError."""
        enabled = not self.host.stat(self_built.WANTS + self.unit, follow=False).problem
        return enabled and (not self._own_is_there() if self.has_kpatch else all(_holds(*file) for file in self.own_files))

    def _own_is_there(self) -> bool:
        return any(os.path.lexists(path) for path, _data, _mode in self.own_files)

    def prepare(self) -> None:
        """Let the right unit load patches at boot. OSError."""
        if self.has_kpatch:
            self.remove()
        else:
            for path, data, mode in self.own_files:
                write_whole(path, data, mode)
            self.run(["systemctl", "daemon-reload"])
        self.run(["systemctl", "enable", self.unit])

    def must_go(self) -> bool:
        """Whether a unit of our own is there. OSError."""
        return self._own_is_there()

    def remove(self) -> None:
        """Take our own unit away; kpatch's stays as it is. OSError."""
        if self._own_is_there():
            self.run(["systemctl", "disable", self_built.UNIT])
            for path, _data, _mode in self.own_files:
                if os.path.lexists(path):
                    os.unlink(path)
            self.run(["systemctl", "daemon-reload"])
