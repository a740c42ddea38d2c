# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CRI-O's files and the runtimes in them: its own file first, then all below the folder of drop-ins by their paths, then what it was told by an
option, of which the last has the say over a runtime."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import processes as proc
from .._formats import toml
from .._host.witness import apart
from .containerd_files import BYTES, FILES_LIMIT, Runtime

MAIN = "/etc/crio/crio.conf"
FOLDER = "/etc/crio/crio.conf.d"
# RuntimeTypeVMBinaryPattern of pkg/config; before 1.34 a -v2 at its end was wanted too, which every shim of Kata's has.
SHIMS_NAME = re.compile(r"containerd-shim-[A-Za-z0-9+-]+")
# (option, variable, what counts without both) of its own file and of the folder.
_TOLD = ((("config", "c"), "CONTAINER_CONFIG", MAIN), (("config-dir", "d"), "CONTAINER_CONFIG_DIR", FOLDER))
# What the parts of a runtime that is told by an option are, which colons divide (internal/criocli, mergeRuntimesConfig); CRI-O does not start with
# one that has fewer or more parts.
_PARTS = ((1, "runtime_path"), (2, "runtime_root"), (3, "runtime_type"), (5, "runtime_config_path"))
_FEWEST, _MOST = 3, 7
OPTION, _VARIABLE = "--runtimes", "CONTAINER_RUNTIMES"
_INHERITED = ("runtime_path", "runtime_type", "runtime_config_path", "runtime_root")
_DEPTH = 8
_SECONDS = 5.0
_ENVIRON_BYTES = 256 * 1024


class Places(NamedTuple):
    """What a CRI-O reads, '' where it was told to read none: its own file and the folder of its drop-ins; or why that is not known.

    ``runtimes`` and ``default`` are what it was told beside that, by options or variables: these outrank all files.
    """

    main: str
    folder: str
    problem: Optional[str] = None
    detail: str = ""
    runtimes: Tuple[Tuple[str, toml.Table], ...] = ()
    default: str = ""


USUAL = Places(MAIN, FOLDER)


class Read(NamedTuple):
    """The runtimes by name, or why they are not known."""

    runtimes: List[Runtime]
    problem: Optional[str]
    detail: str


def places_told(argv: List[str], environ: str) -> Places:
    """What a CRI-O reads by its words, else by its environment (internal/criocli, getCrioFlags), of which the first of two counts."""
    variables: Dict[str, str] = {}
    for word in environ.split("\0"):
        variables.setdefault(*word.partition("=")[::2])
    said = [(proc.option_values(argv, *names) or [variables.get(variable, usual)])[-1] for names, variable, usual in _TOLD]
    relative = [path for path in said if path and not path.startswith("/")]
    runtimes = proc.option_values(argv, OPTION[2:]) or [variables.get(_VARIABLE, "")]
    default = (proc.option_values(argv, "default-runtime") or [variables.get("CONTAINER_DEFAULT_RUNTIME", "")])[-1]
    return Places(said[0], said[1], "unparsable" if relative else None,
                  "CRI-O was told to read %s, wanted an absolute path" % relative[0] if relative else "", _runtimes_told(runtimes), default)


def _runtimes_told(values: List[str]) -> Tuple[Tuple[str, toml.Table], ...]:
    """(name, table) of each runtime of an option's values, of which each may hold several."""
    found = []
    for parts in (word.strip().split(":") for value in values for word in value.split(",")):
        if _FEWEST <= len(parts) <= _MOST:
            found.append((parts[0], {key: parts[at] for at, key in _PARTS if at < len(parts) and parts[at]}))
    return tuple(found)


def places_of(host: Any, pid: int, argv: List[str]) -> Places:
    """What the CRI-O that runs reads, and what it was told besides."""
    path = "/proc/%d/environ" % pid
    with apart(host):
        environ = host.read(path, _ENVIRON_BYTES)
    if environ.problem not in (None, "absent"):
        return Places("", "", environ.problem, "%s: what CRI-O was told to read" % path)
    return places_told(argv, environ.if_there(""))


def _below(table: toml.Table, *names: str) -> Any:
    place: Any = table
    for name in names:
        place = place.get(name) if isinstance(place, dict) else None
    return place


def runtimes_of(table: toml.Table) -> Dict[str, toml.Table]:
    """{runtime: its table} of one file, in whatever way TOML lets it be written."""
    place = _below(table, "crio", "runtime", "runtimes")
    return {name: keys for name, keys in place.items() if isinstance(keys, dict)} if isinstance(place, dict) else {}


def inherited(found: Dict[str, Runtime], default: Optional[str]) -> List[Runtime]:
    """The runtimes by name, each with what it takes from the default one where it asks for that (pkg/config, ValidateRuntimes)."""
    rows = []
    for name in sorted(found):
        one, above = found[name], found.get(default or "")
        if one.table.get("inherit_default_runtime") is True:
            taken = dict.fromkeys(_INHERITED) if above is None else {key: above.table.get(key) for key in _INHERITED}
            table = {key: value for key, value in dict(one.table, **taken).items() if value is not None}
            # Without a path the name is looked for: that of the default one.
            one = one._replace(table=dict(table, runtime_path=table.get("runtime_path") or default or ""))
        rows.append(one)
    return rows


def why_passed_over(name: str, table: toml.Table) -> str:
    """Why CRI-O does not take a runtime for virtual machines, '' where it does: its shim must be called as one."""
    program = str(table.get("runtime_path") or name).rpartition("/")[2]
    return "" if SHIMS_NAME.search(program) else "CRI-O passes over it, since %s is not called containerd-shim-*" % program


def read(host: Any, places: Places = USUAL) -> Read:
    """What CRI-O has in the end."""
    if places.problem:
        return Read([], places.problem, places.detail)
    found: Dict[str, Runtime] = {}
    default: Optional[str] = None
    paths, problem = _files(host, places.folder, _DEPTH) if places.folder else ([], None)
    if problem:
        return Read([], problem, places.folder)
    for path in filter(None, [places.main] + paths):
        answer = host.read(path, BYTES)
        if answer.problem == "absent":
            continue
        if answer.problem:
            return Read([], answer.problem, path)
        try:
            table = toml.parse(answer.value)
        except toml.TomlError as error:
            return Read([], "unparsable", "%s: %s" % (path, error))
        said = _below(table, "crio", "runtime", "default_runtime")
        default = said if isinstance(said, str) else default
        found.update({name: Runtime(name, keys, path, "") for name, keys in runtimes_of(table).items()})
    found.update({name: Runtime(name, table, OPTION, "") for name, table in places.runtimes})
    return Read(inherited(found, places.default or default), None, "")


def _files(host: Any, folder: str, depth: int) -> Tuple[List[str], Optional[str]]:
    """(all files below a folder in the order in which CRI-O walks them, problem)."""
    listed = host.listdir(folder, FILES_LIMIT)
    if listed.problem:
        return [], None if listed.problem == "absent" else str(listed.problem)
    paths: List[str] = []
    for path in ("%s/%s" % (folder, name) for name in sorted(listed.value)):
        stat = host.stat(path, False)
        if stat.problem or stat.value.kind != "directory" or depth == 0:
            paths.append(path)
            continue
        below, problem = _files(host, path, depth - 1)
        if problem:
            return [], problem
        paths += below
    return paths, None


def running(host: Any, program: str) -> Optional[Dict[str, toml.Table]]:
    """{runtime: its table} of the CRI-O that runs, by its own word (`crio status config`, since 1.27); None where it does not say."""
    answer = host.run([program, "status", "config"], _SECONDS, BYTES)
    if answer.problem or answer.value.rc != 0:
        return None
    try:
        return runtimes_of(toml.parse(answer.value.out))
    except toml.TomlError:
        return None
