# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are set up alike but for their address: ansible-core's executor is asked once for all of them.

Alike are hosts of which every variable that can say something about the way to them has the same raw value: all of the name ``ansible_...``,
and all that a template among these or in the task's own words can reach. Where that cannot be told, since a template can reach any variable
or the host's own address, the executor is asked for the host itself.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible import constants
from ansible.errors import AnsibleError
from ansible.template import Templar

# What may differ from host to host among those that are alike: ansible-core's configuration is asked for these options of each of them.
OWN_OPTIONS = ("host", "port", "control_path")
# Sets of settings that are kept; a host that is like none of them costs its own executor.
KEPT = 32

_MARKS = ("{{", "{%", "{#", "#jinja2:")
_NAME = re.compile(r"[A-Za-z_]\w*")
# What can reach any variable, or differs from one call to the next.
_ANYTHING = frozenset(("vars", "hostvars", "lookup", "query", "q", "now", "random", "shuffle", "varnames"))
# Of the run, not of a host; facts are no settings.
_OF_THE_RUN = ("ansible_play", "ansible_facts")


class Peer(NamedTuple):
    """How a host is set up, and what ansible-core made of it: a connection to copy, or why hosts like it are left to tasks of their own."""

    settings: dict[str, Any]
    left: str = ""
    task: Any = None
    connection: Any = None
    context: Any = None
    arguments: Mapping[str, Any] = {}
    interpreters: list[list[str]] = []  # noqa: RUF012 - never changed

    def connection_to(self, variables: Mapping[str, Any], templar: Templar) -> Any:
        """A connection like that of the first of these hosts, to this one."""
        connection = copy.copy(self.connection)
        connection._options = {**connection._options, **self._own_options(variables, templar)}
        if connection.become is not None:
            connection.become = copy.copy(connection.become)
        connection._play_context = copy.copy(self.context)
        connection.port = connection._play_context.port = connection.get_option("port")
        connection._play_context.remote_addr = connection.get_option("host")
        return connection

    def _own_options(self, variables: Mapping[str, Any], templar: Templar) -> dict[str, Any]:
        plugin = self.connection._load_name
        return {option: constants.config.get_config_value(
            option, plugin_type="connection", plugin_name=plugin, keys={"port": self.task.port},
            variables={name: _value(variables[name], templar) for name in variables_of(plugin, option) if name in variables},
        ) for option in OWN_OPTIONS}


class Peers:
    """The hosts whose ways are known, one of each kind."""

    def __init__(self, task: Any) -> None:
        self._peers: list[Peer] = []
        self._own: set[str] = set()
        self._settings = {name for names in constants.MAGIC_VARIABLE_MAPPING.values() for name in names}
        self._words = names_in([value for name, value in task.dump_attrs().items() if name not in ("name", "vars")])

    def like(self, variables: Mapping[str, Any]) -> Peer | None:
        """One that is set up as this host; None where there is none yet, or it cannot be told."""
        settings = self.settings(variables) if self._peers else None
        return None if settings is None else next((peer for peer in self._peers if is_same(peer.settings, settings)), None)

    def add(self, variables: Mapping[str, Any], peer: Peer) -> None:
        """Keep what was made of a host's settings for those that are set up alike."""
        if peer.connection is not None:
            plugin = peer.connection._load_name
            self._own = {name for option in OWN_OPTIONS for name in variables_of(plugin, option)}
            self._settings.update(constants.config.get_plugin_vars("connection", plugin))
        settings = self.settings(variables)
        if settings is not None and self._own:
            self._peers = [*self._peers[1 - KEPT:], peer._replace(settings=settings)]

    def settings(self, variables: Mapping[str, Any]) -> dict[str, Any] | None:
        """Raw values of all that says something about the way to a host but its own address; None where it cannot be told what does."""
        facts = {f"ansible_{name}" for name in variables.get("ansible_facts") or ()} - self._settings
        found = {name: value for name, value in variables.items()
                 if name.startswith("ansible_") and name not in self._own and name not in facts and not name.startswith(_OF_THE_RUN)}
        wanted = self._words | names_in(found)
        while wanted:
            name = wanted.pop()
            if name in _ANYTHING or name in self._own:
                return None
            if name in variables and name not in found:
                found[name] = variables[name]
                wanted |= names_in(variables[name])
        return found


def variables_of(plugin: str, option: str) -> list[str]:
    """The variables that set an option of a connection plugin."""
    definition = constants.config.get_configuration_definitions(plugin_type="connection", name=plugin)[option]
    return [entry["name"] for entry in definition.get("vars") or ()]


def is_template(text: str) -> bool:
    """Whether a text may hold a template."""
    return any(mark in text for mark in _MARKS)


def names_in(value: Any) -> set[str]:
    """All words that stand in templates within a value: every variable that these can name is among them."""
    if isinstance(value, str):
        return set(_NAME.findall(value)) if is_template(value) else set()
    parts: Iterable[Any] = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return set().union(*map(names_in, parts))


def is_same(one: Any, other: Any) -> bool:
    """Whether two raw values mean the same: one object, or equal without a template or a secret in them."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, str):
        return one == other and not is_template(one)
    if isinstance(one, Mapping):
        return len(one) == len(other) and all(name in other and is_same(value, other[name]) for name, value in one.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, (int, float)) and one == other


def _value(value: Any, templar: Templar) -> Any:
    plain = isinstance(value, int) or (isinstance(value, str) and not is_template(value))
    return value if plain else templar.template(value)


# What can go wrong where a host like others is not so after all; its own executor then says it as ansible-core would.
TROUBLE = (AnsibleError, AttributeError, KeyError, TypeError)
