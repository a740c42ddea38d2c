# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the proof suite against the hosts of a play (see the module of the same name)."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from threading import Thread
from typing import Any

from ansible import constants, context
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import store
from ..plugin_utils._fleet.bounded import visible
from ..plugin_utils._history import feeding
from ..plugin_utils._proof import start
from ..plugin_utils._proof.start import Paths, Settings
from ..plugin_utils._report.line import Line
from ..plugin_utils._settings.extras import install
from ..plugin_utils._settings.places import job_of
from ..plugin_utils._standard import in_force
from ..plugin_utils._standard.validation import plain
from ..plugin_utils._transport.keeping import kept_in
from ..plugin_utils._transport.lasting import ending
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.terminal import heard, say, show
from ..plugin_utils._transport.ways import names_a_password

SUITE = Path(__file__).resolve().parents[2] / "tests/platform"
NEEDED = ("pytest", "testinfra")

ARGUMENTS: dict[str, dict[str, Any]] = {
    "path": {"type": "str", "default": ""},
    "reports": {"type": "str", "default": "reports"},
    "hosts": {"type": "list", "elements": "str", "required": True},
    "host_timeout": {"type": "int", "default": 300},
    "evidence": {"type": "str", "default": ""},
    "evidence_key": {"type": "str", "default": "", "no_log": False},
    "history": {"type": "raw", "default": ""},
    "slice": {"type": "str", "default": ""},
}


class ActionModule(ControllerAction):
    """The proof of a fleet, as a task. It runs under --check as well: a proof changes no host."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Hand the hosts and their standards to the suite, show what it says as it says it, and return what is broken."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        check_requirements()
        if not args["hosts"]:
            raise AnsibleActionFail("hosts: an empty list; wanted at least one host, for a proof of nothing proves nothing")
        try:
            report = _report_folder(args)
        except store.StoreError as error:
            raise AnsibleActionFail(str(error)) from None
        keeps = kept_in(args["history"], report.parent)
        with tempfile.TemporaryDirectory(prefix="firebreak-proof-") as scratch:
            settings = command_line_settings()._replace(become_password=self._typed_password(variables))
            known = {host: self._variables(host, variables["hostvars"][host], start.VARIABLES) for host in args["hosts"]}
            paths = self._write(Path(scratch), known, settings, variables["hostvars"], report)
            evidence, key = _absolute(args["evidence"]), _absolute(args["evidence_key"])
            argv = start.command(sys.executable, paths, constants.config.get_config_value("DEFAULT_FORKS"), args["host_timeout"], evidence, key)
            status, said = run_suite(argv, {host: start.becoming(own, settings) for host, own in known.items()})
        job = job_of(variables)
        lasting = [*ending(report, job, "firebreak_report_dir", f"firebreak_proof_{job.number}" if job else ""),
                   *(ending(Path(evidence), job, "firebreak_evidence") if evidence else ())]
        show(result, [*([] if heard() else map(Line, said)), *lasting])
        if status not in (0, 1):
            raise AnsibleActionFail(f"the proof broke off with status {status}: {said[-1] if said else 'it said nothing'}")
        broken = start.broken(json.loads((report / "proof.json").read_text(encoding="utf-8")))
        if not args["path"]:
            store.release(report.parent)
        failure = start.failure(broken, len(args["hosts"])) or ("" if status == 0 else "the proof suite failed")
        result.update(changed=False, directory=str(report), report=str(report / "proof.html"), broken=wrap_var(broken), failure=wrap_var(failure),
                      failures=wrap_var(start.failures(broken, failure, args["hosts"])))
        lost = feeding.feed(keeps, report.parent, feeding.PROOF, lambda: feeding.read(report.parent, feeding.PROOF), args["slice"])
        if lost:
            result["warnings"] = wrap_var([lost])
        if job is not None:
            data = {f"firebreak_proof_{job.number}": wrap_var(start.artifact(broken, args["hosts"]))}
            result["ansible_stats"] = {"data": data, "per_host": False, "aggregate": False}
        return result

    def _write(self, scratch: Path, known: Mapping[str, Mapping[str, Any]], settings: Settings, hostvars: Mapping[str, Any], report: Path) -> Paths:
        """The inventory and the standards, for the suite alone."""
        inventory = {host: start.host_entry(own, settings, str(scratch / str(number))) for number, (host, own) in enumerate(known.items())}
        standards = {host: self._standard(host, hostvars[host]) for host in known}
        store.write(scratch / "hosts.json", [json.dumps({"all": {"hosts": inventory}})])
        store.write(scratch / "standards.json", [json.dumps(standards)])
        return Paths(str(SUITE), str(scratch / "hosts.json"), str(scratch / "standards.json"), str(report))

    def _typed_password(self, variables: Mapping[str, Any]) -> str:
        """What --ask-become-pass was answered; nothing where it may be a host's own instead, which is no other host's business."""
        return "" if names_a_password(self._task, variables) else str(self._play_context.become_pass or "")

    def _variables(self, host: str, variables: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
        """Some of a host's variables, templated."""
        found = {}
        for name in names:
            if name in variables:
                try:
                    found[name] = self._templar.template(variables[name])
                except AnsibleError as error:
                    raise AnsibleActionFail(f"{host}: {name} cannot be templated: {str(error).splitlines()[0]}") from None
        return found

    def _standard(self, host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What a host's standard is made from. The suite merges it anew; here it is only checked, for a clear message."""
        found = self._variables(host, variables, sorted(filter(in_force.is_standard_variable, variables)))
        try:
            in_force.effective(found)
        except in_force.StandardError as error:
            raise AnsibleActionFail(f"{host}: {error}") from None
        meant = {name: in_force.from_text(name, value) for name, value in found.items()}
        return {name: plain(value, name) for name, value in meant.items() if value is not None}


def check_requirements() -> None:
    """The suite needs more than ansible-core; say what, and for which Python."""
    if sys.version_info < (3, 11):
        raise AnsibleActionFail(f"the proof needs Python 3.11 or newer on the controller; this is {sys.version.split()[0]} ({sys.executable})")
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise AnsibleActionFail(f"the proof needs {' and '.join(missing)} in the Python that runs Ansible ({sys.executable}); "
                                f"install it there with: {install('verify')} (or: pip install pytest pytest-testinfra)")
    if not SUITE.is_dir():
        raise AnsibleActionFail(f"the proof suite is not at {SUITE}; this installation of the collection is incomplete")


def command_line_settings() -> Settings:
    """What the command line and ansible.cfg say about connections."""
    given = context.CLIARGS
    value = constants.config.get_config_value
    return Settings(
        user=given.get("remote_user") or value("DEFAULT_REMOTE_USER"), port=value("DEFAULT_REMOTE_PORT"),
        key=given.get("private_key_file") or value("DEFAULT_PRIVATE_KEY_FILE"), common_args=given.get("ssh_common_args") or "",
        extra_args=given.get("ssh_extra_args") or "", become=bool(given.get("become") or value("DEFAULT_BECOME")),
        become_user=given.get("become_user") or value("DEFAULT_BECOME_USER"),
        become_method=given.get("become_method") or value("DEFAULT_BECOME_METHOD"), connection=given.get("connection") or value("DEFAULT_TRANSPORT"),
        timeout=int(given.get("timeout") or value("DEFAULT_TIMEOUT")), check_host_keys=bool(value("HOST_KEY_CHECKING")))


def _absolute(path: str) -> str:
    """A path of the user's, from where the command was started; a final slash, which says folder, stays."""
    return str(Path.cwd() / Path(path).expanduser()) + ("/" if path.endswith("/") else "") if path else ""


def _report_folder(args: Mapping[str, Any]) -> Path:
    """The folder ``proof`` in the run's directory, or in a new one that is named by the time."""
    here = Path.cwd()
    run = here / Path(args["path"]).expanduser() if args["path"] else store.new_run(here / args["reports"], datetime.now(timezone.utc))
    if not args["path"]:
        store.hold(run, os.getppid())
    folder = store.private_directory(run / store.PROOF)
    for name in store.PROOF_FORMS:
        (folder / name).unlink(missing_ok=True)
    return folder


def run_suite(argv: list[str], becoming: Mapping[str, Mapping[str, Any]]) -> tuple[int, list[str]]:
    """The suite's exit status and its lines, each shown as it comes. Nothing it starts may ask on a terminal."""
    environment = {name: value for name, value in os.environ.items() if name not in start.OVERRULING}
    environment.update(PYTHONDONTWRITEBYTECODE="1", ANSIBLE_DEVEL_WARNING="False")
    if constants.CONFIG_FILE:
        environment["ANSIBLE_CONFIG"] = str(constants.CONFIG_FILE)
    lines: list[str] = []
    given, hand_over = os.pipe()
    environment[start.PIPE] = str(given)
    with subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True, umask=0o077, pass_fds=(given,)) as process:
        os.close(given)
        Thread(target=_tell, args=(hand_over, json.dumps({host: own for host, own in becoming.items() if own})), daemon=True).start()
        for line in process.stdout or ():
            say(visible(line.rstrip()))
            lines += [line.strip()] if line.strip() else []
    return process.returncode, lines


def _tell(pipe: int, text: str) -> None:
    """Write to a pipe that nobody may read to its end."""
    with contextlib.suppress(BrokenPipeError), os.fdopen(pipe, "w", encoding="utf-8") as door:
        door.write(text)
