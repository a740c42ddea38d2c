# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to each host, worked out by ansible-core itself: its task executor makes the connection and become plugins and sets their options.

So all that a user may set keeps its meaning. What one ssh client without a terminal cannot honour is handed over, with the reason.
"""

from __future__ import annotations

import copy
import functools
import inspect
import os
import secrets
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import ansible
from ansible.executor.task_executor import TaskExecutor
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.template import Templar

from . import doors, kept_session, payload, sessions
from .dialogue import HERE, Escalation
from .documents import Question, first_line
from .peers import TROUBLE, Peer, Peers
from .same_standard import SameStandard

# Where both words of a pair may stand, the connection's own passwords, keys and terminals are for ansible-core to handle.
_OURS = ("ssh", "ansible.builtin.ssh", "smart")
_TYPED = ("sudo", "su")
_KEYWORDS = ("connection", "port", "remote_user", "become", "become_user", "become_method", "become_flags", "become_exe", "timeout", "vars")


# A host's own word on who asks it.
TRANSPORT = "firebreak_transport"


class HandOver(Exception):  # noqa: N818 - it is no error
    """Why this host is left to a task of its own."""


class UnexpectedError(Exception):
    """ansible-core is not built as it was known to be: nothing here can be relied on."""


class Session(NamedTuple):
    """The kept connection that gives this host's command a session without a client, and the variables that it is to have."""

    path: str
    environment: list[str]


class Way(NamedTuple):
    """How one host is asked: the client's words, what it is to say, and what guards the door."""

    question: Question
    argv: list[bytes]
    escalation: Escalation | None
    nonce: str
    tried: str
    method: str
    address: str
    silence: float
    retries: int
    door: str
    kept: str
    session: Session | None


class Asker(NamedTuple):
    """What of an action plugin is needed to work out the ways."""

    task: Any
    task_vars: dict[str, Any]
    play_context: Any
    loader: Any
    shared: Any


class Ways:
    """Works out the way to one host after another."""

    def __init__(self, asker: Asker, action: str, own_arguments: Iterable[str], scan: Callable[..., Any]) -> None:
        self._asker, self._scan = asker, scan
        hostvars = asker.task_vars["hostvars"]
        try:
            self._manager, self._inventory = hostvars._variable_manager, hostvars._inventory
            self._play = play_of(asker.task)
        except AttributeError as error:
            raise UnexpectedError(str(error)) from None
        if str(self._play.strategy).rpartition(".")[2] not in ("linear", "debug"):
            raise UnexpectedError(f"the play's strategy is {self._play.strategy}")
        self._task = self._inner(action, set(own_arguments))
        self._signature = [name for name in inspect.signature(TaskExecutor.__init__).parameters if name != "self"]
        self._context = self._base_context()
        self._plugin = str(Path(ansible.__path__[0]) / "plugins" / "connection" / "ssh.py")
        self._peers = Peers(self._task)
        self._standards = SameStandard()

    def _inner(self, action: str, own: set[str]) -> Any:
        """The task that would scan one host, with the keywords and arguments as they were written, not yet templated."""
        written = self._asker.task._ds
        if not isinstance(written, Mapping):
            raise UnexpectedError("the task does not say how it was written")
        arguments = next((written[name] for name in written if str(name).rpartition(".")[2] == "fleet_scan"), None)
        arguments = written["action"].get("args", {}) if arguments is None and isinstance(written.get("action"), Mapping) else arguments
        if not isinstance(arguments, Mapping) and arguments is not None:
            raise UnexpectedError("the arguments of the task are not a mapping")
        ours = {**(arguments or {}), **(written.get("args") or {})}
        kept = {name: written[name] for name in _KEYWORDS if name in written}
        data = {"name": "scan", action: {name: value for name, value in ours.items() if name not in own}, **kept}
        task = Task.load(data, block=self._asker.task._parent, role=self._asker.task._role, variable_manager=self._manager, loader=self._asker.loader)
        task.squash()
        return task

    def _base_context(self) -> Any:
        """The connection's settings before any host's own: the play's, and the passwords of the command line."""
        ours = self._asker.play_context
        self._unclear = names_a_password(self._asker.task, self._asker.task_vars)
        passwords = {"conn_pass": ours.password, "become_pass": None if self._unclear else ours.become_pass}
        return PlayContext(play=self._play, passwords=passwords, connection_lockfd=ours.connection_lockfd)

    def variables(self, host: str) -> dict[str, Any]:
        """The host's variables as its own task would see them."""
        found: dict[str, Any] = self._manager.get_vars(play=self._play, host=self._inventory.get_host(host), task=self._task)
        return found

    def way(self, host: str) -> Way:
        """How this host is asked; HandOver where it is not for us."""
        variables = self.variables(host)
        if self._unclear and not any(is_become_password(name) for name in variables):
            raise HandOver("whether --ask-become-pass gave a password cannot be told beside the controller's own ansible_become_password")
        if TRANSPORT in variables and Templar(loader=self._asker.loader, variables=variables).template(variables[TRANSPORT]) == "ansible":
            raise HandOver(f"{TRANSPORT} is ansible")
        peer = self._peers.like(variables)
        if peer is None:
            return self._first(host, variables)
        if peer.left:
            raise HandOver(peer.left)
        try:
            templar = Templar(loader=self._asker.loader, variables=variables)
            connection = peer.connection_to(variables, templar)
        except TROUBLE:
            return self._first(host, variables)
        return self._found(host, self._action(peer.task, connection, with_own(variables, connection)), peer)

    def _first(self, host: str, variables: dict[str, Any]) -> Way:
        """The way to a host that is like none before it."""
        try:
            executor, templar = self._executor(host, variables)
            connection = executor._connection
            self._check(connection)
            scan = self._action(executor._task, connection, templar.available_variables)
            peer = Peer({}, "", executor._task, copy.copy(connection), connection._play_context, scan.checked_arguments(),
                        scan.interpreters(templar.available_variables))
        except HandOver as reason:
            self._peers.add(variables, Peer({}, str(reason)))
            raise
        self._peers.add(variables, peer)
        return self._found(host, scan, peer)

    def _action(self, task: Any, connection: Any, variables: dict[str, Any]) -> Any:
        """The action that would scan the host in its own task."""
        return self._scan(task=task, connection=connection, play_context=connection._play_context, loader=self._asker.loader,
                          templar=Templar(loader=self._asker.loader, variables=variables), shared_loader_obj=self._asker.shared)

    def _executor(self, host: str, variables: dict[str, Any]) -> tuple[Any, Any]:
        """ansible-core's own executor of the host's task, up to the moment in which the action would run."""
        task = self._task.copy(exclude_parent=True, exclude_tasks=True)  # squashed: nothing of its parents is left to be looked up
        task._parent = self._task._parent
        named = {"host": self._inventory.get_host(host), "task": task, "job_vars": variables, "play_context": self._context, "new_stdin": None,
                 "loader": self._asker.loader, "shared_loader_obj": self._asker.shared, "final_q": None, "variable_manager": self._manager}
        try:
            executor = TaskExecutor(**{name: named[name] for name in self._signature})
        except KeyError as error:
            raise UnexpectedError(f"the task executor wants {error}") from None
        templar = Templar(loader=self._asker.loader, variables=variables)
        templar = getattr(templar, "_engine", templar)  # since 2.19 a Templar is a shell around what core itself uses
        context = self._context.set_task_and_variable_override(task=task, variables=variables, templar=templar)
        context.post_validate(templar=templar)
        if not context.remote_addr:
            context.remote_addr = named["host"].address
        full = dict(variables)
        context.update_vars(full)
        templar.available_variables = full
        task.post_validate(templar=templar)
        executor._play_context = context
        templar.available_variables = variables
        named_connection = variables.get("ansible_connection")
        kind = str(templar.template(named_connection) if named_connection is not None else task.connection)
        if kind not in _OURS:
            raise HandOver(f"connection {kind}")
        executor._connection = executor._get_connection(variables, templar, kind)
        executor._set_connection_options(variables, templar)
        templar.available_variables = full = with_own(variables, executor._connection)
        executor._connection._play_context = context.set_task_and_variable_override(task=task, variables=full, templar=templar)
        return executor, templar

    def _check(self, connection: Any) -> None:
        """HandOver for what one ssh client without a terminal cannot do as ansible-core would."""
        if os.path.realpath(inspect.getfile(type(connection))) != os.path.realpath(self._plugin) or type(connection).__name__ != "Connection":
            raise HandOver("a connection plugin ssh that is not ansible-core's own")
        if option(connection, "password") or connection._play_context.password or option(connection, "pkcs11_provider"):
            raise HandOver("ssh itself asks for a password")
        if option(connection, "private_key"):
            raise HandOver("the key is given as text")
        if getattr(connection._shell, "_IS_WINDOWS", False):
            raise HandOver("the host's shell is PowerShell")
        words = " ".join(str(option(connection, name) or "") for name in ("ssh_args", "ssh_common_args", "ssh_extra_args"))
        if "requesttty" in words.lower() or any(word.startswith("-t") for word in words.split()):
            raise HandOver("the arguments of ssh ask for a terminal")
        become = connection.become
        if become is not None and getattr(become, "require_tty", False):
            raise HandOver(f"{become.name} wants a terminal")

    def _found(self, host: str, scan: Any, peer: Peer) -> Way:
        connection = scan._connection
        become, method = connection.become, scan.method()
        password = become_password(become, connection._play_context)
        if password is not None and method.rpartition(".")[2] not in _TYPED:
            raise HandOver(f"a password for {method}")
        if password is not None and not option(connection, "pipelining"):
            raise HandOver("pipelining is off, and becoming root needs a password")
        variables = scan._templar.available_variables
        effective = self._standards.of(variables, peer.arguments, functools.partial(scan.effective, host))
        question = scan.question(host, peer.arguments, variables, effective)
        interpreters, nonce = peer.interpreters, secrets.token_hex(8)
        said = spoken(scan, f"echo {HERE.decode()}; {payload.command(scan.code(), nonce, interpreters)}")
        connection.host = connection.get_option("host") or connection._play_context.remote_addr
        argv = connection._build_command(connection.get_option("ssh_executable"), "ssh", connection.host, said)
        words = [to_text(word) for word in argv[:-1]]
        kept = next((word.partition("=")[2].strip('"') for word in words if word.lower().startswith("controlpath=")), "")
        silence = 2.0 + float(connection.get_option("timeout"))
        return Way(question, [to_bytes(word) for word in argv], escalation(become, password, said), nonce,
                   ", ".join(shlex.join(words) for words in interpreters), method, str(connection.host), silence,
                   int(option(connection, "reconnection_retries") or 0), doors.door_of(words, str(connection.host)), kept, session(words))


def play_of(task: Any) -> Any:
    """The play that a task belongs to."""
    above = task._parent
    while not hasattr(above, "_play") and above is not None:
        above = above._parent
    return above._play


def with_own(variables: Mapping[str, Any], connection: Any) -> dict[str, Any]:
    """The variables with what the connection adds to them for the templates of its task."""
    full = dict(variables)
    connection.update_vars(full)
    return full


def names_a_password(task: Any, variables: Mapping[str, Any]) -> bool:
    """Whether the host that a task runs on has a become password of its own: what the command line gave cannot be told from it then."""
    if task.delegate_to:
        variables = variables.get("ansible_delegated_vars", {}).get(task.delegate_to, {})
    return any(is_become_password(name) for name in variables)


def is_become_password(name: str) -> bool:
    """Whether a variable may hold a password for becoming another user."""
    return name.startswith("ansible_") and name.endswith(("_pass", "_password")) and any(
        word in name for word in ("become", "sudo", "su_", "doas"))


def option(plugin: Any, name: str) -> Any:
    """An option of a plugin; None where this ansible-core does not know it."""
    try:
        return plugin.get_option(name)
    except KeyError:
        return None


def become_password(become: Any, context: Any) -> bytes | None:
    """The password for becoming another user, as bytes."""
    given = None if become is None else become.get_option("become_pass", playcontext=context)
    return to_bytes(given, errors="surrogate_or_strict") if given else None


def spoken(scan: Any, command: str) -> str:
    """The command as the action would have given it to its connection: with the become plugin's and the shell's words around it."""
    heard: list[str] = []

    def instead(said: str, in_data: object = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        heard.append(said)
        return 0, b"", b""

    scan._connection.exec_command = instead
    scan._low_level_execute_command(command)
    return heard[0]


def session(words: list[str]) -> Session | None:
    """The session that a client with these words would ask a kept connection for; None where only a client can say what it is to be."""
    path = sessions.kept_path(words[1:-1])
    environment = kept_session.told(words[0]) if path else None
    return None if environment is None else Session(path, environment)


def escalation(become: Any, password: bytes | None, said: str) -> Escalation | None:
    """How another user is become, where the command does so."""
    if become is None or not become.success or become.success not in said:
        return None
    prompt = to_bytes(become.prompt) if isinstance(become.prompt, str) and become.prompt else b""
    return Escalation(str(become.name), to_bytes(become.success), prompt, password, become.check_password_prompt,
                      become.check_incorrect_password, become.check_missing_password)


def handed_over(error: Exception) -> str:
    """Why a host is handed over, in one line."""
    return str(error) if isinstance(error, HandOver) else first_line(error)
