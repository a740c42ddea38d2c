# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the proof suite (tests/platform) is started from a play: each host as testinfra understands it, the command line, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._fleet.bounded import clipped, visible

# The connection variables that testinfra reads, each with the names by which Ansible knows it, the first one first.
_CONNECTION = {
    "ansible_host": ("ansible_host", "ansible_ssh_host"),
    "ansible_port": ("ansible_port", "ansible_ssh_port"),
    "ansible_user": ("ansible_user", "ansible_ssh_user"),
    "ansible_ssh_private_key_file": ("ansible_ssh_private_key_file", "ansible_private_key_file"),
    "ansible_ssh_common_args": ("ansible_ssh_common_args",),
    "ansible_ssh_extra_args": ("ansible_ssh_extra_args",),
    "ansible_become": ("ansible_become",),
    "ansible_become_user": ("ansible_become_user", "ansible_sudo_user", "ansible_su_user", "ansible_doas_user"),
    "ansible_become_method": ("ansible_become_method",),
    "ansible_become_exe": ("ansible_become_exe", "ansible_sudo_exe", "ansible_su_exe", "ansible_doas_exe"),
    "ansible_connection": ("ansible_connection",),
    "ansible_timeout": ("ansible_timeout", "ansible_ssh_timeout"),
}
PASSWORDS = ("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass", "ansible_su_pass", "ansible_doas_pass")
VARIABLES = (*(name for names in _CONNECTION.values() for name in names), *PASSWORDS)
# The connections over which the suite becomes another user by itself; over others testinfra does so by sudo, without a password.
_OWN_WAYS = ("ssh", "local")

# They would win over what stands in the inventory for each host.
OVERRULING = ("ANSIBLE_BECOME", "ANSIBLE_BECOME_USER", "ANSIBLE_REMOTE_PORT", "ANSIBLE_SSH_COMMON_ARGS", "ANSIBLE_SSH_EXTRA_ARGS",
              "ANSIBLE_REMOTE_USER", "ANSIBLE_INVENTORY", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")

# The suite reads there, from a pipe, how it becomes another user.
PIPE = "FIREBREAK_BECOMING"

_SHOWN = 10


class Settings(NamedTuple):
    """What holds for every host whose own variables do not say otherwise: from the command line and ansible.cfg."""

    user: str | None = None
    port: int | None = None
    key: str | None = None
    common_args: str = ""
    extra_args: str = ""
    become: bool = False
    become_user: str | None = None
    become_method: str = "sudo"
    become_password: str = ""
    connection: str = "ssh"
    timeout: int = 10
    check_host_keys: bool = True


def _own(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: next((variables[known] for known in names if variables.get(known) is not None), None) for name, names in _CONNECTION.items()}


def host_entry(variables: Mapping[str, Any], settings: Settings, socket: str) -> dict[str, Any]:
    """A host's variables in an inventory for testinfra, which resolves nothing itself; ``socket`` is a path for this host's shared connection."""
    own = _own(variables)
    entry = {
        "ansible_host": own["ansible_host"],
        "ansible_port": own["ansible_port"] or settings.port,
        "ansible_user": _user(own, settings),
        "ansible_ssh_private_key_file": own["ansible_ssh_private_key_file"] or settings.key,
        "ansible_connection": _connection(own, settings),
        "ansible_ssh_common_args": own["ansible_ssh_common_args"] or settings.common_args,
    }
    if _becomes(own, settings) and entry["ansible_connection"] not in _OWN_WAYS:
        entry["ansible_become"] = True
        entry["ansible_become_user"] = own["ansible_become_user"] or settings.become_user
    extra = str(own["ansible_ssh_extra_args"] or settings.extra_args)
    terminal = ["-tt"] if becoming(variables, settings).get("on_terminal") else []
    entry["ansible_ssh_extra_args"] = " ".join([extra, *terminal, *_ssh_options(own, settings, socket)]).strip()
    return {name: str(value) if name != "ansible_become" else value for name, value in entry.items() if value not in (None, "")}


def becoming(variables: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """How the suite becomes another user on a host, with the password; {} where it does not. Never for a command line, an environment or a file."""
    own = _own(variables)
    connection = _connection(own, settings)
    if not _becomes(own, settings) or connection not in _OWN_WAYS:
        return {}
    method = str(own["ansible_become_method"] or settings.become_method).rpartition(".")[2]
    password = next((str(variables[name]) for name in PASSWORDS if variables.get(name) not in (None, "")), settings.become_password)
    return {"method": method, "program": str(own["ansible_become_exe"] or ""), "user": _become_user(own, settings), "password": password,
            # doas asks on a terminal, and nowhere else.
            "on_terminal": method == "doas" and bool(password) and connection == "ssh"}


def _connection(own: Mapping[str, Any], settings: Settings) -> str:
    return str(own["ansible_connection"] or settings.connection).removeprefix("ansible.builtin.")


def _user(own: Mapping[str, Any], settings: Settings) -> Any:
    return own["ansible_user"] or settings.user


def _become_user(own: Mapping[str, Any], settings: Settings) -> str:
    return str(own["ansible_become_user"] or settings.become_user or "root")


def _becomes(own: Mapping[str, Any], settings: Settings) -> bool:
    """Whether another user is to be become. sudo may not even be installed where the login is root's."""
    wanted = settings.become if own["ansible_become"] is None else _is_true(own["ansible_become"])
    return wanted and _user(own, settings) != "root"


def _is_true(value: Any) -> bool:
    return str(value).lower() in ("true", "yes", "1", "on", "y", "t")


def _ssh_options(own: Mapping[str, Any], settings: Settings, socket: str) -> Iterator[str]:
    """Never ask a person, wait as long as Ansible would, notice a dead connection, and connect once per host."""
    yield "-o BatchMode=yes"
    yield f"-o ConnectTimeout={int(own['ansible_timeout'] or settings.timeout)}"
    yield "-o ServerAliveInterval=15 -o ServerAliveCountMax=4"
    # Never named by the address: two hosts behind two jump hosts may have the same one.
    yield f"-o ControlMaster=auto -o ControlPersist=30s -o ControlPath={socket}"
    if not settings.check_host_keys:
        yield "-o StrictHostKeyChecking=no"


class Paths(NamedTuple):
    """Where the suite lies and where it reads and writes."""

    suite: str
    inventory: str
    standards: str
    report: str


def command(python: str, paths: Paths, forks: int, timeout: int, evidence: str, key: str) -> list[str]:
    """The command line of pytest."""
    argv = [python, "-m", "pytest", paths.suite, "-c", f"{paths.suite}/pytest.ini", f"--rootdir={paths.suite}", "--color=no", "-q",
            "--tb=no", "-rN", "-p", "no:xdist",
            "--hosts=ansible://all", f"--ansible-inventory={paths.inventory}", f"--firebreak-standards={paths.standards}",
            f"--firebreak-report={paths.report}", f"--junitxml={paths.report}/junit.xml", f"--firebreak-forks={forks}",
            f"--firebreak-host-timeout={timeout}"]
    argv += [f"--firebreak-evidence={evidence}"] if evidence else []
    return argv + ([f"--firebreak-evidence-key={key}"] if key else [])


def broken(proof: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The broken promises in proof.json: host, promise, sentence."""
    return {host: {name: str(found["promises"][name]["sentence"]) for name in found["broken"]}
            for host, found in proof["hosts"].items() if found["broken"]}


def failure(found: Mapping[str, Mapping[str, str]], hosts: int) -> str:
    """Why the play must fail, naming hosts and promises; '' where nothing is broken."""
    if not found:
        return ""
    lines = [f"{promise}: {visible(clipped(sentence, 300))}" for own in found.values() for promise, sentence in own.items()]
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f"{len(found)} of {hosts} hosts are not proven to be on the standard: {'; '.join(lines[:_SHOWN])}{more}"


def failures(found: Mapping[str, Mapping[str, str]], failure: str, hosts: Sequence[str]) -> dict[str, str]:
    """By host why it fails; where no promise is broken and the suite failed all the same, nothing is proven of any host."""
    if failure and not found:
        return dict.fromkeys(hosts, failure)
    return {host: failure_of(own) for host, own in found.items()}


def failure_of(own: Mapping[str, str]) -> str:
    """The broken promises of one host."""
    lines = [f"{promise}: {visible(clipped(sentence, 300))}" for promise, sentence in own.items()]
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f"not proven to be on the standard: {'; '.join(lines[:_SHOWN])}{more}"


def artifact(found: Mapping[str, Mapping[str, str]], hosts: Sequence[str]) -> dict[str, Any]:
    """What outlives a job of AWX: counts, and of the worst hosts which promises are broken."""
    return {"schema": "firebreak.proof_artifact/1", "hosts": len(hosts), "broken_hosts": len(found),
            "broken": {visible(host): [visible(promise) for promise in list(own)[:50]] for host, own in list(found.items())[:200]}}
