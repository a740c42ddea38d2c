# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job of AWX 24.6.1 as ansible-runner gets it: its private data folder, its environment, its variables and what comes out of it."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from workshop import REPOSITORY, clean_environment, repository_files

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


class Loader(yaml.SafeLoader):
    """YAML as Ansible reads it."""


Loader.add_constructor("!unsafe", lambda loader, node: node.value)


def awx_wanted() -> dict[str, Any]:
    """What configure_awx.yml makes: questions, templates and nodes."""
    found: dict[str, Any] = yaml.load((REPOSITORY / "playbooks/vars/awx.yml").read_text(encoding="utf-8"), Loader)["awx_wanted"]
    return found


class Ended(NamedTuple):
    """How a job ended: its status, what it printed, the hosts that AWX shows as failed, and its artifacts."""

    status: str
    output: str
    failed: tuple[str, ...]
    artifacts: dict[str, Any]


def copy_project(project: Path) -> Path:
    """What a project update leaves and a job gets its own copy of: the files of the repository with their links, without .git."""
    for path in repository_files():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / path, project / path, follow_symlinks=False)
    return project


def unsafe(variables: Mapping[str, Any]) -> str:
    """Extra variables as AWX writes them: every text, keys as well, is tagged !unsafe, and so is never a template."""
    return "".join(f"{_tagged(key)}: {_tagged(value)}\n" for key, value in variables.items())


def _tagged(value: Any) -> str:
    if isinstance(value, str):
        return f"!unsafe {json.dumps(value)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_tagged(key)}: {_tagged(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_tagged, value)) + "]"
    return json.dumps(value)


def slices(hosts: Sequence[str], count: int) -> list[list[str]]:
    """The hosts of each slice, dealt by name as AWX deals them."""
    return [sorted(hosts)[number::count] for number in range(count)]


def environment(private: Path, project: Path, number: int) -> dict[str, str]:
    """The variables that a job is started with; they beat the project's ansible.cfg."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(project / "ansible.cfg", encoding="utf-8")
    own = settings["defaults"]["collections_path"]
    collections = f"{private}/requirements_collections:{own}:~/.ansible/collections:/usr/share/ansible/collections"
    return {
        "ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_FORCE_COLOR": "True", "ANSIBLE_HOST_KEY_CHECKING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True", "ANSIBLE_PARAMIKO_RECORD_HOST_KEYS": "False", "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_ROLES_PATH": f"{private}/requirements_roles:~/.ansible/roles:/usr/share/ansible/roles:/etc/ansible/roles",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{private}/cp", "ANSIBLE_UNSAFE_WRITES": "1", "AWX_HOST": "https://awx.example.invalid",
        "AWX_PRIVATE_DATA_DIR": str(private), "INVENTORY_ID": "2", "JOB_ID": str(number), "MAX_EVENT_RES": "700000", "PROJECT_REVISION": "0" * 40,
    }


def prepare(private: Path, project: Path, number: int, hosts: Mapping[str, Any], variables: Mapping[str, Any], workflow: int | None = None) -> Path:
    """Lay out the folder: env/, inventory/ with its script, artifacts/<job>/fact_cache, and a copy of the project."""
    shutil.copytree(project, private / "project", symlinks=True)
    for folder in ("env", "inventory", "cp", f"artifacts/{number}/fact_cache"):
        (private / folder).mkdir(parents=True)
    script = private / "inventory/hosts"
    hostvars = {name: dict(own) for name, own in hosts.items()}
    everything = {"all": {"hosts": list(hosts), "children": ["web"]}, "web": {"hosts": []}, "_meta": {"hostvars": hostvars}}
    script.write_text(f"#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({json.dumps(everything)!r})\n", encoding="utf-8")
    script.chmod(0o700)
    told = {"job_id": number, "job_launch_type": "manual", **({"workflow_job_id": workflow} if workflow else {})}
    meta = {f"{name}_{key}": value for key, value in told.items() for name in ("tower", "awx")}
    (private / "env/extravars").write_text(unsafe({**variables, **meta}), encoding="utf-8")
    # A credential of one's own brings its variables in a file before these.
    (private / "env/credential").write_text('{"firebreak_details": true}', encoding="utf-8")
    (private / "env/cmdline").write_text(f"-u root -e @{private}/env/credential", encoding="utf-8")
    (private / "env/envvars").write_text(json.dumps(environment(private, project, number)), encoding="utf-8")
    (private / "env/settings").write_text('{"idle_timeout": 0, "job_timeout": 0, "suppress_ansible_output": true}', encoding="utf-8")
    return private


def finish(private: Path, number: int) -> Ended:
    """What a job left in its artifacts, by which its end is judged."""
    folder = private / "artifacts" / str(number)
    paths = sorted((folder / "job_events").glob("*.json"), key=lambda path: int(path.name.split("-")[0]))
    events = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    failed = sorted({event["event_data"]["host"] for event in events
                     if event["event"] in ("runner_on_failed", "runner_on_unreachable") and not event["event_data"].get("ignore_errors")})
    stats: dict[str, Any] = next((event["event_data"] for event in events if event["event"] == "playbook_on_stats"), {})
    status = (folder / "status").read_text(encoding="utf-8") if (folder / "rc").exists() else "missing"
    # Of a job that was cancelled nothing reaches the nodes after it (awx/main/models/workflow.py, get_effective_artifacts).
    artifacts = stats.get("artifact_data") or {} if status in ("successful", "failed") else {}
    return Ended(status, "".join(event["stdout"] + "\n" for event in events), tuple(failed), artifacts)


def start(private: Path, number: int, playbook: str) -> Ended:
    """Run the job to its end."""
    with _started(private, number, playbook) as process:
        process.wait(300)
    return finish(private, number)


def start_and_cancel(private: Path, number: int, playbook: str, begun: Path) -> Ended:
    """Run the job until a file is there, and cancel it then as AWX does: ansible-runner is told to end."""
    with _started(private, number, playbook) as process:
        deadline = time.monotonic() + 300
        while not begun.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
        process.wait(300)
    return finish(private, number)


def _started(private: Path, number: int, playbook: str) -> subprocess.Popen[bytes]:
    home = private / "home"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "ansible_runner", "run", str(private), "-p", f"playbooks/{playbook}", "-i", str(number), "-q"]
    return subprocess.Popen(command, cwd=private, env=clean_environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def start_elsewhere(private: Path, node: Path, number: int, playbook: str) -> Ended:
    """Run the job on an execution node: transmitted, worked on in a folder of that node, and its results processed where it came from."""
    home = node / "home"
    home.mkdir(parents=True)
    # What a node has of a job is what is in the stream; the environment names the folder that it has there.
    envvars = private / "env/envvars"
    envvars.write_text(envvars.read_text(encoding="utf-8").replace(str(private), str(node / "private")), encoding="utf-8")
    cmdline = private / "env/cmdline"
    cmdline.write_text(cmdline.read_text(encoding="utf-8").replace(str(private), str(node / "private")), encoding="utf-8")
    runner, stream, back = [sys.executable, "-m", "ansible_runner"], node / "stream", node / "back"
    for words, source, sink in (
        (["transmit", str(private), "-p", f"playbooks/{playbook}", "-i", str(number)], Path(os.devnull), stream),
        (["worker", "--private-data-dir", str(node / "private")], stream, back),
        (["process", str(private), "-i", str(number)], back, node / "said"),
    ):
        with source.open("rb") as given, sink.open("wb") as taken:
            subprocess.run([*runner, *words], cwd=node, env=clean_environment(home), stdin=given, stdout=taken, timeout=300, check=False)
    return finish(private, number)
