# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the unit tests and a real scan of this machine under every pair of Python and ansible-core that can be had,
and replays the recorded hosts under every Python from 3.6 on, whose records must be equal.

Environments are kept in the user's cache, named by what is in them. MATRIX_MINUTES bounds the optional pairs.
"""

from __future__ import annotations

import concurrent.futures
import fcntl
import hashlib
import json
import os
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from interpreters import Interpreter, find
from plan import Pair, all_pairs, split

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from workshop import REPOSITORY, CommandFailedError, cache, clean_environment, run

HERE = Path(__file__).resolve().parent
FRESH_SECONDS = 24 * 3600
WORKERS = 2


class CannotBeHadError(Exception):
    """The package index has no such ansible-core for this interpreter."""


def environment_folder(pair: Pair, interpreter: Interpreter, requirements: list[Path]) -> Path:
    """Where the pair's environment is kept: the name changes with everything that decides what is in it."""
    content = "\n".join([str(interpreter.path), interpreter.version, pair.install, *(path.read_text(encoding="utf-8") for path in requirements)])
    return cache("matrix") / f"{pair.python}-{pair.core}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"


def ready_environment(pair: Pair, interpreter: Interpreter) -> Path:
    """The bin folder of the pair's environment, made or brought up to date; what is unpinned is asked for again once a day."""
    requirements = [REPOSITORY / "requirements.txt", *([REPOSITORY / "requirements-test.txt"] if pair.unit_tests else [])]
    folder = environment_folder(pair, interpreter, requirements)
    done = folder / "complete"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or time.time() - done.stat().st_mtime > FRESH_SECONDS:
            done.unlink(missing_ok=True)
            run([interpreter.path, "-m", "venv", folder])
            files = [word for path in requirements for word in ("-r", str(path))]
            try:
                run([folder / "bin/python", "-m", "pip", "install", "--quiet", "--upgrade", pair.install, *files])
            except CommandFailedError as failure:
                if "No matching distribution" in str(failure):
                    raise CannotBeHadError(f"the package index has no {pair.install} for Python {interpreter.version}") from failure
                raise
            done.touch()
    return folder / "bin"


def unit_tests(binaries: Path, scratch: Path) -> str:
    """Run the unit tests; pytest's closing line."""
    env = clean_environment(scratch, PYTHONPATH=str(REPOSITORY / "tests/tools"), PYTHONDONTWRITEBYTECODE="1")
    return run([binaries / "python", "-m", "pytest", "-q", "-p", "no_skips", "tests/unit"], env=env).strip().splitlines()[-1]


def scan(binaries: Path, scratch: Path) -> str:
    """Report this machine's drift as `make drift` does; its verdict."""
    report = scratch / "report"
    env = clean_environment(scratch, PYTHONDONTWRITEBYTECODE="1")
    playbook = ["-i", "inventories/local", "playbooks/report_drift.yml"]
    output = run([binaries / "ansible-playbook", *playbook, "-e", f"firebreak_report_dir={report}"], env=env)
    if "[DEPRECATION WARNING]" in output:
        raise CommandFailedError(f"the playbook uses what this ansible-core deprecates:\n{output}")
    document: dict[str, Any] = json.loads((report / "records/localhost.json").read_text(encoding="utf-8"))
    if document["error"] is not None or not document["record"]:
        raise CommandFailedError(f"the scan of localhost gave no record: {document['error']}")
    return str(json.loads((report / "fleet.json").read_text(encoding="utf-8"))["hosts"]["localhost"]["verdict"])


def core_version(binaries: Path) -> str:
    """The ansible-core that is really in the environment."""
    return run([binaries / "python", "-c", "from ansible.release import __version__; print(__version__)"]).strip()


def run_pair(pair: Pair, interpreter: Interpreter) -> str:
    """Everything for one pair; a line that says what ran."""
    started = time.monotonic()
    binaries = ready_environment(pair, interpreter)
    with tempfile.TemporaryDirectory(prefix="firebreak-matrix-") as scratch:
        tested = unit_tests(binaries, Path(scratch)) if pair.unit_tests else "unit tests need a newer Python"
        verdict = scan(binaries, Path(scratch))
    seconds = time.monotonic() - started
    return f"Python {interpreter.version} with ansible-core {core_version(binaries)}: {tested}; scan says {verdict}; {seconds:.0f} s"


def replay(wanted: list[str]) -> tuple[int, int]:
    """Replay the recorded hosts under each Python that is here: under how many every record was the kept one, and under how many not."""
    agreed = []
    failed = 0
    for series in wanted:
        interpreter = find(series)
        if interpreter is None:
            print(f"missing: Python {series} (for the replay of recorded hosts)", flush=True)
            continue
        try:
            closing = run([interpreter.path, "tests/replay_hosts.py"], seconds=300).strip().splitlines()[-1]
            agreed.append(f"{interpreter.version} ({closing})")
        except CommandFailedError as failure:
            failed += 1
            print(f"FAILED replay under Python {interpreter.version}: {failure}", flush=True)
    print(f"replay: recorded hosts give the kept records under Python {', '.join(agreed) or 'none'}", flush=True)
    return len(agreed), failed


class Matrix:
    """One run over all pairs: who passed, who failed, and what was left out and why."""

    def __init__(self, minutes: float) -> None:
        self.deadline = time.monotonic() + 60 * minutes
        self.passed = 0
        self.failed = 0

    def run(self, pair: Pair, interpreter: Interpreter) -> None:
        """Run one pair and print its line; an optional one is left out once the time is up."""
        if not pair.required and time.monotonic() > self.deadline:
            print(f"left out for time: {pair}", flush=True)
            return
        try:
            line = run_pair(pair, interpreter)
        except CannotBeHadError as reason:
            self.missing(pair, str(reason))
        except CommandFailedError as failure:
            self.failed += 1
            print(f"FAILED {pair}: {failure}", flush=True)
        else:
            self.passed += 1
            print(line, flush=True)

    def missing(self, pair: Pair, reason: str) -> None:
        """Say that a pair cannot be had; for a required one that is a failure."""
        self.failed += pair.required
        print(f"{'FAILED, required and ' if pair.required else ''}missing: {pair}: {reason}", flush=True)


def main() -> int:
    """Run all; 1 if anything failed or a required pair is missing."""
    settings = tomllib.loads((HERE / "matrix.toml").read_text(encoding="utf-8"))
    pairs = all_pairs(settings)
    interpreters = {series: found for series in sorted({pair.python for pair in pairs}) if (found := find(series))}
    here, absent = split(pairs, interpreters)
    matrix = Matrix(float(os.environ.get("MATRIX_MINUTES", "60")))
    agreed, disagreed = replay(settings["replay"])
    for pair in absent:
        matrix.missing(pair, f"no Python {pair.python} on PATH, in pyenv, in uv or in the system's folders")
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda pair: matrix.run(pair, interpreters[pair.python]), here))
    print(f"{matrix.passed + agreed} passed, {matrix.failed + disagreed} failed")
    return 1 if matrix.failed or disagreed or not matrix.passed else 0


if __name__ == "__main__":
    sys.exit(main())
