# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan a host in one round trip, judge it against its standard, and write what was found (see the module of the same name)."""

from __future__ import annotations

import datetime
import functools
import json
import secrets
import shlex
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._scan.scan import DEADLINE, SECTION_DEADLINE, check_sections
from ..plugin_utils._fleet import inventory, store
from ..plugin_utils._judge import evaluate
from ..plugin_utils._standard import in_force, promised_files
from ..plugin_utils._standard.variables import LABELS
from ..plugin_utils._transport import becoming, fallback, payload

# The main process imports this file before it forks its workers: they all find the payload made.
CODE = payload.payload()

# Seconds beyond the scan's own deadline for connecting, sending and starting.
PATIENCE = 60.0

WORST = 5

ARGUMENTS: dict[str, dict[str, Any]] = {
    "sections": {"type": "list", "elements": "str", "default": []},
    "available": {"type": "bool", "default": True},
    "hypervisor_probe": {"type": "str", "choices": ["device", "vm", "vcpu", "guest"], "default": "device"},
    "hypervisor_release": {"type": "str", "default": "/opt/kata"},
    "kata_files": {"type": "list", "elements": "str", "default": []},
    "watched_modules": {"type": "list", "elements": "str", "default": []},
    "watched_sysctls": {"type": "list", "elements": "str", "default": []},
    "deadline": {"type": "int", "default": int(DEADLINE)},
    "section_deadline": {"type": "int", "default": int(SECTION_DEADLINE)},
    "directory": {"type": "path"},
    "standard": {"type": "dict"},
    "standard_overrides": {"type": "list", "elements": "dict"},
    "waivers": {"type": "list", "elements": "dict"},
}

SCAN_OPTIONS = ("sections", "available", "hypervisor_probe", "hypervisor_release", "kata_files", "watched_modules", "watched_sysctls",
                "deadline", "section_deadline")


class Outcome(NamedTuple):
    """How a scan ended: with a record, or with a failure (unreachable, python_too_old, scan_failed) and its one message."""

    record: dict[str, Any] | None = None
    failure: str | None = None
    error: str | None = None


class OverdueError(Exception):
    """The connection gave no answer in time."""


class ActionModule(ActionBase):  # type: ignore[misc]
    """The scan of one host, as a task."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Scan, evaluate, write; whatever the host does is a verdict, never a failed or unreachable task."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        host = str(variables.get("inventory_hostname", "localhost"))
        try:
            check_sections(args["sections"])
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        effective = self._effective(host, args, variables)
        options = {key: args[key] for key in SCAN_OPTIONS}
        options["kata_files"] = sorted({*options["kata_files"], *promised_files.of_standard(effective.standard)})
        options["watched_modules"] = sorted({*options["watched_modules"], *promised_files.modules_of_standard(effective.standard)})
        options["watched_sysctls"] = sorted({*options["watched_sysctls"], *promised_files.sysctls_of_standard(effective.standard)})
        outcome = self._outcome(host, options, variables)
        if outcome.record is not None:
            outcome.record["scanner"]["version"] = version()
        now = datetime.datetime.now(datetime.timezone.utc)
        document = self._document(host, effective, outcome, now) | inventory.words(effective, variables, self._labels(host, variables))
        result.update(changed=False, firebreak=wrap_var(self._summary(host, document, effective, args["directory"])))
        return result

    def _effective(self, host: str, args: Mapping[str, Any], variables: Mapping[str, Any]) -> in_force.Effective:
        """The standard and the waivers in force for this host, from the arguments and from its variables."""
        wanted: dict[str, Any] = {}
        for name in filter(in_force.is_standard_variable, sorted(variables)):
            try:
                wanted[name] = self._templar.template(variables[name])
            except AnsibleError as error:
                raise AnsibleActionFail(f"{host}: {name} cannot be templated: {first_line(error)}") from None
        given = {"firebreak_standard": args["standard"], "firebreak_standard_overrides": args["standard_overrides"],
                 "firebreak_waivers": args["waivers"]}
        wanted.update({name: value for name, value in given.items() if value is not None})
        try:
            return in_force.effective(wanted)
        except in_force.StandardError as error:
            raise AnsibleActionFail(f"{host}: {error}") from None

    def _labels(self, host: str, variables: Mapping[str, Any]) -> Any:
        """The host's firebreak_labels, templated."""
        try:
            return self._templar.template(variables.get(LABELS))
        except AnsibleError as error:
            raise AnsibleActionFail(f"{host}: {LABELS} cannot be templated: {first_line(error)}") from None

    def _outcome(self, host: str, options: dict[str, Any], variables: dict[str, Any]) -> Outcome:
        """Scan over the connection; what the connection does is an outcome too."""
        try:
            with overdue(options["deadline"] + PATIENCE, bool(self._task.timeout)):
                return self._scan(host, options, variables)
        except OverdueError as error:
            return Outcome(None, "unreachable", f"{host}: {error}")
        except AnsibleConnectionFailure as error:
            become = self._connection.become and fallback.is_become_failure(str(error))
            return Outcome(None, "scan_failed" if become else "unreachable", self._told(host, error))
        except AnsibleError as error:
            return Outcome(None, "scan_failed", self._told(host, error))

    def _told(self, host: str, error: object) -> str:
        """An error with the host's name before it and, where it is about becoming root, what it means behind it."""
        method = str(getattr(self._connection.become, "name", "")) if self._connection.become else ""
        return f"{host}: {becoming.explained(first_line(error), method) if method else first_line(error)}"

    def _scan(self, host: str, options: dict[str, Any], variables: dict[str, Any]) -> Outcome:
        if not self._may_send_payload():
            return self._run_module(host, options, variables)
        nonce = secrets.token_hex(8)
        interpreters = self._interpreters(variables)
        try:
            done = self._low_level_execute_command(payload.command(CODE, nonce, interpreters), in_data=payload.standard_input(CODE, options))
        except AnsibleError as error:
            if self._connection.become and fallback.wants_terminal(str(error)):
                return self._run_module(host, options, variables)
            raise
        reply = payload.parse_reply(done["stdout"], done["stderr"], done["rc"], nonce)
        if reply.probe:
            return without_python(host, reply.probe, "none of " + ", ".join(shlex.join(words) for words in interpreters))
        if reply.record is None and self._connection.become and fallback.wants_terminal(done["stderr"] + done["stdout"]):
            return self._run_module(host, options, variables)
        return Outcome(reply.record, None if reply.record else "scan_failed", None if reply.record else self._told(host, reply.error))

    def _may_send_payload(self) -> bool:
        """Whether standard input reaches the host's Python: not over every connection, nor past every way to become another user."""
        become = self._connection.become
        if not getattr(self._connection, "has_pipelining", False) or getattr(become, "require_tty", False):
            return False
        # The terminal that a connection may open for a password takes the place of standard input, unless pipelining rules it out.
        return not has_password(become) or bool(self._is_pipelining_enabled("new"))

    def _interpreters(self, variables: dict[str, Any]) -> list[list[str]]:
        """The interpreter that was set for this host, or those to try in turn where none was or it is 'auto'."""
        where = variables.get("ansible_delegated_vars", {}).get(self._task.delegate_to, variables) if self._task.delegate_to else variables
        setting = self._templar.template(constants.config.get_config_value("INTERPRETER_PYTHON", variables=where))
        if not setting or str(setting).startswith("auto"):
            return [list(words) for words in payload.INTERPRETERS]
        return [shlex.split(str(setting))]

    def _run_module(self, host: str, options: dict[str, Any], variables: dict[str, Any]) -> Outcome:
        """The same scan as a module, the usual way: temporary files, or pipelining as the core does it."""
        answer = self._execute_module(module_name="firebreak.fleet.platform_info", module_args=options, task_vars=variables)
        if isinstance(answer.get("record"), dict) and not answer.get("failed"):
            try:
                return Outcome(payload.check_shape(json.loads(json.dumps(answer["record"]))))
            except ValueError as error:
                return Outcome(None, "scan_failed", f"{host}: the host's answer is no record: {error}")
        text = " ".join(str(answer.get(key, "")) for key in ("msg", "module_stderr", "module_stdout", "exception"))
        if answer.get("unreachable"):
            become = self._connection.become and fallback.is_become_failure(text)
            return Outcome(None, "scan_failed" if become else "unreachable", self._told(host, answer.get("msg", "")))
        said = first_line(answer.get("module_stderr") or answer.get("msg", ""))
        if fallback.is_python_missing(text):
            nonce = secrets.token_hex(8)
            done = self._low_level_execute_command(payload.probe_command(nonce))
            reply = payload.parse_reply(done["stdout"], done["stderr"], done["rc"], nonce)
            if reply.probe:
                return without_python(host, reply.probe, said)
        return Outcome(None, "scan_failed", self._told(host, said))

    def _document(self, host: str, effective: in_force.Effective, outcome: Outcome, now: datetime.datetime) -> dict[str, Any]:
        """The host document (schema firebreak.host/1)."""
        evaluation = evaluate.evaluate(outcome.record, effective, now, outcome.failure)
        return {
            "schema": "firebreak.host/1", "host": host, "scanned_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "verdict": evaluation.verdict, "reasons": list(evaluation.reasons), "standard": effective.sha256,
            "findings": list(evaluation.findings), "waived": list(evaluation.waived), "record": outcome.record, "error": outcome.error,
        }

    def _summary(self, host: str, document: dict[str, Any], effective: in_force.Effective, directory: str | None) -> dict[str, Any]:
        """Write the document; the little that the main process gets to see of it (all of it where there is no directory)."""
        findings = document["findings"]  # the evaluation puts drift before observations, and the worst first
        written: object = document
        if directory:
            try:
                written = str(write_run(Path(directory), document, effective))
            except store.StoreError as error:
                raise AnsibleActionFail(f"{host}: {error}") from None
        summary = {
            "verdict": document["verdict"], "reasons": document["reasons"], "error": document["error"],
            "findings": dict(Counter(item["severity"] for item in findings)), "worst": [item["id"] for item in findings[:WORST]],
            "record": written,
        }
        return summary if directory else {**summary, "standard": evaluate.standard_of(document["record"], effective)}


def without_python(host: str, probe: payload.Probe, tried: str) -> Outcome:
    """The outcome for a host of which only a shell could tell; ``tried`` is said where the shell knows nothing better."""
    now = datetime.datetime.now(datetime.timezone.utc)
    record = fallback.probed_record(probe, now)
    if not fallback.is_too_old(probe.tried):
        return Outcome(record, "scan_failed", f"{host}: no Python that is new enough could run the scan: {probe.tried.rstrip('; ')}")
    return Outcome(record, "python_too_old", fallback.too_old(host, probe, tried))


def write_run(directory: Path, document: dict[str, Any], effective: in_force.Effective) -> Path:
    """Write the host document, and the standard it was judged by if no other host has done so yet; the document's path."""
    if effective.sha256:
        standard = store.private_directory(directory / "standards") / f"{effective.sha256}.json"
        if not standard.exists():
            store.write(standard, [effective.canonical, "\n"])
    path = store.private_directory(directory / "records") / f"{store.safe_name(document['host'])}.json"
    return store.write(path, [json.dumps(document, sort_keys=True, separators=(",", ":")), "\n"])


def has_password(become: Any) -> bool:
    """Whether a become plugin was given a password to type; one that does not know the option may have any."""
    try:
        return become is not None and bool(become.get_option("become_pass"))
    except KeyError:
        return True


@contextmanager
def overdue(seconds: float, is_timed: bool) -> Iterator[None]:
    """Raise OverdueError where the block takes longer; the task's own timeout, if it has one, uses the same alarm and comes first."""
    if is_timed:
        yield
        return

    def ring(number: int, frame: object) -> None:
        raise OverdueError(f"no answer in {seconds:.0f} s")

    before: Callable[..., Any] | int | None = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def first_line(error: object) -> str:
    """One printable, bounded line of an error's text."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = "".join(letter if letter.isprintable() else "?" for letter in " ".join(lines))
    # The cause comes last: ssh's banner about a changed key alone is 500 characters.
    return (text if len(text) <= 600 else f"{text[:200]} … {text[-400:]}") or "no reason was given"


@functools.lru_cache(maxsize=1)
def version() -> str:
    """This collection's version, from galaxy.yml or, once built, from its manifest."""
    root = Path(__file__).resolve().parents[2]
    manifest = root / "MANIFEST.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    return str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])
