# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last words of an error are its cause: texts as OpenSSH 9.2 and 10, sudo, and Ansible's plugins around them write them."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.reasons import last_words

SENT = 'Data could not be sent to remote host "192.0.2.9". Make sure this host can be reached over ssh: '
FAILED = "Failed to connect to the host via ssh: "
KNOWN = "Warning: Permanently added '192.0.2.9' (ED25519) to the list of known hosts.\r\n"
BANNER = "*** AUTHORIZED USE ONLY. All activity may be monitored; disconnect IMMEDIATELY if you are not an authorized user. ***\r\n" * 2
FRAME = "@" * 59
CHANGED = (f"{FRAME}\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n{FRAME}\r\n"
           "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\n"
           "Offending ED25519 key in /root/.ssh/known_hosts:3\r\nHost key for 192.0.2.9 has changed and you have requested strict checking.\r\n"
           "Host key verification failed.")
OPEN_KEY = (f"{FRAME}\r\n@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\r\n{FRAME}\r\n"
            "Permissions 0644 for '/root/.ssh/id' are too open.\r\n"
            "This private key will be ignored.\r\nroot@192.0.2.9: Permission denied (publickey).")


@pytest.mark.parametrize(("error", "cause"), [
    (SENT + "ssh: connect to host 192.0.2.9 port 22: Connection refused\r\n", "connect to host 192.0.2.9 port 22: Connection refused"),
    (SENT + CHANGED, "Host key verification failed: its key has changed"),
    (FAILED + "No ED25519 host key is known for 192.0.2.9 and you have requested strict checking.\r\nHost key verification failed.",
     "Host key verification failed"),
    (FAILED + KNOWN + BANNER + "root@192.0.2.9: Permission denied (publickey,password).", "Permission denied (publickey,password)"),
    (FAILED + OPEN_KEY, "Permission denied (publickey): UNPROTECTED PRIVATE KEY FILE"),
    (FAILED + BANNER + 'sign_and_send_pubkey: signing failed for ED25519 "id" from agent: agent refused operation\r\n'
     "root@192.0.2.9: Permission denied (publickey).", "Permission denied (publickey): agent refused operation"),
    (FAILED + "ssh: Could not resolve hostname web9: Temporary failure in name resolution",
     "Could not resolve hostname web9: Temporary failure in name resolution"),
    (FAILED + "ssh: connect to host 192.0.2.9 port 22: Host is down", "connect to host 192.0.2.9 port 22: Host is down"),
    (FAILED + BANNER + "Unable to negotiate with 192.0.2.9 port 22: no matching host key type found. Their offer: ssh-rsa,ssh-dss",
     "no matching host key type found. Their offer: ssh-rsa,ssh-dss"),
    (FAILED + BANNER + "Unable to negotiate with 192.0.2.9 port 22: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1",
     "no matching key exchange method found. Their offer: diffie-hellman-group1-sha1"),
    (FAILED + BANNER + '"System is booting up. Unprivileged users are not permitted to log in yet. Please come back later. See pam_nologin(8)."\r\n'
     "Connection closed by 192.0.2.9 port 22", "Connection closed by 192.0.2.9 port 22: System is booting up"),
    (FAILED + BANNER + "channel 0: open failed: administratively prohibited: open failed\r\nstdio forwarding failed\r\nConnection closed by UNKNOWN "
     "port 65535", "Connection closed by UNKNOWN port 65535: administratively prohibited"),
    (BANNER + "sudo: sorry, you must have a tty to run sudo", "must have a tty to run sudo"),
    ("Missing sudo password", "Missing sudo password"),
    ("the scan ended with status 1 and without a record: sudo: a password is required",
     "the scan ended with status 1 and without a record: sudo: a password is required"),
])
def test_the_cause_is_told_and_not_how_it_was_asked(error: str, cause: str) -> None:
    assert last_words("web9", f"web9: {error}") == cause
