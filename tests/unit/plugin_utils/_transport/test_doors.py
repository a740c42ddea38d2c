# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast the hosts behind one sshd are asked. What sshd does is that of OpenSSH 10.0p2 with its default configuration, as run in November 2026."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport import doors


@pytest.mark.parametrize(("arguments", "door"), [
    (["ssh", "-o", "Port=22"], "10.0.0.7"),
    (["ssh", "-J", "gate:2222"], "jump gate:2222"),
    (["ssh", "-Jgate"], "jump gate"),
    (["ssh", "-o", "ProxyJump=gate,second"], "jump gate,second"),
    (["ssh", "-oProxyJump gate"], "jump gate"),
    (["ssh", "-o", "proxycommand=ssh -W %h:%p gate"], "jump ssh -W %h:%p gate"),
])
def test_the_door_is_the_first_sshd_on_the_way(arguments: list[str], door: str) -> None:
    assert doors.door_of(arguments, "10.0.0.7") == door


@pytest.mark.parametrize(("stderr", "shut_out", "refused"), [
    ("kex_exchange_identification: read: Connection reset by peer", True, False),
    ("Connection closed by 127.0.0.1 port 2222", True, False),
    ("root@127.0.0.1: Permission denied (publickey).", False, True),
    ("Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures\nConnection closed", False, True),
    ("ssh: connect to host 10.0.0.7 port 22: Connection refused", False, False),
    ("ssh: connect to host 10.0.0.7 port 22: Connection timed out", False, False),
    ("mux_client_request_session: session request failed: Session open refused by peer", False, False),
])
def test_what_ssh_says_where_a_door_is_shut_and_where_a_login_failed(stderr: str, shut_out: bool, refused: bool) -> None:
    assert doors.is_shut_out(255, stderr) is shut_out
    assert doors.is_refused(255, stderr) is refused
    assert not doors.is_shut_out(1, stderr)
    assert not doors.is_refused(0, stderr)


def test_fewer_knock_at_once_than_max_startups_begins_to_drop() -> None:
    door = doors.Door()
    let_in = 0
    while door.wait(0.0) == 0.0:
        door.knocking += 1
        let_in += 1
    assert let_in == doors.COLD_AT_ONCE < 10
    door.knocking -= 1
    assert door.wait(0.0) == 0.0


def test_failed_logins_are_spaced_so_that_the_penalty_never_comes_into_force() -> None:
    door, now, failures = doors.Door(), 0.0, 0
    while failures < 20:
        now += door.wait(now)
        if door.wait(now) == 0.0:
            door.failed(now)
            failures += 1
            assert door.owed(now) < 15.0
    assert now < 20 * doors.FAILED_LOGIN


def test_a_door_that_closed_without_a_word_is_left_alone_for_a_while() -> None:
    door = doors.Door()
    door.shut(100.0)
    assert door.wait(101.0) == pytest.approx(doors.SHUT_OUT - 1)
    assert door.wait(100.0 + doors.SHUT_OUT) == 0.0
