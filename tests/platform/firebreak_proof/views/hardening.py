# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the profiles of hardening ask of a configuration of Kata's (docs of the role kata), and where a configuration falls short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .configurations import Configuration, Table, tables


class Setting(NamedTuple):
    """Where a setting is, by the first word of its table, what it must be, and whether it must be set since what holds without it is weaker."""

    table: str
    key: str
    value: Any
    must_be_set: bool = False


_BASELINE = (
    Setting("hypervisor", "enable_annotations", [], True), Setting("hypervisor", "enable_debug", False),
    Setting("hypervisor", "extra_monitor_socket", ""), Setting("hypervisor", "disable_seccomp", False),
    Setting("hypervisor", "disable_selinux", False), Setting("agent", "debug_console_enabled", False), Setting("agent", "enable_debug", False),
    Setting("agent", "enable_tracing", False), Setting("runtime", "enable_debug", False), Setting("runtime", "enable_pprof", False),
)
_QEMU_SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
_CONFINED = (
    # The one as the shim in Go calls it, the other as the shim in Rust does; no file knows both.
    Setting("hypervisor", "seccompsandbox", _QEMU_SANDBOX, True), Setting("hypervisor", "seccomp_sandbox", _QEMU_SANDBOX, True),
    Setting("hypervisor", "disable_nested_virtualization", True, True), Setting("hypervisor", "guest_hook_path", ""),
    Setting("hypervisor", "guest_memory_dump_path", ""), Setting("runtime", "disable_guest_seccomp", False, True),
    Setting("runtime", "sandbox_cgroup_only", True, True), Setting("runtime", "static_sandbox_resource_mgmt", True, True),
    Setting("runtime", "sandbox_bind_mounts", []),
)
PROFILES = {
    "baseline": _BASELINE,
    "strict": (*_BASELINE, *_CONFINED, Setting("hypervisor", "rootless", True, True)),
    # Initdata is measured, and brings the policy of a confidential pod.
    "confidential": (Setting("hypervisor", "enable_annotations", ["cc_init_data"], True), *_BASELINE[1:], *_CONFINED,
                     Setting("hypervisor", "confidential_guest", True, True),
                     Setting("hypervisor", "shared_fs", "none", True)),
}


# Read by a shim though no template of its release speaks of it, by the first word of its table or the whole name, each with a value of its kind;
# for the shim in Go, and for that in Rust. And what templates for the latter speak of in vain.
# (kata-containers 4.1.0: pkg/katautils/config.go, libs/kata-types/src/config.)
_RATES: dict[str, Any] = {f"{whose}_rate_limiter_{what}_{kind}": 1 for whose in ("disk", "net") for what in ("bw", "ops")
                          for kind in ("max_rate", "one_time_burst")} | {"rx_rate_limiter_max_rate": 1, "tx_rate_limiter_max_rate": 1}
_OF_RUST = {name: value for name, value in _RATES.items() if not name.startswith("net_")}
_IMAGES: dict[str, Any] = {"initrd": "", "guest_extension_images": [{}], "jailer_path": "", "valid_jailer_paths": [""]}
_MEMORY: dict[str, Any] = {
    **dict.fromkeys(("compact_disable", "enable", "mem_agent_enable", "memcg_disable", "memcg_swap"), True),
    **dict.fromkeys(("compact_force_times", "compact_order", "compact_period_psi_percent_limit", "compact_period_secs", "compact_psi_percent_limit",
                     "compact_sec_max", "compact_threshold", "memcg_eviction_psi_percent_limit", "memcg_eviction_run_aging_count_min",
                     "memcg_period_psi_percent_limit", "memcg_period_secs", "memcg_swappiness_max"), 1)}
_UNMENTIONED: dict[bool, dict[str, dict[str, Any]]] = {
    False: {"hypervisor": {**_IMAGES, **_RATES, "hypervisor_loglevel": 1},
            "factory": {"enable_template": True, "template_path": "", "vm_cache_number": 1, "vm_cache_endpoint": ""}},
    True: {"hypervisor": {**_IMAGES, **_OF_RUST, "log_level": "", "disable_nested_virtualization": True, "extra_monitor_socket": "",
                          "disable_selinux": True},
           "agent.kata.mem_agent": _MEMORY},
}
_IN_VAIN = {("runtime", "kubelet_root_dir"), ("hypervisor", "kubelet_root_dir"), ("hypervisor", "firmware_volume"),
            ("hypervisor", "use_legacy_serial")}


def shortfalls(configuration: Configuration, profile: str) -> list[str]:
    """What is not as the profile asks, in words; a key that the file does not know cannot be asked of it, but may be set wrongly."""
    known, effective = configuration.known(), dict(tables(configuration.effective()))
    found = []
    for setting in PROFILES[profile]:
        there = [name for name in {**known, **effective} if setting.key in known.get(name, {}) or setting.key in effective.get(name, {})]
        for table in (name for name in there if name.split(".")[0] == setting.table):
            seen = effective.get(table, {}).get(setting.key)
            wrong = setting.must_be_set if seen is None else seen != setting.value or type(seen) is not type(setting.value)
            if isinstance(seen, list) and isinstance(setting.value, list) and all(one in setting.value for one in seen):
                wrong = False
            found += [f"{table}.{setting.key} is {'not set' if seen is None else repr(seen)}"] if wrong else []
    if profile == "confidential" and not any(keys.get("confidential_guest") is True for _name, keys in tables(configuration.shipped())):
        found.append("it is no configuration for confidential guests")
    return found


def passed_over(configuration: Configuration) -> list[str]:
    """Each key in a drop-in that the configuration does not know, or knows of another type: the shim passes over it."""
    known = configuration.known()
    is_rust = "hypervisor_name" in known.get("runtime", {})
    return [f"{table}.{key} in {one.path}" for one in configuration.drop_ins for table, keys in tables(one.values()) for key, value in keys.items()
            if not (_is_read(table, key, value, known, is_rust=is_rust) or _fits(known.get(table, {}), key, value))
            or (is_rust and (table.split(".")[0], key) in _IN_VAIN)]


def _is_read(table: str, key: str, value: Any, known: Mapping[str, Table], *, is_rust: bool) -> bool:
    """Whether a shim reads a key of a table of this monitor's that its template does not mention."""
    kinds = _UNMENTIONED[is_rust]
    unmentioned = kinds.get(table) or (kinds.get(table.split(".")[0], {}) if table in known else {})
    return key not in known.get(table, {}) and _fits(unmentioned, key, value)


def _fits(known: Table, key: str, value: Any) -> bool:
    return key in known and (type(value) is type(known[key]) or {type(value), type(known[key])} == {int, float})
