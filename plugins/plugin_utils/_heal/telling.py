# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells what came of an event: a file for a ticket system, and a letter."""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from .._fleet import store
from .._fleet.bounded import one_line, visible
from .deciding import Event

_SECONDS = 30.0
_KEYS = ("to", "from", "server", "port", "user", "password", "starttls")


class TellingError(ValueError):
    """A setting that cannot be meant; the message says what was seen and what is wanted."""


def ticket(folder: str, event: Event, rows: Sequence[Mapping[str, Any]]) -> None:
    """A file about the event, with all that its journal says."""
    place = store.private_directory(Path(folder).expanduser().absolute())
    store.write(place / f"{store.safe_name(event.id)}.json", [json.dumps({"event": event._asdict(), "journal": list(rows)}, indent=1)])


def letter(settings: Mapping[str, Any], event: Event, rows: Sequence[Mapping[str, Any]]) -> EmailMessage:
    """What is sent by mail: its subject is how it ended, its text the journal of the event."""
    to = settings.get("to")
    wrong = [str(name) for name in settings if name not in _KEYS]
    if wrong or not to or not isinstance(to, (str, list)):
        raise TellingError(f"firebreak_heal_mail has {', '.join(map(str, settings)) or 'nothing'}; wanted to, and any of {', '.join(_KEYS[1:])}")
    ended = next((str(row.get("why")) for row in reversed(rows) if row.get("what") == "ended"), "not ended")
    message = EmailMessage()
    message["Subject"] = visible(one_line(f"Firebreak: {event.id}: {ended}"))[:200]
    message["From"] = one_line(settings.get("from") or "firebreak@localhost")
    message["To"] = ", ".join(map(one_line, to if isinstance(to, list) else [to]))
    lines = [" ".join(filter(None, (str(row.get("at")), str(row.get("what")), str(row.get("host") or ""), str(row.get("why"))))) for row in rows]
    holes = f"Holes: {', '.join(event.cves)}\n" if event.cves else ""
    message.set_content(f"Event: {event.kind} {event.id}\n{holes}\n" + "".join(f"{visible(one_line(line))}\n" for line in lines))
    return message


def mail(settings: Mapping[str, Any], event: Event, rows: Sequence[Mapping[str, Any]]) -> None:
    """Send the letter."""
    message = letter(settings, event, rows)
    try:
        with smtplib.SMTP(str(settings.get("server") or "localhost"), int(settings.get("port") or 25), timeout=_SECONDS) as server:
            if settings.get("starttls") in (True, "true", "yes"):
                server.starttls(context=ssl.create_default_context())
            if settings.get("user"):
                server.login(str(settings["user"]), str(settings.get("password") or ""))
            server.send_message(message)
    except (smtplib.SMTPException, ValueError) as error:
        raise TellingError(f"the mail server {settings.get('server') or 'localhost'} did not take it: {error}") from None
