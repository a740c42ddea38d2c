# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker's daemon.json with our runtimes merged into it. Pure functions over text."""

import json
import re
from collections import OrderedDict
from typing import Any, Dict, List

from .._host.errors import Refused
from .containerd_config import Handler

# A runtime whose shim is there is one of ours.
OURS = "/opt/kata/"
# The first that takes a shim as a runtime.
FIRST_WITH_SHIMS = 23


def _read(text: str, path: str) -> "OrderedDict[str, Any]":
    try:
        config = json.loads(text, object_pairs_hook=OrderedDict) if text.strip() else OrderedDict()
    except ValueError as error:
        raise Refused("%s is no JSON: %s" % (path, error)) from None
    if not isinstance(config, OrderedDict):
        raise Refused("%s: wanted a JSON object" % path)
    if not isinstance(config.get("runtimes", {}), dict):
        raise Refused("%s: runtimes is %r, wanted an object" % (path, config["runtimes"]))
    return config


def is_ours(runtime: Any) -> bool:
    """Whether a runtime leads to a release of this role."""
    return isinstance(runtime, dict) and str(runtime.get("runtimeType", "")).startswith(OURS)


def _runtime(handler: Handler) -> "OrderedDict[str, Any]":
    made: "OrderedDict[str, Any]" = OrderedDict(runtimeType=handler.shim)
    if handler.config:
        made["options"] = OrderedDict(ConfigPath=handler.config)
    return made


def merged(text: str, handlers: List[Handler], path: str) -> str:
    """The configuration with exactly these runtimes of ours; all else stays, in its order. The same text where nothing has to change."""
    config = _read(text, path)
    there = config.get("runtimes", {})
    wanted = OrderedDict((name, value) for name, value in there.items() if not is_ours(value))
    for handler in sorted(handlers):
        if not handler.shim.startswith(OURS):
            raise Refused("handler %s: shim %s, wanted one below %s: otherwise it could not be told from the operator's own"
                          % (handler.name, handler.shim, OURS))
        if handler.name in wanted:
            raise Refused("%s: runtimes.%s is the operator's own (%s), wanted another name for the handler"
                          % (path, handler.name, json.dumps(wanted[handler.name])))
        wanted[handler.name] = _runtime(handler)
    if dict(wanted) == dict(there):
        return text
    if wanted:
        config["runtimes"] = wanted
    else:
        config.pop("runtimes", None)
    return json.dumps(config, indent=_indent(text), ensure_ascii=False) + "\n"


def _indent(text: str) -> Any:
    """How the operator indents."""
    found = re.search(r"\{\r?\n([ \t]+)\"", text)
    return found.group(1) if found else 4


def missing(info: Dict[str, Any], handlers: List[Handler]) -> List[str]:
    """The handlers that a running daemon does not know."""
    return [handler.name for handler in sorted(handlers) if handler.name not in (info.get("Runtimes") or {})]


def check_daemon(info: Dict[str, Any]) -> None:
    """Refused when a running daemon cannot use shims."""
    version = str(info.get("ServerVersion", ""))
    number = re.match(r"([0-9]+)\.", version)
    if not number or int(number.group(1)) < FIRST_WITH_SHIMS:
        raise Refused("Docker %s cannot use a shim as a runtime, wanted %d or newer" % (version or "of unknown version", FIRST_WITH_SHIMS))
