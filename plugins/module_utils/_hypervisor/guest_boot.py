# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ladder's highest rung: the guest kernel of a Kata release comes up on the release's own QEMU, with KVM, by what its console says.

It is given no root file system. A kernel that looks for one in vain has come all the way that is its own, and ends by itself.
"""

import re
from typing import Any, List, NamedTuple, Optional, Tuple, Union

from .._formats.linux_version import kernel_version, same_kernel

# Where the release is that gives kernel and monitor, unless told.
RELEASE = "/opt/kata"
MONITOR = "bin/qemu-system-x86_64"
# Kata's configurations name the first; a packaged kernel may be there as the second only.
KERNELS = ("share/kata-containers/vmlinux.container", "share/kata-containers/vmlinuz.container")
_DATA = "share/kata-qemu/qemu"
_MACHINE = "x86_64"

# As Kata starts it, without all that a kernel does not need to come up. With -no-reboot the end of the kernel is the end of QEMU.
_OPTIONS = ("-machine", "q35,accel=kvm", "-cpu", "host", "-smp", "1", "-m", "256", "-nodefaults", "-no-user-config", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-no-reboot")
# Notices are shown, the version is one of them; each character of a console costs an exit to the monitor.
_COMMAND_LINE = "console=ttyS0 loglevel=6 panic=-1"
UP = "not syncing: VFS"
# Where the scan has no deadline of its own.
SECONDS = 600.0
# The firmware's last words may stand before it on its line.
_BANNER = re.compile(r"(?:^|\] )Linux version ([0-9][0-9A-Za-z.+~_-]{0,63}) ", re.MULTILINE)
_CLOCK = re.compile(r"^\[ *[0-9]+\.[0-9]+\] ")
_SHOWN = 200


class Boot(NamedTuple):
    """What is to be booted, by real paths, and the version of Linux that the kernel's name pins."""

    argv: List[str]
    kernel: str
    pinned: str


class Outcome(NamedTuple):
    """The version that the console told, None where it told none; and why the rung was not reached, '' where it was."""

    version: Optional[str]
    failed: str


class Missing(NamedTuple):
    """Why nothing can be booted: one of the record's reasons, and text for a person."""

    reason: str
    detail: str


def find(host: Any, release: str) -> Union[Boot, Missing]:
    """What to boot of a release, or why nothing can be."""
    machine = host.uname()[4]
    if machine != _MACHINE:
        return Missing("unsupported", "no machine to boot a guest kernel in is known for a host %s; a guest started by hand would tell" % machine)
    tree = host.realpath(release)
    if tree.problem:
        return Missing(tree.problem, "%s: %s (%s)" % (release, tree.problem, tree.detail))
    monitor = _own(host, tree.value, (MONITOR,))
    if isinstance(monitor, Missing):
        return monitor
    kernel = _own(host, tree.value, KERNELS)
    if isinstance(kernel, Missing):
        return kernel
    pinned = kernel_version(kernel.rpartition("/")[2])
    if pinned is None:
        return Missing("unparsable", "the name of %s does not say which version is pinned" % kernel)
    data = "%s/%s" % (tree.value, _DATA)
    where = [] if host.stat(data).problem else ["-L", data]
    return Boot([monitor] + where + list(_OPTIONS) + ["-kernel", kernel, "-append", _COMMAND_LINE], kernel, pinned)


def _own(host: Any, tree: str, names: Tuple[str, ...]) -> Union[str, Missing]:
    """The real path of the first of these files that is there; Missing where there is none, or others than root may write it."""
    for name in names:
        path = "%s/%s" % (tree, name)
        real = host.realpath(path)
        if real.problem:
            continue
        for part in _with_parents(real.value):
            stat = host.stat(part)
            if stat.problem:
                return Missing(stat.problem, "%s: %s (%s)" % (part, stat.problem, stat.detail))
            if stat.value.uid != 0 or stat.value.mode & 0o022:
                return Missing("not_applicable", "%s is not run: others than root may write %s (owner %d, mode %04o)" % (
                    path, part, stat.value.uid, stat.value.mode))
        return str(real.value)
    return Missing("absent", "%s is missing" % " and ".join("%s/%s" % (tree, name) for name in names))


def _with_parents(path: str) -> List[str]:
    parts = path.split("/")
    return [path] + ["/".join(parts[:count]) or "/" for count in range(len(parts) - 1, 0, -1)]


def judge(boot: Boot, said: str, ended: str) -> Outcome:
    """What the console and QEMU said; ``ended`` is how it came to its end, for a person."""
    banner = _BANNER.search(said)
    version = banner.group(1) if banner else None
    if version is None:
        return Outcome(None, "%s did not say its version: %s%s" % (boot.kernel, ended, _last(said)))
    if UP not in said:
        return Outcome(version, "%s did not come up: %s%s" % (boot.kernel, ended, _last(said)))
    if not same_kernel(version, boot.pinned):
        return Outcome(version, "the guest kernel that came up is %s, %s pins %s" % (version, boot.kernel, boot.pinned))
    return Outcome(version, "")


def _last(said: str) -> str:
    lines = [_CLOCK.sub("", line.strip()) for line in said.splitlines() if line.strip()]
    return "; its last line: %s" % lines[-1][:_SHOWN] if lines else ""


def attempt(host: Any, boot: Boot) -> Outcome:
    """Boot it, and end it as soon as it is up, or does not come up in time."""
    answer = host.overhear(boot.argv, UP, SECONDS)
    if answer.problem:
        return Outcome(None, "%s: %s (%s)" % (boot.argv[0], answer.problem, answer.detail))
    return judge(boot, answer.value.said, answer.value.ended)
