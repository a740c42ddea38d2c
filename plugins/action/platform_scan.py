# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan a host in one round trip, judge it against its standard, and write what was found (see the module of the same name)."""

from __future__ import annotations

import json
import secrets
import shlex
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._scan.asked import DEADLINE, SECTION_DEADLINE, check_sections
from ..plugin_utils._fleet import inventory, store
from ..plugin_utils._standard import in_force, promised_files
from ..plugin_utils._standard.variables import LABELS, SCAN_SECONDS
from ..plugin_utils._transport import fallback, payload
from ..plugin_utils._transport.documents import Outcome, Question, concluded, first_line, outcome_of, prepare, told, without_python
from ..plugin_utils._transport.time_allowed import PATIENCE, time_allowed

# The main process imports this file before it forks its workers: they all find the payload made, and the tables read.
CODE = payload.payload()
prepare()

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
        args = self.checked_arguments()
        host = str(variables.get("inventory_hostname", "localhost"))
        try:
            check_sections(args["sections"])
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        question = self.question(host, args, variables, self.effective(host, args, variables))
        try:
            summary = concluded(question, self._outcome(host, question.options, variables))
        except store.StoreError as error:
            raise AnsibleActionFail(f"{host}: {error}") from None
        result.update(changed=False, firebreak=wrap_var(summary))
        return result

    def checked_arguments(self) -> dict[str, Any]:
        """The task's arguments, each of its type."""
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        return dict(args)

    def code(self) -> payload.Payload:
        """The host code that is sent."""
        return CODE

    def question(self, host: str, args: Mapping[str, Any], variables: Mapping[str, Any], effective: in_force.Effective) -> Question:
        """What is known of a host before it is asked: what it is judged by, and what the task's arguments and its variables say."""
        options = {**{key: args[key] for key in SCAN_OPTIONS}, **self._time_allowed(host, variables)}
        options["kata_files"] = sorted({*options["kata_files"], *promised_files.of_standard(effective.standard)})
        options["watched_modules"] = sorted({*options["watched_modules"], *promised_files.modules_of_standard(effective.standard)})
        options["watched_sysctls"] = sorted({*options["watched_sysctls"], *promised_files.sysctls_of_standard(effective.standard)})
        return Question(host, effective, options, inventory.words(effective, variables, self._labels(host, variables)), args["directory"])

    def effective(self, host: str, args: Mapping[str, Any], variables: Mapping[str, Any]) -> in_force.Effective:
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

    def _time_allowed(self, host: str, variables: Mapping[str, Any]) -> dict[str, int]:
        """The deadlines by the host's own variable, templated."""
        try:
            return time_allowed(self._templar.template(variables.get(SCAN_SECONDS)), DEADLINE)
        except (AnsibleError, ValueError) as error:
            raise AnsibleActionFail(f"{host}: {first_line(error)}") from None

    def _labels(self, host: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The host's firebreak_labels, templated."""
        try:
            return inventory.labels(self._templar.template(variables.get(LABELS)))
        except AnsibleError as error:
            raise AnsibleActionFail(f"{host}: {LABELS} cannot be templated: {first_line(error)}") from None
        except in_force.StandardError as error:
            raise AnsibleActionFail(f"{host}: {error}") from None

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

    def method(self) -> str:
        """How the scan becomes another user; '' where it does not."""
        return str(getattr(self._connection.become, "name", "")) if self._connection.become else ""

    def _told(self, host: str, error: object) -> str:
        return told(host, error, self.method())

    def _scan(self, host: str, options: dict[str, Any], variables: dict[str, Any]) -> Outcome:
        if not self.may_send_payload():
            return self._run_module(host, options, variables)
        nonce = secrets.token_hex(8)
        interpreters = self.interpreters(variables)
        try:
            done = self._low_level_execute_command(payload.command(CODE, nonce, interpreters), in_data=payload.standard_input(CODE, options))
        except AnsibleError as error:
            if fallback.is_without_reason(str(error)):
                self._say_why()
            if self._connection.become and fallback.wants_terminal(str(error)):
                return self._run_module(host, options, variables)
            raise
        reply = payload.parse_reply(done["stdout"], done["stderr"], done["rc"], nonce)
        if reply.error and self._connection.become and fallback.wants_terminal(done["stderr"] + done["stdout"]):
            return self._run_module(host, options, variables)
        return outcome_of(host, reply, ", ".join(shlex.join(words) for words in interpreters), self.method())

    def _say_why(self) -> None:
        """Connect once more with little to send: a client that cannot connect then ends with its reason, which is raised."""
        self._low_level_execute_command("true", in_data=b"\n", sudoable=False)

    def may_send_payload(self) -> bool:
        """Whether standard input reaches the host's Python: not over every connection, nor past every way to become another user."""
        become = self._connection.become
        if not getattr(self._connection, "has_pipelining", False) or getattr(become, "require_tty", False):
            return False
        # The terminal that a connection may open for a password takes the place of standard input, unless pipelining rules it out.
        return not has_password(become) or bool(self._is_pipelining_enabled("new"))

    def interpreters(self, variables: dict[str, Any]) -> list[list[str]]:
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
