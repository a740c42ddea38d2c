# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loaded modules that are not of the kernel's own tree (DKMS, ZFS, NVIDIA): whether the next boot's kernel has them, and if they were replaced."""

import re
from typing import Any, Dict, List, Optional, Set

_LIST_BYTES = 16 * 1024 * 1024
_ROWS = 50
# name size users dependencies state address (flags): O is a module from outside of the tree, K a live patch, which is made for one kernel.
_LOADED = re.compile(r"^(\S+) \d+ .*\(([A-Z+-]*)\)$", re.MULTILINE)
_FILE = re.compile(r"^(?:\S*/)?([^/\s:]+)\.ko(?:\.(?:gz|xz|zst|lzma))?(?::|$)", re.MULTILINE)


def from_outside(text: str) -> List[str]:
    """The names of loaded modules with the flag O in /proc/modules, sorted."""
    return sorted(name for name, flags in _LOADED.findall(text) if "O" in flags and "K" not in flags)


def names_in(text: str) -> Set[str]:
    """The modules of a modules.dep or modules.builtin, by the names that lsmod gives them."""
    return {name.replace("-", "_") for name in _FILE.findall(text)}


def _available(host: Any, release: str) -> Optional[Set[str]]:
    """Every module that a kernel has, built in or not; None where its list cannot be read."""
    folder = "/lib/modules/%s" % release
    listed = host.read(folder + "/modules.dep", _LIST_BYTES)
    if listed.problem:
        return None
    return names_in(listed.value) | names_in(host.read(folder + "/modules.builtin", _LIST_BYTES).if_there(""))


def _on_disk(host: Any, release: str, name: str) -> Dict[str, str]:
    """Version and fingerprint of the module's file for a kernel, as far as modinfo tells."""
    found = {}
    for field in ("version", "srcversion"):
        answer = host.run(("modinfo", "-k", release, "-F", field, name))
        if not answer.problem and answer.value.rc == 0 and answer.value.out.strip():
            found[field] = answer.value.out.strip().splitlines()[0]
    return found


def _row(host: Any, name: str, release: str, following: Optional[Set[str]]) -> Dict[str, Any]:
    loaded = {field: host.read("/sys/module/%s/%s" % (name, field), 4096).if_there("").strip() for field in ("version", "srcversion")}
    on_disk = _on_disk(host, release, name)
    field = next((each for each in ("srcversion", "version") if loaded[each] and on_disk.get(each)), None)
    return {"name": name, "version": loaded["version"] or None, "on_disk_version": on_disk.get("version"),
            "replaced": loaded[field] != on_disk[field] if field else None,
            "in_next_boot": name.replace("-", "_") in following if following is not None else None}


def put_modules(host: Any, section: Any, next_release: Optional[str]) -> None:
    """Write ``modules``; ``next_release`` is what the next boot gives, None where nobody knows."""
    answer = host.read("/proc/modules", _LIST_BYTES)
    everything = host.listdir("/proc").value
    if answer.problem == "absent" and everything and "modules" not in everything:
        section.put("modules", [], "/proc (the kernel takes no modules)")
        return
    if answer.problem:
        section.cannot_say("modules", answer.problem, "/proc/modules")
        return
    following = _available(host, next_release) if next_release else None
    names = from_outside(answer.value)[:_ROWS]
    section.put("modules", [_row(host, name, host.uname()[2], following) for name in names], "/proc/modules, /sys/module, modinfo, modules.dep")
