# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a play hands its hosts to the proof suite."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._proof import start
from ansible_collections.firebreak.fleet.plugins.plugin_utils._proof.start import Paths, Settings

SETTINGS = Settings(user="ops", key="/keys/ops", become=True, timeout=30)


def entry(**variables: Any) -> dict[str, Any]:
    """A host of these variables, for testinfra."""
    return start.host_entry(variables, SETTINGS, "/run/x/7")


def test_a_host_without_variables_has_the_command_lines() -> None:
    found = entry()
    assert (found["ansible_user"], found["ansible_ssh_private_key_file"]) == ("ops", "/keys/ops")
    assert start.becoming({}, SETTINGS) == {"method": "sudo", "program": "", "user": "root", "password": "", "on_terminal": False}
    assert "ConnectTimeout=30" in found["ansible_ssh_extra_args"]
    assert "BatchMode=yes" in found["ansible_ssh_extra_args"]
    assert "ControlPath=/run/x/7" in found["ansible_ssh_extra_args"]
    assert "StrictHostKeyChecking" not in found["ansible_ssh_extra_args"]


def test_a_hosts_own_variables_win() -> None:
    found = entry(ansible_host="10.0.0.7", ansible_port=2222, ansible_user="admin", ansible_become=False, ansible_timeout=5,
                  ansible_connection="ansible.builtin.ssh", ansible_ssh_extra_args="-4")
    assert (found["ansible_host"], found["ansible_port"], found["ansible_user"]) == ("10.0.0.7", "2222", "admin")
    assert found["ansible_connection"] == "ssh"
    assert "ansible_become" not in found and start.becoming({"ansible_become": False}, SETTINGS) == {}
    assert found["ansible_ssh_extra_args"].startswith("-4 -o BatchMode=yes -o ConnectTimeout=5 ")


def test_roots_login_needs_no_sudo() -> None:
    assert start.becoming({"ansible_user": "root", "ansible_become": "yes"}, SETTINGS) == {}
    assert start.becoming({"ansible_become": "yes", "ansible_become_user": "boss"}, SETTINGS)["user"] == "boss"


def test_over_other_connections_testinfra_becomes_root_itself() -> None:
    found = entry(ansible_connection="containers.podman.podman")
    assert (found["ansible_become"], start.becoming({"ansible_connection": "docker"}, SETTINGS)) == (True, {})


WORD = {"ansible_become_password": "w"}


@pytest.mark.parametrize(("variables", "wanted"), [
    ({**WORD, "ansible_become_method": "community.general.doas"}, ("doas", "", "w", True)),
    ({**WORD, "ansible_become_method": "doas", "ansible_connection": "local"}, ("doas", "", "w", False)),
    ({"ansible_become_method": "doas"}, ("doas", "", "typed", True)),
    ({"ansible_su_pass": "s", "ansible_become_method": "ansible.builtin.su"}, ("su", "", "s", False)),
    ({**WORD, "ansible_become_exe": "sudo.ws"}, ("sudo", "sudo.ws", "w", False)),
    ({"ansible_sudo_pass": 1234}, ("sudo", "", "1234", False)),
    ({"ansible_become_method": "community.general.run0"}, ("run0", "", "typed", False)),
])
def test_how_another_user_is_become(variables: dict[str, Any], wanted: tuple[Any, ...]) -> None:
    settings = SETTINGS._replace(become_password="typed")
    found = start.becoming(variables, settings)
    assert (found["method"], found["program"], found["password"], found["on_terminal"]) == wanted
    assert ("-tt" in start.host_entry(variables, settings, "/x")["ansible_ssh_extra_args"]) == wanted[3]


def test_no_password_reaches_the_suite() -> None:
    found = entry(ansible_password="hunter2", ansible_ssh_pass="hunter2", ansible_become_password="hunter2")
    assert "hunter2" not in repr(found)


def test_host_keys_are_checked_unless_ansible_was_told_not_to() -> None:
    found = start.host_entry({}, SETTINGS._replace(check_host_keys=False), "/x")
    assert found["ansible_ssh_extra_args"].endswith("-o StrictHostKeyChecking=no")


@pytest.mark.parametrize(("evidence", "key", "last"), [("", "", "--firebreak-host-timeout=60"), ("/e", "", "--firebreak-evidence=/e"),
                                                       ("/e", "/k", "--firebreak-evidence-key=/k")])
def test_the_command_line(evidence: str, key: str, last: str) -> None:
    argv = start.command("python", Paths("/suite", "/i", "/s", "/r"), 5, 60, evidence, key)
    assert argv[:4] == ["python", "-m", "pytest", "/suite"]
    assert argv[-1] == last
    assert "--junitxml=/r/junit.xml" in argv


def proof(*broken: str) -> dict[str, Any]:
    """A proof.json of one host."""
    promises = {name: {"outcome": "failed", "sentence": f"web1 breaks {name}", "test": "t"} for name in broken}
    return {"hosts": {"web1": {"broken": list(broken), "promises": promises}, "web2": {"broken": [], "promises": {}}}}


def test_the_failure_names_hosts_and_promises() -> None:
    assert start.failure(start.broken(proof()), 2) == ""
    said = start.failure(start.broken(proof("kernel.held")), 2)
    assert said == "1 of 2 hosts are not proven to be on the standard: kernel.held: web1 breaks kernel.held"
    assert start.failure(start.broken(proof(*map(str, range(14)))), 2).endswith("; and 4 more")


def test_the_artifact_of_a_job_is_small() -> None:
    data = start.artifact({f"host{number}": {"x": "y" * 1000} for number in range(5000)}, ["h"] * 5000)
    assert (data["hosts"], data["broken_hosts"], len(data["broken"])) == (5000, 5000, 200)
