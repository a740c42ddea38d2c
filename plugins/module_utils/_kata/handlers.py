# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime handlers that engines have for Kata Containers: on disk, able to start anything, and read by the engine that runs."""

import json
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._containers import engines, processes
from .._formats import processes as proc
from .._formats import toml
from .._handlers import containerd_files, crio_files
from .._packages import installed
from . import shims

_BYTES = 1024 * 1024
_CONTAINERD_PACKAGES = ("containerd", "containerd.io", "moby-containerd")
_DOCKER = ("/etc/docker/daemon.json", "/var/snap/docker/current/config/daemon.json")


class Named(NamedTuple):
    """A handler as an engine's files say it; ``main`` is the containerd's own file by which it is read, ``lost`` why that one does not have it."""

    engine: str
    name: str
    shim: Optional[str]
    config: Optional[str]
    source: str
    runtime_type: str = ""
    main: str = ""
    lost: str = ""


class Handlers(NamedTuple):
    """The rows of the record, for each what its shim is and reads, or why they are not known."""

    rows: List[Dict[str, Any]]
    read_by: List[Tuple[shims.Shim, shims.Reads]]
    problem: Optional[str]
    detail: str


def find(host: Any, found: Optional[processes.Found]) -> Handlers:
    """The handlers of every engine's files."""
    daemons = engines.daemons(found)
    named: List[Named] = []
    for ask in (_containerds, _crios, _dockers):
        some, problem, detail = ask(host, found, daemons)
        if problem:
            return Handlers([], [], problem, detail)
        named += some
    rows, read_by = [], []
    for handler in named:
        daemon = next((one for one in daemons if reads(host, one, handler)), None)
        # Of a runtime without a path CRI-O looks for its name.
        path = handler.shim or (handler.name if handler.engine == "crio" else None)
        shim = shims.resolve(host, path, handler.runtime_type, shims.folders_of(host, daemon))
        # What it is called counts for little: a plain name may lead to a shim of Kata's by links and scripts.
        if not _is_kata(handler.shim, handler.runtime_type, shim.program, handler.name if handler.engine == "crio" else None):
            continue
        read = shims.reads(host, shim, handler.config)
        rows.append(_row(host, handler, daemon, shim, read))
        read_by.append((shim, read))
    _ask_crio(host, daemons, [row for row in rows if row["engine"] == "crio" and row["loaded"] is None])
    return Handlers(rows, read_by, None, "")


def _ask_crio(host: Any, daemons: List[processes.Process], rows: List[Dict[str, Any]]) -> None:
    """Whether the CRI-O that runs has handlers whose files were changed since it began: it reads them anew when it is told to reload."""
    daemon = next((one for one in daemons if one.name == "crio" and processes.is_roots(host, one)), None)
    now = crio_files.running(host, engines.program_of(daemon)) if rows and daemon else None
    if now is not None:
        for row in rows:
            row["loaded"] = _is_as_written(row, now.get(row["name"], {}))


def _is_as_written(row: Dict[str, Any], running: toml.Table) -> bool:
    """Whether a runtime of the CRI-O that runs is what its files say; where they name no program, CRI-O says the one that it found."""
    kind, shim, config = (containerd_files.text(running, key) for key in ("runtime_type", "runtime_path", "runtime_config_path"))
    return kind == "vm" and config == row["config"] and (row["shim"] is None or shim == row["shim"])


def _is_kata(*words: Optional[str]) -> bool:
    return any("kata" in (word or "").rpartition("/")[2] for word in words)


def _containerds(host: Any, found: Optional[processes.Found], daemons: List[processes.Process]) -> Tuple[List[Named], Optional[str], str]:
    named: List[Named] = []
    for main in engines.containerds_files(host, found):
        read = containerd_files.read(host, main)
        if read.problem:
            return [], read.problem, read.detail
        if read.files:
            own = engines.resolved(host, main)
            named += of_containerd(read, own, _generation(host, read, own, daemons))
    return named, None, ""


def _generation(host: Any, read: containerd_files.Read, main: str, daemons: List[processes.Process]) -> Optional[str]:
    """What the containerd of these files makes of several of them: of one alone its version need not be asked."""
    if len(read.files) < 2:
        return None
    known = installed.owned(host, _CONTAINERD_PACKAGES).versions
    daemon = next((one for one in daemons if one.name == "containerd" and engines.main_of(host, one) == main), None)
    version = engines.version_of(host, daemon, known) if daemon else next(iter(sorted(known.values())), None)
    return containerd_files.generation(version or "")


def of_containerd(read: containerd_files.Read, main: str, generation: Optional[str]) -> List[Named]:
    """The handlers of a containerd's files."""
    lost = "containerd does not start, since %s, which is imported, does not exist" % read.missing if read.missing else ""
    disabled = containerd_files.disabled(read.files)
    lost = lost or ("CRI, which would serve it, is among the disabled_plugins of %s" % disabled if disabled else "")
    found = []
    for runtime in containerd_files.runtimes(read.files, generation):
        kind, shim = containerd_files.text(runtime.table, "runtime_type"), containerd_files.text(runtime.table, "runtime_path")
        # A type may be a path too.
        shim = shim or (kind if kind and kind.startswith("/") else None)
        config = containerd_files.config_path(runtime.table)
        found.append(Named("containerd", runtime.name, shim, config, runtime.source, kind or "", main, runtime.lost or lost))
    return found


def _crios(host: Any, found: Optional[processes.Found], daemons: List[processes.Process]) -> Tuple[List[Named], Optional[str], str]:
    read = crio_files.read(host, engines.crios_places(host, engines.crio_of(found)))
    named = []
    for runtime in read.runtimes:
        shim, config = (containerd_files.text(runtime.table, key) for key in ("runtime_path", "runtime_config_path"))
        if containerd_files.text(runtime.table, "runtime_type") == "vm":
            lost = crio_files.why_passed_over(runtime.name, runtime.table)
            named.append(Named("crio", runtime.name, shim, config, runtime.source, lost=lost))
    return named, read.problem, read.detail


def _dockers(host: Any, found: Optional[processes.Found], daemons: List[processes.Process]) -> Tuple[List[Named], Optional[str], str]:
    named: List[Named] = []
    told = [path for daemon in daemons if daemon.name == "docker" for path in proc.option_values(daemon.argv, "config-file")]
    for path in list(_DOCKER) + [path for path in told if path.startswith("/") and path not in _DOCKER]:
        answer = host.read(path, _BYTES)
        if answer.problem not in (None, "absent"):
            return [], answer.problem, path
        named += parse_docker(answer.if_there(""), path)
    return named, None, ""


def parse_docker(text: str, source: str) -> List[Named]:
    """The same of Docker's daemon.json."""
    try:
        runtimes = json.loads(text or "{}").get("runtimes", {})
    except (ValueError, RecursionError, AttributeError):
        return []
    found = []
    for name, keys in sorted(runtimes.items()) if isinstance(runtimes, dict) else []:
        shim = keys.get("runtimeType") if isinstance(keys, dict) else None
        if isinstance(shim, str):
            options = keys.get("options")
            config = options.get("ConfigPath") if isinstance(options, dict) else None
            found.append(Named("docker", name, shim if shim.startswith("/") else None, config if isinstance(config, str) else None, source,
                               "" if shim.startswith("/") else shim))
    return found


def _row(host: Any, handler: Named, daemon: Optional[processes.Process], shim: shims.Shim, read: shims.Reads) -> Dict[str, Any]:
    gone = [path for path in (handler.shim, handler.config) if path and host.stat(path).problem == "absent"]
    dead = "%s does not exist" % " and ".join(gone) if gone else ""
    return {"engine": handler.engine, "name": handler.name, "shim": handler.shim, "program": shim.program, "config": handler.config,
            "reads": read.path, "source": handler.source, "dead": handler.lost or dead or shim.dead or read.dead,
            "loaded": False if handler.lost else _is_loaded(host, handler, daemon)}


def reads(host: Any, daemon: processes.Process, handler: Named) -> bool:
    """Whether a running engine is the one that reads a handler: there may be several containerds, each told to read another file."""
    return daemon.name == handler.engine and handler.main in ("", engines.main_of(host, daemon))


def _is_loaded(host: Any, handler: Named, daemon: Optional[processes.Process]) -> Optional[bool]:
    """Whether the engine that runs read the handler; a file that was changed since says nothing of what it was before."""
    if daemon is None:
        return False
    if handler.source == crio_files.OPTION:
        return True
    started, changed = processes.started(host, daemon), host.stat(handler.source)
    if started is None or changed.problem or changed.value.ctime > started:
        return None
    return True
