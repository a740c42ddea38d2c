# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's own view of its live patches: /sys/kernel/livepatch, thread states, taint. Every attribute is optional, since vendors backport.

One scan takes one sample. It can say that a patch is in transition and which threads hold it up, not for how long: sysfs keeps no times of its own.
So a patch is ``enabling`` or ``disabling`` here and never called stalled; a second scan that names the same threads shows a stall.
"""

import re
from typing import Any, List, NamedTuple, Optional, Tuple

from .claim import Patch

# The last two are of the out-of-tree kpatch core module (kernels before 4.0).
ROOTS = ("/sys/kernel/livepatch", "/sys/kernel/kpatch/patches", "/sys/kernel/kpatch")

PATCHES_LIMIT = 200
OBJECTS_LIMIT = 200
THREADS_LIMIT = 20000
BLOCKING_SHOWN = 20

_TAINT_LIVEPATCH = 1 << 15
_STATES = {("1", "0"): "active", ("1", "1"): "enabling", ("0", "1"): "disabling", ("0", "0"): "disabled"}


class SysfsPatch(NamedTuple):
    """A patch's directory.

    replace and stack_order are None where the kernel has no such file; functions counts what it replaces, -1 where nobody knows.
    """

    id: str
    state: str
    replace: Optional[bool]
    stack_order: Optional[int]
    objects: List[str]
    functions: int


class Blocker(NamedTuple):
    """A thread that has not reached the state that a transition leads to."""

    pid: int
    tid: int
    comm: str


def state_of(enabled: Optional[str], transition: Optional[str]) -> str:
    """active|enabling|disabling|disabled|unknown from the text of the two files; kernels before 4.12 have no transition."""
    return _STATES.get(((enabled or "").strip(), (transition or "0").strip()), "unknown")


def kind_of(functions: int) -> str:
    """seed for a patch that replaces no function; what any other does the kernel does not say. A negative number of functions is unknown."""
    return "seed" if functions == 0 else "unknown"


def parse_thread_state(text: str) -> int:
    """-1 (no transition), 0 (old code) or 1 (patched) of /proc/PID/task/TID/patch_state; ValueError otherwise."""
    if text.strip() not in ("-1", "0", "1"):
        raise ValueError("want -1, 0 or 1, seen %.20r" % text.strip())
    return int(text)


def parse_taint(text: str) -> bool:
    """Whether /proc/sys/kernel/tainted says that a live patch was loaded in this boot; it stays so after the patch is gone. ValueError."""
    if not re.match(r"\A[0-9]{1,20}\Z", text.strip()):
        raise ValueError("want a number, seen %.40r" % text.strip())
    return bool(int(text) & _TAINT_LIVEPATCH)


def parse_lockdown(text: str) -> str:
    """The chosen word in ``none [integrity] confidentiality``; ValueError where none is."""
    match = re.search(r"\[([a-z]{1,32})\]", text)
    if not match:
        raise ValueError("no [word] in %.80r" % text)
    return match.group(1)


def parse_module_flag(text: str) -> bool:
    """Y or N of /sys/module/*/parameters; ValueError otherwise."""
    if text.strip() not in ("Y", "N", "1", "0"):
        raise ValueError("want Y or N, seen %.20r" % text.strip())
    return text.strip() in ("Y", "1")


def as_patch(patch: SysfsPatch) -> Patch:
    """A patch as far as the kernel knows it: it does not say what a patch fixes, and a name can be anybody's."""
    return Patch(patch.id, kind_of(patch.functions), patch.state, [])


def find_root(host: Any) -> Tuple[str, Any]:
    """(the folder that this kernel keeps its patches in, the answer to listing it); the last answer where there is none."""
    answer = host.listdir(ROOTS[0], PATCHES_LIMIT)
    for root in ROOTS:
        answer = host.listdir(root, PATCHES_LIMIT)
        if answer.problem != "absent":
            return root, answer
    return ROOTS[0], answer


def read_patches(host: Any, root: str, names: List[str]) -> List[SysfsPatch]:
    """Every patch below ``root``; other things that lie there have no file ``enabled`` and are passed over."""
    return [_read_patch(host, root + "/" + name, name) for name in names if host.read(root + "/" + name + "/enabled", 64).problem != "absent"]


def _read_patch(host: Any, path: str, name: str) -> SysfsPatch:
    def word(attribute: str) -> Optional[str]:
        value = host.read("%s/%s" % (path, attribute), 64).value
        return value.strip() if value is not None else None

    replace, order = word("replace"), word("stack_order")
    objects = []
    # Only the kernel's own live patching shows functions as "function,position".
    functions = 0 if path.startswith(ROOTS[0]) else -1
    for entry in host.listdir(path, OBJECTS_LIMIT).if_there([]):
        inside = host.listdir("%s/%s" % (path, entry), 10000).value
        # A patched object is a folder of folders "function,position"; unknown attributes are files.
        found = sum("," in name for name in inside or [])
        if found:
            objects.append(entry)
            functions += found
    return SysfsPatch(name, state_of(word("enabled"), word("transition")), replace == "1" if replace in ("0", "1") else None,
                      int(order) if order and re.match(r"\A[0-9]{1,9}\Z", order) else None, objects, functions)


def find_blockers(host: Any, target: int) -> Tuple[List[Blocker], str]:
    """(threads not yet in state ``target``, '' or the problem that hid some). Only to be asked while a transition is in progress: it reads /proc."""
    blockers: List[Blocker] = []
    problem, seen = "", 0
    for pid in host.listdir("/proc").if_there([]):
        for tid in host.listdir("/proc/%s/task" % pid).if_there([]) if re.match(r"\A[0-9]{1,10}\Z", pid) else []:
            seen += 1
            if seen > THREADS_LIMIT:
                return blockers, "too_large"
            folder = "/proc/%s/task/%s" % (pid, tid)
            answer = host.read(folder + "/patch_state", 16)
            try:
                # A thread that ended meanwhile is absent and blocks nothing.
                waits = not answer.problem and parse_thread_state(answer.value) == 1 - target
            except ValueError:
                problem = "unparsable"
                continue
            problem = answer.problem if answer.problem and answer.problem != "absent" else problem
            if waits and tid.isdigit():
                blockers.append(Blocker(int(pid), int(tid), host.read(folder + "/comm", 64).if_there("").strip()))
    return blockers, problem
