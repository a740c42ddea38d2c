# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers runtimes with a running Docker without a restart: tried out first, taken back when the daemon does not know them afterwards."""

import http.client
import json
import os
import socket
import tempfile
import time
from typing import Any, Dict, List, Optional

from .._host.errors import Refused
from .containerd import read_text, write_text
from .containerd_config import Handler
from .docker_config import check_daemon, merged, missing

SECONDS_TO_RELOAD = 30.0
COMMAND_SECONDS = 60.0


class _Socket(http.client.HTTPConnection):
    """HTTP over the daemon's own socket."""

    def __init__(self, path: str) -> None:
        http.client.HTTPConnection.__init__(self, "localhost", timeout=10)
        self.path = path

    def connect(self) -> None:
        """Reach the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


class Docker(object):
    """The daemon whose configuration is ``config``."""

    def __init__(self, host: Any, config: str, service: str, api: str) -> None:
        self.host, self.config, self.service, self.api = host, config, service, api

    def info(self) -> Optional[Dict[str, Any]]:
        """What the running daemon says of itself; None where none answers."""
        connection = _Socket(self.api)
        try:
            connection.request("GET", "/info")
            said = json.loads(connection.getresponse().read().decode("utf-8", "replace"))
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return said if isinstance(said, dict) else None

    def try_out(self, text: str) -> None:
        """Let the daemon's program read the new configuration. Refused when it does not like it; one that cannot validate is passed over."""
        handle, path = tempfile.mkstemp(prefix="firebreak-daemon-", suffix=".json")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            answer = self.host.run(["dockerd", "--validate", "--config-file", path], COMMAND_SECONDS)
        finally:
            os.unlink(path)
        if not answer.problem and answer.value.rc != 0 and "unknown flag" not in answer.value.err:
            raise Refused("%s was not changed, since dockerd says of it: %s" % (self.config, answer.value.err.strip()[-1000:]))

    def reload(self, handlers: List[Handler]) -> None:
        """Let the daemon read its configuration anew; refused unless it then knows the handlers."""
        answer = self.host.run(["systemctl", "reload", self.service], COMMAND_SECONDS)
        if answer.problem or answer.value.rc != 0:
            raise Refused("systemctl reload %s: %s" % (self.service, answer.detail or answer.value.err.strip()))
        end = time.monotonic() + SECONDS_TO_RELOAD
        while True:
            info = self.info()
            lacking = missing(info or {}, handlers)
            if info is not None and not lacking:
                return
            if time.monotonic() > end:
                raise Refused("after its reload %s does not know %s" % (self.service, ", ".join(lacking) or "anything"))
            time.sleep(0.5)

    def register(self, handlers: List[Handler], check_mode: bool) -> Dict[str, Any]:
        """Have exactly these handlers of ours registered."""
        before = read_text(self.config)
        after = merged(before or "", handlers, self.config)
        changed = after != (before or "")
        info = self.info()
        if handlers and info is not None:
            check_daemon(info)
        must_reload = info is not None and (changed or bool(missing(info, handlers)))
        result = {"changed": changed or must_reload, "before": before or "", "after": after}
        if check_mode:
            return result
        if changed:
            self.try_out(after)
            write_text(self.config, after)
        if must_reload:
            try:
                self.reload(handlers)
            except Refused as refused:
                self._take_back(before, changed)
                raise Refused("%s%s" % (refused, ". The former configuration is back in force" if changed else "")) from None
        return result

    def _take_back(self, before: Optional[str], changed: bool) -> None:
        if changed:
            write_text(self.config, before)
            self.host.run(["systemctl", "reload", self.service], COMMAND_SECONDS)
