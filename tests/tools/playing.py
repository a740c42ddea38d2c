# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the checkout's playbooks as a person would, in a folder of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from workshop import REPOSITORY, clean_environment

# Beside the interpreter in a virtual environment; pip of a system without one has a folder of its own for programs.
_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
PLAYBOOK = shutil.which("ansible-playbook", path=_PATH) or "ansible-playbook"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


class Done(NamedTuple):
    """How a run of ansible-playbook ended."""

    status: int
    output: str


def write_inventory(folder: Path, hosts: Mapping[str, Any]) -> Path:
    """An inventory file with these hosts and their variables."""
    path = folder / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": dict(hosts)}}, allow_unicode=True), encoding="utf-8")
    return path


def play(folder: Path, hosts: Mapping[str, Any], *arguments: str, playbook: str = "report_drift.yml", **variables: Any) -> Done:
    """Run a playbook of the checkout with ``folder`` as the working directory; the scan is cut to one section to be quick."""
    inventory = write_inventory(folder, hosts)
    home = folder / "home"
    home.mkdir(exist_ok=True)
    env = clean_environment(home, ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"), COLUMNS="160")
    extra = json.dumps({"firebreak_sections": ["os"], **variables})
    command = [PLAYBOOK, "-i", str(inventory), str(REPOSITORY / "playbooks" / playbook), "-e", extra, *arguments]
    done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=300, check=False)
    return Done(done.returncode, done.stdout.decode(errors="replace"))
