# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a host would not let the scan become root, in words, with the ways out that work.

Tried with sudo-rs 0.2, doas, run0 and ansible-core 2.16 to 2.22 in November 2026.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .._report.reasons import MARK


class Trouble(NamedTuple):
    """What an error says (a pattern), by which way of becoming root it can be meant ('' is any), what that means, and what helps."""

    says: str
    method: str
    means: str
    helps: str


_SUDO_RS = "NOPASSWD for this user in sudoers, ansible_become_exe=sudo.ws (the other sudo), or ansible_become_method=su"
_ANY = "a way to become root without a password, or another ansible_become_method"
TROUBLES = (
    Trouble("waiting for privilege escalation prompt", "sudo",
            "the host was too slow, or sudo asked for its password in words that this ansible-core does not know; so does sudo-rs, Ubuntu's sudo "
            "since 25.10, which no ansible-core before 2.22 can give one", f"a larger ansible_timeout for a slow host; {_SUDO_RS}"),
    Trouble("interactive authentication is required", "", "sudo-rs wants a password and was given none",
            f"{_SUDO_RS}; or ansible-core 2.22 with --ask-become-pass"),
    Trouble(r"does not provide a TTY|AUTHENTICATING FOR|org\.freedesktop\.systemd1", "",
            "run0 asks for its password on a terminal, which a scan has not",
            "a polkit rule that lets this user use run0 without one, or another ansible_become_method"),
    Trouble("No start of json char found", "doas", "doas was given no password, or a wrong one",
            "the right ansible_become_password, or nopass in doas.conf"),
    Trouble("doas: (?:Operation not permitted|not permitted|Authentication failed|Authorization failed)", "",
            "doas does not let this user become root", "a rule in doas.conf, or the right ansible_become_password"),
    Trouble("waiting for privilege escalation prompt", "", "no question for a password came that Ansible knows", _ANY),
    Trouble(r"Missing \w+ password|a password is required", "", "becoming root needs a password there",
            "--ask-become-pass, or a rule that needs none"),
    Trouble(r"Incorrect \w+ password|incorrect password attempt", "", "the password for becoming root is wrong", "the right ansible_become_password"),
    Trouble("is not in the sudoers file|not allowed to execute|may not run", "", "this user may not become root there",
            "the sudoers file of docs/rights.md"),
)
# Terminals are asked what they are, and colours are set: a host's own control sequences come with the control character as a question mark.
_CONTROLS = re.compile(r"(?:\x1b|\?)\](?:\d+;[^\\?\x07]*)?(?:\?\\|\\\?|\x07|\?)?|(?:\x1b|\?)\[[0-9;?]*[a-zA-Z]")


def explained(text: str, method: str = "") -> str:
    """An error about becoming root with what it means behind it; any other error as it is. ``method`` is how it was tried."""
    plain = " ".join(_CONTROLS.sub("", text).split())
    own = method.rpartition(".")[2]
    found = next((trouble for trouble in TROUBLES if re.search(trouble.says, plain, re.IGNORECASE) and trouble.method in ("", own)), None)
    return f"{plain}{MARK}{found.means}; what helps: {found.helps}" if found else plain
