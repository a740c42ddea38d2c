# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processor that libvirt's document of a guest gives it: what a migration takes along, and whether the guest may run guests of its own."""

import re
from typing import List, NamedTuple, Optional

# No XML parser reads the documents, so none can be attacked through them.
_CPU = re.compile(r"<cpu\b([^<>]{0,400}?)(?:/>|>(.{0,60000}?)</cpu>)", re.DOTALL)
_MODE = re.compile(r"\bmode=['\"]([a-z-]{1,30})['\"]")
_MODEL = re.compile(r"<model\b[^<>]{0,200}>([A-Za-z0-9._-]{1,64})</model>")
_FEATURE = re.compile(r"<feature\b([^<>]{0,200})/?>")
_NAME = re.compile(r"\bname=['\"]([A-Za-z0-9._-]{1,64})['\"]")
_POLICY = re.compile(r"\bpolicy=['\"]([a-z]{1,10})['\"]")
_EMULATED = re.compile(r"<domain\b[^<>]{0,400}?\btype=['\"]qemu['\"]")
_ADDED, _TAKEN = ("force", "require", "optional"), ("disable", "forbid")
_NESTING = ("vmx", "svm")
_FLAGS_LIMIT = 400


class Cpu(NamedTuple):
    """mode and model are None where the document names none; ``flags`` are added (name) or taken away (-name); emulated: KVM runs none of it."""

    mode: Optional[str] = None
    model: Optional[str] = None
    flags: List[str] = []
    emulated: bool = False


def parse(text: str) -> Cpu:
    """The processor of one document."""
    emulated = bool(_EMULATED.search(text))
    # The part of a running guest's document that libvirt itself keeps has no <cpu>; the definition in it has one.
    found = _CPU.search(text)
    if not found:
        return Cpu(emulated=emulated)
    mode, model = _MODE.search(found.group(1)), _MODEL.search(found.group(2) or "")
    flags = []
    for attributes in _FEATURE.findall(found.group(2) or ""):
        name, policy = _NAME.search(attributes), _POLICY.search(attributes)
        word = policy.group(1) if policy else "require"
        if name and word in _ADDED + _TAKEN:
            flags.append(name.group(1) if word in _ADDED else "-" + name.group(1))
    return Cpu(mode.group(1) if mode else "custom" if model else None, model.group(1) if model else None, sorted(flags)[:_FLAGS_LIMIT], emulated)


def may_nest(cpu: Cpu, allowed: Optional[bool]) -> Optional[bool]:
    """Whether a guest may run guests of its own. ``allowed``: KVM's parameter. None where the processor's model decides, or nobody says."""
    if cpu.emulated or allowed is False:
        return False
    if any(flag in cpu.flags for flag in _NESTING):
        return True if allowed else None
    if any("-" + flag in cpu.flags for flag in _NESTING):
        return False
    return allowed if cpu.mode in ("host-passthrough", "maximum") else None
