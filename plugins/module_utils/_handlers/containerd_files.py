# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a containerd reads, in its own order, and the runtimes that it has of them in the end, by its own version.

containerd 1.x lets a later file replace a plugin's whole table. 2.0 to 2.2 merge the tables as they stand and take the version of the file read last
for all of them, so that runtimes in the words of another version are lost. 2.3 and later bring each file up to date before they merge it.
"""

import posixpath
import re
from fnmatch import fnmatchcase
from typing import Any, Dict, List, NamedTuple, Optional

from .._formats import toml

BUNDLES = "/run/containerd/io.containerd.runtime.v2.task"
BYTES = 1024 * 1024
FILES_LIMIT = 256
# Each containerd's own file.
MAINS = ("/etc/containerd/config.toml", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml",
         "/var/lib/rancher/rke2/agent/etc/containerd/config.toml", "/etc/k0s/containerd.toml", "/var/snap/microk8s/current/args/containerd.toml")
# What a containerd makes of several files, by its version.
REPLACES, LAST_VERSION, MIGRATES = "replaces", "last_version", "migrates"
# The CRI plugin's names, from the newest schema to the oldest, in which it had the first word of its name alone.
NEW_PLUGIN, OLD_PLUGIN, FIRST_PLUGIN = "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri", "cri"
PLUGINS = (NEW_PLUGIN, OLD_PLUGIN, FIRST_PLUGIN)
_VERSION = re.compile(r"v?([0-9]+)\.([0-9]+)")


class File(NamedTuple):
    """A file that was read: its path and what it says."""

    path: str
    table: toml.Table


class Read(NamedTuple):
    """All files of one containerd in the order in which it reads them, or why they are not known; ``missing`` keeps it from starting."""

    files: List[File]
    problem: Optional[str]
    detail: str
    missing: str


class Runtime(NamedTuple):
    """A runtime by its table; ``lost`` is why the engine does not have it in the end, '' where it does."""

    name: str
    table: toml.Table
    source: str
    lost: str


def generation(version: str) -> Optional[str]:
    """What a containerd of a version makes of several files; None where the version is none."""
    match = _VERSION.match(version.rpartition(":")[2])
    if not match:
        return None
    number = (int(match.group(1)), int(match.group(2)))
    return REPLACES if number < (2, 0) else LAST_VERSION if number < (2, 3) else MIGRATES


def schema(table: toml.Table) -> int:
    """The schema of a file; one that says none is of the first."""
    version = table.get("version")
    return version if isinstance(version, int) and not isinstance(version, bool) and version > 0 else 1


def imports(table: toml.Table) -> List[str]:
    """The entries of a file's own list of imports."""
    listed = table.get("imports")
    return [entry for entry in listed if isinstance(entry, str)] if isinstance(listed, list) else []


def read(host: Any, main: str) -> Read:
    """What a containerd with this configuration reads: each file once, then what it imports, in turn."""
    files: List[File] = []
    pending, seen, missing = [main], set(), ""
    while pending and len(files) < FILES_LIMIT:
        path = pending.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = host.read(path, BYTES)
        if answer.problem == "absent":
            missing = missing or (path if path != main else "")
            continue
        if answer.problem:
            return Read(files, answer.problem, path, missing)
        try:
            table = toml.parse(answer.value)
        except toml.TomlError as error:
            return Read(files, "unparsable", "%s: %s" % (path, error), missing)
        files.append(File(path, table))
        for entry in imports(table):
            pattern = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry))
            pending += matching(host, pattern) if "*" in pattern else [pattern]
    return Read(files, "too_large" if pending else None, main if pending else "", missing)


def matching(host: Any, pattern: str) -> List[str]:
    """The files of a glob, wildcards in folders' names included."""
    found, part = ["/"], ""
    for part in pattern.strip("/").split("/"):
        if not any(sign in part for sign in "*?["):
            found = [posixpath.join(folder, part) for folder in found]
            continue
        found = [posixpath.join(folder, name) for folder in found[:FILES_LIMIT] for name in host.listdir(folder, 4096).if_there([])
                 if fnmatchcase(name, part)]
    # What was listed is there; a plain last name has to be looked for.
    return found[:FILES_LIMIT] if any(sign in part for sign in "*?[") else [path for path in found[:FILES_LIMIT] if not host.stat(path).problem]


def _below(table: Any, *names: str) -> toml.Table:
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def cri_table(table: toml.Table) -> toml.Table:
    """The table of CRI by the name that it has in a file of this schema."""
    version = schema(table)
    name = FIRST_PLUGIN if version == 1 else OLD_PLUGIN if version == 2 else NEW_PLUGIN
    found = _below(table, "plugins").get(name)
    return found if isinstance(found, dict) else {}


def runtimes_of(table: toml.Table) -> Dict[str, toml.Table]:
    """{runtime: its table} of one file, in whatever way TOML lets it be written."""
    return {name: keys for name, keys in _below(cri_table(table), "containerd", "runtimes").items() if isinstance(keys, dict)}


def runtimes(files: List[File], how: Optional[str]) -> List[Runtime]:
    """Every runtime that the files name, by name, with what becomes of it in a containerd of that generation (None: nothing is lost)."""
    found: Dict[str, Runtime] = {}
    for file in files:
        if how == REPLACES and cri_table(file.table):
            lost = "containerd 1.x lets %s take it away, which speaks of the same plugin" % file.path
            found = {name: one._replace(lost=one.lost or lost) for name, one in found.items()}
        for name, keys in runtimes_of(file.table).items():
            found[name] = Runtime(name, keys, file.path, "")
    if how == LAST_VERSION:
        found = _of_last_version(files, found)
    return [found[name] for name in sorted(found)]


def _of_last_version(files: List[File], found: Dict[str, Runtime]) -> Dict[str, Runtime]:
    """What 2.0 to 2.2 keep: those in the words of the version that the last file declares."""
    # A file of the first schema is brought up to date by itself.
    declared = [(schema(file.table), file) for file in files if schema(file.table) > 1]
    if not declared or len({version > 2 for version, _file in declared}) < 2:
        return found
    last, by = declared[-1]
    in_new = {name for version, file in declared if version > 2 for name in runtimes_of(file.table)}
    kept = {}
    for name, one in found.items():
        version = next((version for version, file in reversed(declared) if name in runtimes_of(file.table)), last)
        # Where the last file is of schema 2, its table is carried over only as far as none of the new schema stands there.
        lost = version == 2 and (last > 2 or bool(in_new))
        why = "containerd 2.0 to 2.2 take version = %d of %s, read last, for all files, and lose what is written in another" % (last, by.path)
        kept[name] = one._replace(lost=why if lost else "")
    return kept


def disabled(files: List[File]) -> str:
    """The file that disables CRI, without which no handler serves anybody; '' for none."""
    for file in files:
        listed = file.table.get("disabled_plugins")
        if isinstance(listed, list) and any(name in listed for name in PLUGINS):
            return file.path
    return ""


def text(keys: toml.Table, name: str) -> Optional[str]:
    """A setting that is a text and says something."""
    value = keys.get(name)
    return value if isinstance(value, str) and value else None


def config_path(keys: toml.Table) -> Optional[str]:
    """The configuration that a runtime's shim is given."""
    return text(_below(keys, "options"), "ConfigPath")
