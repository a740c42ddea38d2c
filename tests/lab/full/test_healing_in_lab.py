# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hole of the kernel comes out, a file that names it is dropped, and nobody does anything: ansible-rulebook has the exposed machines live-patched.

Real kernels take the patch in the boot that they are in; scan, answers and proof see it, journal and history tell it. An event that comes meanwhile
waits, and a host of which something is unknown is left alone and named. The tests run in this order; the engine is that of ``make test-eda``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from acting_fleet import BOOT_ID, SLOW, Acting
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import questions, upgrade
from running_fleet import ROOT, running
from running_rulebook import Rulebook

CVE, PATCH = "CVE-2026-31431", "proc_version_1"
EXPOSED = ("bookworm", "trixie")
# A machine that answers to this name too, by a Python that it has not.
UNKNOWN = "odd"
IN_FORCE = f"cat /proc/version; cd /sys/kernel/livepatch/{PATCH} && cat enabled transition"


class Healing(Acting):
    """The fleet, patches for its kernels, and the controller's folder in which the rulebook runs."""

    def describe(self, bundle: Path) -> None:
        """The operator's inventory: how machines are reached, the standard, where patches are, and what may be done by itself."""
        listed = json.loads((self.lab.folder / "inventory.json").read_text(encoding="utf-8"))["_meta"]["hostvars"]
        feed = {"linux": {CVE: {"releases": {"bookworm": {"status": "open"}, "trixie": {"status": "open"}}}}}
        (self.reports / "feed.json").write_text(json.dumps(feed), encoding="ascii")
        variables = {"firebreak_standard": {"os": {"id": "debian"}, "live_patch": {"protection": "protected", "provider": "self_built"}},
                     "firebreak_feeds": [str(self.reports / "feed.json")], "live_patching_bundle": str(bundle), "firebreak_heal": True,
                     "firebreak_waves": [1, "100%"], **SLOW}
        reached = {name: listed[name] for name in EXPOSED}
        reached[UNKNOWN] = {**listed[EXPOSED[0]], "ansible_python_interpreter": "/nonexistent/python3"}
        (self.reports / "inventory.yml").write_text(yaml.safe_dump({"all": {"vars": variables, "hosts": reached}}), encoding="utf-8")

    def asked(self, command: str) -> list[str]:
        """What each machine itself says."""
        return [self.ask(name, command) for name in EXPOSED]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healing]:
    """The fleet, of which nothing is patched."""
    with running(Healing, "healing", tmp_path_factory.mktemp("world")) as fleet:
        fleet.describe(fleet.live_patch(PATCH, CVE))
        yield fleet


@pytest.fixture(scope="module")
def rulebook(lab: Healing) -> Iterator[Rulebook]:
    """The engine, which sees what is dropped."""
    engine = Rulebook(lab.reports, ROOT / ".venv-eda/bin")
    yield engine
    engine.end()


def test_a_dropped_file_has_the_running_kernels_patched_in_the_boot_that_they_are_in(lab: Healing, rulebook: Rulebook) -> None:
    boots = lab.asked(BOOT_ID)
    assert lab.asked("ls -A /sys/kernel/livepatch") == ["", ""]
    rulebook.drop("dsa-1", {"id": "dsa-1", "details": f"A hole of the kernel: {CVE}"})
    rulebook.wait("begun", "dsa-1")
    rulebook.drop("meanwhile", {"kind": "drift", "id": "meanwhile"})
    rulebook.wait_for_end("dsa-1")
    said = rulebook.said_of("dsa-1")
    for name in EXPOSED:
        assert said[name, "healed"] == "seen healed by a scan of its own, and proved", rulebook.told()
    assert said[None, "ended"] == "2 healed"
    for seen in lab.asked(IN_FORCE):
        assert seen.splitlines()[0].endswith("patched in memory, level 1")
        assert seen.splitlines()[1:] == ["1", "0"]
    assert lab.asked(BOOT_ID) == boots


def test_who_is_unknown_is_left_alone_and_named(rulebook: Rulebook) -> None:
    assert {what: why.split(":")[0] for (host, what), why in rulebook.said_of("dsa-1").items() if host == UNKNOWN} == {"left_alone": "unknown"}


def test_an_event_that_comes_meanwhile_waits(rulebook: Rulebook) -> None:
    rulebook.wait_for_end("meanwhile")
    order = [row["event"] for row in rulebook.journal()]
    assert order == sorted(order), "two runs at once"


def proofs(rulebook: Rulebook) -> list[dict[str, Any]]:
    """What the proof of each run found, by host."""
    return [json.loads(path.read_text(encoding="utf-8"))["hosts"] for path in sorted(rulebook.heal.glob("*/after/proof/proof.json"))]


def test_the_proof_is_green(rulebook: Rulebook) -> None:
    hosts, = proofs(rulebook)
    assert sorted(hosts) == sorted(EXPOSED)
    for found in hosts.values():
        assert found["promises"] and found["broken"] == []


def test_the_history_tells_the_story(lab: Healing) -> None:
    history = upgrade.opened(str(lab.reports / "firebreak_history/history.sqlite"))
    with history.reading() as connection:
        hole, = questions.holes(connection, int(time.time()))
        events = questions.events(connection, 0)
    history.close()
    assert (hole.name, hole.hosts, hole.exposed) == (CVE, len(EXPOSED), 0)
    assert sum(count for _run, count in hole.closers) == len(EXPOSED)
    assert {(one["run"], one["subject"], one["decision"]) for one in events if one["kind"] == "heal"} >= {
        *(("dsa-1", name, "healed") for name in EXPOSED), ("dsa-1", UNKNOWN, "left_alone")}
