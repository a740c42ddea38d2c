# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A step of healing the fleet by itself (see the module of the same name)."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import store
from ..plugin_utils._fleet.host import DISRUPTIONS
from ..plugin_utils._heal import deciding, journal, telling
from ..plugin_utils._heal.deciding import Decision, Event, EventError
from ..plugin_utils._history import feeding
from ..plugin_utils._history.database import of_folder
from ..plugin_utils._report.line import Line
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.terminal import show

ARGUMENTS: dict[str, dict[str, Any]] = {
    "do": {"type": "str", "choices": ["begin", "decide", "end", "untold"], "required": True},
    "directory": {"type": "str", "default": "reports/heal"},
    "event": {"type": "raw", "default": {}},
    "enabled": {"type": "bool", "default": False},
    "per_day": {"type": "int", "default": 4},
    "wait_minutes": {"type": "float", "default": 720.0},
    "report": {"type": "str", "default": ""},
    "healable": {"type": "list", "elements": "str", "default": []},
    "max_disruption": {"type": "str", "choices": list(DISRUPTIONS), "default": "none"},
    "healed": {"type": "dict", "default": {}},
    "tickets": {"type": "str", "default": ""},
    "mail": {"type": "dict", "default": {}},
    "history": {"type": "raw", "default": ""},
    "why": {"type": "str", "default": ""},
}
_FORM = "%Y-%m-%dT%H:%M:%SZ"
# A pattern that no host of an inventory matches: an empty one would stand for all of them.
NOBODY = "firebreak_heals_nobody"


class ActionModule(ControllerAction):
    """Healing, as tasks on the controller. Under check mode nothing is begun."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do one step, note it in the journal, and return what follows from it."""
        result: dict[str, Any] = super().run(tmp, task_vars or {})
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        folder = Path(args["directory"]).expanduser().absolute()
        now = datetime.now(timezone.utc)
        try:
            answer = {"begin": _begun, "decide": _decided, "end": _ended, "untold": _untold}[args["do"]](folder, args, now)
        except (store.StoreError, EventError) as error:
            raise AnsibleActionFail(str(error)) from None
        show(result, [Line(text) for text in answer.pop("said")])
        result.update(changed=False, **wrap_var(answer))
        return result


def _row(event: Event | None, now: datetime, what: str, why: str, **more: Any) -> dict[str, Any]:
    return {"at": now.strftime(_FORM), "event": event.id if event else "", "what": what, "why": why, **more}


def _begun(folder: Path, args: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Whether this event is acted upon: whatever is decided stands in the journal before anything is done."""
    try:
        event = deciding.event(args["event"])
    except EventError as error:
        journal.note(folder, [_row(None, now, "refused", str(error))])
        return _not(f"refused: {error}")
    if not args["enabled"]:
        return _noted(folder, event, now, "healing is switched off (firebreak_heal is not true)")
    try:
        # The worker's parent is the run itself.
        orphan = journal.take(folder, os.getppid(), event.id, args["wait_minutes"] * 60)
    except journal.BusyError as error:
        return _noted(folder, event, now, str(error))
    now = datetime.now(timezone.utc)
    if journal.begun_since(folder, (now - timedelta(days=1)).strftime(_FORM)) >= args["per_day"]:
        journal.give_back(folder)
        return _noted(folder, event, now, f"{args['per_day']} runs were begun within a day, which is what firebreak_heal_per_day allows")
    rows = [_row(event, now, "orphan", f"the run of {orphan} ended without a word; what it did is seen by this scan")] if orphan else []
    journal.note(folder, [*rows, _row(event, now, "begun", f"{event.kind} {', '.join(event.cves)}".strip())])
    place = store.private_directory(folder / now.strftime("%Y%m%dT%H%M%SZ"))
    return {"go": True, "why": "", "id": event.id, "kind": event.kind, "cves": list(event.cves), "place": str(place),
            "history": _history(folder, args).place or False, "said": [f"{event.id}: begun"]}


def _history(folder: Path, args: dict[str, Any]) -> feeding.Setting:
    """The history that the reports of all runs of healing feed."""
    return feeding.setting(args["history"], of_folder(folder))


def _noted(folder: Path, event: Event, now: datetime, why: str) -> dict[str, Any]:
    journal.note(folder, [_row(event, now, deciding.NOT_DONE, why)])
    return _not(f"{event.id}: not done: {why}")


def _not(why: str) -> dict[str, Any]:
    return {"go": False, "why": why, "id": "", "kind": "", "cves": [], "place": "", "history": False, "said": [why]}


def _read(report: str, name: str) -> Any:
    path = Path(report) / name
    try:
        text = store.read_if_there(path, feeding.LIMIT)
        return json.loads(text) if text is not None else None
    except ValueError:
        return None


def _seen(args: dict[str, Any], event: Event) -> list[Decision]:
    fleet = _read(args["report"], feeding.REPORT)
    if event.kind == deciding.ADVISORY:
        return deciding.of_holes(_read(args["report"], feeding.ANSWERS), fleet, args["max_disruption"])
    return deciding.of_drift(fleet, args["healable"], args["max_disruption"])


def _decided(folder: Path, args: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Who is healed by which parts, and who is not and why."""
    event = deciding.event(args["event"])
    found = _seen(args, event)
    journal.note(folder, (_row(event, now, one.decision if one.decision != deciding.DONE else "to_do", one.reason, host=one.host) for one in found))
    chosen = {one.host: list(one.parts) for one in found if one.decision == deciding.DONE}
    said = [f"{one.host}: {one.decision if one.decision != deciding.DONE else 'healed by ' + ', '.join(one.parts)}: {one.reason}" for one in found]
    return {"hosts": ",".join(chosen) or NOBODY, "healed": chosen, "leave_out": {host: deciding.left_out(parts) for host, parts in chosen.items()},
            "said": said or [f"{event.id}: no host has it"]}


def _ended(folder: Path, args: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What came of it, by the scan, the answers and the proof after it: it is told, and the lock is given back."""
    event = deciding.event(args["event"])
    found = deciding.came_of(args["healed"], _seen(args, event), _broken(_read(args["report"], feeding.PROOF)))
    rows = [_row(event, now, one.decision, one.reason, host=one.host) for one in found]
    counts = Counter(row["what"] for row in rows)
    rows.append(_row(event, now, "ended", ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "nobody had to be healed"))
    journal.note(folder, rows)
    lost = [*_told(folder, args, event), feeding.feed_journals(_history(folder, args), [folder])]
    journal.give_back(folder)
    return {"not_healed": [row["host"] for row in rows if row["what"] == deciding.NOT_HEALED], "summary": rows[-1]["why"],
            "said": [f"{event.id}: {rows[-1]['why']}", *filter(None, lost)]}


def _broken(proof: Any) -> dict[str, list[str]] | None:
    """The broken promises of each host that the proof reached; None where there is none."""
    hosts = proof.get("hosts") if isinstance(proof, dict) else None
    if not isinstance(hosts, dict):
        return None
    return {host: list(map(str, found.get("broken") or ())) for host, found in hosts.items() if isinstance(found, dict) and found.get("promises")}


def _told(folder: Path, args: dict[str, Any], event: Event) -> list[str]:
    """A ticket and a letter about the event; one that cannot be sent stands in the journal, and stops nothing."""
    own = [row for row in journal.lines(folder) if row.get("event") == event.id]
    lost = []
    for what, tell in (("tickets", telling.ticket), ("mail", telling.mail)):
        if args[what]:
            try:
                tell(args[what], event, own)
            except (OSError, store.StoreError, telling.TellingError) as error:
                lost.append(f"{what}: {' '.join(str(error).split())[:300]}")
    journal.note(folder, [_row(event, datetime.now(timezone.utc), "not_told", why) for why in lost])
    return lost


def _untold(folder: Path, args: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Who waits for word of an event at the other end of the webhook did not get it."""
    event, why = deciding.event(args["event"]), f"webhook: {' '.join(args['why'].split())[:300]}"
    journal.note(folder, [_row(event, now, "not_told", why)])
    return {"said": [f"{event.id}: {why}"]}
