# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""platform_scan over a real ssh: one round trip that leaves nothing behind, and the way around a sudo that wants a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks._own_sshd import ADDRESS, Server, own_sshd

ROOT = Path(__file__).resolve().parents[2]

# Stands in for a sudo with requiretty: refuses without a terminal, and becomes nobody else.
SUDO = """#!/bin/sh
[ -t 0 ] || { echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1; }
while [ $# -gt 0 ]; do case $1 in -u) shift 2;; -*) shift;; *) break;; esac; done
exec "$@"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with own_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def _variables(server: Server) -> dict[str, Any]:
    return {
        "ansible_connection": "ssh", "ansible_host": ADDRESS, "ansible_port": server.port, "ansible_ssh_private_key_file": str(server.key),
        "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR",
        "ansible_python_interpreter": os.path.realpath(sys.executable), "ansible_control_path": str(server.key.parent / "cp"),
    }


def _scan(directory: Path, variables: dict[str, Any], *words: str) -> tuple[dict[str, Any], str]:
    """(the host document, what ansible said at -vvv)."""
    (directory / "hosts.json").write_text(json.dumps({"all": {"hosts": {"one": variables}}}))
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_BECOME_ALLOW_SAME_USER": "true", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible"), "one", "-i", str(directory / "hosts.json"), "-m", "firebreak.fleet.platform_scan",
         "-a", json.dumps({"directory": str(directory / "run"), "sections": ["os"]}), "-vvv", *words],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (directory / "run" / "records").iterdir()
    document: dict[str, Any] = json.loads(path.read_text())
    return document, done.stdout


def test_one_round_trip(server: Server, tmp_path: Path) -> None:
    document, output = _scan(tmp_path, _variables(server))
    assert document["record"]["os"]["architecture"] == os.uname().machine
    assert output.count("SSH: EXEC") == 1
    assert "AnsiballZ" not in output
    assert "ansible-tmp" not in output


def test_become_without_a_password_is_one_round_trip(server: Server, tmp_path: Path) -> None:
    sudo = tmp_path / "sudo"
    sudo.write_text(SUDO.replace("[ -t 0 ]", "true"))
    sudo.chmod(0o755)
    document, output = _scan(tmp_path, {**_variables(server), "ansible_become_exe": str(sudo)}, "--become")
    assert document["error"] is None
    assert output.count("SSH: EXEC") == 1


def test_requiretty_falls_back_to_the_module(server: Server, tmp_path: Path) -> None:
    sudo = tmp_path / "sudo"
    sudo.write_text(SUDO)
    sudo.chmod(0o755)
    variables = {**_variables(server), "ansible_become_exe": str(sudo), "ansible_pipelining": False}
    document, output = _scan(tmp_path, variables, "--become")
    assert document["error"] is None, document["error"]
    assert document["record"]["os"]["architecture"] == os.uname().machine
    assert "AnsiballZ_platform_info" in output


def test_a_refused_key_is_unreachable(server: Server, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "stranger")], check=True)
    variables = {**_variables(server), "ansible_ssh_private_key_file": str(tmp_path / "stranger"), "ansible_control_path": str(tmp_path / "cp"),
                 "ansible_ssh_extra_args": "-o IdentitiesOnly=yes -o IdentityAgent=none"}
    document, _ = _scan(tmp_path, variables)
    assert document["verdict"] == "unreachable"
    assert "Permission denied" in document["error"]
