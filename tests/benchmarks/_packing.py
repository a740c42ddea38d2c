# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to pack the host code, to carry it, and to start it on a host, beside another state of this repository."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks._measuring import Goal, interleaved, run

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ansible_collections.firebreak.fleet.plugins.plugin_utils"

# Where the payload is made, newest first: another state may have it elsewhere.
_PAYLOAD = f"""
import importlib, os, sys
for name in ("_transport.payload", "_payload"):
    try:
        payload = importlib.import_module("{PACKAGE}." + name)
        break
    except ModuleNotFoundError:
        pass
"""
_PACK = _PAYLOAD + """
for _turn in range(5):
    payload.payload.cache_clear()
    size = len(payload.payload().data)
open(sys.argv[1], "w").write(str(size))
"""
# The section os alone: nearly all of what this takes is Python reading and compiling the code of all sections.
_MAKE = _PAYLOAD + """
code = payload.payload()
open(sys.argv[1], "wb").write(payload.standard_input(code, {"sections": ["os"]}))
open(sys.argv[1] + ".all", "wb").write(payload.standard_input(code, {"sections": [], "available": True}))
open(sys.argv[1] + ".sh", "w").write(payload.command(code, "0" * 16, [[sys.executable]]) + "\\n")
"""
# A whole scan of this machine, as it comes back.
_ANSWER = _PAYLOAD + """
import subprocess
code = payload.payload()
command = payload.command(code, "0" * 16, [[sys.executable]])
done = subprocess.run(["/bin/sh", "-c", command], input=payload.standard_input(code, {"sections": [], "available": True}), stdout=subprocess.PIPE)
open(sys.argv[1], "wb").write(done.stdout.partition(b"0:")[2].partition(b":end")[0])
"""


def answer(directory: Path) -> Path:
    """A file with the answer of this machine to a scan, without the marks around it."""
    path = directory / "answer"
    argv, environment = _python(ROOT)
    run([*argv, _ANSWER, str(path)], directory, environment)
    return path


def _python(checkout: Path) -> tuple[list[str], dict[str, str]]:
    environment = {**os.environ, "PYTHONPATH": str(checkout / "collections"), "PYTHONDONTWRITEBYTECODE": "1"}
    return [sys.executable, "-c"], environment


def compare(before: Path, directory: Path, repeats: int) -> Iterator[str | Goal]:
    """This tree beside the checkout ``before``."""
    trees = {"before": before.resolve(), "now": ROOT}
    for name, tree in trees.items():
        argv, environment = _python(tree)
        run([*argv, _PACK, str(directory / f"{name}.size")], directory, environment)
        run([*argv, _MAKE, str(directory / name)], directory, environment)
    cases = {}
    for name, tree in trees.items():
        argv, environment = _python(tree)
        cases[f"{name}: pack 5 times"] = partial(run, [*argv, _PACK, str(directory / f"{name}.size")], directory, environment)
        script = f"for turn in 1 2 3 4 5; do /bin/sh '{directory / name}.sh' <'{directory / name}' >/dev/null; done"
        cases[f"{name}: start 5 times"] = partial(run, ["/bin/sh", "-c", script], directory, environment)
        cases[f"{name}: scan 5 times"] = partial(run, ["/bin/sh", "-c", script.replace(f"<'{directory / name}'", f"<'{directory / name}.all'")],
                                                 directory, environment)
    costs = interleaved(cases, repeats)
    for case, cost in costs.items():
        yield f"payload  {case:24} {cost.cpu:6.3f} CPU-s  {cost.wall:6.3f} s"
    sizes = {name: int((directory / f"{name}.size").read_text()) for name in trees}
    yield f"payload  bytes: before {sizes['before']}, now {sizes['now']}"
    for what in ("pack", "start"):
        yield Goal(f"CPU to {what} the host code / before", costs[f"now: {what} 5 times"].cpu / costs[f"before: {what} 5 times"].cpu, 1.0)
    yield Goal("CPU of a scan on the host / before", costs["now: scan 5 times"].cpu / costs["before: scan 5 times"].cpu, 0.5)
    yield Goal("bytes of the payload / before", sizes["now"] / sizes["before"], 1.0)
