# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge the records of a run and write the reports (see the module of the same name)."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.errors import AnsibleActionFail
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import records, store
from ..plugin_utils._fleet.bounded import counted, dig
from ..plugin_utils._fleet.fleet import Before, Fleet, merge
from ..plugin_utils._history import feeding, observed
from ..plugin_utils._report.artifact import artifact
from ..plugin_utils._report.failing import failures, nobody, unseen
from ..plugin_utils._report.fleet_json import entries, fleet_json, report_head
from ..plugin_utils._report.junit import junit
from ..plugin_utils._report.line import Line
from ..plugin_utils._report.machine import machine
from ..plugin_utils._report.next_steps import Command, connection_words, next_steps, started_by
from ..plugin_utils._report.openmetrics import openmetrics
from ..plugin_utils._report.page import html
from ..plugin_utils._report.rows import csv_text, json_lines, limit_files
from ..plugin_utils._report.sarif import sarif
from ..plugin_utils._report.table import counts, failure, problems, standard_names, table, whether_whole
from ..plugin_utils._settings.places import Job, job_of, shelf
from ..plugin_utils._transport import becoming
from ..plugin_utils._transport.keeping import kept_in
from ..plugin_utils._transport.lasting import ending
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.own_version import version
from ..plugin_utils._transport.terminal import show

ARGUMENTS: dict[str, dict[str, Any]] = {
    "directory": {"type": "path", "required": True},
    "runs": {"type": "list", "elements": "path", "default": []},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "expected": {"type": "list", "elements": "str", "default": []},
    "failed": {"type": "dict", "default": {}},
    "latest": {"type": "bool", "default": False},
    "keep": {"type": "int", "default": 0},
    "fail_on": {"type": "str", "choices": ["never", "drift", "unknown"], "default": "never"},
    "details": {"type": "bool", "default": False},
    "partial": {"type": "bool", "default": False},
    "metrics": {"type": "str", "default": ""},
    "metrics_mode": {"type": "str", "default": "0644"},
    "history": {"type": "raw", "default": ""},
    "slice": {"type": "str", "default": ""},
}

# Options of ansible-playbook, and the settings that hold where they are not typed.
CONNECTION_SETTINGS = {"remote_user": "DEFAULT_REMOTE_USER", "private_key_file": "DEFAULT_PRIVATE_KEY_FILE", "become": "DEFAULT_BECOME",
                       "connection": "DEFAULT_TRANSPORT", "ask_pass": "DEFAULT_ASK_PASS", "become_ask_pass": "DEFAULT_BECOME_ASK_PASS",
                       "become_method": "DEFAULT_BECOME_METHOD", "become_user": "DEFAULT_BECOME_USER"}
# The command line firebreak says here which inventories were typed, as JSON.
STARTED_BY = "FIREBREAK_INVENTORIES"
REPORT_LIMIT = 1024 * 1024 * 1024
REPORT_FILE = store.REPORT


class ActionModule(ControllerAction):
    """The report of a run, as a task. It is written under --check as well: a report changes no host."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write every form of the report, show the short one, and return where it is and whether the run must fail."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        directory = Path(args["directory"]).absolute()
        runs = [Path(run).absolute() for run in args["runs"]] or [directory]
        mode = file_mode(args["metrics_mode"])
        keeps = kept_in(args["history"], directory)
        if args["keep"] < 0:
            raise AnsibleActionFail(f"firebreak_reports_keep is {args['keep']}; wanted 0, which keeps all, or how many reports to keep")
        job = job_of(variables)
        place = shelf(directory, job)
        try:
            before = _earlier(place / store.LATEST if args["latest"] else directory)
            fleet = _merged(runs, args, args["partial"] or is_partial(args["hosts"], variables), before)
            write_reports(directory, fleet)
            if args["metrics"]:
                store.write(Path(args["metrics"]).expanduser().absolute(), openmetrics(fleet), mode)
            self._publish(directory, place, args, fleet.partial)
        except store.StoreError as error:
            raise AnsibleActionFail(str(error)) from None
        store.release(directory)
        show(result, [*_lines(fleet, runs, args["details"]), *_ending(fleet, directory, job)])
        missing = unseen(fleet, args["expected"])
        result.update(changed=False, directory=str(directory), report=str(directory / "fleet.html"), summary=dict(fleet.summary),
                      partial=fleet.partial, missing=wrap_var(missing), failures=wrap_var(failures(fleet, args["fail_on"])),
                      failure=wrap_var("; ".join(filter(None, (nobody(missing, args["expected"]), failure(fleet, args["fail_on"]))))))
        groups = variables.get("groups", {})
        lost = feeding.feed(keeps, directory, REPORT_FILE, lambda: observed.of_report(report_head(fleet), entries(fleet), groups), args["slice"])
        warnings = [text for text in (_silent(fleet), lost) if text]
        if warnings:
            result["warnings"] = wrap_var(warnings)
        if job is not None:
            result["ansible_stats"] = {"data": {f"firebreak_report_{job.number}": wrap_var(artifact(fleet))}, "per_host": False, "aggregate": False}
        return result

    def _publish(self, directory: Path, place: Path, args: Mapping[str, Any], partial: bool) -> None:
        """A whole report becomes the latest, and old ones go after that; a partial one never takes the place of a whole one."""
        # One job of a workflow may be a slice, so only what was merged is the whole.
        is_whole = not partial and (place == directory.parent or bool(args["runs"]))
        if args["latest"] and (is_whole or (place == directory.parent and not store.is_whole(place / store.LATEST))):
            store.publish(directory, place)
            store.prune(place, args["keep"])


def file_mode(text: str) -> int:
    """A file's mode from its octal digits."""
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise AnsibleActionFail(f"firebreak_metrics_mode is {text}; wanted octal digits such as 0644")
    return mode


def is_partial(hosts: list[str], variables: Mapping[str, Any]) -> bool:
    """Whether --limit left out hosts of the inventory: the report of a few must not pass for that of the fleet."""
    everything = variables.get("groups", {}).get("all", [])
    return bool(context.CLIARGS.get("subset")) and bool(hosts) and not set(everything) <= set(hosts)


def _earlier(directory: Path) -> Before:
    """The report before this one: what ``latest`` leads to, or, where a directory was named, what lies in it."""
    run = directory.resolve()
    for path in (run / REPORT_FILE, run / store.BEFORE / REPORT_FILE):
        try:
            text = store.read_if_there(path, REPORT_LIMIT)
            if text is not None:
                return Before(records.parse(text, path))
        except store.StoreError:
            return Before()
    # Another run that ended meanwhile may have made its own the latest, and have taken the one before away.
    return Before() if directory.resolve() == run else _earlier(directory)


def _merged(runs: list[Path], args: Mapping[str, Any], partial: bool, before: Before) -> Fleet:
    missing = [str(run) for run in runs if not run.is_dir()]
    if missing:
        raise store.StoreError(f"cannot read the records of {', '.join(missing)}: no such directory; wanted the directory of a run")
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    why = {str(host): becoming.explained(" ".join(str(message).split())) for host, message in args["failed"].items() if message}
    wanted = [*args["hosts"], *args["expected"]]
    fleet = merge(records.documents(runs, args["hosts"]), wanted, records.standards(runs), now, before, partial, why)
    if not fleet.hosts:
        raise store.StoreError(f"no records in {', '.join(map(str, runs))}: a report of nobody would prove nothing; wanted the directories of runs")
    return replace(fleet, partial=True) if unseen(fleet, args["expected"]) else fleet


def write_reports(directory: Path, fleet: Fleet) -> None:
    """Every form of the report, each file whole or not at all."""
    store.private_directory(directory)
    forms: tuple[tuple[str, Iterable[str]], ...] = (
        (REPORT_FILE, fleet_json(fleet)),
        ("fleet.html", html(fleet)),
        ("fleet.prom", openmetrics(fleet)),
        ("junit.xml", junit(fleet)),
        ("fleet.sarif", sarif(fleet, version())),
        ("findings.csv", csv_text(fleet)),
        ("findings.jsonl", json_lines(fleet)),
    )
    for name, chunks in forms:
        store.write(directory / name, chunks)
    limits = store.private_directory(directory / store.LIMITS)
    files = limit_files(fleet)
    for old in limits.iterdir():
        if old.name not in files and old.is_file():
            old.unlink(missing_ok=True)
    for name, hosts in files.items():
        store.write(limits / name, (f"{host}\n" for host in hosts))


def _lines(fleet: Fleet, runs: list[Path], details: bool) -> list[Line]:
    """The table of a fleet, or the full view of the only machine."""
    if len(fleet.hosts) != 1:
        return list(table(fleet, max(100, shutil.get_terminal_size((120, 24)).columns)))
    host = fleet.hosts[0]
    loaded = next(records.documents(runs, [host.name]), None)
    record = dig(loaded.document, "record") if loaded else None
    return [*machine(host, record, standard_names(fleet), details), *whether_whole(fleet), *problems(fleet), Line(counts(fleet))]


def _ending(fleet: Fleet, directory: Path, job: Job | None) -> Iterator[Line]:
    """Where the report lies, what of it stays, and what to type next."""
    if job is None:
        yield from next_steps(fleet, _command(), os.path.relpath(directory))
    yield Line("")
    yield Line(f"Report: {directory / 'fleet.html'}")
    yield from ending(directory, job, "firebreak_report_dir", f"firebreak_report_{job.number}" if job else "")


def _command() -> Command:
    given = context.CLIARGS
    usual = {name: constants.config.get_config_value(setting) for name, setting in CONNECTION_SETTINGS.items()}
    if STARTED_BY in os.environ:
        return Command("firebreak", "", tuple(json.loads(os.environ[STARTED_BY])), True, connection_words(given, usual, True))
    playbooks, inventories = given.get("args") or (), given.get("inventory") or ()
    playbook = str(playbooks[0]) if playbooks else ""
    return started_by(sys.argv[0], playbook, [str(path) for path in inventories], Path.cwd(), os.environ.get("PATH", ""),
                      connection_words(given, usual))


def _silent(fleet: Fleet) -> str:
    """A warning where hosts could not be judged: their tasks are ok, since a report of a fleet must not end with its first dead host."""
    words = (("unreachable", "could not be reached"), ("unknown", "could not be judged"))
    lost = [f"{counted(fleet.summary[name], 'host')} {said}" for name, said in words if fleet.summary[name]]
    return f"{'; '.join(lost)}: the report names them (-e firebreak_fail_on=unknown fails then)" if lost else ""
