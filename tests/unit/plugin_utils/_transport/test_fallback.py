# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a host without a usable Python the record holds what a shell told, and says so of the rest."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport import fallback, payload

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=timezone.utc)
PROBE = payload.Probe(
    "3.10.0-1160.el7.x86_64", "x86_64", "old1", "python3 (Python 3.4.3): status 75;", 'ID="centos"\nVERSION_ID="7"\nID_LIKE="rhel fedora"\n')


def test_record_of_a_probe() -> None:
    record = payload.check_shape(fallback.probed_record(PROBE, NOW))
    assert record["os"]["id"] == "centos"
    assert record["os"]["family"] == "redhat"
    assert record["kernel"]["running"]["release"] == PROBE.release
    assert record["os"]["machine_id"] is None
    assert {"fact": "os.machine_id", "reason": "no_python", "detail": ""} in record["nulls"]


def test_every_fact_of_a_silent_probe_has_a_reason() -> None:
    record = fallback.probed_record(payload.Probe("", "", "", "", "\x00garbage"), NOW)
    nulls = {".".join(null["fact"].split(".")[:2]) for null in record["nulls"]}
    assert {f"os.{name}" for name in record["os"]} | {"kernel.running"} == nulls


def test_the_message_names_what_was_seen() -> None:
    assert fallback.too_old("h", PROBE, "x") == "h: Python 3.6 or newer is wanted, seen: python3 (Python 3.4.3): status 75"
    assert fallback.too_old("h", PROBE._replace(tried=""), "none of python3") == "h: Python 3.6 or newer is wanted, seen: none of python3"


@pytest.mark.parametrize("text", [
    "Ansible requires Python 3.9 or newer on the target. Current version: 3.6.8", "/bin/sh: 1: /usr/bin/python3: python3: not found",
    "SyntaxError: future feature annotations is not defined", "The module interpreter '/opt/python' was not found."])
def test_a_missing_python_is_told_from_a_failed_scan(text: str) -> None:
    assert fallback.is_python_missing(text)
    assert not fallback.is_python_missing("MemoryError")


@pytest.mark.parametrize("text", ["Incorrect sudo password", "Missing sudo password", "sudo: a password is required",
                                  "Timeout (12s) waiting for privilege escalation prompt: "])
def test_a_become_failure_is_told_from_a_dead_host(text: str) -> None:
    assert fallback.is_become_failure(text)
    assert not fallback.is_become_failure("ssh: connect to host x port 22: No route to host")


def test_requiretty_is_recognised() -> None:
    assert fallback.wants_terminal("sudo: sorry, you must have a tty to run sudo")
    assert not fallback.wants_terminal("sudo: 1 incorrect password attempt")


@pytest.mark.parametrize(("error", "wanted"), [
    ('Data could not be sent to remote host "h". Make sure this host can be reached over ssh: [Errno 32] Broken pipe', True),
    ('Data could not be sent to remote host "h". Make sure this host can be reached over ssh: [Errno 104] Connection reset by peer', True),
    ('Data could not be sent to remote host "h". Make sure this host can be reached over ssh: ssh: connect to host h: Connection refused', False),
    ('Data could not be sent to remote host "h". Make sure this host can be reached over ssh: kex: read: Connection reset by peer', False),
    ("Timed out", False),
])
def test_an_error_without_a_reason_is_known(error: str, wanted: bool) -> None:
    """ansible-core's plugin ssh, _send_initial_data: the client had not ended 1 ms after it had closed its input."""
    assert fallback.is_without_reason(error) is wanted
