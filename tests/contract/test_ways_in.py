# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way in which the collection reaches a controller: it is found by name, scans this machine and reports.

The ways start from a clone that holds this working tree's files, so that what is tested is what would be committed.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.module_utils._host import host
from workshop import INSIDE, NAME, REPOSITORY, build_artifact, clean_environment, repository_files, run, unpack

SCRIPTS = Path(sys.executable).parent
VERSION = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))["version"]

# What a user gets, by the first folders of its path. Nothing of the developers' own tests and tools is among it.
FOR_USERS = ("changelogs", "docs", "extensions/eda", "meta", "playbooks", "plugins", "roles", "tests/config.yml", "tests/platform", "tests/sanity")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository whose only commit is this working tree without what git ignores."""
    root = tmp_path_factory.mktemp("clone") / "firebreak"
    for path in repository_files():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / path, root / path, follow_symlinks=False)
    identity = ["-c", "user.name=Contract", "-c", "user.email=contract@example.invalid"]
    run(["git", "init", "--quiet", "--initial-branch=main", root])
    run(["git", "-C", root, "add", "--all"])
    run(["git", "-C", root, *identity, "commit", "--quiet", "--message=Snapshot"])
    return root


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home, so that nothing that the user installed takes part."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """An inventory with this machine under a name of its own, and no localhost."""
    path = tmp_path / "inventory.yml"
    variables = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    path.write_text(yaml.safe_dump({"all": {"hosts": {"probe": variables}}}), encoding="utf-8")
    return path


def collection_places(cwd: Path, env: dict[str, str], scripts: Path = SCRIPTS) -> dict[str, str]:
    """Where ansible-galaxy sees the collection, and which version: the first is the one that is used."""
    listed = run([scripts / "ansible-galaxy", "collection", "list", NAME, "--format", "json"], cwd=cwd, env=env)
    return {place: content[NAME]["version"] for place, content in json.loads(listed[listed.index("{") :]).items()}


def assert_reports(playbook: str, inventory: Path, cwd: Path, env: dict[str, str], scripts: Path = SCRIPTS) -> None:
    """Run the drift report and find the scanned machine, judged, in what it wrote."""
    report = inventory.parent / "report"
    run([scripts / "ansible-playbook", "-i", inventory, playbook, "-e", f"firebreak_report_dir={report}"], cwd=cwd, env=env)
    assert_report_of_probe(report)


def assert_report_of_probe(report: Path) -> None:
    """The fleet's report is about the one host, which was scanned by this version."""
    fleet: dict[str, Any] = json.loads((report / "fleet.json").read_text(encoding="utf-8"))
    assert list(fleet["hosts"]) == ["probe"]
    assert fleet["summary"]["unreachable"] == 0
    document = json.loads((report / "records" / "probe.json").read_text(encoding="utf-8"))
    assert document["error"] is None
    assert document["record"]["scanner"]["version"] == VERSION


def test_a_checkout_by_path_and_by_name(clone: Path, home: Path, inventory: Path) -> None:
    """From the root of a clone, with no step in between."""
    env = clean_environment(home)
    assert next(iter(collection_places(clone, env).items())) == (str(clone / "collections/ansible_collections"), VERSION)
    assert_reports("playbooks/report_drift.yml", inventory, clone, env)
    shutil.rmtree(inventory.parent / "report")
    assert_reports(f"{NAME}.report_drift", inventory, clone, env)


def test_a_checkout_from_another_folder(clone: Path, home: Path, inventory: Path) -> None:
    """ANSIBLE_CONFIG alone makes a clone usable from anywhere: its relative paths are the file's, not the folder's one stands in."""
    env = clean_environment(home, ANSIBLE_CONFIG=str(clone / "ansible.cfg"))
    assert_reports(str(clone / "playbooks/report_drift.yml"), inventory, home, env)


def _stale_copy(clone: Path, root: Path) -> None:
    """An older installed copy below root whose playbook and plugin say so by failing."""
    copy = root / INSIDE
    shutil.copytree(clone, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", "collections"))
    galaxy = copy / "galaxy.yml"
    galaxy.write_text(galaxy.read_text(encoding="utf-8").replace(f"version: {VERSION}", "version: 0.0.1"), encoding="utf-8")
    manifest = {"collection_info": {"namespace": "firebreak", "name": "fleet", "version": "0.0.1", "dependencies": {}}, "format": 1}
    (copy / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")
    (copy / "plugins/action/platform_scan.py").write_text("raise RuntimeError('the stale plugin ran')\n", encoding="utf-8")
    task = {"name": "Fail", "ansible.builtin.fail": {"msg": "the stale playbook ran"}}
    play = {"name": "Stale", "hosts": "all", "gather_facts": False, "tasks": [task]}
    (copy / "playbooks/report_drift.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")


@pytest.mark.parametrize("place", ["user's collections", "site-packages"])
def test_a_stale_installed_copy_does_not_win(place: str, clone: Path, home: Path, inventory: Path, tmp_path: Path) -> None:
    """A checkout's own files are used even where an older copy is installed in the places that are searched too."""
    if place == "site-packages":
        # ansible-core looks for collections below each entry of sys.path.
        root, env = tmp_path / "packages", clean_environment(home, PYTHONPATH=str(tmp_path / "packages"))
    else:
        root, env = home / ".ansible/collections", clean_environment(home)
    _stale_copy(clone, root)
    assert "0.0.1" in collection_places(clone, env).values(), "the stale copy is not even seen, so this would prove nothing"
    assert_reports("playbooks/report_drift.yml", inventory, clone, env)
    shutil.rmtree(inventory.parent / "report")
    assert_reports(f"{NAME}.report_drift", inventory, clone, env)


def test_tests_import_this_checkout() -> None:
    """What pytest imports is this working tree, through the links."""
    assert Path(str(host.__file__)).resolve() == REPOSITORY / "plugins/module_utils/_host/host.py"


def test_ansible_galaxy_installs_from_git(clone: Path, home: Path, inventory: Path) -> None:
    """`ansible-galaxy collection install git+file://...`, then by name from an empty folder; real files, no links."""
    env = clean_environment(home)
    elsewhere = home / "empty"
    elsewhere.mkdir()
    run([SCRIPTS / "ansible-galaxy", "collection", "install", f"git+file://{clone},main"], cwd=elsewhere, env=env)
    installed = home / ".ansible/collections/ansible_collections"
    assert collection_places(elsewhere, env) == {str(installed): VERSION}
    assert not [path for path in installed.rglob("*") if path.is_symlink()]
    assert_reports(f"{NAME}.report_drift", inventory, elsewhere, env)
    page = run([SCRIPTS / "ansible-doc", f"{NAME}.platform_info"], cwd=elsewhere, env=env)
    assert "firebreak.fleet.platform_info" in page


@pytest.fixture(scope="session")
def artifact(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection's archive, built from the clone."""
    return build_artifact(tmp_path_factory.mktemp("artifact"), clone)


def test_the_artifact_installs(artifact: Path, home: Path, inventory: Path) -> None:
    """The built archive, installed by ansible-galaxy without a network."""
    env = clean_environment(home)
    run([SCRIPTS / "ansible-galaxy", "collection", "install", "--offline", artifact], cwd=home, env=env)
    assert collection_places(home, env) == {str(home / ".ansible/collections/ansible_collections"): VERSION}
    assert_reports(f"{NAME}.report_drift", inventory, home, env)


def _unwanted(names: Iterator[str]) -> list[str]:
    """Names with a folder that are not below one of FOR_USERS."""
    return [name for name in names if "/" in name and not any(name == wanted or name.startswith(f"{wanted}/") for wanted in FOR_USERS)]


def test_the_artifact_carries_what_users_need(artifact: Path, clone: Path) -> None:
    """All plugins, roles, playbooks and the proof suite, and none of the developers' own tests."""
    with tarfile.open(artifact) as archive:
        names = {member.name for member in archive if member.isfile()}
    assert _unwanted(iter(names)) == []
    wanted = {str(path) for path in repository_files(clone) if path.parts[0] in ("plugins", "roles", "playbooks", "meta")}
    assert wanted | {"tests/config.yml", "README.md", "LICENSE", "CHANGELOG.md", "changelogs/changelog.yaml"} <= names


@pytest.fixture(scope="session")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python package, built from the clone."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, clone])
    (path,) = folder.glob("firebreak_fleet-*.whl")
    return path


def test_a_wheel_finds_itself(wheel: Path, home: Path, inventory: Path) -> None:
    """Installed by pip next to ansible-core, with no configuration file and no path set."""
    venv = home / "venv"
    run([sys.executable, "-m", "venv", venv])
    run([venv / "bin/python", "-m", "pip", "install", "--quiet", f"{wheel}[cli]"])
    env = clean_environment(home)
    (place,) = venv.glob("lib/python3.*/site-packages/ansible_collections")
    assert collection_places(home, env, venv / "bin") == {str(place): VERSION}
    assert_reports(f"{NAME}.report_drift", inventory, home, env, venv / "bin")
    empty = home / "empty"
    empty.mkdir()
    standard = json.dumps({"firebreak_standard": {"os": {"architecture": os.uname().machine}}})
    said = run([venv / "bin/firebreak", "drift", "--sections", "os", "-e", standard], cwd=empty, env={**env, "PATH": os.defpath})
    assert "The host is on the standard" in said or "localhost is compliant" in said, said
    assert (empty / "reports/latest/fleet.html").is_file()


def test_wheel_and_artifact_carry_the_same_bytes(wheel: Path, artifact: Path, tmp_path: Path) -> None:
    """What both carry is the same, and the wheel lacks nothing that runs."""
    collection = unpack(artifact, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.removeprefix(f"{INSIDE}/"): archive.read(name) for name in archive.namelist() if name.startswith(f"{INSIDE}/")}
    assert _unwanted(iter(packed)) == []
    # ansible-galaxy replaces galaxy.yml by its manifest.
    compared = {name: content for name, content in packed.items() if name != "galaxy.yml"}
    assert {name: content == (collection / name).read_bytes() for name, content in compared.items()} == dict.fromkeys(compared, True)
    needed = [path for folder in ("plugins", "roles", "playbooks") for path in (collection / folder).rglob("*") if path.is_file()]
    assert {str(path.relative_to(collection)) for path in needed} <= set(packed)


def _awx_collections_path(project: Path, private: Path) -> str:
    """The variable that AWX makes: the job's own folder, then the project's setting word for word, then the defaults."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(project / "ansible.cfg", encoding="utf-8")
    verbatim = settings["defaults"]["collections_path"]
    return f"{private}/requirements_collections:{verbatim}:~/.ansible/collections:/usr/share/ansible/collections"


def test_an_awx_like_job(clone: Path, home: Path, inventory: Path, tmp_path: Path) -> None:
    """A private data folder as AWX lays it out: the project copied with its links and without .git, a script as inventory."""
    private = tmp_path / "runner"
    project = private / "project"
    shutil.copytree(clone, project, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    (private / "env").mkdir()
    script = private / "inventory" / "hosts"
    script.parent.mkdir()
    hosts = yaml.safe_load(inventory.read_text(encoding="utf-8"))["all"]["hosts"]
    listing = json.dumps({"all": {"hosts": list(hosts)}, "_meta": {"hostvars": hosts}})
    script.write_text(f"#!/bin/sh\ncat <<'EOF_INVENTORY'\n{listing}\nEOF_INVENTORY\n", encoding="utf-8")
    script.chmod(0o700)
    report = tmp_path / "report"
    (private / "env/extravars").write_text(json.dumps({"firebreak_report_dir": str(report), "awx_job_id": 7}), encoding="utf-8")
    env = clean_environment(home, ANSIBLE_COLLECTIONS_PATH=_awx_collections_path(project, private), ANSIBLE_RETRY_FILES_ENABLED="False")
    run([sys.executable, "-m", "ansible_runner", "run", private, "-p", "playbooks/report_drift.yml"], cwd=tmp_path, env=env)
    assert_report_of_probe(report)
