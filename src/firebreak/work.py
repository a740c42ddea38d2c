# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command: its playbook, its variables, what is shown of it and how it ends. Nothing here knows how words are typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import click

from . import places
from .exits import Exit
from .running import Ended, Event, Job, Running, ended, stoppable
from .watching import Progress, Seen, show_lines

SCHEMA = "firebreak.cli/1"
VERDICTS = ("compliant", "drifted", "unknown", "unreachable")
SLICE, LIMIT = "scan.yml", "limit"
# The actions whose result is that of a command, those first by which a playbook of several ends.
ANSWERING = ("fleet_report", "leave_records", "platform_proof", "answer_cve", "compare_reports", "show_standard", "rollout_plan", "rollout_state",
             "show_history")
NO_HOSTS = ("report_records.yml", "compare_reports.yml", "answer_cve.yml", "plan_platform.yml", "rollout_status.yml", "show_history.yml")


@dataclass(frozen=True)
class Asked:
    """What was typed: the words that every command over hosts takes, and the variables of this one."""

    command: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    inventory: tuple[str, ...] = ()
    limit: str = ""
    words: tuple[str, ...] = ()
    slices: int = 1
    group_by: str = ""
    as_json: bool = False
    quiet: bool = False
    resume: bool = False

    def ansible(self, private: Path, limit: str = "") -> tuple[str, ...]:
        """The words for ansible-playbook."""
        chosen = limit or self.limit
        return (*self.inventories(private), *(("--limit", chosen) if chosen else ()), *self.words)

    def inventories(self, private: Path) -> tuple[str, ...]:
        """The inventories as words: those that were named, else Ansible's own, else this machine."""
        if self.inventory:
            return tuple(word for path in self.inventory for word in ("-i", path))
        if places.has_inventory(os.environ):
            return ()
        own = private / "this_machine.yml"
        own.write_text(places.THIS_MACHINE, encoding="utf-8")
        return ("-i", str(own))


@dataclass
class Outcome:
    """What came of it: the results of our actions, what they said, and how each run ended."""

    seen: Seen
    runs: list[Ended]
    missing: list[str] = field(default_factory=list)

    @property
    def is_error(self) -> bool:
        """Whether a run ended otherwise than well."""
        return any(run.status != 0 for run in self.runs)

    def result(self, action: str) -> Mapping[str, Any]:
        """What one of our actions returned."""
        return self.seen.results.get(action, {})


def become(home: Path, module: str, words: Sequence[str]) -> NoReturn:
    """Go on as a program of the collection, so that whoever tells this process to end tells that one."""
    path = os.pathsep.join(filter(None, (str(places.importable(home)), os.environ.get("PYTHONPATH"))))
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", f"ansible_collections.firebreak.fleet.{module}", *words], {**os.environ, "PYTHONPATH": path})


def play(asked: Asked, playbook: str, judge: Callable[[Outcome], Exit]) -> Exit:
    """Run a command to its end, show it, and say how it ended."""
    home = places.collection()
    private = places.sliced_run(asked.command) if asked.resume else places.new_run()
    asked = resumed(asked, private) if asked.resume else asked
    note = private / places.NOTE
    note.touch(mode=0o600)
    note.write_text(json.dumps(asdict(asked)), encoding="utf-8")
    try:
        with stoppable():
            outcome = sliced(asked, home, private) if asked.slices > 1 else single(asked, home, private, playbook)
            status = judge(outcome)
            show(asked, outcome, status)
    except KeyboardInterrupt as stopped:
        say_what_goes_on(stopped.args[0] if stopped.args else None, private, asked)
        return Exit.STOPPED
    return status


def resumed(asked: Asked, private: Path) -> Asked:
    """What the run was asked that is gone on with, but for what is typed anew: of Ansible's own words the last is the one that holds."""
    before = json.loads((private / places.NOTE).read_text(encoding="utf-8"))
    return replace(asked, variables={**before["variables"], **asked.variables}, inventory=asked.inventory or tuple(before["inventory"]),
                   limit=asked.limit or before["limit"], words=(*before["words"], *asked.words), group_by=asked.group_by or before["group_by"],
                   slices=asked.slices if asked.slices > 1 else before["slices"])


def single(asked: Asked, home: Path, private: Path, playbook: str) -> Outcome:
    """The playbook in one process."""
    words = asked.ansible(private) if playbook not in NO_HOSTS else ("-i", "localhost,", *asked.words)
    total = 0 if playbook in NO_HOSTS else len(some_hosts(asked, home, private, playbook))
    job = Job("all", private, str(home / "playbooks" / playbook), words, asked.variables)
    seen = Seen(total)
    return Outcome(seen, watched([job], seen, asked, home, 1))


def watched(jobs: Sequence[Job], seen: Seen, asked: Asked, home: Path, parallel: int) -> list[Ended]:
    """Run jobs side by side and show how far they are."""
    progress = Progress(seen, asked.quiet)

    def heard(name: str, event: Event) -> None:
        seen.hear(event, name)
        progress.show()

    told = {**places.environment(home, os.environ), "FIREBREAK_INVENTORIES": json.dumps(asked.inventory)}
    running = Running(jobs, told, heard)
    try:
        return running.run(parallel)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(running) from None
    finally:
        progress.end()


def sliced(asked: Asked, home: Path, private: Path) -> Outcome:
    """The scan in slices, each with a folder of its own, and one report of all."""
    names = some_hosts(asked, home, private, SLICE)
    count = min(asked.slices, len(names))
    done = finished(private, names, count) if asked.resume else frozenset()
    jobs = [slice_job(asked, home, private, number, names[number::count]) for number in range(count)]
    due = [job for number, job in enumerate(jobs) if number not in done]
    seen = Seen(len(names))
    seen.done = sum(len(names[number::count]) for number in done)
    runs = watched(due, seen, asked, home, min(count, os.cpu_count() or 1))
    records = [path for job in jobs if any((path := job.private / "records").glob("records/*.json"))]
    left = broken_off(runs, bool(records))
    if not records:
        return Outcome(seen, runs, left)
    variables = {**asked.variables, "firebreak_runs": [str(path) for path in records], "firebreak_hosts_expected": names,
                 "firebreak_partial": bool(asked.limit)}
    merge = Job("merge", private / "merge", str(home / "playbooks/report_records.yml"), ("-i", "localhost,"), variables)
    total = Seen()
    merged = watched([merge], total, asked, home, 1)
    total.failures |= seen.failures
    return Outcome(total, [*[run for run in runs if run.status != 0], *merged], left)


def broken_off(runs: Sequence[Ended], is_part: bool) -> list[str]:
    """The slices that did not come to a good end: stopped from outside (254), or whatever failed there. Where all failed, that is an error."""
    return [run.name for run in runs if run.status is None or (is_part and run.status != 0)]


def finished(private: Path, names: Sequence[str], count: int) -> frozenset[int]:
    """The slices of an earlier run that came to their end, and were of the same hosts."""
    slices = {number: private / f"slice-{number + 1}" for number in range(count)}
    return frozenset(number for number, own in slices.items() if limit_of(own) == names[number::count]
                     and ended(Job("", own, "", (), {})).status == 0)


def limit_of(own: Path) -> list[str]:
    """The hosts that a slice is of; none where it was not begun."""
    try:
        return (own / LIMIT).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def slice_job(asked: Asked, home: Path, private: Path, number: int, names: Sequence[str]) -> Job:
    """One slice: its hosts by a file, since thousands of names are no argument, and a folder that it shares with none."""
    own = private / f"slice-{number + 1}"
    own.mkdir(mode=0o700, exist_ok=True)
    limit = own / LIMIT
    limit.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    variables = {**asked.variables, "firebreak_report_dir": str(own / "records")}
    return Job(f"slice {number + 1}", own, str(home / "playbooks" / SLICE), asked.ansible(private, f"@{limit}"), variables)


def some_hosts(asked: Asked, home: Path, private: Path, playbook: str) -> list[str]:
    """The hosts that are meant, of which there must be one: a playbook without hosts does nothing, and ends well."""
    names = hosts(asked, home, private, playbook)
    if not names:
        raise click.ClickException("no host matches: look at the inventory, --limit and firebreak_hosts")
    return names


def hosts(asked: Asked, home: Path, private: Path, playbook: str) -> list[str]:
    """The hosts that the words mean for a playbook's first play, by Ansible itself: firebreak_hosts may stand in any of them."""
    variables = ("-e", json.dumps(asked.variables)) if asked.variables else ()
    ansible = [sys.executable, "-m", "ansible", "playbook", str(home / "playbooks" / playbook), *variables, *asked.ansible(private), "--list-hosts"]
    done = subprocess.run(ansible, env={**os.environ, **places.environment(home, os.environ)}, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise click.ClickException(" ".join((done.stderr or done.stdout).split())[-1000:])
    return listed_hosts(done.stdout)


def listed_hosts(text: str) -> list[str]:
    """The hosts of the first play, of what ansible-playbook --list-hosts prints."""
    first = text.partition("play #1 ")[2].partition("\n  play #2 ")[0]
    return sorted(line[6:] for line in first.splitlines() if line.startswith("      "))


def say_what_goes_on(running: Running | None, private: Path, asked: Asked) -> None:
    """Tell the truth about a stopped run: Ansible's worker and what it started on a host may go on without it."""
    click.echo("Asked to stop, and all processes here have ended.", err=True)
    going = sorted(running.going_on()) if running else []
    for host, task in going[:20]:
        click.echo(f"  {host} is still in task {task!r}: what was begun there ends by itself", err=True)
    if len(going) > 20:
        click.echo(f"  and {len(going) - 20} more hosts", err=True)
    if asked.slices > 1:
        click.echo(f"Resume with: firebreak {asked.command} --resume (in {private})", err=True)


def show(asked: Asked, outcome: Outcome, status: Exit) -> None:
    """The result: a document for programs, or lines for people; what went wrong goes to standard error in both cases."""
    report = outcome.result("fleet_report")
    groups = grouped(report, asked.group_by) if asked.group_by else {}
    if asked.as_json:
        click.echo(json.dumps(document(asked, outcome, status, groups), indent=2, sort_keys=True))
    elif not asked.quiet:
        show_lines(outcome.seen.lines)
        show_groups(asked.group_by, groups)
        for name, count in sorted(outcome.seen.changed.items()):
            click.echo(f"changed on {count}: {name}")
    for text in outcome.seen.warnings[:20]:
        click.echo(f"warning: {text.strip()}", err=True)
    for name in outcome.missing:
        click.echo(f"{name} broke off: its hosts are in the report as unknown (firebreak {asked.command} --resume tries them again)", err=True)
    if outcome.is_error or status is Exit.ERROR:
        for host, text in list(outcome.seen.failures.items())[:20]:
            click.echo(f"{host}: {text}" if host else text, err=True)
        for run in outcome.runs:
            if run.status not in (0, 2) and run.said.strip():
                click.echo(run.said.strip(), err=True)


def document(asked: Asked, outcome: Outcome, status: Exit, groups: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """The document of --json."""
    seen = outcome.seen
    main = next((seen.results[name] for name in ANSWERING if name in seen.results), {"told": [text for text, _color in seen.lines]})
    dropped = ("lines", "msg", "exception", "invocation", "changed", "failures", "ansible_stats", "warnings")
    data = {key: value for key, value in main.items() if key not in dropped and not key.startswith("_")}
    return {"schema": SCHEMA, "command": asked.command, "exit": int(status), "outcome": status.name.lower(), "result": data,
            "failures": seen.failures, "warnings": seen.warnings, "missing_slices": outcome.missing,
            **({"groups": groups} if asked.group_by else {})}


def grouped(report: Mapping[str, Any], label: str) -> dict[str, dict[str, int]]:
    """How many hosts of each verdict there are by the value of a label; hosts without it are under ''."""
    try:
        fleet = json.loads((Path(str(report["directory"])) / "fleet.json").read_text(encoding="utf-8"))
    except (KeyError, OSError, ValueError):
        return {}
    groups: dict[str, dict[str, int]] = {}
    for host in fleet["hosts"].values():
        group = groups.setdefault(str((host.get("labels") or {}).get(label, "")), dict.fromkeys(VERDICTS, 0))
        group[host["verdict"]] += 1
    return dict(sorted(groups.items()))


def show_groups(label: str, groups: Mapping[str, Mapping[str, int]]) -> None:
    """A table of groups."""
    if not groups:
        return
    width = max(len(label), *(len(name or "(none)") for name in groups))
    click.echo(f"\n{label.upper():<{width}}  COMPLIANT  DRIFTED  UNKNOWN  UNREACHABLE")
    for name, counts in groups.items():
        click.echo(f"{name or '(none)':<{width}}  {counts['compliant']:>9}  {counts['drifted']:>7}  {counts['unknown']:>7}  "
                   f"{counts['unreachable']:>11}")
