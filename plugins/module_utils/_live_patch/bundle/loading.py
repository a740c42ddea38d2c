# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading and unloading self-built live patches: the steps that change the running kernel, each of which leaves it as it was where it fails."""

from typing import Any, Callable, List, NamedTuple, Tuple

from ..._formats.kernel_module import ModuleFile
from ..._host.errors import Refused
from .. import sysfs, transition
from ..providers import self_built
from .manifest import KernelView

# (exit status, standard output, standard error) of a command.
Command = Callable[[List[str]], Tuple[int, str, str]]


class Patience(NamedTuple):
    """How long a transition may take, and report or reverse for one that takes longer."""

    seconds: int
    on_stall: str


class StalledError(Exception):
    """A transition does not end; blocking are the threads in the way, turned_back is whether it was reversed wholly."""

    def __init__(self, text: str, blocking: List[sysfs.Blocker], turned_back: bool) -> None:
        super().__init__(text)
        self.blocking = blocking
        self.turned_back = turned_back


def read_kernel(host: Any, package_version: str) -> KernelView:
    """The running kernel, as far as loading a patch goes."""
    def parsed(path: str, parse: Callable[[str], Any]) -> Any:
        answer = host.read(path, 256)
        try:
            return None if answer.problem else parse(answer.value)
        except ValueError:
            return None

    switches = (("/proc/sys/kernel/modules_disabled", "1", "kernel.modules_disabled=1"),
                ("/proc/sys/kernel/ftrace_enabled", "0", "kernel.ftrace_enabled=0"))
    return KernelView(
        host.uname()[2], package_version, not host.listdir(sysfs.ROOTS[0]).problem,
        parsed("/sys/kernel/security/lockdown", sysfs.parse_lockdown) or "",
        bool(parsed("/sys/module/module/parameters/sig_enforce", sysfs.parse_module_flag)),
        [name for path, value, name in switches if host.read(path, 64).if_there("").strip() == value])


def state_of(host: Any, name: str) -> str:
    """active, enabling, disabling, disabled or unknown; '' for a patch that is not loaded."""
    return next((patch.state for patch in transition.read_loaded(host) if patch.id == name), "")


def check_build(host: Any, module: ModuleFile) -> None:
    """Refused where another build is in memory under the same name: the kernel cannot have both, and one cannot be told from the other."""
    loaded = self_built.loaded_build_id(host, module.name)
    if state_of(host, module.name) and loaded and module.build_id and loaded != module.build_id:
        raise Refused("another build of %s is loaded (build id %s, the bundle's is %s); wanted: the new patch under a name of its own"
                      % (module.name, loaded, module.build_id))


def await_transition(host: Any, patience: Patience) -> None:
    """StalledError where the transition, whoever's it is, does not end. OSError."""
    stall, text, turned = transition.handle(host, patience.seconds, patience.on_stall)
    if stall is not None:
        raise StalledError(text, stall.blockers, turned and transition.moving(host) is None)


def unload(host: Any, name: str, command: Command) -> None:
    """Take a module out that patches nothing any more; Refused where the kernel keeps it."""
    if not host.stat("/sys/module/" + name).problem and not state_of(host, name):
        status, out, err = command(["rmmod", name])
        if status:
            raise Refused("the module %s cannot be unloaded: %s" % (name, (err or out).strip()))


def load(host: Any, name: str, path: str, patience: Patience, command: Command) -> None:
    """Bring a patch into force; where it stalls and is turned back, its module is unloaded too. Refused, StalledError, OSError."""
    state = state_of(host, name)
    if not state:
        unload(host, name, command)
        status, out, err = command(["insmod", path])
        if status:
            raise Refused("the kernel refused %s: %s (dmesg says more)" % (name, (err or out).strip()))
    elif state == "disabled":
        transition.write_enabled(name, 1)
    try:
        await_transition(host, patience)
    except StalledError as stalled:
        if stalled.turned_back:
            unload(host, name, command)
        raise
    if state_of(host, name) != "active":
        raise Refused("%s was loaded and is %s, wanted active" % (name, state_of(host, name) or "not among the kernel's patches"))


def disable(host: Any, name: str, patience: Patience, command: Command) -> None:
    """Take a patch out of force and unload it. Refused, StalledError, OSError."""
    if state_of(host, name) in ("active", "enabling"):
        transition.write_enabled(name, 0)
    await_transition(host, patience)
    unload(host, name, command)


def blockers(stalled: StalledError) -> List[Any]:
    """The blocking threads as plain data."""
    return [dict(blocker._asdict()) for blocker in stalled.blocking]
