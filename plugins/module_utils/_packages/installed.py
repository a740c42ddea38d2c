# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of a few packages by the package manager's own data: dpkg's status file, or one command for rpm."""

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from . import managers

_STATUS_BYTES = 64 * 1024 * 1024
# What the versions of a module's packages say: 15:6.2.0-53.module+el8.10.0+22375+abcdef, .module_el8.9.0+3681+41cbbbcc of AlmaLinux's.
_MODULAR = re.compile(r"\.module[+_]")
_MODULE = re.compile(r"([^\t]+)\t([A-Za-z0-9][\w.+-]*:[A-Za-z0-9][\w.+-]*)(?::\S*)?\Z")
_FIELD = re.compile(r"^(Package|Status|Version|Source): *(\S.*)$", re.MULTILINE)


class Owned(NamedTuple):
    """Package versions by name, and the problem where the package manager did not answer; ``sources`` are dpkg's, by package, ``modules`` the
    module streams of rpm's (virt:rhel) that have any."""

    versions: Dict[str, str]
    problem: Optional[str]
    detail: str
    sources: Mapping[str, str] = {}
    modules: Mapping[str, str] = {}


def dpkg_versions(status: str, names: Sequence[str]) -> Dict[str, str]:
    """{package: version} of those of ``names`` whose files are in place."""
    return {name: fields["Version"].strip() for name, fields in _dpkg_stanzas(status, names).items()}


def dpkg_sources(status: str, names: Sequence[str]) -> Dict[str, str]:
    """{package: the source that it was built from} of those of ``names`` whose files are in place."""
    return {name: fields.get("Source", name).split(" ")[0] for name, fields in _dpkg_stanzas(status, names).items()}


def _dpkg_stanzas(status: str, names: Sequence[str]) -> Dict[str, Dict[str, str]]:
    stanza = re.compile(r"^Package: (?:%s)\n(?:[^\n]+(?:\n|\Z))*" % "|".join(re.escape(name) for name in names), re.MULTILINE)
    found = {}
    for text in stanza.findall(status):
        fields = dict(_FIELD.findall(text))
        if managers.is_in_place(fields.get("Status", "")) and fields.get("Version"):
            found[fields["Package"].strip()] = fields
    return found


def rpm_query(names: Sequence[str]) -> List[str]:
    """The command that asks rpm for them."""
    return ["rpm", "-q", "--qf", "%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n"] + list(names)


def rpm_versions(text: str, names: Sequence[str]) -> Dict[str, str]:
    """{package: version} of what that command printed."""
    rows = (line.split("\t") for line in text.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2 and row[0] in names}


def module_query(names: Sequence[str]) -> List[str]:
    """The command that asks rpm of which module streams packages are. Older ones than Enterprise Linux 8's do not know the tag."""
    return ["rpm", "-q", "--qf", "%{NAME}\\t%{MODULARITYLABEL}\\n"] + list(names)


def modules_of(host: Any, versions: Mapping[str, str]) -> Dict[str, str]:
    """{package: NAME:STREAM of its module} of those whose versions say that they are of one; rpm is asked only where any is."""
    names = sorted(name for name, version in versions.items() if _MODULAR.search(version))
    answer = host.run(module_query(names)) if names else None
    if answer is None or answer.problem:
        return {}
    return {match.group(1): match.group(2) for match in map(_MODULE.match, answer.value.out.splitlines()) if match}


def owned(host: Any, names: Sequence[str]) -> Owned:
    """What the host's package manager knows of them."""
    manager = managers.manager(host)
    if manager is None:
        return Owned({}, None, "")
    if manager == "dpkg":
        status = host.read(managers.DPKG_STATUS, _STATUS_BYTES)
        if status.problem:
            return Owned({}, status.problem, managers.DPKG_STATUS)
        return Owned(dpkg_versions(status.value, names), None, "", dpkg_sources(status.value, names))
    answer = host.run(rpm_query(names))
    if answer.problem:
        return Owned({}, answer.problem, "rpm -q")
    if managers.query_failed(answer.value.rc, answer.value.out, answer.value.err):
        return Owned({}, "tool_failed", "rpm -q: %s" % answer.value.err[:200])
    versions = rpm_versions(answer.value.out, names)
    return Owned(versions, None, "", {}, modules_of(host, versions))
