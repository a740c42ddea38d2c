# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of an event: a file for tickets, and a letter that a mail server takes; what an event says is never more than text in it."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.action import heal_fleet
from ansible_collections.firebreak.fleet.plugins.plugin_utils._heal import journal, telling
from ansible_collections.firebreak.fleet.plugins.plugin_utils._heal.deciding import Event
from ansible_collections.firebreak.fleet.plugins.plugin_utils._heal.telling import TellingError

EVENT = Event("advisory", "dsa-1", ("CVE-2026-31431",))
ROWS = [{"at": "2026-11-01T00:00:00Z", "event": "dsa-1", "what": "begun", "why": "advisory CVE-2026-31431"},
        {"at": "2026-11-01T00:01:00Z", "event": "dsa-1", "what": "left_alone", "why": "unknown: no\r\nBcc: all@example.net", "host": "db1"},
        {"at": "2026-11-01T00:02:00Z", "event": "dsa-1", "what": "ended", "why": "2 healed\r\nBcc: all@example.net"}]


class _Server(socketserver.StreamRequestHandler):
    """As much of a mail server as a letter needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.letters.append(b"".join(iter(self.rfile.readline, b".\r\n")))  # type: ignore[attr-defined]
            if word == b"QUIT":
                self.wfile.write(b"221 farewell\r\n")
                return
            self.wfile.write(b"550 nobody of that name\r\n" if b"refused@" in line else b"250 well\r\n")


@pytest.fixture
def server() -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Server) as found:
        found.letters = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def test_a_letter_arrives(server: Any) -> None:
    telling.mail({"to": ["ops@example.org", "sec@example.org"], "server": "127.0.0.1", "port": str(server.server_address[1])}, EVENT, ROWS)
    raw, = server.letters
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert (found["To"], found["From"]) == ("ops@example.org, sec@example.org", "firebreak@localhost")
    assert found["Subject"] == r"Firebreak: dsa-1: 2 healed\x0d\x0aBcc: all@example.net"
    assert found["Bcc"] is None
    lines = found.get_content().splitlines()
    assert lines[:2] == ["Event: advisory dsa-1", "Holes: CVE-2026-31431"]
    assert r"2026-11-01T00:01:00Z left_alone db1 unknown: no\x0d\x0aBcc: all@example.net" in lines


def test_a_letter_that_is_not_taken_is_one_line(server: Any) -> None:
    with pytest.raises(TellingError, match=r"the mail server 127\.0\.0\.1 did not take it"):
        telling.mail({"to": "refused@example.org", "server": "127.0.0.1", "port": server.server_address[1]}, EVENT, ROWS)


@pytest.mark.parametrize("wrong", [{}, {"from": "a@b"}, {"to": {}}, {"to": 7}, {"to": "a@b", "cc": "c@d"}])
def test_settings_that_cannot_be_meant(wrong: dict[str, Any]) -> None:
    with pytest.raises(TellingError, match="wanted to, and any of from, server"):
        telling.letter(wrong, EVENT, ROWS)


def test_a_webhook_that_takes_nothing_stands_in_the_journal(tmp_path: Path) -> None:
    args = {"event": {"kind": "drift", "id": "x"}, "why": "Request failed:\n<urlopen error refused>"}
    said, = heal_fleet._untold(tmp_path, args, datetime(2026, 11, 1, tzinfo=timezone.utc))["said"]
    row, = journal.lines(tmp_path)
    assert said == "x: webhook: Request failed: <urlopen error refused>"
    assert (row["event"], row["what"], row["why"]) == ("x", "not_told", said[len("x: "):])


def test_a_ticket_is_a_file_with_the_journal(tmp_path: Path) -> None:
    telling.ticket(str(tmp_path / "tickets"), Event("drift", "a:1"), ROWS)
    path, = (tmp_path / "tickets").iterdir()
    assert json.loads(path.read_text())["journal"] == ROWS
