# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders of handlers in a Kata release: has in them what is wanted and nothing else, since a shim reads every file beside its configuration."""

import os
import shutil
import stat
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._host.errors import Refused
from .config import read_shipped
from .hardening import NONE, check_version_for, files, override_tables, own_config, own_folder, profile_tables, weakened

LINK = "/opt/kata"
CONFIGURATIONS = ("share/defaults/kata-containers", "share/defaults/kata-containers/runtime-rs")
_BYTES = 1024 * 1024


class Plan(NamedTuple):
    """A handler's folder below the tree, its files by relative path, what the profile asks for in vain and what the operator's settings replace."""

    folder: str
    files: Dict[str, str]
    absent: List[str]
    weakened: List[str]


def inside(path: str) -> str:
    """The part of a path below /opt/kata. Refused for another path: what is not the release's own cannot be judged by it."""
    if not path.startswith(LINK + "/"):
        raise Refused("configuration %s is not below %s, so no release says which keys it knows: give it hardening: none" % (path or "''", LINK))
    return path[len(LINK) + 1:]


def read_in(tree: str, relative: str) -> str:
    """A file's text in a tree that need not be in force yet: links that name /opt/kata lead into the tree itself."""
    path = os.path.join(tree, relative)
    for _hop in range(16):
        if not os.path.islink(path):
            break
        target = os.readlink(path)
        if target.startswith(LINK + "/"):
            target = os.path.join(tree, target[len(LINK) + 1:])
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))
    if not os.path.isfile(path):
        raise Refused("configuration %s: no such file in %s" % (os.path.join(LINK, relative), tree))
    with open(path, encoding="utf-8", errors="backslashreplace") as handle:
        return handle.read(_BYTES)


def plan(tree: str, handler: Dict[str, Any], profile: str, overrides: Any) -> Optional[Plan]:
    """What a handler's folder has to hold; None for a handler that is not hardened."""
    where = "handler %s" % handler["name"]
    chosen = handler.get("hardening") or profile
    if chosen == NONE:
        if handler.get("overrides"):
            raise Refused("%s: overrides without hardening, wanted another profile than none" % where)
        return None
    try:
        relative = inside(handler["config"])
        with open(os.path.join(tree, "VERSION"), encoding="utf-8") as handle:
            version = handle.read(200).strip()
        check_version_for(chosen, version)
        text = read_in(tree, relative)
        shipped = read_shipped(text, os.path.join(tree, relative), version)
        profile_set, absent = profile_tables(chosen, shipped)
        override_set = override_tables(overrides, shipped, "kata_hardening_overrides")
        for table, keys in override_tables(handler.get("overrides"), shipped, "overrides").items():
            override_set.setdefault(table, {}).update(keys)
    except Refused as refused:
        raise Refused("%s: %s" % (where, refused)) from None
    wanted = files(text, os.path.basename(relative), chosen, profile_set, override_set)
    return Plan(own_folder(relative, handler["name"]), wanted, absent, weakened(profile_set, override_set))


def registered_config(handler: Dict[str, Any], profile: str) -> str:
    """The configuration that the engine has to give a handler's shim."""
    config = str(handler["config"])
    if (handler.get("hardening") or profile) == NONE:
        return config
    inside(config)
    return own_config(config, handler["name"])


def present(tree: str) -> Dict[str, Optional[str]]:
    """Everything in the folders of handlers of a tree: relative path and text, None for what is no plain file or is an empty folder."""
    found: Dict[str, Optional[str]] = {}
    for base in CONFIGURATIONS:
        root = os.path.join(tree, base, "runtimes")
        for folder, folders, names in os.walk(root):
            for name in names + [one for one in folders if os.path.islink(os.path.join(folder, one))]:
                path = os.path.join(folder, name)
                found[os.path.relpath(path, tree)] = _text(path)
            if not names and not folders:
                found[os.path.relpath(folder, tree)] = None
    return found


def _text(path: str) -> Optional[str]:
    seen = os.lstat(path)
    # What others may write is not as it was made, whatever it says now.
    if not stat.S_ISREG(seen.st_mode) or seen.st_mode & 0o022:
        return None
    with open(path, encoding="utf-8", errors="backslashreplace") as handle:
        return handle.read(_BYTES)


def differences(plans: List[Plan], there: Dict[str, Optional[str]], keep_others: bool = False) -> List[Tuple[str, Optional[str], Optional[str]]]:
    """(relative path, text before, text after) of what has to change; None is for a file that is not there.

    With ``keep_others`` nothing outside the folders of the plans does.
    """
    if keep_others:
        there = {path: text for path, text in there.items() if any((path + "/").startswith(one.folder + "/") for one in plans)}
    wanted = {os.path.join(one.folder, name): text for one in plans for name, text in one.files.items()}
    changes = [(path, there.get(path), wanted.get(path)) for path in sorted(set(wanted) | set(there))]
    return [change for change in changes if change[1] != change[2] or change[0] not in wanted]


def apply(tree: str, plans: List[Plan], changes: List[Tuple[str, Optional[str], Optional[str]]]) -> None:
    """Make the changes, each in one step: a shim that starts meanwhile reads a whole file, and no unfinished one."""
    for path, _before, after in changes:
        if after is None:
            _remove(os.path.join(tree, path))
    for path, _before, after in changes:
        if after is not None:
            folder = next(one.folder for one in plans if path.startswith(one.folder + "/"))
            _write(os.path.join(tree, path), after, os.path.join(tree, folder))
    _sweep(tree)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    else:
        os.unlink(path)


def _write(path: str, text: str, above: str) -> None:
    """The unfinished file is in the handler's folder, where no shim looks, not among the drop-ins."""
    if os.path.isdir(path):
        shutil.rmtree(path)
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    handle, fresh = tempfile.mkstemp(prefix=".unfinished-", dir=above)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(fresh, 0o644)
    os.rename(fresh, path)


def _sweep(tree: str) -> None:
    """Remove the folders that are empty now: the shim in Rust fails at a folder among the drop-ins."""
    for base in CONFIGURATIONS:
        for folder, _folders, _names in os.walk(os.path.join(tree, base, "runtimes"), topdown=False):
            if not os.listdir(folder):
                os.rmdir(folder)
