# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``hypervisor`` has to do to a host's software: versions of components, holds, KVM's parameters, and why it may not be done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from ...module_utils._formats.versions import sort_key
from ...module_utils._host.errors import Refused
from .._judge.facts import CannotSay
from .._judge.judging import meets
from .._standard.requirement import Requirement

# The components that are managed, and the package that brings each where it is not installed.
MAIN = {
    "debian": {"qemu": "qemu-system-x86", "libvirt": "libvirt-daemon-system", "virtiofsd": "virtiofsd"},
    "redhat": {"qemu": "qemu-kvm", "libvirt": "libvirt-daemon-driver-qemu", "virtiofsd": "virtiofsd"},
}
# Ubuntu's newer virtualization packages beside those of the release (26.04 and later).
_HWE = "-hwe"
MANAGED = ("qemu", "libvirt", "virtiofsd")
# A package that was only built again for another library has this beyond its source's version.
_REBUILD = re.compile(r"\+b[0-9]+\Z")
_KVM = "hypervisor.kvm."


class Installed(NamedTuple):
    """A package that dpkg has installed: what it wants of it (install, hold), its source, name and version."""

    want: str
    source: str
    name: str
    version: str


@dataclass(frozen=True)
class Wish:
    """What was set by hand, which wins over the standard: versions by component, and KVM's parameters; and whether packages are held."""

    versions: Mapping[str, str] = field(default_factory=dict)
    kvm_parameters: Mapping[str, Any] = field(default_factory=dict)
    hold: bool = False


@dataclass(frozen=True)
class Packages:
    """What dpkg has of the components, and the versions of each package that apt's lists offer. Empty where rpm manages packages."""

    installed: Sequence[Installed] = ()
    offered: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class Plan:
    """``install`` are packages in the package manager's own notation; ``hold`` those not held yet; ``left`` what is said and not done."""

    family: str
    install: list[str] = field(default_factory=list)
    hold: list[str] = field(default_factory=list)
    kvm_parameters: dict[str, Any] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def parse_installed(lines: Sequence[str]) -> list[Installed]:
    """The lines of dpkg-query with the format '${db:Status-Status} ${db:Status-Want} ${source:Package} ${Package} ${Version}'."""
    rows = [line.split() for line in lines]
    return [Installed(*row[1:]) for row in rows if len(row) == 5 and row[0] == "installed"]


def parse_offered(lines: Sequence[str]) -> dict[str, list[str]]:
    """The versions of each package in the output of apt-cache madison: 'package | version | where'."""
    offered: dict[str, list[str]] = {}
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 3:
            offered.setdefault(cells[0], []).append(cells[1])
    return offered


def plan(record: Mapping[str, Any], promises: Mapping[str, Requirement], wish: Wish, packages: Packages) -> dict[str, Any]:
    """The plan as plain data; Refused where there is none."""
    made = Plan(record["os"]["family"])
    _check_names(wish)
    if record["hypervisor"]["components"] is None:
        raise Refused("what is installed of the hypervisor is not known; wanted: a record with hypervisor.components")
    for name in MANAGED:
        there = [row for row in record["hypervisor"]["components"] if row["name"] == name]
        rows = [row for row in there if row["package"]]
        if there and not rows:
            # A container's, a snap's or an administrator's own: no package of this host's replaces it.
            continue
        _plan_component(made, name, rows, _aim(name, promises, wish), promises.get(f"hypervisor.{name}.presence"), packages)
        if wish.hold and _aim(name, promises, wish):
            made.hold += _to_hold(made, rows, packages)
    made.kvm_parameters = _kvm_parameters(record, promises, wish)
    return asdict(made)


def _check_names(wish: Wish) -> None:
    unknown = sorted(set(wish.versions) - set(MANAGED))
    if unknown:
        raise Refused(f"hypervisor_versions names {', '.join(unknown)}; wanted: any of {', '.join(MANAGED)} (others are read, not managed)")


def _aim(name: str, promises: Mapping[str, Requirement], wish: Wish) -> Requirement | None:
    """The version to have: what was set by hand, else what the standard promises of the installed, else of the running one."""
    if wish.versions.get(name):
        return Requirement("exact", wish.versions[name])
    made = [promises.get(f"hypervisor.{name}.{what}") for what in ("installed", "running")]
    return next((promise for promise in made if promise is not None and promise.form != "rule"), None)


def _plan_component(
    made: Plan, name: str, rows: Sequence[Mapping[str, Any]], aim: Requirement | None, presence: Requirement | None, packages: Packages,
) -> None:
    if not rows:
        if presence is not None and presence.value == "required":
            made.install += [_chosen(made.family, name, _main(made.family, name, packages), None, aim, packages)]
        return
    if presence is not None and presence.value == "forbidden":
        seen = ", ".join(f"{row['package']} {row['version']}" for row in rows)
        made.left.append(f"{name} is installed ({seen}) and the standard forbids it; this role takes nothing away")
        return
    for row in rows:
        if aim is not None and not _is_met(made.family, aim, row["version"]):
            spec = _chosen(made.family, name, row["package"], row["version"], aim, packages)
            made.install += [spec, *_companions(spec, packages)]


def _main(family: str, name: str, packages: Packages) -> str:
    """The package that brings a component; of Ubuntu's two sets of packages, which exclude each other, the one that is there."""
    if family not in MAIN:
        raise Refused(f"{name} is required and not installed; os.family is {family}, and the role installs on {' and '.join(MAIN)}")
    main = MAIN[family][name]
    has_hwe = any(package.name.startswith(("qemu-", "libvirt-", "virtiofsd")) and package.name.endswith(_HWE) for package in packages.installed)
    return main + _HWE if has_hwe else main


def _is_met(family: str, aim: Requirement, version: str) -> bool:
    try:
        return meets(aim, "hypervisor.components", version, "rpm" if family in ("redhat", "suse") else "dpkg")
    except CannotSay as reason:
        raise Refused(str(reason)) from None


def _chosen(family: str, name: str, package: str, version: str | None, aim: Requirement | None, packages: Packages) -> str:
    """The package and version to install, as the package manager takes it."""
    if family == "debian":
        return _chosen_from_offer(name, package, version, aim, packages.offered.get(package, []))
    if family != "redhat":
        raise Refused(f"{name} {aim or ''} is wanted; os.family is {family}, and the role installs on {' and '.join(MAIN)}")
    if aim is not None and aim.form == "any_of":
        raise Refused(f"the standard allows {aim} of {name}; wanted: one of them in hypervisor_versions")
    return package if aim is None else f"{package} >= {aim.value}" if aim.form == "minimum" else f"{package}-{aim.value}"


def _chosen_from_offer(name: str, package: str, version: str | None, aim: Requirement | None, offered: Sequence[str]) -> str:
    fitting = [offer for offer in offered if aim is None or _is_met("debian", aim, offer)]
    if not fitting:
        seen = f"{package} {version}" if version else "none"
        raise Refused(f"{name} {aim or 'any version'} is wanted; installed: {seen}; apt's lists offer {package}: {', '.join(offered) or 'none'}")
    return f"{package}={max(fitting, key=sort_key('dpkg'))}"


def _source_version(version: str) -> str:
    return _REBUILD.sub("", version)


def _companions(spec: str, packages: Packages) -> Iterator[str]:
    """The other installed packages of the same source, in the version of the same build: QEMU loads no module of another one."""
    name, _equals, version = spec.partition("=")
    source = next((package.source for package in packages.installed if package.name == name), None)
    for package in packages.installed:
        if package.source == source and package.name != name:
            fitting = [offer for offer in packages.offered.get(package.name, []) if _source_version(offer) == _source_version(version)]
            if fitting and package.version not in fitting:
                yield f"{package.name}={max(fitting, key=sort_key('dpkg'))}"


def _to_hold(made: Plan, rows: Sequence[Mapping[str, Any]], packages: Packages) -> list[str]:
    """The installed packages of the components' sources that are not held, and those that are about to be installed."""
    names = {row["package"] for row in rows}
    if made.family != "debian":
        return sorted(names)
    sources = {package.source for package in packages.installed if package.name in names}
    new = {spec.partition("=")[0] for spec in made.install} - {package.name for package in packages.installed}
    return sorted({package.name for package in packages.installed if package.source in sources and package.want != "hold"} | new)


def _kvm_parameters(record: Mapping[str, Any], promises: Mapping[str, Requirement], wish: Wish) -> dict[str, Any]:
    wanted = dict(wish.kvm_parameters)
    for key, promise in promises.items():
        name = key.removeprefix(_KVM)
        if not key.startswith(_KVM) or name in wanted:
            continue
        if promise.form != "exact":
            raise Refused(f"the standard allows {promise} of {key}; wanted: one of them in hypervisor_kvm_parameters")
        wanted[name] = promise.value
    container = record["os"].get("container")
    if wanted and container not in (None, "none"):
        raise Refused(f"this is a container ({container}), whose kernel is its host's; "
                      f"wanted: no parameters of KVM (seen: {', '.join(sorted(wanted))})")
    return wanted
