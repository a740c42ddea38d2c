# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records with a value of another type, null or missing, and the promises that a worse record must not keep."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import replay_hosts
from ansible_collections.firebreak.fleet.plugins.module_utils._scan import sections
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.facts import Facts
from golden_record import golden
from losing_host import KEPT, Resting, promises, state_of

# "wicked" and "golden" are made up, the others recorded.
RECORDS = ("wicked", "golden", "debian12_containers", "debian12_vm_root", "debian12_stale_services", "debian_sid_cloud")


def wicked() -> dict[str, Any]:
    """The record of a host that breaks what the golden one keeps, wherever a row tells of it."""
    stale = {"user": None, "program": "/usr/bin/x", "pid": 7, "started_at": None, "processes": 1, "replaced": ["/usr/lib/x.so"], "deleted": []}
    record = golden({
        "os.altered_files": ["/usr/bin/uname (coreutils)"], "os.shadowed_programs": ["/usr/local/bin/ls"], "boot.reboot_required": True,
        "boot.kexec_loaded": True, "kernel.stray_images": ["/boot/vmlinuz-1"], "kernel.available.held": ["linux-image-amd64"],
        "kernel.one_shot.set": True, "cpu.microcode.consistent": False, "cpu.mitigation_options": ["mitigations=off"],
        "hypervisor.deprecated_machine_types": ["pc-i440fx-2.1"], "services.failed": ["x.service"],
        "services.stale": [{**stale, "kind": kind, "unit": f"{kind}.service"}
                           for kind in ("service", "manager", "until_reboot", "session", "carrier")],
        "kata.other_installers": ["/etc/containerd/conf.d/kata-deploy.toml"]})
    record["kernel"]["installed"][0]["image_present"] = False
    record["hypervisor"]["processes"][0].update(stale=True, deleted=True)
    record["containers"]["engines"][0].update(stale=True)
    shared = {**record["containers"]["items"][0], "isolation": "host_kernel", "privileged": True, "host_pid": True}
    record["containers"]["items"] = [shared, {**shared, "id": "c2", "isolation": None, "reason": "its shim was not found"}]
    record["kata"]["handlers"][0].update(dead="no shim", loaded=False)
    record["kata"]["configurations"][0].update(
        strays=["/x"], unknown_keys=["y"], unmet={"baseline": ["a"], "strict": ["a"], "confidential": ["a"]})
    record["kata"]["sandboxes"][0].update(stale=True, reasons=["old"])
    return record


_MISSING = object()
_OTHERS: tuple[Any, ...] = (None, "another type", 7, True, [], {}, [7], [[]], {"a": 7}, _MISSING)
# Mappings with free keys: that one is missing there, or what its value is, nobody can tell.
_FREE = (("hypervisor", "kvm", "parameters"), ("cpu", "vulnerabilities"))


def _nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value, of lists only of the first two items."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _nodes(item, (*path, key))


def _is_worse(value: Any, old: Any, is_item: bool) -> bool:
    """Whether the value is of another type than the old one was, which null does not tell. A list without an item may be right."""
    if value is _MISSING:
        return not is_item
    if old is None:
        return False
    if isinstance(value, list) and isinstance(old, list):
        return bool(value) and all(isinstance(item, (str, dict)) for item in old)
    return not isinstance(value, type(old)) or (isinstance(value, bool) and not isinstance(old, bool))


def _worsened(record: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The record with one value after another of another type, null or missing."""
    paths = [path for path in _nodes({section: record[section] for section in sections.SECTIONS if section in record})
             if not any(path[:len(free)] == free and len(path) == len(free) + 1 for free in _FREE)]
    worse = copy.deepcopy(record)
    for path in paths[::2]:
        place: Any = worse
        for key in path[:-1]:
            place = place[key]
        old = place[path[-1]]
        for value in _OTHERS:
            if _is_worse(value, old, isinstance(place, list)):
                if value is _MISSING:
                    del place[path[-1]]
                else:
                    place[path[-1]] = value
                yield path, worse
                place[path[-1]] = old


def _record(name: str) -> dict[str, Any]:
    if name == "golden":
        return golden()
    return wicked() if name == "wicked" else replay_hosts.expected(replay_hosts.HOSTS / f"{name}.json")


class Worse(NamedTuple):
    """What was tried with one record: how many worse ones, how many promises it breaks, and which of these some worse one kept."""

    records: int
    broken: int
    kept: list[tuple[tuple[Any, ...], str]]


def kept_by_worse(name: str) -> Worse:
    """Every broken promise of a record that some worse one keeps."""
    record = _record(name)
    broken = promises(record)
    resting = Resting(record, broken)
    kept, tried = [], 0
    for path, worse in _worsened(record):
        tried += 1
        facts = Facts(worse)
        kept += [(path, promise.key) for promise in resting.on(path[:2]) if state_of(facts, promise) == KEPT]
    return Worse(tried, len(broken), kept)
