# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mitigations: changes that close a hole without its fix, each with a reason, an owner and an end. What an entry of ``mitigations`` may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ...module_utils._boot.words import checked
from ...module_utils._host.errors import Refused
from ...module_utils._hypervisor import kvm_parameters

ABOUT = ("advisory", "reason", "owner", "expires")
MEANS = ("modules", "cmdline", "kvm_parameters", "sysctls", "services_off")
WANTED = (f"a mapping with {', '.join(ABOUT)} (a day such as 2027-03-31), at least one of {', '.join(MEANS)}, and where known fixed: a mapping of "
          "streams, such as debian:12, to the kernel's package version that has the fix")

_ADVISORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{2,63}")
_MODULE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SYSCTL = re.compile(r"[a-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_.-]+)+")
_SYSCTL_VALUE = re.compile(r"[A-Za-z0-9_.,:/ -]{1,128}")
_UNIT = re.compile(r"[A-Za-z0-9_.@:\\-]{1,200}\.(?:service|socket|timer)")
_STREAM = re.compile(r"[a-z][a-z0-9-]*:[0-9][a-z0-9.:+_-]*")
_ITEMS = 100

Text = Callable[[Any], str]


class WrongError(ValueError):
    """An entry that is none: what was seen, and what would do."""

    def __init__(self, seen: str, wanted: str = WANTED) -> None:
        super().__init__(f"{seen}; wanted: {wanted}")
        self.seen, self.wanted = seen, wanted


@dataclass(frozen=True)
class Mitigation:
    """One mitigation. ``advisory`` are the ids of the hole; ``fixed`` has by stream the kernel's version that closes it."""

    advisory: tuple[str, ...]
    reason: str
    owner: str
    expires: date
    modules: tuple[str, ...] = ()
    cmdline: tuple[str, ...] = ()
    kvm_parameters: Mapping[str, str] = field(default_factory=dict)
    sysctls: Mapping[str, str] = field(default_factory=dict)
    services_off: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called: the ids of its advisories."""
        return ", ".join(self.advisory)


def parse(entry: Any, text: Text) -> Mitigation:
    """The Mitigation that an entry states; ``text`` reads a text as all keys of the standard take it. WrongError where it states none."""
    if not isinstance(entry, Mapping):
        raise WrongError(str(entry)[:60])
    unknown = [name for name in entry if name not in (*ABOUT, *MEANS, "fixed")]
    if unknown:
        raise WrongError(f"key {str(unknown[0])[:60]}")
    lacking = [name for name in ABOUT if not entry.get(name)]
    if lacking:
        raise WrongError(f"none for {', '.join(lacking)}")
    if not any(entry.get(name) for name in MEANS):
        raise WrongError("nothing that it would change")
    try:
        expires = date.fromisoformat(text(entry["expires"]))
    except ValueError:
        raise WrongError(f"expires: {str(entry['expires'])[:40]}") from None
    return Mitigation(
        _list(entry, "advisory", _ADVISORY, text), text(entry["reason"]), text(entry["owner"]), expires,
        tuple(name.replace("-", "_") for name in _list(entry, "modules", _MODULE, text)), _words(entry), _parameters(entry),
        _pairs(entry, "sysctls", _SYSCTL, _SYSCTL_VALUE), _list(entry, "services_off", _UNIT, text),
        _pairs(entry, "fixed", _STREAM, re.compile(r"[A-Za-z0-9.+:~_^-]{1,128}")))


def _list(entry: Mapping[str, Any], name: str, shape: re.Pattern[str], text: Text) -> tuple[str, ...]:
    given = entry.get(name) or []
    items = [given] if isinstance(given, str) and name == "advisory" else given
    if not isinstance(items, list | tuple) or len(items) > _ITEMS:
        raise WrongError(f"{name}: {str(given)[:60]}", f"a list of at most {_ITEMS} texts")
    for item in items:
        if not shape.fullmatch(text(item)):
            raise WrongError(f"{name}: {str(item)[:60]}", _SHAPES[name])
    return tuple(dict.fromkeys(items))


_SHAPES = {"advisory": "ids such as CVE-2026-31431", "modules": "names of modules as lsmod prints them",
           "services_off": "units with their ending: .service, .socket or .timer", "sysctls": "parameters such as kernel.unprivileged_bpf_disabled, "
           "each with its value", "fixed": "streams such as debian:12, each with a package version"}


def _words(entry: Mapping[str, Any]) -> tuple[str, ...]:
    given = entry.get("cmdline") or []
    if not isinstance(given, list | tuple) or not all(isinstance(word, str) for word in given):
        raise WrongError(f"cmdline: {str(given)[:60]}", "a list of words of the kernel's command line")
    try:
        return tuple(checked("cmdline", list(given)))
    except ValueError as error:
        raise WrongError(str(error)[:200], "words without white space and quotes") from None


def _parameters(entry: Mapping[str, Any]) -> dict[str, str]:
    given = entry.get("kvm_parameters") or {}
    if not isinstance(given, Mapping):
        raise WrongError(f"kvm_parameters: {str(given)[:60]}", "a mapping such as {kvm_intel.nested: false}")
    try:
        return kvm_parameters.check(dict(given))
    except Refused as error:
        raise WrongError(str(error)[:200], "parameters of KVM's modules such as kvm_intel.nested, each with its value") from None


def _pairs(entry: Mapping[str, Any], name: str, key: re.Pattern[str], value: re.Pattern[str]) -> dict[str, str]:
    given = entry.get(name) or {}
    if not isinstance(given, Mapping):
        raise WrongError(f"{name}: {str(given)[:60]}", "a mapping of " + _SHAPES[name])
    found = {}
    for label, raw in given.items():
        said = str(int(raw)) if isinstance(raw, bool) else str(raw)
        if not key.fullmatch(str(label)) or not value.fullmatch(said) or isinstance(raw, float):
            raise WrongError(f"{name}: {str(label)[:60]}: {said[:60]}", _SHAPES[name])
        found[str(label)] = said
    return found
