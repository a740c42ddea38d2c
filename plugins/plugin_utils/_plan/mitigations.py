# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``mitigations`` has to do on one host: the least disruptive way for each thing that a mitigation changes, and who would lose what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ...module_utils._host.errors import Refused
from .._fleet.bounded import dig, mappings_at, texts
from .._judge.fixes import fix_in_force
from .._mitigations import states
from .._mitigations.states import State
from .._standard.mitigations import Mitigation
from .._standard.promised_files import mitigations_of

# What the references of a loaded module are, where its name tells.
_USES = {"esp4": "IPsec associations", "esp6": "IPsec associations", "ah4": "IPsec associations", "ah6": "IPsec associations",
         "ipcomp": "IPsec associations", "ipcomp6": "IPsec associations", "espintcp": "IPsec associations", "af_key": "sockets of IPsec daemons",
         "rxrpc": "sockets of AFS and its like", "algif_aead": "sockets of AF_ALG", "algif_skcipher": "sockets of AF_ALG",
         "algif_hash": "sockets of AF_ALG", "algif_rng": "sockets of AF_ALG", "af_alg": "sockets of AF_ALG", "nf_tables": "rules of netfilter",
         "sctp": "SCTP sockets", "tipc": "TIPC sockets", "vsock": "sockets of guests"}
_ENGINES = ("containerd", "docker", "crio", "podman")


@dataclass
class Plan:
    """``names`` are the mitigations that the host gets; what it has and is not named here is taken back.

    ``conflicts`` say why nothing may be changed, ``losses`` who loses what by the changes, ``said`` each state in
    words.
    """

    names: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    unload: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    kvm_parameters: dict[str, str] = field(default_factory=dict)
    kvm_former: dict[str, str] = field(default_factory=dict)
    sysctls: dict[str, str] = field(default_factory=dict)
    services_off: list[str] = field(default_factory=list)
    states: list[dict[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


def plan(record: Mapping[str, Any], standard: Mapping[str, Any] | None) -> dict[str, Any]:
    """The plan as plain data; Refused on a container, whose kernel is its host's."""
    if dig(record, "os.container") not in (None, "none"):
        raise Refused(f"this is a container ({dig(record, 'os.container')}); its kernel is its host's")
    made, initcalls = Plan(), list[str]()
    for mitigation in mitigations_of({**(standard or {}), "platforms": None}):
        state = states.state_of(mitigation, record, fix_in_force(mitigation, record))
        made.states.append({"name": state.name, "state": state.state, "reason": state.reason})
        made.said.append(f"{state.name}: {state.state}, {state.reason}"[:1000])
        if state.state == states.NEEDLESS:
            continue
        made.names.append(mitigation.name)
        made.conflicts += _conflicts(state)
        _add_modules(made, initcalls, mitigation, record)
        made.words += [word for word in mitigation.cmdline if word not in made.words]
        _add_rest(made, mitigation, record)
    if initcalls:
        made.words.append("initcall_blacklist=" + ",".join(sorted(set(initcalls))))
    made.losses = list(dict.fromkeys(made.losses))
    return asdict(made)


def _conflicts(state: State) -> Iterator[str]:
    """Why a mitigation cannot be put on the host as it is now."""
    for part in state.parts:
        if part.state in (states.CONFLICTS, states.UNKNOWN):
            yield f"{state.name}: {part.what}: {part.reason}"


def _add_modules(made: Plan, initcalls: list[str], mitigation: Mitigation, record: Mapping[str, Any]) -> None:
    for name in mitigation.modules:
        row = states.watched(record, name)
        if row.get("built_in"):
            functions = texts(row.get("initcalls"))
            initcalls += functions
            if not functions:
                made.conflicts.append(f"{mitigation.name}: {name} is part of the kernel, and its symbols do not tell which function starts it; "
                                      "name it in cmdline: [initcall_blacklist=FUNCTION]")
            if row.get("state") == "built_in":
                made.losses.append(f"{name}: part of the kernel; what uses it loses it at the next boot")
        elif row.get("state") != "absent":
            made.modules += [name] if name not in made.modules else []
            _add_loaded(made, name, row)


def _add_loaded(made: Plan, name: str, row: Mapping[str, Any]) -> None:
    needed_by = texts(row.get("needed_by"))
    if row.get("state") in ("loaded", "loadable"):
        also = f", and without it neither can {', '.join(needed_by)}" if needed_by else ""
        made.losses.append(f"{name}: it cannot be loaded any more{also}")
    unused = row.get("references") == 0 and not row.get("holders")
    if row.get("state") == "loaded" and unused and row.get("locked") is True:
        made.losses.append(f"{name}: stays loaded until a reboot, since kernel.modules_disabled=1 is in force; nothing uses it")
    elif row.get("state") == "loaded" and unused:
        made.unload += [name] if name not in made.unload else []
        made.losses.append(f"{name}: unloaded; nothing uses it")
    elif row.get("state") == "loaded":
        made.losses.append(f"{name}: in use by {', '.join(texts(row.get('holders'))) or _USES.get(name, 'something without a name')} "
                           f"({row.get('references')} references)")


def _add_rest(made: Plan, mitigation: Mitigation, record: Mapping[str, Any]) -> None:
    readings = dig(record, "hypervisor.kvm.parameters")
    for name, value in mitigation.kvm_parameters.items():
        _set(made, made.kvm_parameters, name, value)
        if isinstance(readings, Mapping) and isinstance(readings.get(name), str):
            made.kvm_former[name] = readings[name]
    for name, value in mitigation.sysctls.items():
        _set(made, made.sysctls, name, value)
    changing = [part.what for part in states.parts_of(mitigation, record) if part.state in (states.ABSENT, states.CONFLICTS)]
    for unit in mitigation.services_off:
        made.services_off += [unit] if unit not in made.services_off else []
        if f"unit {unit}" in changing and unit in texts(dig(record, "services.active")):
            made.losses.append(f"{unit}: stopped{_with_it(unit, record)}")
    if any(what.startswith(("kvm_intel.nested", "kvm_amd.nested")) for what in changing):
        guests = states.guests_of(record)
        made.losses.append("nested virtual machines: " + (f"those in {', '.join(guests[:20])}" if guests else "no guest runs now"))


def _set(made: Plan, values: dict[str, str], name: str, value: str) -> None:
    """Set one value; two mitigations that want different ones cannot both be had."""
    if values.setdefault(name, value) != value:
        made.conflicts.append(f"{name}: one mitigation wants {values[name]}, another one {value}")


def _with_it(unit: str, record: Mapping[str, Any]) -> str:
    """Who goes with a unit, where it is a container engine's."""
    engine = unit.partition(".")[0]
    found = [row for row in mappings_at(record, "containers.containers") if row.get("engine") == engine or engine not in _ENGINES]
    return f", with {len(found)} containers of its" if engine in _ENGINES else ""
