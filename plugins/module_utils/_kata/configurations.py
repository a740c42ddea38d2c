# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the shims of Kata's handlers really read: each configuration with all that lies beside it in config.d, and how it is hardened.

The shims read every file in config.d, whatever its name: a backup that an editor left there is configuration.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats.toml import TomlError
from .._host.errors import Refused
from . import config, hardening, installed
from .handlers import Handlers

_BYTES = 1024 * 1024
_FILES_LIMIT = 256
_LINES_LIMIT = 50


class DropIn(NamedTuple):
    """A file beside a configuration: its path, its text (None: not read) and why it should not be there, '' where it may."""

    path: str
    text: Optional[str]
    stray: str


def find(host: Any, handlers: Handlers) -> List[Dict[str, Any]]:
    """The configuration of each handler; one that several share stands once. A handler whose shim finds none has a row that says so."""
    users: Dict[str, List[str]] = {}
    nowhere: Dict[str, List[str]] = {}
    for handler, (shim, reads) in zip(handlers.rows, handlers.read_by):  # noqa: B905
        name = "%s/%s" % (handler["engine"], handler["name"])
        if reads.path:
            users.setdefault(reads.path, []).append(name)
        else:
            why = "%s: there is none at %s" % (shim.program, ", ".join(reads.looked)) if reads.looked else shim.dead or "%s names no shim" % name
            nowhere.setdefault(why, []).append(name)
    rows = [read(host, path, sorted(names)) for path, names in sorted(users.items())]
    return rows + [dict(_empty(None, sorted(names)), problem=why[:500]) for why, names in sorted(nowhere.items())]


def _empty(path: Optional[str], users: List[str]) -> Dict[str, Any]:
    return {"path": path, "file": None, "handlers": users, "dialect": None, "monitor": None, "drop_ins": [], "strays": [],
            "unknown_keys": [], "settings": {}, "unmet": {}, "problem": ""}


class InEffect(NamedTuple):
    """What a shim makes of a configuration: the machine monitor's name, its table, and when the last of its files was changed, or came or went."""

    monitor: str
    table: Dict[str, Any]
    changed: float


def in_effect(host: Any, path: str) -> Optional[InEffect]:
    """The machine monitor that a shim starts by a configuration and all its drop-ins; None where that cannot be understood."""
    real = host.realpath(path).value
    text = host.read(real, _BYTES).value if real else None
    if text is None:
        return None
    folder = "%s/%s" % (real.rpartition("/")[0], config.DROP_INS)
    found, problem = drop_ins(host, folder)
    try:
        shipped = config.read_shipped(text, real, installed.version_of(host, installed.tree_of(real)) or "" if installed.tree_of(real) else "")
        values = config.effective(shipped, [one.text for one in found if one.text is not None])
    except (Refused, TomlError):
        return None
    listed = host.stat(folder)
    stats = [host.stat(name) for name in [real] + [one.path for one in found]] + ([] if listed.problem == "absent" else [listed])
    if problem or any(stat.problem for stat in stats):
        return None
    changed = max(max(stat.value.mtime, stat.value.ctime) for stat in stats)
    return InEffect(shipped.monitor, values["hypervisor"][shipped.monitor], changed)


def read(host: Any, path: str, users: List[str]) -> Dict[str, Any]:
    """What a shim makes of a configuration."""
    row = _empty(path, users)
    real = host.realpath(path)
    text = host.read(real.value, _BYTES) if real.value else real
    if text.problem:
        row["problem"] = "%s: %s" % (path, text.problem)
        return row
    row["file"] = real.value
    found, problem = drop_ins(host, "%s/%s" % (real.value.rpartition("/")[0], config.DROP_INS))
    row.update(drop_ins=[one.path for one in found], strays=["%s: %s" % (one.path, one.stray) for one in found if one.stray], problem=problem)
    try:
        tree = installed.tree_of(real.value)
        shipped = config.read_shipped(text.value, real.value, installed.version_of(host, tree) or "" if tree else "")
    except Refused as refused:
        row["problem"] = str(refused)[:500]
        return row
    row.update(judge(shipped, found))
    return row


def drop_ins(host: Any, folder: str) -> Tuple[List[DropIn], str]:
    """(all that is in a config.d, in the order in which it is read, problem)."""
    listed = host.listdir(folder, _FILES_LIMIT)
    if listed.problem:
        return [], "" if listed.problem == "absent" else "%s: %s" % (folder, listed.problem)
    found, problem = [], ""
    for name in listed.value:
        path = "%s/%s" % (folder, name)
        stat = host.stat(path, False)
        if stat.problem:
            continue
        if stat.value.kind != "file":
            found.append(DropIn(path, None, "it is no plain file, at which the shim in Rust fails"))
            continue
        answer = host.read(path, _BYTES)
        problem = problem or ("%s: %s" % (path, answer.problem) if answer.problem else "")
        found.append(DropIn(path, answer.value, why_stray(name, stat.value)))
    return found, problem


def why_stray(name: str, stat: Any) -> str:
    """Why a file among the drop-ins should not be there, '' where it may."""
    if not name.endswith(".toml") or name.startswith("."):
        return "a shim reads it although its name does not say so"
    if stat.uid != 0 or stat.mode & 0o022:
        return "others than root may write it"
    return ""


def judge(shipped: config.Shipped, found: List[DropIn]) -> Dict[str, Any]:
    """Dialect, monitor, keys that the configuration does not know, the settings in effect that harden, and what each profile lacks."""
    unknown = [line for one in found if one.text is not None for line in config.unknown_keys(one.text, one.path, shipped)]
    row: Dict[str, Any] = {"dialect": shipped.dialect, "monitor": shipped.monitor, "unknown_keys": [line[:500] for line in unknown[:_LINES_LIMIT]]}
    texts = [(one.path, one.text) for one in found if one.text is not None]
    try:
        values = config.effective(shipped, [text for _path, text in texts])
        origins = config.origins(texts)
    except TomlError as error:
        row["problem"] = "a drop-in cannot be read: %s" % str(error)[:300]
        return row
    row["settings"] = hardening.in_effect(shipped, values)
    row["unmet"] = {profile: hardening.unmet(profile, shipped, values, origins) for profile in hardening.PROFILES}
    return row
