# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host shows of a probe: its shim, its machine monitor, and the guest kernel that its release pins. Asks through _host.py only."""

import posixpath
from typing import Any, List, NamedTuple, Optional, Tuple

from .._formats.linux_version import kernel_version
from .._formats.processes import parse_cmdline, parse_exe
from .._formats.toml import TomlError
from .._host.errors import Refused
from .._kata import shims
from .._kata.config import DROP_INS, effective, read_shipped
from .engines import Runtime
from .judgement import Seen, belongs, is_shim_of

KVM = "anon_inode:kvm-vm"


class _Process(NamedTuple):
    pid: str
    argv: List[str]
    exe: str


def observe(host: Any, runtime: Runtime, sandbox: str, guest_kernel: str) -> Seen:
    """All that the judgement needs."""
    kernel, monitor_path = configured(host, runtime)
    processes = _processes(host)
    shim = next((one for one in processes if is_shim_of(one.argv, sandbox)), None)
    others = [one for one in processes if not is_shim_of(one.argv, sandbox) and belongs(one.argv, sandbox)]
    # The sandbox's other processes (a file server, a helper) carry its id too; the monitor is the one that is configured.
    monitor = next((one for one in others if one.exe == monitor_path), None)
    if monitor is None and shim is not None and _has_machine(host, shim.pid):
        monitor = shim
    monitor = monitor or (others[0] if others else None)
    uses_kvm = monitor is not None and _has_machine(host, monitor.pid)
    return Seen(runtime.name, host.uname()[2], guest_kernel, kernel, host.realpath(runtime.shim).value, shim.exe if shim else None,
                monitor.exe if monitor else None, monitor_path, uses_kvm)


def configured(host: Any, runtime: Runtime) -> Tuple[Optional[str], Optional[str]]:
    """(version of the guest kernel, path of the machine monitor) of a handler's configuration with its drop-ins, links resolved."""
    places = (runtime.config,) if runtime.config else shims.defaults(shims.resolve(host, runtime.shim, "", []))
    path = next((real.value for real in map(host.realpath, places) if real.value), None)
    text = host.read(path).value if path else None
    if path is None or text is None:
        return None, None
    folder = posixpath.join(posixpath.dirname(path), DROP_INS)
    drop_ins = [host.read(posixpath.join(folder, name)).if_there("") for name in host.listdir(folder).if_there([])]
    try:
        shipped = read_shipped(text, path)
        values = effective(shipped, drop_ins)["hypervisor"][shipped.monitor]
    except (Refused, TomlError):
        return None, None
    kernel = host.realpath(str(values.get("kernel", ""))).value
    return kernel_version(posixpath.basename(kernel)) if kernel else None, host.realpath(str(values.get("path", ""))).value


def _processes(host: Any) -> List[_Process]:
    found = []
    for name in host.listdir("/proc").if_there([]):
        exe = host.readlink("/proc/%s/exe" % name).value if name.isdigit() else None
        if exe:
            found.append(_Process(name, parse_cmdline(host.read("/proc/%s/cmdline" % name).if_there("")), parse_exe(exe).path))
    return found


def _has_machine(host: Any, pid: str) -> bool:
    folder = "/proc/%s/fd" % pid
    return any(host.readlink("%s/%s" % (folder, name)).value == KVM for name in host.listdir(folder).if_there([]))
