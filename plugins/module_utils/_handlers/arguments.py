# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of the modules that register handlers, and the handlers in them. Their documentation is in doc_fragments/_handlers.py."""

import os
from typing import Any, Dict, List

from .._host.errors import Refused
from .containerd_config import Handler, absent_files, check_handlers
from .wrappers import parse_wrapper

LINK = "/opt/kata"
_SCRIPT_BYTES = 64 * 1024
ARGUMENTS: Dict[str, Any] = {
    "handlers": {"type": "list", "elements": "dict", "default": [], "options": {
        "name": {"type": "str", "required": True}, "shim": {"type": "str", "required": True}, "config": {"type": "str", "default": ""}}},
    "tree": {"type": "str", "default": ""},
}


def _refuse_wrapper(handler: Handler, tree: str) -> None:
    """Refused for a script that names a configuration itself: the shim in Rust takes that before the engine's, and since 4.0.0 none takes it."""
    path = tree + handler.shim[len(LINK):] if tree and handler.shim.startswith(LINK + "/") else handler.shim
    try:
        with open(path, "rb") as handle:
            text = handle.read(_SCRIPT_BYTES)
    except OSError:
        return
    wrapper = parse_wrapper(text.decode("utf-8", "replace")) if text.startswith(b"#!") else None
    if wrapper and wrapper.variable:
        raise Refused("handler %s: %s sets KATA_CONF_FILE=%s, with which no shim since 4.0.0 starts: name the shim itself, and that file as config"
                      % (handler.name, handler.shim, wrapper.variable))


def handlers_of(params: Dict[str, Any], check_mode: bool) -> List[Handler]:
    """The handlers. Refused when one names a file that the release lacks; in check mode a release that is not there yet is not looked into."""
    handlers = [Handler(given["name"], given["shim"], given["config"]) for given in params["handlers"]]
    check_handlers(handlers)
    tree = params["tree"]
    for handler in handlers:
        _refuse_wrapper(handler, tree)
    lacking = absent_files(handlers, LINK, tree, os.path.isfile) if tree and (os.path.isdir(tree) or not check_mode) else []
    if lacking:
        raise Refused("; ".join(lacking))
    return handlers
