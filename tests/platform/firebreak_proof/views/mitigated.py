# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mitigations: whether each thing that one changes is changed in the kernel that runs, whether its fix is in force, and what is left of others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..promises import BrokenPromiseError
from ..proof import Proof
from . import blocked, command_line, kernels

_TRUE, _FALSE = ("1", "y", "yes", "on", "true", "force"), ("0", "n", "no", "off", "false")


def ids(entry: Mapping[str, Any]) -> list[str]:
    """The advisories of a mitigation."""
    given = entry["advisory"]
    return [given] if isinstance(given, str) else [str(one) for one in given]


def left_open(proof: Proof, entry: Mapping[str, Any]) -> list[str]:
    """Each thing of a mitigation that is not in force, in words."""
    rows = proof.rows("mitigations")
    line = blocked.line_of(rows)
    found = [f"module {name} {how}" for name in entry.get("modules", ()) if (how := blocked.how_it_may_run(rows, str(name).replace("-", "_")))]
    found += [f"the running kernel has no {word}" for word in entry.get("cmdline", ()) if not command_line.gives(line, word)]
    for name, value in entry.get("kvm_parameters", {}).items():
        found += _parameter(rows, str(name), value)
    for name, value in entry.get("sysctls", {}).items():
        said = _said(rows, "sysctl", name)
        wanted = str(int(value)) if isinstance(value, bool) else str(value)
        found += [f"{name} is {said[0] if said else 'not told'}, not {wanted}"] if not said or said[0].split() != wanted.split() else []
    for unit in entry.get("services_off", ()):
        said = _said(rows, "unit", unit)
        found += [f"{unit} is {'/'.join(said)}"] if len(said) < 2 or said[0] in ("active", "activating", "reloading") or said[1] != "masked" else []
    return found


def _said(rows: list[list[str]], kind: str, name: str) -> list[str]:
    return next((cells[2:] for cells in rows if cells[0] == kind and len(cells) > 2 and cells[1] == name), [])


def _parameter(rows: list[list[str]], name: str, value: Any) -> Iterator[str]:
    said = _said(rows, "kvm", name)
    wanted = str(int(value)) if isinstance(value, bool) else str(value)
    reading = said[0] if said else ""
    if len(said) < 2 or said[1] != "loaded":
        # The other vendor's module: this processor has no use for it.
        if not any(cells[0] == "has" for cells in rows):
            yield f"{name} is not told, since no module of KVM is loaded"
    elif reading != wanted and not any(reading.lower() in same and wanted.lower() in same for same in (_TRUE, _FALSE)):
        yield f"{name} is {reading}, not {wanted}"


def fixed(proof: Proof, entry: Mapping[str, Any]) -> bool:
    """Whether the fix is in force: the kernel that runs is as new as the one named for this host, or live patches are said to fix each id."""
    patched = {cells[1] for cells in proof.rows("patched_holes") if cells[0] == "fixes" and len(cells) > 1}
    if set(ids(entry)) <= patched:
        return True
    wanted = version_for(proof, entry)
    return bool(wanted) and proof.compare(kernels.running_version(proof), wanted) >= 0


def _numbers(version: str) -> tuple[str, str]:
    """What two versions of one line of kernels share: the upstream line, and the word by which a builder's release names what it is for."""
    plain = version.rpartition(":")[2]
    word = re.search(r"\.el[0-9]+(?:uek)?|\.fc[0-9]+|\.amzn[0-9]+|-1[5-9]0[0-9]00\.|~bpo[0-9]+|fips|\.ksplice|~[0-9]{2}\.[0-9]{2}", plain)
    told = word[0] if word else ""
    # Fedora's releases go on to newer upstream lines.
    return "" if told.startswith(".fc") else ".".join(plain.split(".")[:2]), told


def _is_the_main_kernel(proof: Proof, family: str) -> bool:
    """Whether the kernel that runs is the one that a release is meant by: a distribution's own, and none with numbers of its own."""
    said, release = proof.fields("running"), kernels.running_release(proof)
    if family == "debian":
        return " Debian " in f" {said.get('banner', '')} {said.get('build', '')} "
    if family == "ubuntu":
        return said.get("signature", "").startswith("Ubuntu ") and kernels.flavour(release) in ("generic", "generic-64k")
    packages = {kernel.package for kernel in kernels.installed(proof) if kernel.release == release}
    return bool(packages) and all(re.fullmatch(r"kernel(?:-(?:core|64k|64k-core|default|default-base|preempt))?", name) for name in packages)


def _is_called(proof: Proof, name: str) -> bool:
    """Whether the kernel that runs is the one of this name: its package, or the source of Ubuntu's kernels for one cloud or board."""
    release = kernels.running_release(proof)
    packages = {kernel.package for kernel in kernels.installed(proof) if kernel.release == release}
    return name in packages or name.removesuffix("-core") in {package.removesuffix("-core") for package in packages} or (
        proof.fields("running").get("signature", "").startswith("Ubuntu ") and name.split("-")[:2] == ["linux", kernels.flavour(release)])


def version_for(proof: Proof, entry: Mapping[str, Any]) -> str:
    """The kernel's version that closes the hole in this host's line of kernels, or '': numbers of two lines say nothing of each other."""
    release = proof.os_release()
    version = release.get("VERSION_ID", "")
    names = {"rhel": "redhat", "ol": "oracle", "amzn": "amazon", "sles": "suse", "opensuse-leap": "opensuse"}
    family = names.get(release.get("ID", ""), release.get("ID", ""))
    major = version.split(".")[0] if family in ("redhat", "rocky", "almalinux", "oracle", "centos") else version
    for key, wanted in (entry.get("fixed") or {}).items():
        named = str(key).removeprefix(f"{family}:{major}")
        is_meant = named != str(key) and (_is_called(proof, named[1:]) if named else _is_the_main_kernel(proof, family))
        if is_meant and _numbers(kernels.running_version(proof)) == _numbers(str(wanted)):
            return str(wanted)
    return ""


def versions(proof: Proof) -> set[str]:
    """The versions that must be put in order to say which fixes are in force; none where the host does not tell what runs."""
    try:
        wanted = {version_for(proof, entry) for entry in proof.promises().get("mitigations", ())} - {""}
        return {kernels.running_version(proof), *wanted} if wanted else set()
    except BrokenPromiseError:
        return set()


def applied(proof: Proof) -> list[str]:
    """The mitigations that the host's own note says were applied."""
    text = next((cells[1] for cells in proof.rows("mitigations") if cells[0] == "note" and len(cells) > 1), "")
    try:
        return [str(name) for name in json.loads(text)["applied"]] if text else []
    except (ValueError, KeyError, TypeError):
        raise BrokenPromiseError(f"{proof.host} has a note of its mitigations that cannot be read") from None


def left_over(proof: Proof, wanted: list[Mapping[str, Any]]) -> list[str]:
    """What was applied and is not wanted any more, or whose fix is in force."""
    kept = {", ".join(ids(entry)) for entry in wanted if not fixed(proof, entry)}
    return [name for name in applied(proof) if name not in kept]
