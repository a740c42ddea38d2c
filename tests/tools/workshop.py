# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the repository's own tools share: where things are, where caches live, and how a command is run."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "firebreak.fleet"
INSIDE = Path("ansible_collections/firebreak/fleet")


class CommandFailedError(Exception):
    """A command exited non-zero; the text is the command, its status and the end of its output."""


def cache(name: str) -> Path:
    """A folder of the user's cache that clones share, made if absent."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = root / "firebreak" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def npm_package(spec: str) -> Path:
    """The folder of a package ``name@version`` from the package index of npm, kept in the user's cache; none of its scripts run."""
    name, _, version = spec.rpartition("@")
    folder = cache("npm")
    package = folder / "node_modules" / name
    if not package.is_dir() or json.loads((package / "package.json").read_text(encoding="utf-8"))["version"] != version:
        run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, spec], cwd=folder)
    return package


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path = REPOSITORY,
    env: Mapping[str, str] | None = None,
    seconds: float = 600,
    log: Path | None = None,
) -> str:
    """Standard output and error of a command, also written to log; CommandFailedError if it exits non-zero or runs too long."""
    __tracebackhide__ = True  # pytest would print the environment
    command = [str(word) for word in argv]
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False
        )
        output, outcome = done.stdout.decode(errors="replace"), f"exit status {done.returncode}"
        failed = done.returncode != 0
    except subprocess.TimeoutExpired as expired:
        output, outcome, failed = (expired.output or b"").decode(errors="replace"), f"not done after {seconds:.0f} s", True
    if log is not None:
        log.write_text(output, encoding="utf-8")
    if failed:
        tail = "\n".join(output.splitlines()[-200:])
        raise CommandFailedError(f"{' '.join(command)}: {outcome}\n{tail}")
    return output


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """This process's environment with another home and without what would lead Ansible or Python to this checkout."""
    dropped = ("ANSIBLE_", "PYTHON", "PYTEST_", "COV_", "MOLECULE_", "VIRTUAL_ENV", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    scripts = str(Path(sys.executable).parent)
    return {**kept, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "PATH": f"{scripts}{os.pathsep}{kept.get('PATH', os.defpath)}", **more}


def repository_files(root: Path = REPOSITORY) -> list[Path]:
    """The files, relative to root, that are committed there or would be: those that git does not ignore."""
    listed = run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).split("\0")
    return sorted(Path(name) for name in set(listed) if name and os.path.lexists(root / name))


def build_artifact(folder: Path, root: Path = REPOSITORY) -> Path:
    """The collection's artifact (.tar.gz), built from a checkout into folder."""
    env = clean_environment(folder, ANSIBLE_HOME=str(folder / "ansible_home"))
    run([Path(sys.executable).parent / "ansible-galaxy", "collection", "build", "--force", "--output-path", folder, root], cwd=folder, env=env)
    (artifact,) = folder.glob("firebreak-fleet-*.tar.gz")
    return artifact


def unpack(artifact: Path, root: Path) -> Path:
    """The collection's folder below root, as an artifact holds it: real files at the path that ansible-core wants."""
    home = root / INSIDE
    home.mkdir(parents=True)
    with tarfile.open(artifact) as archive:
        archive.extractall(home, filter="data")
    return home


def pip_settings() -> dict[str, dict[str, str]]:
    """pip's settings here by section, from its files and the environment; for a pip that will see neither."""
    sections: dict[str, dict[str, str]] = {}
    listed = run([sys.executable, "-m", "pip", "config", "list"]).splitlines()
    # The environment's settings win over the files', so they come last.
    for line in sorted((text for text in listed if "=" in text), key=lambda text: text.startswith(":env:")):
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        sections.setdefault("global" if section == ":env:" else section, {})[key] = str(ast.literal_eval(value))
    return sections
