# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is typed: the commands, their options and their help. What they do is in work.py."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from . import exits, places
from .exits import Exit
from .manual import manual
from .work import Asked, Outcome, become, play

STATUSES = "\b\nExit statuses:\n" + "\n".join(f"  {int(status):>3}  {words}" for status, words in exits.MEANINGS.items())
Command = Callable[..., Any]
LOCK_SERVER = "plugins.plugin_utils._rollout.fleet_lock_server"


def own_version() -> str:
    """The version of the package, of the installed collection, or of the checkout."""
    try:
        return version("firebreak-fleet")
    except PackageNotFoundError:
        home = places.collection()
    manifest = home / "MANIFEST.json"
    if manifest.is_file():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    lines = (home / "galaxy.yml").read_text(encoding="utf-8").splitlines()
    return next(line.split()[1] for line in lines if line.startswith("version:"))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=STATUSES)
@click.version_option(package_name=None, version=own_version(), prog_name="firebreak")
def firebreak() -> None:
    """Is every host on the one standard platform, patched in force right now?

    \b
    This machine:             firebreak drift
    Three hosts over ssh:     firebreak drift -i web1,web2,web3 -b
    Make a standard of one:   firebreak adopt web1 -i web1,web2,web3 -b
    Hold all of them to it:   firebreak drift -i web1,web2,web3 -b -e @firebreak_standard.yml

    Each command runs a playbook of the collection firebreak.fleet with ansible-runner; variables of the playbooks work with -e.
    """


def is_there(path: str) -> bool:
    """Whether a path is anything here; one that is too long, or begins with a user that nobody knows, is nothing."""
    try:
        return Path(path).expanduser().exists()
    except (OSError, RuntimeError, ValueError):
        return False


def named_inventories(_context: click.Context, _parameter: click.Parameter, named: tuple[str, ...]) -> tuple[str, ...]:
    """The inventories that were named. Ansible takes a lone name for a path, warns, and then has no host at all."""
    for one in named:
        if "," not in one and not is_there(one):
            raise click.BadParameter(f"{one} is no file or folder here; names of hosts have a comma, the last one too where it is alone: -i {one},")
    return named


def shared(over_hosts: bool) -> Callable[[Command], Command]:
    """The options that commands have in common."""
    options = [
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text."),
        click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors, and no progress."),
        click.option("-e", "--extra-vars", "extra", multiple=True, metavar="VARS", help="Variables: key=value, JSON, or @FILE. May be repeated."),
        click.option("-v", "--verbose", count=True, help="Have Ansible say more; its output is in .firebreak/runs."),
    ]
    if over_hosts:
        options += [
            click.option("-i", "--inventory", multiple=True, metavar="PATH|HOSTS", callback=named_inventories,
                         help="An inventory, or hosts with commas. Without it Ansible's own, and where there is none this machine."),
            click.option("-l", "--limit", default="", metavar="PATTERN", help="Only these hosts; @FILE takes the names from a file."),
            click.option("-b", "--become", is_flag=True, help="Become root on the hosts."),
            click.option("-u", "--user", default="", help="The user to connect as."),
            click.option("-f", "--forks", type=click.IntRange(1), help="How many hosts at a time."),
            click.option("--private-key", type=click.Path(exists=True, dir_okay=False), help="The key to connect with."),
            click.option("--become-password-file", type=click.Path(exists=True, dir_okay=False), help="A file with the password for -b."),
            click.option("--vault-password-file", type=click.Path(exists=True, dir_okay=False), help="A file with the vault's password."),
        ]

    def with_options(function: Command) -> Command:
        return functools.reduce(lambda done, option: option(done), reversed(options), function)

    return with_options


def asked(command: str, typed: dict[str, Any], variables: dict[str, Any], words: Sequence[str] = ()) -> Asked:
    """The typed words as they are meant; relative paths of inventories and variables are the user's."""
    ansible = [*words, *(word for text in typed.get("extra", ()) for word in ("-e", text))]
    for name in ("become", "check"):
        ansible += [f"--{name}"] if typed.get(name) else []
    for name in ("user", "forks", "private_key", "become_password_file", "vault_password_file"):
        ansible += [f"--{name.replace('_', '-')}", str(typed[name])] if typed.get(name) else []
    ansible += ["-" + "v" * typed["verbose"]] if typed.get("verbose") else []
    return Asked(command, {name: value for name, value in variables.items() if value not in ("", None, [], ())}, tuple(typed.get("inventory", ())),
                 typed.get("limit", ""), tuple(ansible), typed.get("slices") or 1, typed.get("group_by", ""), bool(typed.get("as_json")),
                 bool(typed.get("quiet")), bool(typed.get("resume")))


def end(status: Exit) -> None:
    """Leave with a status."""
    click.get_current_context().exit(int(status))


def judged(action: str) -> Callable[[Outcome], Exit]:
    """A command that ends by the verdicts which an action counted."""
    def judge(outcome: Outcome) -> Exit:
        if outcome.missing:
            return Exit.PART
        if outcome.is_error or action not in outcome.seen.results:
            return Exit.ERROR
        return exits.of_summary(outcome.result(action).get("summary") or {})

    return judge


def last_action(typed: Mapping[str, Any]) -> str:
    """The action that a scan ends with: slices end in one report, and only a sliced run is gone on with."""
    return "fleet_report" if typed["slices"] > 1 or typed["resume"] else "leave_records"


def plainly(outcome: Outcome) -> Exit:
    """A command that is done or is not."""
    return Exit.ERROR if outcome.is_error or outcome.seen.failures else Exit.DONE


scanning = [
    click.option("--sections", default="", help="Only these sections of the record, such as os,kernel."),
    click.option("--slices", type=click.IntRange(1), default=1, help="Scan in so many slices side by side, one process each."),
    click.option("--resume", is_flag=True, help="Go on with the last sliced run, as it was asked: only slices that did not come to "
                 "their end are run again."),
    click.option("--report-dir", default="", help="Where to write; without it reports/<UTC time>, with the link reports/latest."),
]


max_disruption = click.option("--max-disruption", default="", metavar="COST",
                              help="The most that a step may cost, such as restart_service or reboot.")


def options(*wanted: Command) -> Callable[[Command], Command]:
    """Several options as one decorator."""
    return lambda function: functools.reduce(lambda done, option: option(done), reversed(wanted), function)


@firebreak.command()
@shared(True)
@options(*scanning)
def scan(**typed: Any) -> None:
    """Scan the hosts and keep their records, without a report.

    \b
    firebreak scan -i inventory -b
    firebreak scan -i inventory --slices 2   # with a report of all slices in the end
    """
    given = {"firebreak_sections": typed["sections"], "firebreak_report_dir": typed["report_dir"]}
    end(play(asked("scan", typed, given), "scan.yml", judged(last_action(typed))))


@firebreak.command()
@shared(True)
@options(*scanning)
@click.option("--group-by", default="", metavar="LABEL", help="Count verdicts by a label of the hosts (firebreak_labels), such as rack.")
@click.option("--keep", type=click.IntRange(0), help="How many reports to keep below reports/; 0 keeps all.")
@click.option("--probe", type=click.Choice(["device", "vm", "vcpu", "guest"]), help="How far hosts are to prove that they can run virtual machines.")
def drift(**typed: Any) -> None:
    """Report how every host differs from the standard.

    \b
    firebreak drift                              # this machine
    firebreak drift -i web1,web2 -b --group-by rack
    firebreak drift -i inventory --slices 4 --json | jq .result.summary
    firebreak drift -l @reports/latest/limit/unreachable -i inventory
    """
    given = {"firebreak_sections": typed["sections"], "firebreak_report_dir": typed["report_dir"], "firebreak_reports_keep": typed["keep"],
             "firebreak_hypervisor_probe": typed["probe"]}
    end(play(asked("drift", typed, given), "report_drift.yml", judged("fleet_report")))


@firebreak.command()
@click.argument("cve", nargs=-1)
@shared(False)
@click.option("--feed", "feeds", multiple=True, help="A feed: a file, a folder or an archive. May be repeated.")
@click.option("--days", type=click.IntRange(1), help="All CVEs that the feeds published in so many days, instead of ids.")
@click.option("--report-dir", default="", help="The report whose records are asked; without it reports/latest.")
def answer(cve: tuple[str, ...], **typed: Any) -> None:
    """Say what a hole means for every host, by the records of a report; touches no host.

    \b
    firebreak answer CVE-2026-31431 --feed /srv/feeds
    """
    given = {"cve": list(cve), "firebreak_feeds": list(typed["feeds"]), "firebreak_answer_days": typed["days"],
             "firebreak_report_dir": typed["report_dir"]}

    def judge(outcome: Outcome) -> Exit:
        if outcome.is_error or "answer_cve" not in outcome.seen.results:
            return Exit.ERROR
        return exits.of_answers(outcome.result("answer_cve").get("summary") or {})

    end(play(asked("answer", typed, given), "answer_cve.yml", judge))


@firebreak.command()
@shared(False)
@max_disruption
@click.option("--report-dir", default="", help="The report whose records are planned for; without it reports/latest.")
def plan(**typed: Any) -> None:
    """Say which steps would bring every host to the standard, the least disruptive first; touches no host.

    \b
    firebreak drift -i inventory -b && firebreak plan
    firebreak plan --max-disruption restart_service --report-dir reports/20261129T080000Z
    firebreak plan --json | jq .result.actions
    """
    given = {"firebreak_max_disruption": typed["max_disruption"], "firebreak_report_dir": typed["report_dir"]}
    end(play(asked("plan", typed, given), "plan_platform.yml", plainly))


@firebreak.command()
@shared(True)
@click.option("--check", is_flag=True, help="Change nothing and say what would be changed.")
@click.option("--waves", "--serial", "waves", default="", metavar="SIZES",
              help="Hosts for each wave: a number, a share such as 10%, or several with commas.")
@max_disruption
@click.option("--leave-out", default="", help="Parts to leave out, such as kernel,kata.")
@click.option("--max-failed", default="", metavar="SIZE", help="How many hosts, or which share, may fail before the waves after them are left alone.")
@click.option("--report-dir", default="", help="Where to write the report of what is left.")
def enforce(**typed: Any) -> None:
    """Bring hosts to the standard, wave by wave, and report what is left.

    \b
    firebreak enforce -i inventory -b --check
    firebreak enforce -i inventory -b --waves 1,10%,100% --max-failed 1% --max-disruption reboot
    """
    given = {"firebreak_waves": typed["waves"], "firebreak_leave_out": typed["leave_out"], "firebreak_max_failed": typed["max_failed"],
             "firebreak_max_disruption": typed["max_disruption"], "firebreak_report_dir": typed["report_dir"]}
    end(play(asked("enforce", typed, given), "enforce_platform.yml", judged("fleet_report")))


@firebreak.command()
@shared(True)
@click.option("--evidence", default="", help="A file, or a folder with a slash at its end, for the evidence.")
@click.option("--evidence-key", default="", help="An OpenSSH key that signs it.")
@click.option("--report-dir", default="", help="The directory of a run, to write the proof beside its report.")
def verify(**typed: Any) -> None:
    """Prove by an independent suite that every host is on the standard. Needs the extra verify: pip install '.[verify]' in a clone.

    \b
    firebreak verify -i inventory -b
    firebreak verify -i inventory -b --evidence audit/ --evidence-key ~/.ssh/id_ed25519
    """
    given = {"firebreak_evidence": typed["evidence"], "firebreak_evidence_key": typed["evidence_key"], "firebreak_report_dir": typed["report_dir"]}

    def judge(outcome: Outcome) -> Exit:
        if "platform_proof" not in outcome.seen.results:
            return Exit.ERROR
        return Exit.DRIFT if outcome.result("platform_proof").get("failures") else plainly(outcome)

    end(play(asked("verify", typed, given), "verify_platform.yml", judge))


@firebreak.command()
@shared(False)
@click.option("--days", type=click.IntRange(0), help="Of so many days, such as 90; 0 is all that is known.")
@click.option("--history", "place", default="", help="Where the history is; without it firebreak_history/ beside reports/.")
def history(**typed: Any) -> None:
    """Say how long hosts were exposed, since when findings stand, and who waived what; touches no host.

    \b
    firebreak history --days 90
    firebreak history --history /srv/fleet/firebreak_history
    """
    given = {"firebreak_history_days": typed["days"], "firebreak_history": typed["place"]}
    end(play(asked("history", typed, given), "show_history.yml", plainly))


@firebreak.command()
@shared(False)
@click.option("--rollout-dir", default="", help="Where the state of rollouts is kept; without it reports/rollout.")
def status(**typed: Any) -> None:
    """Say how far the rollout is: waves, hosts that failed or wait, and what the budget has left.

    \b
    firebreak status
    firebreak status --rollout-dir /srv/fleet/rollout --json | jq .result.counts
    """
    end(play(asked("status", typed, {"firebreak_rollout_dir": typed["rollout_dir"]}), "rollout_status.yml", plainly))


@firebreak.command()
@click.argument("host", required=False, default="")
@shared(True)
@click.option("--file", "path", default="", help="Where to write the standard (firebreak_standard.yml).")
@click.option("--name", default="", help="What the standard is called.")
@click.option("--replace", is_flag=True, help="Replace the file where there is one.")
def adopt(host: str, **typed: Any) -> None:
    """Make a standard of a golden host, one that is as all hosts should be.

    \b
    firebreak adopt web1 -i web1,web2,web3 -b --file group_vars/all/firebreak_standard.yml
    """
    given = {"firebreak_golden_host": host, "firebreak_standard_file": typed["path"], "firebreak_standard_name": typed["name"],
             "firebreak_standard_replace": typed["replace"] or None}
    end(play(asked("adopt", typed, given), "adopt_standard.yml", plainly))


@firebreak.command()
@click.argument("before", required=False, default="")
@click.argument("after", required=False, default="")
@shared(False)
def compare(before: str, after: str, **typed: Any) -> None:
    """Say what changed between two reports; without names between the newest two below reports/.

    \b
    firebreak compare
    firebreak compare reports/20261101T080000Z reports/latest
    """
    given = {"firebreak_compare_before": before, "firebreak_compare_after": after}
    end(play(asked("compare", typed, given), "compare_reports.yml", plainly))


@firebreak.command()
@click.argument("runs", nargs=-1, required=True)
@shared(False)
@click.option("--expected", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
              help="A file with the hosts that must have been scanned, one a line.")
@click.option("--report-dir", default="", help="Where to write; without it reports/<UTC time>.")
@click.option("--group-by", default="", metavar="LABEL", help="Count verdicts by a label of the hosts.")
def report(runs: tuple[str, ...], **typed: Any) -> None:
    """Make one report of the records of earlier runs; touches no host.

    \b
    firebreak report reports/20261129T080000Z
    firebreak report /srv/slice-1 /srv/slice-2 --expected all_hosts.txt
    """
    expected = Path(typed["expected"]).read_text(encoding="utf-8", errors="replace").split() if typed["expected"] else []
    given = {"firebreak_runs": list(runs), "firebreak_hosts_expected": expected, "firebreak_report_dir": typed["report_dir"]}

    def judge(outcome: Outcome) -> Exit:
        return Exit.PART if outcome.result("fleet_report").get("missing") else judged("fleet_report")(outcome)

    end(play(asked("report", typed, given), "report_records.yml", judge))


@firebreak.command()
@shared(True)
def standard(**typed: Any) -> None:
    """Show what hosts are judged by and who set it; connects to no host.

    \b
    firebreak standard -i inventory
    firebreak standard -i inventory -l web1 --json | jq .result
    """
    end(play(asked("standard", typed, {}), "show_standard.yml", plainly))


@firebreak.command()
@click.argument("action", type=click.Choice(["up", "down", "status"]))
def lab(action: str) -> None:
    """Start, stop or look at the lab of virtual machines that a checkout brings.

    \b
    firebreak lab up
    firebreak lab status
    """
    root = places.collection()
    if not (root / "tests/lab/lab.mk").is_file():
        raise click.ClickException("the lab comes with a checkout of the repository only, not with the package")
    end(Exit.DONE if subprocess.run(["make", "--no-print-directory", f"lab-{action}"], cwd=root, check=False).returncode == 0 else Exit.ERROR)


@firebreak.group()
def lock() -> None:
    """Let hosts that update themselves wait in one queue with a rollout, by the protocol FleetLock.

    \b
    firebreak lock serve --rollout reports/rollout --listen 10.0.0.5:8086
    firebreak lock serve --state locks.json --slots workers=2
    firebreak lock serve --help
    """


@lock.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def serve(words: tuple[str, ...]) -> None:
    """Serve it until it is told to end; the server's own --help has its options."""
    become(places.collection(), LOCK_SERVER, words)


@firebreak.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion for a shell.

    \b
    firebreak completion bash > ~/.local/share/bash-completion/completions/firebreak
    firebreak completion zsh > ~/.zfunc/_firebreak
    firebreak completion fish > ~/.config/fish/completions/firebreak.fish
    """
    maker = get_completion_class(shell)
    if maker is None:
        raise click.ClickException(f"no completion for {shell}")
    click.echo(maker(firebreak, {}, "firebreak", "_FIREBREAK_COMPLETE").source())


@firebreak.command(name="man", hidden=True)
def man_page() -> None:
    """Print the manual page in roff."""
    click.echo(manual(firebreak, own_version()))


@firebreak.command(name="exits", hidden=True)
def exit_statuses() -> None:
    """Print the exit statuses as JSON."""
    click.echo(json.dumps({status.name.lower(): int(status) for status in Exit}))


def without_playbooks(group: click.Group) -> None:
    """A command whose playbook this collection does not have is no command."""
    try:
        folder = places.collection() / "playbooks"
    except places.MissingError:
        return
    for command, playbook in (("plan", "plan_platform.yml"), ("status", "rollout_status.yml"), ("history", "show_history.yml")):
        if not (folder / playbook).is_file():
            group.commands.pop(command, None)


without_playbooks(firebreak)
