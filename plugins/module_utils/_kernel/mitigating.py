# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How mitigations are put on a host and taken back: the texts of the files that hold them, and the note of what was there before. Pure.

The note keeps what a taken-back mitigation must restore: the former values of parameters, the former state of units, the words that were added.
"""

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from .applied import SCHEMA, read_note

# The first install line that fits counts: named to be read before all others.
BLOCKED = "/etc/modprobe.d/00-firebreak-mitigations.conf"
# The last setting of a parameter wins: named to be read after all others.
SYSCTLS = "/etc/sysctl.d/zz-firebreak-mitigations.conf"
_HEADER = "# Kept by firebreak.fleet.mitigations: closes holes until their fixes are in force, and is removed then.\n"


class Wanted(NamedTuple):
    """What a host is to have. ``former`` are the values in force of the parameters of KVM, kept where nothing was kept of them before."""

    names: Sequence[str]
    modules: Sequence[str]
    sysctls: Mapping[str, str]
    services: Sequence[str]
    words: Sequence[str]
    parameters: Sequence[str]
    former: Mapping[str, str]


def empty_note() -> Dict[str, Any]:
    """The note of a host that nothing was applied to."""
    return {"schema": SCHEMA, "applied": [], "words": [], "kvm_parameters": {}, "sysctls": {}, "services": {}}


def parse_note(text: str) -> Dict[str, Any]:
    """A note with all of its parts; '' is the empty one. ValueError where it is none: what was there before is not known then."""
    if not text.strip():
        return empty_note()
    note = dict(empty_note(), **read_note(text))
    kinds = {"words": list, "kvm_parameters": dict, "sysctls": dict, "services": dict}
    wrong = [name for name, kind in kinds.items() if not isinstance(note[name], kind)]
    if wrong:
        raise ValueError("%s is malformed" % wrong[0])
    return note


def render_note(note: Mapping[str, Any]) -> str:
    """The note as a file; '' where nothing is to be kept."""
    return json.dumps(note, indent=1, sort_keys=True) + "\n" if any(note[part] for part in empty_note() if part != "schema") else ""


def render_blocked(modules: Sequence[str]) -> str:
    """The file of modprobe.d; '' where no module is blocked."""
    # The first softdep line of a module counts as well: kmod would pass over the install line of one that has soft dependencies.
    lines = ["softdep %s pre:\ninstall %s /bin/false\n" % (name, name) for name in sorted(set(modules))]
    return _HEADER + "".join(lines) if lines else ""


def render_sysctls(values: Mapping[str, str]) -> str:
    """The file of sysctl.d; '' where none is set."""
    lines = ["%s = %s\n" % (name, values[name]) for name in sorted(values)]
    return _HEADER + "".join(lines) if lines else ""


def words_gone(note: Mapping[str, Any], wanted: Wanted) -> List[str]:
    """The words of the command line that an earlier run added and nobody wants any more."""
    return [word for word in note["words"] if word not in wanted.words]


def parameters_back(note: Mapping[str, Any], wanted: Wanted) -> Dict[str, str]:
    """Parameters of KVM that nobody wants any more, each with the value that it had."""
    return {name: value for name, value in note["kvm_parameters"].items() if name not in wanted.parameters}


def sysctls_back(note: Mapping[str, Any], wanted: Wanted) -> Dict[str, Dict[str, str]]:
    """Parameters of the kernel that nobody wants any more: the value that each was given, and the one that it had."""
    return {name: kept for name, kept in note["sysctls"].items() if name not in wanted.sysctls}


def services_back(note: Mapping[str, Any], wanted: Wanted) -> Dict[str, bool]:
    """Units that may run again, each with whether it ran before."""
    return {unit: ran for unit, ran in note["services"].items() if unit not in wanted.services}


def next_note(note: Mapping[str, Any], wanted: Wanted, running: Mapping[str, bool], readings: Mapping[str, str], finish: bool) -> Dict[str, Any]:
    """The note after this run. What only the loader or KVM can take back stays in it until ``finish`` says that it was."""
    later_words = [] if finish else words_gone(note, wanted)
    later_parameters = {} if finish else parameters_back(note, wanted)
    kept = {name: note["kvm_parameters"].get(name, wanted.former.get(name)) for name in wanted.parameters}
    former = {name: value for name, value in kept.items() if value is not None}
    sysctls = {name: {"given": value, "former": note["sysctls"].get(name, {}).get("former", readings.get(name, ""))}
               for name, value in wanted.sysctls.items()}
    services = {unit: note["services"].get(unit, running.get(unit, False)) for unit in wanted.services}
    return dict(empty_note(), applied=sorted(wanted.names), words=sorted(set(list(wanted.words) + later_words)),
                kvm_parameters=dict(later_parameters, **former), sysctls=sysctls, services=services)
