# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of hardening for Kata Containers, and the drop-ins that they become beside one handler's configuration. Pure functions."""

import json
import posixpath
from typing import Any, Dict, List, NamedTuple, Tuple

from .._host.errors import Refused
from .archive import version_key
from .config import DROP_INS, GO, Shipped, full_table, problem_of

PROFILES = ("baseline", "strict", "confidential")
NONE = "none"
PROFILE_NAME = "50-firebreak-hardening.toml"
OVERRIDES_NAME = "60-firebreak-overrides.toml"
# The first version without GHSA-fmg6-v47x-52wr.
CONFIDENTIAL_MINIMUM = "4.1.0"
_HEADER = "# Managed by the role kata: %s. What is written here by hand is lost.\n"
# Upstream's own recommendation.
_QEMU_SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
Tables = Dict[str, Dict[str, Any]]


class Setting(NamedTuple):
    """One setting of a profile: the table, the key as the shims in Go and in Rust call it, the value, and the machine monitors it is for (none: all).

    ``tightens`` is whether the value is stricter than what holds without the key; a file that does not know such a key leaves something undone.
    """

    table: str
    go: str
    rust: str
    value: Any
    tightens: bool
    monitors: Tuple[str, ...]


def _stays(table: str, key: str, value: Any) -> Setting:
    return Setting(table, key, key, value, False, ())


def _tightens(table: str, key: str, value: Any, monitors: Tuple[str, ...] = ()) -> Setting:
    return Setting(table, key, key, value, True, monitors)


# Nothing that a workload or a person at the guest's console could use to get at more than their sandbox.
_BASELINE = [
    _tightens("hypervisor", "enable_annotations", []),
    _stays("hypervisor", "enable_debug", False),
    _stays("hypervisor", "extra_monitor_socket", ""),
    _stays("hypervisor", "disable_seccomp", False),
    _stays("hypervisor", "disable_selinux", False),
    _stays("agent", "debug_console_enabled", False),
    _stays("agent", "enable_debug", False),
    _stays("agent", "enable_tracing", False),
    _stays("runtime", "enable_debug", False),
    _stays("runtime", "enable_pprof", False),
]
_CONFINED = [
    Setting("hypervisor", "seccompsandbox", "seccomp_sandbox", _QEMU_SANDBOX, True, ("qemu",)),
    _tightens("hypervisor", "disable_nested_virtualization", True, ("clh",)),
    _stays("hypervisor", "guest_hook_path", ""),
    _stays("hypervisor", "guest_memory_dump_path", ""),
    _tightens("runtime", "disable_guest_seccomp", False),
    _tightens("runtime", "sandbox_cgroup_only", True),
    _tightens("runtime", "static_sandbox_resource_mgmt", True),
    _stays("runtime", "sandbox_bind_mounts", []),
]
SETTINGS: Dict[str, List[Setting]] = {
    "baseline": _BASELINE,
    "strict": _BASELINE + _CONFINED + [_tightens("hypervisor", "rootless", True)],
    # The devices of confidential computing are root's, so the monitor stays root's; the guest's memory is out of its reach in any case.
    # Initdata is measured, and is how a tenant brings the policy of his pod: without it no confidential pod that has some would start.
    "confidential": [_tightens("hypervisor", "enable_annotations", ["cc_init_data"])] + _BASELINE[1:] + _CONFINED + [
        _tightens("hypervisor", "confidential_guest", True),
        _tightens("hypervisor", "shared_fs", "none"),
    ],
}


def profile_tables(profile: str, shipped: Shipped) -> Tuple[Tables, List[str]]:
    """(the profile in the words of a file, what it asks for in vain since the file does not know it)."""
    if profile == NONE:
        return {}, []
    if profile == "confidential" and shipped.values["hypervisor"][shipped.monitor].get("confidential_guest") is not True:
        raise Refused("hardening profile confidential: %s does not set confidential_guest = true in table hypervisor.%s, wanted a configuration "
                      "for confidential guests, for example configuration-qemu-snp.toml" % (shipped.path, shipped.monitor))
    tables: Tables = {}
    absent = []
    for setting in SETTINGS[profile]:
        table, key = _place(setting, shipped)
        if key not in shipped.mentioned.get(table, {}) or key not in shipped.known.get(table, {}):
            if setting.tightens and (not setting.monitors or shipped.monitor in setting.monitors):
                absent.append("%s.%s" % (table, key))
        elif problem_of(table, key, setting.value, shipped):
            raise Refused("hardening profile %s: %s" % (profile, problem_of(table, key, setting.value, shipped)))
        else:
            tables.setdefault(table, {})[key] = setting.value
    return tables, absent


def _place(setting: Setting, shipped: Shipped) -> Tuple[str, str]:
    return full_table(setting.table, shipped), setting.go if shipped.dialect == GO else setting.rust


def _value(values: Any, table: str, key: str) -> Any:
    """The value of a key in effect, None where nothing sets it."""
    for part in table.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values.get(key) if isinstance(values, dict) else None


def in_effect(shipped: Shipped, values: Any) -> Dict[str, str]:
    """{table.key: value as text} of every setting of any profile that is set, as the shim will read it."""
    places = {_place(setting, shipped) for settings in SETTINGS.values() for setting in settings}
    found = {"%s.%s" % place: _value(values, *place) for place in places}
    return {name: _literal(found[name])[:300] for name in sorted(found) if found[name] is not None}


def unmet(profile: str, shipped: Shipped, values: Any, origins: Dict[str, str]) -> List[str]:
    """What a configuration in effect lacks of a profile, one line each, with the drop-in that sets a key where one does.

    A key that the release does not know cannot be lacked. One that its file does not mention need not be set, but may be set wrongly.
    """
    try:
        profile_tables(profile, shipped)
    except Refused as refused:
        return [str(refused)[:300]]
    lines = []
    for setting in SETTINGS[profile]:
        table, key = _place(setting, shipped)
        is_mentioned, seen = key in shipped.mentioned.get(table, {}), _value(values, table, key)
        if key not in shipped.known.get(table, {}) and not is_mentioned:
            continue
        if _is_stricter(seen, setting.value):
            continue
        if seen is None and setting.tightens and is_mentioned:
            lines.append("%s.%s is not set, wanted %s" % (table, key, _literal(setting.value)))
        elif seen is not None and (isinstance(seen, bool) != isinstance(setting.value, bool) or seen != setting.value):
            by = origins.get("%s.%s" % (table, key))
            lines.append("%s.%s is %s, wanted %s%s" % (table, key, _literal(seen)[:100], _literal(setting.value), ", set in " + by if by else ""))
    return lines


def _is_stricter(seen: Any, wanted: Any) -> bool:
    """Whether a list allows less than the profile's."""
    return isinstance(seen, list) and isinstance(wanted, list) and all(one in wanted for one in seen)


def override_tables(given: Any, shipped: Shipped, what: str) -> Tables:
    """The operator's own settings in the words of a file. Refused with every problem at once, each with the file and the key."""
    tables: Tables = {}
    problems = []
    for name, keys in sorted((given or {}).items()):
        if not isinstance(keys, dict):
            problems.append("%s: is %r, wanted a mapping of keys to values" % (name, keys))
            continue
        table = full_table(name, shipped)
        for key, value in sorted(keys.items()):
            why = problem_of(table, key, value, shipped)
            problems += [why] if why else []
            tables.setdefault(table, {})[key] = value
    if problems:
        raise Refused("%s: %s" % (what, "; ".join(problems)))
    return tables


def weakened(profile: Tables, overrides: Tables) -> List[str]:
    """The settings of a profile that the operator's own replace, as 'table.key = value'."""
    return ["%s.%s = %s" % (table, key, _literal(value)) for table, keys in sorted(overrides.items()) for key, value in sorted(keys.items())
            if profile.get(table, {}).get(key, value) != value]


def check_version_for(profile: str, version: str) -> None:
    """Refused when a version lacks what a profile needs."""
    if profile == "confidential" and version_key(version) < version_key(CONFIDENTIAL_MINIMUM):
        raise Refused("hardening profile confidential: version is %s, wanted %s or newer (GHSA-fmg6-v47x-52wr)" % (version, CONFIDENTIAL_MINIMUM))


def render(tables: Tables, what: str) -> str:
    """A drop-in's text."""
    parts = [_HEADER % what]
    for table in sorted(tables):
        parts.append("\n[%s]\n" % table)
        parts += ["%s = %s\n" % (key, _literal(tables[table][key])) for key in sorted(tables[table])]
    return "".join(parts)


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return "[%s]" % ", ".join(_literal(one) for one in value)
    return json.dumps(value, ensure_ascii=False)


def own_folder(config: str, handler: str) -> str:
    """The folder of a handler, below that of the file it is made from: a drop-in is read by every configuration beside it."""
    return posixpath.join(posixpath.dirname(config), "runtimes", handler)


def own_config(config: str, handler: str) -> str:
    """The path of a handler's own copy of its configuration."""
    return posixpath.join(own_folder(config, handler), posixpath.basename(config))


def files(shipped_text: str, name: str, profile: str, profile_set: Tables, override_set: Tables) -> Dict[str, str]:
    """What belongs into a handler's folder, and nothing else does: relative path and text."""
    wanted = {name: shipped_text, posixpath.join(DROP_INS, PROFILE_NAME): render(profile_set, "profile " + profile)}
    if override_set:
        wanted[posixpath.join(DROP_INS, OVERRIDES_NAME)] = render(override_set, "the operator's own settings")
    return wanted
