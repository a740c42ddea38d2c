# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents print as an example, and settings in every form that a command line, a file or a survey gives them, through every playbook."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from playing import LOCAL, PLAYBOOK, Done, write_inventory
from workshop import REPOSITORY, clean_environment

# What belongs to an inventory; all else that a document shows as YAML is a setting, a rulebook, or somebody else's.
OF_HOSTS = ("firebreak_standard", "firebreak_waivers", "firebreak_mitigations", "firebreak_labels")
CRASHES = re.compile(r"Traceback|Unexpected failure|not JSON serializable|is undefined|has no attribute|SyntaxError")

# In the order in which a person would run them; each finds what those before it left.
READERS = ("show_standard", "expect_hosts", "scan", "report_drift", "report_records", "compare_reports", "plan_platform", "answer_cve",
           "adopt_standard", "keep_history", "show_history")
CHANGERS = ("enforce_platform", "rollout_status")
# These need what no such run has: promises that hold, an event, a compiler, an archive, AWX, a container engine, a rollout that is open.
OTHERS = ("verify_platform", "unwind_platform", "heal_fleet", "build_live_patch", "check_evidence", "configure_awx", "verify_isolation",
          "rollout_pause", "rollout_continue", "rollout_release", "rollout_abort")


def documented() -> Iterator[dict[str, Any]]:
    """The variables of hosts in each YAML block of the documents; days are days, as YAML reads them."""
    for page in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))):
        for text in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            found = yaml.safe_load(text)
            if isinstance(found, dict) and all(str(name).startswith(OF_HOSTS) for name in found):
                yield found


def told_settings() -> set[str]:
    """Every setting that the head of a playbook tells."""
    heads = ("\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#"))
             for path in sorted((REPOSITORY / "playbooks").glob("*.yml")))
    return {name for head in heads for name in re.findall(r"\bfirebreak_[a-z_]+[a-z]\b", head)}


EXAMPLES = list(documented())
FULL = next(found["firebreak_standard"] for found in EXAMPLES if "description" in found.get("firebreak_standard", {}))


def run(folder: Path, hosts: dict[str, Any], playbooks: tuple[str, ...], settings: dict[str, Any], *words: str) -> Done:
    """The playbooks one after the other, in one process."""
    (folder / "home").mkdir()
    env = clean_environment(folder / "home", ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"), COLUMNS="200")
    paths = [str(REPOSITORY / f"playbooks/{name}.yml") for name in playbooks]
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    argv = [PLAYBOOK, "-i", str(write_inventory(folder, hosts)), *paths, "-e", f"@{folder}/settings.json", *words]
    done = subprocess.run(argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=550,
                          check=False)
    return Done(done.returncode, done.stdout.decode(errors="replace"))


def crash(done: Done) -> str:
    """What looks like a crash, with what stands around it."""
    found = CRASHES.search(done.output)
    return done.output[max(0, found.start() - 1500):found.end() + 1500] if found else ""


def feed(folder: Path) -> str:
    """A feed that says when a hole was closed."""
    path = folder / "tracker.json"
    closed = {"bookworm": {"status": "resolved", "fixed_version": "6.1.158-1"}}
    path.write_text(json.dumps({"linux": {"CVE-2025-40300": {"releases": closed}}}), encoding="utf-8")
    return str(path)


def test_no_playbook_is_forgotten() -> None:
    there = {path.stem for path in (REPOSITORY / "playbooks").glob("*.yml")}
    assert there == {*READERS, *CHANGERS, *OTHERS}


def test_the_documents_examples_and_the_texts_of_surveys_pass_through(tmp_path: Path) -> None:
    """Lists and mappings come as JSON, as lines and with commas, numbers as decimals and as text, words with blanks and capitals."""
    hosts = {f"h{number}": {**LOCAL, "firebreak_standard": FULL, **found} for number, found in enumerate(EXAMPLES)}
    days = [day for found in EXAMPLES for day in re.findall(r"datetime\.date", repr(found))]
    assert len(hosts) > 10 and len(days) > 1
    texts = {
        "firebreak_sections": '["os"]', "firebreak_hosts": json.dumps(list(hosts)), "firebreak_hosts_expected": "\n".join(hosts),
        "firebreak_runs": '["reports/latest"]', "firebreak_reports_keep": 5.0, "firebreak_details": "yes", "firebreak_fail_on": " Never ",
        "cve": '["CVE-2025-40300", "CVE-2024-1086"]', "firebreak_feeds": json.dumps([feed(tmp_path)]), "firebreak_feed_max_age_hours": "24",
        "firebreak_golden_host": "h0\n", "firebreak_kata_files": '["VERSION"]', "firebreak_history": f"{tmp_path}/history.sqlite",
        "firebreak_history_days": "30", "firebreak_hosts_per_day": "20"}
    done = run(tmp_path, hosts, READERS, texts)
    assert not crash(done)
    assert done.status == 0, done.output[-6000:]
    report = json.loads((tmp_path / "reports/latest/fleet.json").read_text(encoding="utf-8"))
    assert sorted(report["hosts"]) == sorted(hosts)
    assert {tuple(host["sections"]) for host in report["hosts"].values()} == {("os",)}


def test_the_texts_of_surveys_make_a_rollout(tmp_path: Path) -> None:
    texts = {
        "firebreak_sections": "os\n", "firebreak_leave_out": "mitigations\nkernel,live_patching\nhypervisor\nkata", "firebreak_max_failed": "1.0",
        "firebreak_waves": '["1", "100%"]', "firebreak_windows": "Mon-Sun 00:00-24:00\n", "firebreak_quorum": "{}", "firebreak_release": '["h0"]',
        "firebreak_step_minutes": "5", "firebreak_soak_minutes": 0.0, "firebreak_only_drifted": "no", "firebreak_why": "with: a colon, and # more"}
    done = run(tmp_path, {"h0": {**LOCAL, "firebreak_standard": FULL}}, CHANGERS, texts)
    assert not crash(done)
    assert done.status == 0, done.output[-6000:]


def test_a_blank_is_what_it_is_without_it(tmp_path: Path) -> None:
    """A survey sends each question that was left open as an empty text."""
    standard = {**FULL, "name": datetime.date(2026, 11, 1)}
    hosts = {"h0": {**LOCAL, "firebreak_standard": standard, "firebreak_scan_seconds": "", "firebreak_labels": ""}}
    blanks = dict.fromkeys(told_settings() - {"firebreak_standard", "firebreak_waivers"}, "")
    assert {"firebreak_hosts", "firebreak_serial", "firebreak_hosts_per_day", "firebreak_step_minutes", "firebreak_checks"} <= blanks.keys()
    needs_more = ("compare_reports", "report_records", "answer_cve", "keep_history", "show_history")
    readers = tuple(name for name in (*READERS, *CHANGERS) if name not in needs_more)
    left_out = {"firebreak_sections": "os", "firebreak_leave_out": "mitigations,kernel,live_patching,hypervisor,kata"}
    done = run(tmp_path, hosts, readers, {**blanks, **left_out})
    assert not crash(done)
    assert done.status == 0, done.output[-6000:]
    assert list(json.loads((tmp_path / "reports/latest/fleet.json").read_text(encoding="utf-8"))["hosts"]) == ["h0"]
