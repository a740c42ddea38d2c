# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The standard of each host as the suite understands it: merged here anew, so that a mistake of the scan's own merging shows.

The format is docs/standard.md. Mistakes in a standard are the scan's to explain; here the first one ends the run with one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

FORMS = ("minimum", "maximum", "any_of", "rule")
STANDARD, OVERRIDES, WAIVERS = "firebreak_standard", "firebreak_standard_overrides", "firebreak_waivers"
MITIGATIONS = "firebreak_mitigations"

# Names and settings: they say how to judge and promise nothing alone.
SETTINGS = ("schema", "name", "description", "os.support", "cpu.vulnerability_views", "containers.shared_kernel_allowed",
            "services.stale_exceptions")


class StandardError(Exception):
    """A standard that cannot be used; the text names the variable, what was seen and what is wanted."""


class Waiver(NamedTuple):
    """Findings that somebody answers for until a day."""

    finding: str
    owner: str
    reason: str
    expires: date

    def __str__(self) -> str:
        return f"by {self.owner} until {self.expires} ({self.reason})"


class Standard(NamedTuple):
    """A host's standard: dotted keys, blocks for platforms, and waivers."""

    base: Mapping[str, Any]
    blocks: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...]
    waivers: tuple[Waiver, ...]

    def keys(self) -> set[str]:
        """Every key that it may promise on some platform."""
        return set(self.base) | {key for _match, values in self.blocks for key in values}

    def values(self, platform: Mapping[str, str]) -> dict[str, Any]:
        """All values for a host with these facts, settings too; a later block wins over an earlier one."""
        values = dict(self.base)
        for match, block in self.blocks:
            if all(any(fnmatchcase(platform.get(fact, ""), pattern) for pattern in _patterns(wanted)) for fact, wanted in match.items()):
                values.update(block)
        return {key: value for key, value in values.items() if value is not None}

    def promises(self, platform: Mapping[str, str]) -> dict[str, Any]:
        """What is promised: without settings, and without what is expressly allowed."""
        free = ("allowed", "any")
        return {key: value for key, value in self.values(platform).items() if key not in SETTINGS and value not in free}


NOTHING = Standard({}, (), ())


def _patterns(wanted: Any) -> list[str]:
    return [str(item) for item in wanted] if isinstance(wanted, list) else [str(wanted)]


def flat(nested: Any, where: str, prefix: str = "") -> dict[str, Any]:
    """Dotted keys and their values; a mapping of one form (minimum, any_of, ...) is a value."""
    if not isinstance(nested, Mapping):
        raise StandardError(f"{where}: seen {nested!r}; wanted a mapping of keys of the standard")
    found: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping) and not (len(value) == 1 and next(iter(value)) in FORMS):
            found.update(flat(value, where, f"{prefix}{name}."))
        else:
            found[f"{prefix}{name}"] = value
    return found


def merged(variables: Mapping[str, Any]) -> Standard:
    """The standard in a host's variables: firebreak_standard, with the overrides and waivers of every suffix."""
    raw = variables.get(STANDARD)
    if not isinstance(raw, Mapping):
        raise StandardError(f"{STANDARD} is {'not set' if raw is None else repr(raw)}; wanted a mapping")
    _no_templates(variables)
    base = flat({name: value for name, value in raw.items() if name != "platforms"}, STANDARD)
    blocks = [(block["match"], flat({name: value for name, value in block.items() if name != "match"}, STANDARD))
              for block in raw.get("platforms") or []]
    added = _entries(variables, MITIGATIONS)
    for values in [base, *(block for _match, block in blocks if block.get("mitigations"))] if added else []:
        values["mitigations"] = [*(values.get("mitigations") or []), *added]
    last = []
    for entry in _entries(variables, OVERRIDES):
        values = flat(entry["set"], OVERRIDES)
        if entry.get("match"):
            last.append((entry["match"], values))
            continue
        base.update(values)
        blocks = [(match, {key: value for key, value in block.items() if key not in values}) for match, block in blocks]
    return Standard(base, (*blocks, *last), tuple(_waiver(entry) for entry in _entries(variables, WAIVERS)))


def _entries(variables: Mapping[str, Any], name: str) -> list[Any]:
    return [entry for variable in sorted(variables) if variable == name or variable.startswith(name + "_") for entry in variables[variable] or []]


def _waiver(entry: Mapping[str, Any]) -> Waiver:
    return Waiver(str(entry["finding"]), str(entry["owner"]), str(entry["reason"]), date.fromisoformat(str(entry["expires"])))


def _no_templates(variables: Mapping[str, Any]) -> None:
    """ansible-inventory prints variables as they are written."""
    for name, value in variables.items():
        if name.startswith((STANDARD, WAIVERS, MITIGATIONS)) and "{{" in repr(value):
            raise StandardError(f"{name} holds a template, which only Ansible can resolve; run playbooks/verify_platform.yml instead")


def platform(os_release: Mapping[str, str], architecture: str) -> dict[str, str]:
    """The facts that blocks and overrides match, from the host's own os-release."""
    names = [os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()]
    families = {"debian": "debian", "ubuntu": "debian", "rhel": "redhat", "fedora": "redhat", "centos": "redhat", "suse": "suse",
                "opensuse": "suse", "sles": "suse", "amzn": "redhat", "ol": "redhat"}
    family = next((families[name] for name in names if name in families), "other")
    return {"family": family, "id": names[0], "version_id": os_release.get("VERSION_ID", ""), "architecture": architecture}
