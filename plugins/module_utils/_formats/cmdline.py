# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's command line as the kernel reads it: a sequence of parameters, of which later ones replace, add to, or bounce off earlier ones.

Words are separated by white space outside double quotes; quotes around a word or a value are not part of it (lib/cmdline.c, next_arg). A dash
and an underscore are one character in a parameter's name, not in its value (kernel/params.c, parameq). What follows a bare ``--`` is for the
first program of user space.
"""

import fnmatch
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

_BLANKS = " \t\n\v\f\r"
_END = "--"


class Parameter(NamedTuple):
    """One parameter: its name with underscores, its value (None where there is no ``=``), and the word as it stands on the line."""

    name: str
    value: Optional[str]
    word: str

    @property
    def text(self) -> str:
        """Name and value without quotes, in one spelling."""
        return self.name if self.value is None else "%s=%s" % (self.name, self.value)


class Line(NamedTuple):
    """The parameters of the kernel, and the words for the first program, in their order."""

    parameters: List[Parameter]
    init: List[str]


# Parameters of which every occurrence counts; names are shell patterns. Source: Documentation/admin-guide/kernel-parameters.txt of Linux 6.17 and
# the functions that read them; for user space dracut.cmdline(7) and kernel-command-line(7) of systemd.
_ADDING = (
    "console", "earlycon", "initcall_blacklist", "modprobe.blacklist", "memmap", "reserve_mem", "crashkernel", "acpi_osi", "acpi", "pci", "iommu",
    "intel_iommu", "amd_iommu", "ivrs_*", "dyndbg", "*.dyndbg", "clearcpuid", "setcpuid", "hugepages", "hugepagesz", "video", "efi", "cgroup_disable",
    "cgroup_enable", "md", "mce", "ip", "rd.*", "rd_*", "systemd.*", "udev.*", "luks.*", "vconsole.*", "locale.*", "fsck.*", "inst.*", "ifname",
    "bond", "bridge", "vlan", "nameserver", "ignition.*",
)
# Parameters that can only be made stronger: no later word takes an earlier one back. Each with its values from the weakest to the strongest
# (security/lockdown/lockdown.c, lock_kernel_down; kernel/module/signing.c, bool_enable_only; kernel/cpu.c, cpu_smt_disable).
_LOCKING: Dict[str, Tuple[Optional[str], ...]] = {
    "lockdown": ("integrity", "confidentiality"),
    "module.sig_enforce": ("1",),
    "nosmt": (None, "force"),
}
# A flag that, once there, decides whatever another parameter says in its place (arch/x86/kernel/cpu/bugs.c: nospectre_v2_parse_cmdline,
# nossb_parse_cmdline and the functions before them that looked for the flag first).
OVERRULED = {
    "spectre_v2": "nospectre_v2",
    "spec_store_bypass_disable": "nospec_store_bypass_disable",
}


def _plain(name: str) -> str:
    return name.replace("-", "_")


def split(text: str) -> List[str]:
    """The words of a line with their quotes; a blank inside quotes is part of its word, and quotes that never close reach to the end."""
    words, word, quoted = [], "", False
    for sign in text:
        if sign in _BLANKS and not quoted:
            words += [word] if word else []
            word = ""
            continue
        quoted = quoted != (sign == '"')
        word += sign
    return words + ([word] if word else [])


def read_word(word: str) -> Parameter:
    """One word as the kernel takes it apart: quotes around the whole word or around the value go, others stay."""
    quoted = word.startswith('"')
    bare = word[1:] if quoted else word
    # An equals sign at the very beginning is part of the name.
    at = bare.find("=", 1)
    if at < 0:
        return Parameter(_plain(bare[:-1] if quoted and bare.endswith('"') else bare), None, word)
    value = bare[at + 1:]
    if value.startswith('"'):
        value = value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:]
    elif quoted and value.endswith('"'):
        value = value[:-1]
    return Parameter(_plain(bare[:at]), value, word)


def parse(text: str) -> Line:
    """A whole command line."""
    words = split(text)
    end = next((at for at, word in enumerate(words) if word.strip('"') == _END), len(words))
    return Line([read_word(word) for word in words[:end]], words[end + 1:])


def is_adding(name: str) -> bool:
    """Whether each occurrence of a parameter counts, rather than the last one."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _ADDING)


def _strength(parameter: Parameter) -> int:
    """How strong a value of a locking parameter is; -1 for one that the kernel does not take."""
    order, value = _LOCKING[parameter.name], parameter.value
    if order == ("1",):
        value = "1" if _is_yes(value) else "0"
    return order.index(value) if value in order else -1


def _is_yes(value: Optional[str]) -> bool:
    """Whether a switch is on: without a value, and by whatever begins as a yes (kstrtobool)."""
    return value is None or value[:1] in ("1", "y", "Y", "t", "T") or value[:2].lower() == "on"


def is_switched_on(parameters: List[Parameter], name: str) -> bool:
    """Whether a parameter that is a switch is there, and on."""
    return any(_is_yes(parameter.value) for parameter in decisive(parameters, name))


def decisive(parameters: List[Parameter], name: str) -> List[Parameter]:
    """The occurrences of a parameter that count: all of one that adds, the strongest of one that locks, else the last; [] where there is none."""
    name = _plain(name)
    found = [parameter for parameter in parameters if parameter.name == name]
    if not found or is_adding(name):
        return found
    flag = OVERRULED.get(name)
    if flag and any(parameter.name == flag for parameter in parameters):
        return []
    return [max(found, key=_strength)] if name in _LOCKING else found[-1:]


def in_force(parameters: List[Parameter]) -> List[Parameter]:
    """The parameters that count, in the order of the line."""
    chosen = []
    for parameter in parameters:
        if any(parameter is one for one in decisive(parameters, parameter.name)):
            chosen.append(parameter)
    return chosen


def is_given(line: Line, wanted: str) -> bool:
    """Whether a word is in force, for the kernel or, behind ``--``, for the first program."""
    wish = read_word(wanted)
    for parameter in decisive(line.parameters, wish.name):
        if parameter.text == wish.text or (wish.name in _LOCKING and 0 <= _strength(wish) <= _strength(parameter)):
            return True
    return wanted in line.init


def is_like(parameter: Parameter, patterns: Sequence[str]) -> bool:
    """Whether one of some shell patterns matches a parameter, in the spelling of the line or in the kernel's own."""
    spelled = [pattern for one in patterns for pattern in (one, read_word(one).text)]
    return any(fnmatch.fnmatchcase(text, pattern) for text in (parameter.word, parameter.text) for pattern in spelled)


def matching(line: Line, patterns: Sequence[str]) -> List[str]:
    """The words in force that one of some shell patterns matches."""
    return [parameter.word for parameter in in_force(line.parameters) if is_like(parameter, patterns)]


def values(parameters: List[Parameter], name: str) -> List[str]:
    """The items of a parameter's lists, separated by commas, of each occurrence that counts."""
    return [item for parameter in decisive(parameters, name)
            for item in ([] if parameter.value is None else parameter.value.split(",")) if item]


def user_words(text: str) -> List[str]:
    """All words without quotes, those behind ``--`` too: programs such as systemd and kmod do not stop there."""
    return [word.replace('"', "") for word in split(text)]
