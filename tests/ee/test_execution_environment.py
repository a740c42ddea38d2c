# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment without a registry: what ansible-builder makes of its definition, on a root of Debian in the place of the base image.

ansible-builder and bindep read the lists; the root has them and nothing else. The contract tests run there as an AWX would run its jobs: below
the entry point of ansible-builder, as root and as a user whom /etc/passwd does not name, with no network. Needs root.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from firebreak_lab import apt_sources

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
# The oldest core with the interpreter of a release that it knows, and the newest that the index has for another.
MADE_FROM = {"bookworm": "ansible-core==2.16.*", "trixie": "ansible-core"}
# Somebody of OpenShift, whose group is root's, and root; only root can be the host that a proof asks.
USERS = {"arbitrary": 1000730000, "root": 0}
TESTS = {"arbitrary": ("test_report_drift.py", "test_awx.py"), "root": ("test_report_drift.py", "test_awx.py", "test_verify_platform.py")}
# Two tests bring more packages of Python than jobs have: xdist, and a core of another release.
_LEFT_OUT = {"trixie": "not workers_of_xdist and not core_that_is_too_old",
             # Cores before 2.19 take a name with braces for a template: that host gets no record, and the report names it.
             "bookworm": "not workers_of_xdist and not core_that_is_too_old and not hostile_host_names"}
# As a container has it; the root's own network has nothing but loopback.
_ENTER = """set -e
mount -t proc proc "$1/proc"
mount -t sysfs -o ro sysfs "$1/sys"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
ip link set lo up
root=$1 user=$2
shift 2
exec chroot "$root" setpriv --reuid "$user" --regid 0 --clear-groups env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin LANG=C.UTF-8 HOME=/runner \
    PYTHONPATH=tests/tools PYTHONDONTWRITEBYTECODE=1 /opt/builder/bin/entrypoint sh -c 'cd /runner/project && exec "$@"' sh "$@"
"""


def run(argv: Sequence[str | Path], told: str = "") -> str:
    """A command's output; all it said is in the error where it fails. ``told`` is its standard input."""
    done = subprocess.run(argv, input=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800, check=False)
    assert done.returncode == 0, f"{argv}: {done.stdout[-6000:]}"
    return done.stdout


class Context(NamedTuple):
    """What ansible-builder made of the definition."""

    folder: Path
    cores: list[str]
    system: list[str]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("builder") / "context"
    run([BIN / "ansible-builder", "create", "-f", ROOT / "execution-environment.yml", "-c", folder])
    refs = re.findall(r'(?m)^ARG ANSIBLE_INSTALL_REFS="(.+)"$', (folder / "Containerfile").read_text(encoding="utf-8"))
    system = run([BIN / "bindep", "-l", "newline", "-f", folder / "_build/bindep.txt"]).split()
    return Context(folder, refs[0].split(), system)


def wheels(folder: Path, python: str, wanted: Sequence[str], listed: Path) -> Path:
    """The Python packages for an interpreter, since the root has no network to get them by."""
    run([sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--python-version", python, "--dest", folder,
         *wanted, "-r", listed])
    return folder


def made(context: Context, suite: str, core: str, folder: Path) -> Path:
    """The root: the suite's Python, the system packages, the cores and the Python packages of the definition, the project as AWX lays it there."""
    root = folder / "root"
    settings = ['APT::Install-Recommends "false";', *apt_sources.own_settings()]
    run(["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", *(f"--aptopt={line}" for line in settings),
         f"--include={','.join(['python3', 'python3-pip', *context.system])}", suite, root, "-"], apt_sources.source_lines(suite, False))
    python = run(["chroot", root, "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).strip()
    wheels(root / "wheels", python, [*context.cores, core], context.folder / "_build/requirements.txt")
    shutil.copy(context.folder / "_build/requirements.txt", root / "wheels")
    run(["chroot", root, "python3", "-m", "pip", "install", "--quiet", "--break-system-packages", "--no-index", "--find-links", "/wheels",
         *context.cores, core, "-r", "/wheels/requirements.txt"])
    entry = root / "opt/builder/bin/entrypoint"
    entry.parent.mkdir(parents=True)
    shutil.copy(context.folder / "_build/scripts/entrypoint", entry)
    entry.chmod(0o755)
    (root / "runner").mkdir()
    run(["git", "-C", ROOT, "clone", "--quiet", "--no-local", ROOT, root / "runner/project"])
    # In a container the project's folder is the user's who runs there.
    run(["git", "config", "--file", root / "etc/gitconfig", "safe.directory", "/runner/project"])
    run(["chgrp", "-R", "0", root / "runner"])
    run(["chmod", "-R", "ug+rwX", root / "runner", root / "etc/passwd"])
    return root


@pytest.fixture(scope="module", params=MADE_FROM)
def suite(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def root(suite: str, context: Context, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(context, suite, MADE_FROM[suite], tmp_path_factory.mktemp(suite))


@pytest.mark.parametrize("user", USERS)
def test_the_contract_holds_with_what_the_definition_lists(root: Path, suite: str, user: str) -> None:
    """The user without a name comes first: the entry point then writes one, as it does in a container."""
    entered = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", _ENTER, "sh", str(root), str(USERS[user])]
    tests = [f"tests/contract/{one}" for one in TESTS[user]]
    told = run([*entered, "python3", "-m", "pytest", "-p", "no_skips", "-q", "-k", _LEFT_OUT[suite], *tests])
    assert " passed" in told and " failed" not in told
