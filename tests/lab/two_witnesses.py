# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scan and the proof, asked about the same hosts one after the other, and where they disagree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from firebreak_proof.promises import PROVEN_ALONE
from running_fleet import ROOT, Fleet

SECONDS = 600
# Promises about facts that are called otherwise.
_FACTS = {"kernel.cache_age_hours": "kernel.available"}


class Seen(NamedTuple):
    """What both said of one host.

    ``findings`` are ids by the key of the promise that they break, ``unknown`` the facts that the scan could not tell, ``proof`` the broken
    promises with their sentences.
    """

    verdict: str
    findings: Mapping[str, str]
    unknown: tuple[str, ...]
    promises: frozenset[str]
    proof: Mapping[str, str]

    @property
    def is_green(self) -> bool:
        """Both call the host all right."""
        return self.verdict == "compliant" and not self.proof

    def cannot_say(self, key: str) -> bool:
        """Whether the scan could not tell what a promise is about."""
        return any(_subject(fact) == _FACTS.get(key, _subject(key)) for fact in self.unknown)

    def disagreements(self) -> list[str]:
        """Each promise of which the two say different things. What the scan cannot tell, the proof must not call kept."""
        silent = [key for key in self.proof if key in PROVEN_ALONE or self.cannot_say(key)]
        missed = sorted(set(self.proof) - set(self.findings) - set(silent))
        invented = sorted(set(self.findings) & set(self.promises) - set(self.proof))
        return [f"{key}: the proof calls it broken ({self.proof[key]}), the scan does not" for key in missed] \
            + [f"{key}: the scan calls it broken ({self.findings[key]}), the proof does not" for key in invented]


def _subject(path: str) -> str:
    """What a key or a fact is about: its section and the first word below that."""
    return ".".join(path.split(".")[:2])


def seen(document: Mapping[str, Any], proof: Mapping[str, Any]) -> Seen:
    """From a host's document of the drift report, and its part of proof.json."""
    findings = {row["promise"]: row["id"] for row in document["findings"] if row["promise"]}
    broken = {key: row["sentence"] for key, row in proof["promises"].items() if row["outcome"] == "failed"}
    unknown = tuple(reason.partition(":")[0] for reason in document["reasons"])
    return Seen(document["verdict"], findings, unknown, frozenset(proof["promises"]), broken)


def prove(fleet: Fleet, name: str) -> dict[str, Any]:
    """Run the proof on the lab's hosts; the hosts of its proof.json."""
    folder = fleet.reports / f"{name}-proof"
    argv = [sys.executable, "-m", "pytest", "tests/platform", "--quiet", "-p", "no:cacheprovider", "--hosts=ansible://lab",
            "--ansible-inventory=inventories/lab", f"--firebreak-report={folder}"]
    done = subprocess.run(argv, env=fleet.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS,
                          check=False)
    # 1: some promises are broken.
    assert done.returncode in (0, 1), done.stdout
    hosts: dict[str, Any] = json.loads((folder / "proof.json").read_text(encoding="utf-8"))["hosts"]
    return hosts


def ask_both(fleet: Fleet, name: str) -> dict[str, Seen]:
    """What both say of every host of the fleet."""
    report, proofs = fleet.report(name), prove(fleet, name)
    assert set(proofs) == set(report.fleet["hosts"])
    return {host: seen(report.document(host), proofs[host]) for host in proofs}
