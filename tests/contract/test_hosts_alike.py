# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a host that is set up as one before it is the way that ansible-core's own executor works out for it, word for word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUDO = {"ansible_become": True, "ansible_become_method": "ansible.builtin.sudo"}
LOOKUP = "{{ lookup('vars', 'hidden') }}"

# Kind -> variables of all its hosts, variables of each host ('#' is its number), and how many of three hosts the executor is asked for.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "named": ({}, {}, 1),
    "addressed": ({}, {"ansible_host": "192.0.2.#"}, 1),
    "both_names": ({"ansible_host": "198.51.100.1"}, {"ansible_ssh_host": "192.0.2.#"}, 1),
    "ported": ({}, {"ansible_port": 2200, "ansible_ssh_port": "220#"}, 1),
    "templated_address": ({"ansible_host": "{{ address }}", "ansible_port": "{{ where | int }}"}, {"address": "192.0.2.#", "where": "220#"}, 1),
    "looked_up_address": ({"ansible_host": "{{ lookup('vars', 'address') }}"}, {"address": "192.0.2.#"}, 1),
    "control_path": ({"ansible_control_path": "/tmp/{{ inventory_hostname }}"}, {}, 1),
    "user": ({"ansible_user": "operator"}, {"ansible_host": "192.0.2.#"}, 1),
    "user_each": ({}, {"ansible_user": "user#"}, 3),
    "user_templated": ({"ansible_user": "{{ who }}", "who": "{{ team }}", "team": "red"}, {"unrelated": "#"}, 1),
    "user_templated_each": ({"ansible_user": "{{ who }}", "who": "{{ team }}"}, {"team": "team#"}, 3),
    "user_of_the_name": ({"ansible_user": "u-{{ inventory_hostname }}"}, {}, 3),
    "user_of_the_address": ({"ansible_user": "u-{{ ansible_host | default('none') }}"}, {"ansible_host": "192.0.2.#"}, 3),
    "user_anywhere": ({"ansible_user": LOOKUP}, {"hidden": "user#"}, 3),
    "key": ({"ansible_ssh_private_key_file": "~/.ssh/{{ site }}", "site": "north"}, {}, 1),
    "jump": ({"ansible_ssh_common_args": "-J jump.example.org"}, {"ansible_host": "192.0.2.#"}, 1),
    "jump_each": ({"ansible_ssh_common_args": "-J {{ jump }}"}, {"jump": "jump#.example.org"}, 3),
    "arguments": ({"ansible_ssh_args": "-o ControlMaster=no", "ansible_ssh_extra_args": "-v", "ansible_ssh_executable": "/usr/bin/ssh"}, {}, 1),
    "timeouts": ({"ansible_ssh_timeout": 7, "ansible_ssh_retries": 2}, {}, 1),
    "sudo": (SUDO, {"ansible_host": "192.0.2.#"}, 1),
    "sudo_password": ({**SUDO, "ansible_become_password": "right"}, {}, 1),
    "sudo_password_each": (SUDO, {"ansible_become_password": "right#"}, 3),
    "sudo_user_flags": ({**SUDO, "ansible_become_user": "nobody", "ansible_become_flags": "-H -n", "ansible_become_exe": "sudo.ws"}, {}, 1),
    "sudo_some": (SUDO, {"ansible_become": "{{ # == 2 }}"}, 3),
    "same_user": ({**SUDO, "ansible_user": "root"}, {}, 1),
    "su": ({**SUDO, "ansible_become_method": "su", "ansible_become_pass": "right"}, {}, 1),
    "interpreter": ({"ansible_python_interpreter": "/usr/bin/python3.11"}, {}, 1),
    "interpreter_each": ({}, {"ansible_python_interpreter": "/opt/python#"}, 3),
    "shell": ({"ansible_shell_executable": "/bin/bash", "ansible_shell_type": "sh"}, {}, 1),
    "pipelining_off": ({**SUDO, "ansible_become_password": "right", "ansible_pipelining": False}, {}, 1),
    "other_connection": ({"ansible_connection": "local"}, {}, 1),
    "password": ({"ansible_password": "typed"}, {"ansible_host": "192.0.2.#"}, 1),
    "terminal": ({"ansible_ssh_extra_args": "-tt"}, {}, 1),
    "standard": ({"firebreak_standard": {"kernel": {"running": "{{ release }}"}}}, {"release": "6.#.0", "firebreak_labels": {"rack": "r#"}}, 1),
    "bad_port": ({"ansible_port": "{{ undefined_anywhere }}"}, {}, 3),
}

ACTION = '''
import re
from ansible.plugins.action import ActionBase
from ansible_collections.firebreak.fleet.plugins.action import fleet_scan, platform_scan
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.ways import Asker, HandOver, Ways


class Counted(Ways):
    asked = ()

    def _first(self, host, variables):
        self.asked = (*self.asked, host)
        return super()._first(host, variables)


class ActionModule(ActionBase):
    _requires_connection = False

    def _ways(self, variables):
        asker = Asker(self._task, variables, self._play_context, self._loader, self._shared_loader_obj)
        return Counted(asker, "firebreak.fleet.platform_scan", fleet_scan.OWN_ARGUMENTS, platform_scan.ActionModule)

    def run(self, tmp=None, task_vars=None):
        # The task reads as one of fleet_scan's.
        self._task._ds = {"firebreak.fleet.fleet_scan": {"directory": "{{ wanted_directory }}"}}
        shared = self._ways(task_vars)
        hosts = list(task_vars["ansible_play_batch"])
        cheap = {host: self._told(shared, host) for host in hosts}
        exact = {host: self._told(self._ways(task_vars), host) for host in hosts}
        return {"changed": False, "cheap": cheap, "exact": exact, "asked": shared.asked}

    def _told(self, ways, host):
        try:
            way = ways.way(host)
        except HandOver as reason:
            return {"left": str(reason)}
        except Exception as error:
            return {"error": str(error)}
        escalation = way.escalation
        marks = [way.nonce] + re.findall("BECOME-SUCCESS-([a-z]{32})|key=([a-z]{32})", repr((way.argv, escalation)))
        marks = {mark for found in marks for mark in ([found] if isinstance(found, str) else found) if mark}
        told = {name: repr(getattr(way, name)) for name in way._fields if name not in ("escalation", "question")}
        asked = way.question
        told["question"] = repr((asked.options, asked.words, asked.directory, asked.effective.sha256))
        if escalation:
            told["escalation"] = repr((*escalation[:4], escalation.asks(escalation.prompt)))
        for mark in marks:
            told = {name: text.replace(mark, "MARK") for name, text in told.items()}
        return told
'''


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each host's way by both, as a play's own action sees them."""
    folder = tmp_path_factory.mktemp("alike")
    groups = {}
    for kind, (shared, own, _asked) in KINDS.items():
        hosts = {f"{kind}_{number}": json.loads(json.dumps(own).replace("#", str(number))) for number in (1, 2, 3)}
        groups[f"kind_{kind}"] = {"vars": shared, "hosts": hosts}
    general = {"ansible_connection": "ssh", "wanted_directory": str(folder / "run")}
    (folder / "hosts.json").write_text(json.dumps({"all": {"vars": general, "children": groups}}))
    (folder / "action_plugins").mkdir()
    (folder / "action_plugins" / "ways_both.py").write_text(ACTION)
    tasks = [{"ways_both": {}, "run_once": True, "delegate_to": "localhost", "register": "ways"},
             {"ansible.builtin.copy": {"content": "{{ ways | to_json }}", "dest": str(folder / "ways.json"), "mode": "0600"},
              "run_once": True, "delegate_to": "localhost", "connection": "local"}]
    (folder / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "LC_ALL": "C.UTF-8"}
    done = subprocess.run([str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(folder / "hosts.json"), str(folder / "play.json")],
                          capture_output=True, text=True, timeout=300, check=False, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    ways: dict[str, Any] = json.loads((folder / "ways.json").read_text())
    return ways


@pytest.mark.parametrize("kind", KINDS)
def test_the_way_is_the_one_of_ansibles_own_executor(told: dict[str, Any], kind: str) -> None:
    for number in (1, 2, 3):
        host = f"{kind}_{number}"
        assert told["cheap"][host] == told["exact"][host]


@pytest.mark.parametrize("kind", KINDS)
def test_the_executor_is_asked_once_for_hosts_that_are_alike(told: dict[str, Any], kind: str) -> None:
    asked = [host for host in told["asked"] if host.rpartition("_")[0] == kind]
    # A kind of before may be alike as well: all those that differ in nothing but their address.
    assert len(asked) <= KINDS[kind][2]
    assert len(asked) == KINDS[kind][2] or KINDS[kind][2] == 1
