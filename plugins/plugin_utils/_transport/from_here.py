# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scan of a play's hosts from this process: who can be asked so is, how far it has come is said, and how each was asked is kept."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.utils.unsafe_proxy import wrap_var

from .._fleet import store
from .._report.line import Line
from .documents import first_line
from .fleet import FleetScan, Plan, Result
from .last_look import ASKED, kept_by
from .payload import payload
from .terminal import say, show
from .ways import Asker, UnexpectedError, Ways

INTERVAL = 5.0
NAMED = 3


def scanned(asker: Asker, args: dict[str, Any], own: Iterable[str], scan: Any) -> dict[str, Any]:
    """The result of the task; ``scan`` is the action that would scan a host in a task of its own, ``own`` are the arguments that it does not have."""
    hosts = args["hosts"] or [str(host) for host in asker.task_vars.get("ansible_play_batch", [])]
    found = _found(asker, hosts, args, own, scan)
    if args["directory"]:
        _say_how(Path(args["directory"]), found)
    result: dict[str, Any] = {"changed": False, "scanned": len(found.summaries), "left": wrap_var(found.left)}
    show(result, lines(found))
    return result if args["directory"] else {**result, "hosts": wrap_var(found.summaries)}


def _found(asker: Asker, hosts: list[str], args: dict[str, Any], own: Iterable[str], scan: Any) -> Result:
    if args["transport"] == "ansible":
        return _all_left(hosts, "firebreak_transport is ansible")
    if not asker.task.run_once:
        return _all_left(hosts, "the task is not run_once")
    try:
        ways = Ways(asker, "firebreak.fleet.platform_scan", own, scan)
        forks = args["forks"] or int(constants.DEFAULT_FORKS)
        kept = kept_by(Path(args["last"])) if args["last"] else {}
        plan = Plan(hosts, ways.way, payload(), forks, float(args["patience"]), kept)
        return FleetScan(plan, Progress(len(hosts)).tell).run()
    except UnexpectedError as error:
        return _all_left(hosts, f"not under this ansible-core or strategy: {first_line(error)}")


def _all_left(hosts: list[str], why: str) -> Result:
    return Result({}, dict.fromkeys(hosts, why), {})


class Progress:
    """Says now and then how far the scan has come, how fast it is and what is worst so far."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._begun = self._told = time.monotonic()

    def tell(self, summaries: dict[str, dict[str, Any]], left: int) -> None:
        """Say it, if it is time to."""
        now = time.monotonic()
        if now - self._told < INTERVAL or not summaries:
            return
        self._told = now
        say(progress(len(summaries) + left, self._total, now - self._begun, Counter(item["verdict"] for item in summaries.values())))


def progress(done: int, total: int, seconds: float, verdicts: Counter[str]) -> str:
    """One line: hosts done, hosts a second, time left, verdicts, the most frequent first."""
    rate = done / seconds
    said = ", ".join(f"{count} {name}" for name, count in verdicts.most_common())
    return f"scanned {done} of {total} hosts, {rate:.1f} a second, {(total - done) / rate:.0f} s left: {said}"


def lines(found: Result) -> list[Line]:
    """How the hosts were asked: in one line, and one for each reason why some are left to a task of their own."""
    if not found.left:
        return []
    reasons: dict[str, list[str]] = {}
    for host, reason in sorted(found.left.items()):
        reasons.setdefault(reason, []).append(host)
    more = {reason: f" and {len(hosts) - NAMED} more" if len(hosts) > NAMED else "" for reason, hosts in reasons.items()}
    return [Line(f"asked by a task of its own: {', '.join(hosts[:NAMED])}{more[reason]} ({reason})") for reason, hosts in reasons.items()]


def _say_how(directory: Path, found: Result) -> None:
    """Keep beside the records how each host was asked, and why, and the digests by which they are known at the next look."""
    how = {host: {"by": "fleet_scan", "why": "", "digest": found.digests[host]} for host in found.summaries}
    how |= {host: {"by": "platform_scan", "why": reason} for host, reason in found.left.items()}
    store.write(store.private_directory(directory) / ASKED, [json.dumps(how, sort_keys=True), "\n"])
