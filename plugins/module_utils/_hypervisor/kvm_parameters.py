# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of KVM's modules: what is wanted, what is in force, and what it takes to have the one become the other."""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from .._formats import cmdline
from .._host.errors import Refused

_NAME = re.compile(r"(kvm(?:_[a-z0-9]{1,20})?)\.([a-z0-9_]{1,60})\Z")
# What modprobe, the kernel's command line and the parameter's file all take as one word.
_VALUE = re.compile(r"[A-Za-z0-9_.,:+-]{1,128}\Z")
# What the kernel reads as yes and no, and writes as Y and N, or as 1 and 0.
_TRUTHS = (("1", "Y", "y", "yes", "on", "t", "true"), ("0", "N", "n", "no", "off", "f", "false"))
# The kernel answers Y or N, or what it chose, to these, whatever of these words it was given: nx_huge_pages (mmu.c), avic since 6.18 (avic.c), and
# vmentry_l1d_flush (vmx.c), whose auto becomes what the processor needs.
_UNTELLING = {"kvm.nx_huge_pages": ("auto", "force", "off"), "kvm_amd.avic": ("auto",), "kvm_intel.vmentry_l1d_flush": ("auto",)}
_OPTION_LINE = re.compile(r"options\s+(\S+)\s+(.*)\Z")

HEADER = "# Kept by firebreak.fleet.kvm_parameters. Named to be read last, since the last setting of a parameter wins.\n"


class State(NamedTuple):
    """How one parameter stands: ``reading`` is None where its module is not loaded; ``users`` counts those of KVM; ``stays`` is the value that
    the next load or boot gives, None where nothing sets it."""

    name: str
    reading: Optional[str]
    built_in: bool
    writable: bool
    users: int
    stays: Optional[str]


def check(given: Dict[str, Any]) -> Dict[str, str]:
    """The wanted value of each parameter as text; Refused for a name or value that no module of KVM could have."""
    wanted = {}
    for name in sorted(given):
        value = given[name]
        text = {True: "1", False: "0"}[value] if isinstance(value, bool) else str(value)
        if not _NAME.match(name):
            raise Refused("parameters: seen %r; wanted: MODULE.PARAMETER with a module of KVM, such as kvm_intel.nested" % name)
        if not _VALUE.match(text):
            raise Refused("parameters.%s: seen %r; wanted: one word of letters, digits and any of _ . , : + -" % (name, value))
        wanted[name] = text
    return wanted


def module_of(name: str) -> str:
    """The module that a parameter belongs to."""
    return name.partition(".")[0]


def render(wanted: Dict[str, str]) -> str:
    """The file of modprobe.d; nothing where nothing is wanted."""
    lines = ["options %s %s=%s\n" % (module_of(name), name.partition(".")[2], wanted[name]) for name in sorted(wanted)]
    return HEADER + "".join(lines) if lines else ""


def same(name: str, one: str, other: str) -> bool:
    """Whether two values of a parameter mean the same."""
    if one == other or any(one in truth and other in truth for truth in _TRUTHS):
        return True
    return name == "kvm.nx_huge_pages" and one == "force" and other in _TRUTHS[0]


def is_untelling(name: str, wanted: str) -> bool:
    """Whether the kernel's answer cannot tell that the wanted value is in force."""
    return wanted == "auto" and wanted in _UNTELLING.get(name, ())


def meets(name: str, wanted: List[str], reading: str) -> Optional[bool]:
    """Whether a reading is one of the wanted values; None where it cannot be told, since the kernel does not say the word that it was given."""
    if any(same(name, value, reading) for value in wanted):
        return True
    return None if any(is_untelling(name, value) for value in wanted) else False


def set_by_configuration(text: str) -> Dict[str, str]:
    """module.parameter and the value that a load gives it, from ``modprobe --showconfig``, where the kernel's command line comes last."""
    values = {}
    for line in text.splitlines():
        match = _OPTION_LINE.match(line.strip())
        for word in match.group(2).split() if match else []:
            key, equals, value = word.partition("=")
            values["%s.%s" % (match.group(1).replace("-", "_"), key.replace("-", "_"))] = value if equals else "1"  # type: ignore[union-attr]
    return values


def set_by_command_line(text: str) -> Dict[str, str]:
    """module.parameter and its value on the kernel's command line, the only place that what is built in is set from; the last one counts."""
    given = [parameter for parameter in cmdline.parse(text).parameters if _NAME.match(parameter.name)]
    return {parameter.name: "1" if parameter.value is None else parameter.value for parameter in given}


def named_in(text: str, module: str) -> bool:
    """Whether a list of modules for the initramfs names the module; comments do not count."""
    return any(re.search(r"(?<![\w.-])%s(?![\w.-])" % re.escape(module), line.partition("#")[0]) for line in text.splitlines())


def is_in_force(state: State, wanted: str) -> bool:
    """Whether the parameter has the wanted value now."""
    return state.reading is not None and not is_untelling(state.name, wanted) and same(state.name, wanted, state.reading)


def to_write(states: List[State], wanted: Dict[str, str]) -> List[str]:
    """The parameters that are written into the running kernel."""
    return [state.name for state in states if state.reading is not None and state.writable and not is_untelling(state.name, wanted[state.name])
            and not is_in_force(state, wanted[state.name])]


def to_reload(states: List[State], wanted: Dict[str, str]) -> List[str]:
    """The modules whose next load gives a wanted value that cannot be written."""
    return sorted({module_of(state.name) for state in states if state.reading is not None and not state.writable and not state.built_in
                   and not is_in_force(state, wanted[state.name]) and state.stays is not None and same(state.name, wanted[state.name], state.stays)})


def pending(states: List[State], wanted: Dict[str, str], initramfs: Dict[str, str]) -> List[str]:
    """A sentence for each thing that is not, or will not stay, as wanted. ``initramfs`` is module and the file that puts it there."""
    found = []
    for state in states:
        want = wanted[state.name]
        found += _now(state, want)
        found += _later(state, want)
        if state.reading is not None and not is_in_force(state, want) and module_of(state.name) in initramfs and not state.built_in:
            found.append("%s: %s puts %s into the initramfs, whose copy of modprobe.d is made anew by update-initramfs -u or dracut --force"
                         % (state.name, initramfs[module_of(state.name)], module_of(state.name)))
    return found


def _now(state: State, want: str) -> List[str]:
    if state.reading is None or is_in_force(state, want):
        return []
    if is_untelling(state.name, want):
        return ["%s: %s is kept for the next load; the kernel answers %s, which does not tell whether it is in force" % (
            state.name, want, state.reading)]
    if state.writable:
        return ["%s: %s is in force, and the kernel did not take %s" % (state.name, state.reading, want)]
    if state.built_in:
        return ["%s: %s is in force; %s takes a reboot" % (state.name, state.reading, want)]
    module = module_of(state.name)
    remedy = "while %d users (guests) hold it: move or end them and load it anew, or reboot" % state.users if state.users else \
        "and no guest holds it: load it anew (reload), or reboot"
    return ["%s: %s is in force; %s takes loading %s anew, %s" % (state.name, state.reading, want, module, remedy)]


def _later(state: State, want: str) -> List[str]:
    if state.stays is not None and same(state.name, want, state.stays):
        return []
    if state.built_in:
        return ["%s: %s is built into the kernel, so that only %s=%s on the kernel's command line outlasts a reboot" % (
            state.name, module_of(state.name), state.name, want)]
    if state.stays is not None:
        return ["%s: the next load gives %s: another file of modprobe.d or the kernel's command line wins over ours" % (state.name, state.stays)]
    return []
