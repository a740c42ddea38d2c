# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""configure_awx.yml with the official modules of awx.awx 24.6.1, against an API that answers as AWX's sources say (tests/awx_stand_in.py)."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from awx_stand_in import Store, serving
from playing import PLAYBOOK
from workshop import REPOSITORY, clean_environment

# The community's package has the collection in it; this release of it has awx.awx 24.6.1.
PACKAGE = "ansible==12.3.0"
VARIABLES = {
    "firebreak_awx_scm_url": "https://git.example.org/firebreak.git", "firebreak_awx_image": "registry.example.org/firebreak-ee:1",
    "firebreak_awx_inventory_path": "inventories/prod/hosts.yml", "firebreak_awx_credentials": "ssh-fleet",
    "firebreak_awx_webhook": "https://hooks.example.org/firebreak"}


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of collections with awx.awx in it."""
    folder = tmp_path_factory.mktemp("collections")
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE], check=True)
    wheel, = folder.glob("ansible-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith("ansible_collections/awx/awx/")])
    wheel.unlink()
    return folder


def store() -> Store:
    """An AWX with an organization, a credential and the project's playbooks."""
    made = Store([f"playbooks/{path.name}" for path in (REPOSITORY / "playbooks").glob("*.yml")])
    made.make("organizations", {"name": "Default"})
    made.make("credentials", {"name": "ssh-fleet"})
    return made


def configure(collections: Path, folder: Path, address: str, *arguments: str) -> dict[str, int]:
    """Run the playbook; its recap."""
    found = f"{collections}:{REPOSITORY / 'collections'}"
    env = clean_environment(folder, ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"), ANSIBLE_COLLECTIONS_PATH=found,
                            CONTROLLER_HOST=address, CONTROLLER_OAUTH_TOKEN="token", CONTROLLER_VERIFY_SSL="false")
    words = [word for name, value in VARIABLES.items() for word in ("-e", f"{name}={value}")]
    done = subprocess.run([str(PLAYBOOK), str(REPOSITORY / "playbooks/configure_awx.yml"), *words, *arguments], cwd=folder, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", done.stdout.rsplit("PLAY RECAP", 1)[1])}


def nodes(seen: Store) -> dict[str, Any]:
    """The workflow's nodes by their names, each with where it leads."""
    rows = seen.objects["workflow_job_template_nodes"]
    return {row["identifier"]: {kind: [rows[each]["identifier"] for each in seen.linked.get(f"{row['url']}{kind}/", [])]
                                for kind in ("success_nodes", "always_nodes")} for row in rows.values()}


def test_a_first_run_makes_all_a_second_changes_nothing_and_a_trial_writes_nothing(collections: Path, tmp_path: Path) -> None:
    seen = store()
    with serving(seen) as address:
        first = configure(collections, tmp_path, address)
        made, workflow = len(seen.writes), nodes(seen)
        second = configure(collections, tmp_path, address)
        changed = seen.writes[made:]
        configure(collections, tmp_path, address, "--check")
    assert first["changed"] > 20 and second["changed"] == 0, changed
    assert len(seen.writes) == made + len(changed)
    assert workflow == nodes(seen) == {
        "expected": {"success_nodes": ["scan"], "always_nodes": []}, "scan": {"success_nodes": [], "always_nodes": ["merge"]},
        "merge": {"success_nodes": [], "always_nodes": ["answer"]}, "answer": {"success_nodes": [], "always_nodes": ["approve"]},
        "approve": {"success_nodes": ["waves"], "always_nodes": []}, "waves": {"success_nodes": [], "always_nodes": ["verify"]},
        "verify": {"success_nodes": [], "always_nodes": ["report"]}, "report": {"success_nodes": [], "always_nodes": []}}
    approval, = seen.objects["workflow_approval_templates"].values()
    assert (approval["name"], approval["timeout"]) == ("Change hosts", 86400)
    scan, = seen.find("job_templates", {"name": "Firebreak scan"})
    assert (scan["job_slice_count"], scan["forks"], scan["playbook"]) == (2, 20, "playbooks/scan.yml")
    asked = [question["variable"] for question in seen.surveys[scan["id"]]["spec"]]
    assert asked == ["firebreak_hosts", "firebreak_sections", "firebreak_report_dir"]
