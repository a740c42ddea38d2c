# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a sandbox's machine is made on another host (peer pods): then this one has no monitor of it, and its kernel is not this one's."""

import json
import re
from typing import Any, Optional

from .._formats.toml import TomlError, parse
from .._handlers import containerd_files, crio_files
from . import engines, processes

_BYTES = 1024 * 1024
_GOS, _RUSTS = "/run/vc/sbs/%s/persist.json", "/run/kata/%s/state.json"
REMOTE = "remote"
# It stands in a path, and is whatever a shim was told.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")


def is_remote(host: Any, found: processes.Found, sandbox: str, handler: Optional[str]) -> bool:
    """By what the shim wrote down when it made the machine, else by the configuration of its handler."""
    said = noted_kind(host, sandbox)
    if said:
        return said == REMOTE
    return handler is not None and any(_configures_remote(host, path) for path in _configurations(host, found, handler))


def noted_kind(host: Any, sandbox: str) -> str:
    """The kind of machine monitor that a shim wrote down when it made a machine; '' where it did not."""
    if not _ID.match(sandbox):
        return ""
    for path, above, key in ((_GOS, "HypervisorState", "Type"), (_RUSTS, "hypervisor", "hypervisor_type")):
        said = _document(host.read(path % sandbox, _BYTES).value).get(above)
        if isinstance(said, dict) and said.get(key):
            return str(said[key])
    return ""


def _configurations(host: Any, found: processes.Found, handler: str) -> Any:
    for main in engines.containerds_files(host, found):
        for runtime in containerd_files.runtimes(containerd_files.read(host, main).files, None):
            if runtime.name == handler:
                yield containerd_files.config_path(runtime.table)
    for runtime in crio_files.read(host, engines.crios_places(host, engines.crio_of(found))).runtimes:
        if runtime.name == handler:
            yield containerd_files.text(runtime.table, "runtime_config_path")


def _configures_remote(host: Any, path: Optional[str]) -> bool:
    if not path:
        return False
    try:
        monitors = parse(host.read(path, _BYTES).if_there("")).get("hypervisor")
    except TomlError:
        return False
    return isinstance(monitors, dict) and list(monitors) == [REMOTE]


def _document(text: Optional[str]) -> Any:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
