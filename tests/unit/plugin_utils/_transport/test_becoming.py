# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts say when they let nobody become root, as it was seen in November 2026, and what a person is told of it."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.reasons import last_words
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport import becoming, fallback, payload

TIMEOUT = "Timeout (12s) waiting for privilege escalation prompt:"


@pytest.mark.parametrize(("text", "method", "means", "helps"), [
    (TIMEOUT, "sudo", "sudo-rs, Ubuntu's sudo since 25.10", "ansible_become_exe=sudo.ws"),
    (TIMEOUT, "ansible.builtin.sudo", "no ansible-core before 2.22 can give one", "NOPASSWD"),
    (TIMEOUT, "community.general.run0", "no question for a password came", "another ansible_become_method"),
    ("the scan ended with status 1 and without a record: sudo: interactive authentication is required", "sudo", "sudo-rs wants a password",
     "NOPASSWD"),
    ("The 'ssh' connection does not provide a TTY which is required for the selected become plugin: community.general.run0.",
     "community.general.run0", "run0 asks for its password on a terminal", "polkit"),
    (f"{TIMEOUT} ?]11;??\\?[1;31m==== AUTHENTICATING FOR org.freedesktop.systemd1.manage-units ==== ?[0m", "community.general.run0",
     "run0 asks for its password on a terminal", "polkit"),
    ("Module result deserialization failed: No start of json char found", "community.general.doas", "doas was given no password, or a wrong one",
     "nopass in doas.conf"),
    ("doas: Operation not permitted", "doas", "doas does not let this user become root", "doas.conf"),
    ("Missing sudo password", "sudo", "becoming root needs a password there", "--ask-become-pass"),
    ("Incorrect sudo password", "sudo", "the password for becoming root is wrong", "ansible_become_password"),
    ("sudo: a password is required", "sudo", "becoming root needs a password there", "--ask-become-pass"),
    ("deploy is not in the sudoers file.", "sudo", "this user may not become root there", "docs/rights.md"),
])
def test_trouble_is_told_in_words_with_a_way_out(text: str, method: str, means: str, helps: str) -> None:
    told = becoming.explained(text, method)
    assert means in told and helps in told.partition("; what helps: ")[2]
    assert "?[" not in told and "]11" not in told
    assert means in last_words("web1", f"web1: {told}") and "what helps" not in last_words("web1", f"web1: {told}")


def test_another_error_stays_as_it_is() -> None:
    assert becoming.explained("the disk is full", "sudo") == "the disk is full"


@pytest.mark.parametrize(("error", "wanted"), [
    ("web1: Data could not be sent to remote host \"127.0.0.50\". Make sure this host can be reached over ssh: ssh: connect to host 127.0.0.50 port "
     "2210: Connection refused", "connect to host 127.0.0.50 port 2210: Connection refused"),
    ("web1: Failed to connect to the host via ssh: " + "@" * 60 + " WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! " + "@" * 60 + " IT IS POSSIBLE "
     "THAT SOMEONE IS DOING SOMETHING NASTY! Host key verification failed.", "Host key verification failed: its key has changed"),
    ("web1: Failed to connect to the host via ssh: ssh: Could not resolve hostname nosuch.example.net: Name or service not known",
     "Could not resolve hostname nosuch.example.net: Name or service not known"),
    ("web1: Failed to connect to the host via ssh: deploy@web1: Permission denied (publickey,password).",
     "deploy@web1: Permission denied (publickey,password)"),
    ("web1: no answer in 180 s", "no answer in 180 s"),
])
def test_the_cause_is_what_is_told(error: str, wanted: str) -> None:
    assert last_words("web1", error).endswith(wanted)
    assert not last_words("web1", error).startswith("web1: ")


@pytest.mark.parametrize(("tried", "wanted"), [
    ("python3 (Python 3.4.3): status 75; ", True), ("", True), ("python3 (Python 2.7.18): status 1; ", True),
    ("python3 (Python 3.11.2): status 1; ", False), ("python3 (Python 3.4.3): status 75; python3.9 (Python 3.9.2): status 126; ", False)])
def test_python_is_too_old_only_where_it_is(tried: str, wanted: bool) -> None:
    assert fallback.is_too_old(tried) is wanted


def test_nothing_that_a_shell_takes_twice_is_in_the_command() -> None:
    """fish makes one backslash of two between single quotes, where other shells keep them."""
    assert "\\\\" not in payload.command(payload.payload(), "n")
