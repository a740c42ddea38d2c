# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime handlers that engines have for Kata Containers: on disk, able to start anything, and read by the engine that runs."""

import json
import posixpath
import re
from fnmatch import fnmatchcase
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._containers import processes
from .._formats import processes as proc
from .._handlers import containerd_config
from .._packages import installed

_BYTES = 1024 * 1024
_FILES_LIMIT = 256
# Each containerd's own file.
CONTAINERD = ("/etc/containerd/config.toml", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml",
              "/var/lib/rancher/rke2/agent/etc/containerd/config.toml", "/etc/k0s/containerd.toml")
# What is read where the command line names no other.
_CONTAINERD_DEFAULT = CONTAINERD[0]
_CONTAINERD_PACKAGES = ("containerd", "containerd.io")
_CRI_TABLE = re.compile(r"^\s*\[plugins\.[\"']io\.containerd\.grpc\.v1\.cri[\"'][.\]]", re.MULTILINE)
_CRIO = "/etc/crio/crio.conf"
_CRIO_FOLDER = "/etc/crio/crio.conf.d"
_DOCKER = "/etc/docker/daemon.json"
_CRIO_TABLE = re.compile(r"\s*\[crio\.runtime\.runtimes\.[\"']?([^\"'\]]+)[\"']?\]\s*\Z")
_PAIR = re.compile(r"\s*(\w+)\s*=\s*[\"'](.*)[\"']\s*\Z")


class Named(NamedTuple):
    """A handler as a file of the engine says it; ``replaced_by`` is a later file that takes it away, ``main`` the engine's file that imports it."""

    engine: str
    name: str
    shim: Optional[str]
    config: Optional[str]
    source: str
    replaced_by: str = ""
    main: str = ""


def find(host: Any, found: List[processes.Process]) -> Tuple[List[Dict[str, Any]], Optional[str], str]:
    """(the handlers, problem, detail) of every engine's files."""
    named: List[Named] = []
    mains = _containerd_files(host)
    for engine, files in (("containerd", list(mains)), ("crio", _crio_files(host)), ("docker", [_DOCKER])):
        by_name: Dict[str, Named] = {}
        replaces = engine == "containerd" and len(files) > 1 and _replaces_tables(host)
        for path in files:
            answer = host.read(path, _BYTES)
            if answer.problem not in (None, "absent"):
                return [], answer.problem, path
            if replaces and _CRI_TABLE.search(answer.value or ""):
                by_name = {name: handler._replace(replaced_by=handler.replaced_by or path) for name, handler in by_name.items()}
            for handler in _PARSERS[engine](answer.value or "", path):
                by_name[handler.name] = handler._replace(main=mains.get(path, "") if engine == "containerd" else "")
        named += [by_name[name] for name in sorted(by_name)]
    daemons = [process for process in found if process.kind == processes.ENGINE and process.nested is not True]
    return [_row(host, handler, next((one for one in daemons if reads(one, handler)), None)) for handler in named], None, ""


def _replaces_tables(host: Any) -> bool:
    """Whether an imported file takes away all that files before it say of the same plugin, as with containerd 1.x."""
    versions = installed.owned(host, _CONTAINERD_PACKAGES).versions
    return any(version.rpartition(":")[2].startswith("1.") for version in versions.values())


def _containerd_files(host: Any) -> Dict[str, str]:
    """{file: the containerd's own file by which it is read}, in the order of reading."""
    files: Dict[str, str] = {}
    for path in CONTAINERD:
        answer = host.read(path, _BYTES)
        if answer.problem != "absent":
            files[path] = path
            for pattern in containerd_config.imported(answer.value or "")[:_FILES_LIMIT]:
                files.update((one, path) for one in _matching(host, posixpath.join(posixpath.dirname(path), pattern)))
    return files


def _matching(host: Any, pattern: str) -> List[str]:
    """The files of a glob whose folder is plain."""
    folder, _slash, name = pattern.rpartition("/")
    return ["%s/%s" % (folder, entry) for entry in host.listdir(folder, _FILES_LIMIT).value or [] if fnmatchcase(entry, name)]


def _crio_files(host: Any) -> List[str]:
    return [_CRIO] + ["%s/%s" % (_CRIO_FOLDER, name) for name in host.listdir(_CRIO_FOLDER, _FILES_LIMIT).value or []]


def _is_kata(*words: Optional[str]) -> bool:
    return any("kata" in (word or "").rpartition("/")[2] for word in words)


def parse_containerd(text: str, source: str) -> List[Named]:
    """The handlers of a file of containerd's that start a shim of Kata's."""
    found = []
    for name, keys in containerd_config.runtimes(text).items():
        if _is_kata(keys.get("runtime_type"), keys.get("runtime_path")):
            found.append(Named("containerd", name, keys.get("runtime_path") or None, keys.get("ConfigPath") or None, source))
    return found


def parse_crio(text: str, source: str) -> List[Named]:
    """The same of CRI-O's."""
    tables: Dict[str, Dict[str, str]] = {}
    current: Optional[Dict[str, str]] = None
    for line in text.splitlines():
        table, pair = _CRIO_TABLE.match(line), _PAIR.match(line)
        if table:
            current = tables.setdefault(table.group(1), {})
        elif line.lstrip().startswith("["):
            current = None
        elif pair and current is not None:
            current[pair.group(1)] = pair.group(2)
    return [Named("crio", name, keys.get("runtime_path") or None, keys.get("runtime_config_path") or None, source)
            for name, keys in tables.items() if keys.get("runtime_type") == "vm" and _is_kata(keys.get("runtime_path"), name)]


def parse_docker(text: str, source: str) -> List[Named]:
    """The same of Docker's daemon.json."""
    try:
        runtimes = json.loads(text or "{}").get("runtimes", {})
    except (ValueError, RecursionError, AttributeError):
        return []
    found = []
    for name, keys in runtimes.items() if isinstance(runtimes, dict) else []:
        shim = keys.get("runtimeType") if isinstance(keys, dict) else None
        if isinstance(shim, str) and _is_kata(shim):
            options = keys.get("options")
            config = options.get("ConfigPath") if isinstance(options, dict) else None
            found.append(Named("docker", name, shim if shim.startswith("/") else None, config if isinstance(config, str) else None, source))
    return found


_PARSERS = {"containerd": parse_containerd, "crio": parse_crio, "docker": parse_docker}


def _row(host: Any, handler: Named, daemon: Optional[processes.Process]) -> Dict[str, Any]:
    gone = [path for path in (handler.shim, handler.config) if path and host.stat(path).problem == "absent"]
    dead = "%s does not exist" % " and ".join(gone) if gone else ""
    if handler.replaced_by:
        dead = "containerd 1.x lets %s take it away, which speaks of the same plugin" % handler.replaced_by
    return {"engine": handler.engine, "name": handler.name, "shim": handler.shim, "config": handler.config, "source": handler.source, "dead": dead,
            "loaded": False if handler.replaced_by else _is_loaded(host, handler, daemon)}


def reads(daemon: processes.Process, handler: Named) -> bool:
    """Whether a running engine is the one that reads a handler: there may be several containerds, each told to read another file."""
    main = next(iter(proc.option_values(daemon.argv, "c", "config")), _CONTAINERD_DEFAULT)
    return daemon.name == handler.engine and handler.main in ("", main)


def _is_loaded(host: Any, handler: Named, daemon: Optional[processes.Process]) -> Optional[bool]:
    """Whether the engine that runs read the handler; a file that was changed since says nothing of what it was before."""
    if daemon is None:
        return False
    started, changed = processes.started(host, daemon), host.stat(handler.source)
    if started is None or changed.problem or changed.value.ctime > started:
        return None
    return True
