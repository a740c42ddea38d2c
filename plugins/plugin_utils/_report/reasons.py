# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a host could not be judged, in words. An error says its cause last; what stands before it is how the question was asked."""

from __future__ import annotations

import re

from .._fleet.bounded import visible
from .._fleet.host import Host

# The first word of a reason, and what it means.
IN_WORDS = {
    "no_standard": "no standard is declared for it",
    "no_promise": "the standard promises nothing for its platform",
    "no_record": "its scan left no record",
    "record_unreadable": "its record cannot be read",
    "record_schema": "its record is of another version",
    "scan_failed": "the scan failed there",
    "python_too_old": "it has no Python that a scan can run on",
    "image_based": "its system is an image, not packages",
    "unreachable": "it cannot be reached",
}
# What ssh and the shells behind it say, which is all that a person needs to hear.
_CAUSES = re.compile(
    r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|Connection refused|No route to host|Network is unreachable"
    r"|Connection timed out|Operation timed out|Connection reset by peer|Connection closed by [^,;'\"]{1,80}"
    r"|Could not resolve hostname[^,;'\"]{0,120}"
    r"|Name or service not known|Permission denied(?: \([a-z,-]{1,120}\))?|Too many authentication failures|kex_exchange_identification[^,;'\"]{0,80}"
    r"|no matching [a-z ]{3,40} found\. Their offer: [^\s;'\"]{1,60}"
    r"|no answer in \d+ s|Missing (?:sudo|su|doas) password|Incorrect (?:sudo|su|doas) password")
# Of a refusal these say why; what ssh says last is only that it was refused.
_BECAUSE = re.compile(
    r"UNPROTECTED PRIVATE KEY FILE|no mutual signature \w+|agent refused operation|System is (?:booting up|going down)|administratively prohibited"
    r"|password (?:has|is) expired|must have a tty to run sudo", re.IGNORECASE)
_LIMIT = 160
# Stands between what a host said and what that means.
MARK = " — "


def last_words(host: str, error: str) -> str:
    """The cause in an error's text: what is known as one, else its last words."""
    text = " ".join(error.replace("\\r", " ").replace("\\n", " ").split()).removeprefix(f"{host}: ")
    if MARK in text:
        # What it means says more than the words of the host; what helps stands in the report.
        return text.rpartition(MARK)[2].partition("; what helps: ")[0]
    causes = _CAUSES.findall(text)
    if "Host key verification failed" in causes or "REMOTE HOST IDENTIFICATION HAS CHANGED" in causes:
        return "Host key verification failed" + (": its key has changed" if "REMOTE HOST IDENTIFICATION HAS CHANGED" in causes else "")
    because = _BECAUSE.findall(text)
    if len(text) > _LIMIT and (causes or because):
        return ": ".join([*causes[-1:], *because[-1:]])
    cause = re.split(r"over ssh: |: sh: |\bssh: ", text)[-1].strip(" .") or text
    return cause if len(cause) <= _LIMIT else f"…{cause[-_LIMIT:].partition(' ')[2]}"


def why(host: Host) -> str:
    """Why the host was not judged: the last words of its error, else its reasons in words."""
    if host.error:
        return visible(last_words(host.name, host.error))
    return visible("; ".join(map(reason_in_words, host.reasons[:3])) + (f"; and {len(host.reasons) - 3} more" if len(host.reasons) > 3 else ""))


def reason_in_words(reason: str) -> str:
    """A reason of a report with its meaning: ``no_standard`` alone tells nobody anything, and is what documents are searched for."""
    word, _separator, more = reason.partition(": ")
    meaning = IN_WORDS.get(word)
    if meaning is None:
        return reason
    return f"{meaning} ({reason})" if more and word != "no_promise" else f"{meaning} ({word})"
