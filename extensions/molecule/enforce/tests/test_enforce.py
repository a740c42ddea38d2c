# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the one command did, as the report says, as the journal says, and as a watcher saw that knows neither."""

import json
import os
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import testinfra
from firebreak_lab import state, watcher

ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
ARTIFACTS = ROOT / "build/enforce"
DOMAINS = {"behind": "rack1", "patched": "rack1", "old-default": "rack2", "mitigated": "rack2"}
# The third comes up on the kernel that it had, which is nothing to be tried.
TRIED, REBOOTED = ["behind", "old-default"], ["behind", "mitigated", "old-default"]
# Where a machine does not answer yet, or no longer, the journal has a step that takes it down. It counts in seconds.
ROUNDING = 1.0


def read(name: str) -> Any:
    """A document that the run left."""
    return json.loads((ARTIFACTS / name).read_text(encoding="utf-8"))


def seen_down() -> list[watcher.Outage]:
    """When the watcher found machines down."""
    return watcher.outages(watcher.read(ARTIFACTS / "rollout/watched.jsonl"))


def journals() -> list[list[dict[str, Any]]]:
    """The lines of the journals of all runs, that of the one command first and that of the idempotent one after it."""
    return [[json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            for path in sorted((ARTIFACTS / "rollout").glob("*Z.jsonl"))]


def spans(events: list[dict[str, Any]], step: str) -> list[tuple[str, float, float]]:
    """From the beginning of a step to its end, host by host, by the lines of a journal alone."""
    begun: dict[str, float] = {}
    found = []
    for event in events:
        if event["event"] == "step" and event["step"] == step:
            at = datetime.fromisoformat(event["at"]).timestamp()
            if event["did"] == "started":
                begun[event["host"]] = at
            else:
                found.append((event["host"], begun.pop(event["host"]), at))
    assert not begun, f"begun and never done: {begun}"
    return found


def machine(name: str) -> Any:
    """A machine of the scenario; each test here is about one of them."""
    return testinfra.get_host(f"ansible://{name}?ansible_inventory={ROOT}/inventories/lab")


def test_nothing_is_left_to_find() -> None:
    found = {name: [finding["id"] for finding in read(f"report/records/{name}.json")["findings"] if finding["promise"]] for name in DOMAINS}
    assert found == {name: [] for name in DOMAINS}
    assert {name: host["verdict"] for name, host in read("report/fleet.json")["hosts"].items()} == dict.fromkeys(DOMAINS, "compliant")


def test_the_canary_went_first_and_no_wave_has_two_of_a_domain() -> None:
    waves = [event["hosts"] for event in journals()[0] if event["event"] == "wave"]
    assert waves[0] == ["behind"]
    assert sorted(name for wave in waves for name in wave) == sorted(DOMAINS)
    assert all(len({DOMAINS[name] for name in wave}) == len(wave) for wave in waves)
    assert max(map(len, waves)) == 2


def test_from_outside_never_two_of_a_domain_were_down() -> None:
    down = seen_down()
    assert sorted(outage.host for outage in down) == REBOOTED
    for one, other in combinations(down, 2):
        apart = one.ended <= other.begun or other.ended <= one.begun
        assert apart or DOMAINS[one.host] != DOMAINS[other.host], (one, other)


def test_each_time_that_a_machine_was_down_is_in_the_journal() -> None:
    told = [span for events in journals() for span in spans(events, "reboot")]
    assert sorted(host for host, _begun, _ended in told) == REBOOTED
    for outage in seen_down():
        begun, ended = next((begun, ended) for host, begun, ended in told if host == outage.host)
        assert begun - ROUNDING <= outage.begun < outage.ended <= ended + ROUNDING, (outage, begun, ended)


def test_each_was_booted_as_often_as_it_had_to_be() -> None:
    lab = state.current_lab()
    # The first boot is the lab's own, and one is of the preparation.
    assert {name: lab.run_state(name)["boots"] for name in DOMAINS} == {"behind": 2, "old-default": 3, "mitigated": 2, "patched": 1}


def test_what_came_up_is_the_default_and_nothing_of_a_trial_is_left() -> None:
    for name in REBOOTED:
        host = machine(name)
        assert host.check_output("uname -r") == host.check_output("linux-version list | linux-version sort | tail -n 1")
        assert ("panic=30" in host.file("/proc/cmdline").content_string.split()) == (name in TRIED)
        assert host.check_output("grub-editenv /boot/grub/grubenv list | grep next_entry=.; ls /boot/grub/custom.cfg 2>/dev/null; true") == ""


def test_holes_are_closed_with_a_boot_and_without() -> None:
    assert "initcall_blacklist=" in machine("mitigated").file("/proc/cmdline").content_string
    patched = machine("patched")
    assert "patched in memory, level 1" in patched.file("/proc/version").content_string
    assert patched.run("modprobe algif_aead").rc != 0
    assert patched.check_output("readlink /proc/$(systemctl show --property=MainPID --value clock.service)/exe") == "/opt/clock/clock"


def test_the_second_run_took_nobody_down() -> None:
    assert [spans(events, "reboot") for events in journals()[1:]] == [[]]


def test_the_page_has_what_the_watcher_saw() -> None:
    newest, first = (read(f"rollout/{events[0]['id']}/rollout.json") for events in reversed(journals()))
    assert sorted(span["host"] for span in first["timeline"] if span["kind"] == "seen") == REBOOTED
    assert not [span for span in newest["timeline"] if span["kind"] in ("seen", "down")]
    page = (ARTIFACTS / "rollout" / first["id"] / "rollout.html").read_text(encoding="utf-8")
    assert page.count('class="seen"') == len(REBOOTED)
