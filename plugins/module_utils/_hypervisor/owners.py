# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of programs that none of the known packages brought: the package manager is asked for whose file each is."""

import re
from typing import Any, Dict, List, Optional, Tuple

from .._packages import ownership
from . import monitors

_PATHS_LIMIT = 64
_FORM = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}"
_VERSIONS = ("dpkg-query", "-W", "-f", "${Package}\\t${Version}\\n", "--")


def of(host: Any, manager: str, paths: List[str]) -> Dict[str, monitors.Package]:
    """{path: the package that it is a file of}; paths of no package, and of one whose version is not the program's, are left out."""
    asked = paths[:_PATHS_LIMIT]
    owners = _by_dpkg(host, asked) if manager == "dpkg" else _by_rpm(host, asked)
    found = {}
    for path, (name, version) in owners.items():
        component = monitors.component_of(path.rpartition("/")[2])
        if component and bears(name, component):
            found[path] = monitors.Package(component, name, version, [path])
    return found


def bears(package: str, component: str) -> bool:
    """Whether a package's version is that of a component in it: one that only bundles it (Incus, Kata Containers) has a version of its own."""
    return bool(re.search(r"(?:\A|[^a-z])%s(?:[^a-z]|\Z)" % re.escape(component), package))


def _by_dpkg(host: Any, paths: List[str]) -> Dict[str, Tuple[str, str]]:
    owners = {path: names[0] for path, names in ownership.dpkg_owners(host, paths).items() if names}
    answer = host.run(_VERSIONS + tuple(sorted(set(owners.values())))) if owners else None
    lines = answer.value.out.splitlines() if answer is not None and not answer.problem else []
    versions: Dict[str, str] = {name: version for name, tab, version in (line.partition("\t") for line in lines) if tab and version}
    return {path: (name, versions[name]) for path, name in owners.items() if name in versions}


def _by_rpm(host: Any, paths: List[str]) -> Dict[str, Tuple[str, str]]:
    found: Dict[str, Tuple[str, str]] = {}
    for path in paths:
        said: Optional[str] = next(iter(ownership.rpm_owners(host, path, _FORM)), None)
        name, tab, version = (said or "").partition("\t")
        if tab and version:
            found[path] = (name, version)
    return found
