# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents print as an example, and settings in every form that a command line, a file or a survey gives them, through every playbook."""

from __future__ import annotations

import datetime
import json
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
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
PROVERS = ("verify_platform", "check_evidence")
# What is taken back in waves, of which the first is the last, and what people say to a rollout that is open.
PEOPLE = ("unwind_platform", "rollout_status", "rollout_pause", "rollout_continue", "rollout_abort")
HEALERS = ("heal_fleet",)
# These need what no such run has: a compiler, AWX, hosts that failed. Each refuses in one sentence, and is run whole where it has what it needs:
# test_live_patch_build.py, test_awx_modules.py, test_rollout_waves.py.
REFUSED = {
    "build_live_patch": ({"live_patch_build_hosts": "", "live_patch_build_cves": "CVE-2026-1000"}, "wanted a source, a bundle, a kernel release"),
    "configure_awx": ({"firebreak_awx_scm_url": "", "firebreak_awx_forks": "20.0"}, "Wanted: firebreak_awx_scm_url"),
    "rollout_release": ({"firebreak_release": '["h0"]', "firebreak_skip": "yes"}, "no rollout was ever begun there"),
    "check_evidence": ({"firebreak_evidence": "", "firebreak_evidence_signer": "me"}, "Wanted: firebreak_evidence"),
}
# A container engine, of which a machine that tests may have one: it is looked at and not used. test_running_kata.py runs it whole.
LOOKED_AT = ("verify_isolation",)


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
SMALL = {"name": "small", "os": {"architecture": platform.machine()}}
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
    assert there == {*READERS, *CHANGERS, *PROVERS, *PEOPLE, *HEALERS, *REFUSED, *LOOKED_AT}


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


def test_the_documents_examples_are_proved_and_the_evidence_is_checked(tmp_path: Path) -> None:
    """Those that hold days, which JSON lacks, and one of all keys. A promise that this machine breaks fails its host; what the proof hands over is
    whole all the same.
    """
    dated = [found for found in EXAMPLES if "datetime.date" in repr(found) and found.get("firebreak_standard") != FULL]
    hosts = {f"h{number}": {**LOCAL, "firebreak_standard": SMALL, **found} for number, found in enumerate([*dated, {"firebreak_standard": FULL}])}
    texts = {"firebreak_hosts": "\n".join(hosts), "firebreak_host_timeout": "300.0", "firebreak_evidence": " kept/\n",
             "firebreak_report_dir": "run\n"}
    done = run(tmp_path, hosts, ("verify_platform",), texts)
    assert not crash(done)
    proof = json.loads((tmp_path / "run/proof/proof.json").read_text(encoding="utf-8"))
    assert sorted(proof["hosts"]) == sorted(hosts), done.output[-6000:]
    shutil.rmtree(tmp_path / "home")
    checked = run(tmp_path, hosts, ("check_evidence",), texts)
    assert checked.status == 0 and ": as it was written" in checked.output, checked.output[-6000:]


def test_texts_take_back_and_lead_a_rollout(tmp_path: Path) -> None:
    """Nothing is brought to a host for something to be taken back from it: there is no Kata Containers here, and none comes."""
    mine = tmp_path / "mine.yml"
    mine.write_text("- name: Take back a parameter\n  ansible.builtin.debug: {msg: a parameter goes back}\n", encoding="utf-8")
    texts = {
        "firebreak_unwind": "kata, mitigations\n", "firebreak_unwind_keep": "2.0", "firebreak_unwind_holds": "[]",
        "firebreak_unwind_tasks": json.dumps([str(mine)]),
        "firebreak_waves": "1\n100%", "firebreak_approval": " Stop ", "firebreak_sections": "os", "firebreak_max_failed": "1.0",
        "firebreak_rollout_dir": " waves\n", "firebreak_why": "with: a colon, and # more"}
    done = run(tmp_path, {name: {**LOCAL, "firebreak_standard": SMALL} for name in ("h0", "h1")}, PEOPLE, texts)
    assert not crash(done)
    assert done.status == 0, done.output[-6000:]
    assert done.output.count("a parameter goes back") == 1 and "Fetch the archives" not in done.output
    assert re.findall(r"Rollout \S+ is (\w+)", done.output)[-4:] == ["open", "paused", "open", "aborted"]
    assert (tmp_path / "waves").is_dir()


def test_what_of_kata_cannot_be_told_is_not_taken_for_nothing(tmp_path: Path) -> None:
    seen = {"firebreak": {"error": None, "reasons": ["deadline"], "record": {"record": {"kata": {"trees": None}}}}}
    settings = {"firebreak_unwind": "kata", "firebreak_sections": "os", "firebreak_host_kata": seen}
    done = run(tmp_path, {"h0": {**LOCAL, "firebreak_standard": SMALL}}, PEOPLE[:1], settings)
    assert not crash(done)
    assert done.status == 2 and "h0: kata.trees: seen unknown" in done.output and "deadline" in done.output, done.output[-6000:]


def test_texts_heal(tmp_path: Path) -> None:
    texts = {
        "firebreak_event": '{"kind": "drift", "id": "by-hand"}', "firebreak_heal": "yes", "firebreak_heal_hosts": "h0\n",
        "firebreak_healable": "live_patch.*\nos.*", "firebreak_max_disruption": " None ", "firebreak_heal_per_day": "4.0",
        "firebreak_heal_wait_minutes": "", "firebreak_heal_dir": "", "firebreak_heal_mail": "", "firebreak_heal_tickets": "",
        "firebreak_heal_webhook": "", "firebreak_sections": "os"}
    done = run(tmp_path, {"h0": {**LOCAL, "firebreak_standard": SMALL}}, HEALERS, texts)
    assert not crash(done)
    assert done.status == 0, done.output[-6000:]
    noted = [json.loads(line) for path in (tmp_path / "reports/heal").glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    assert "by-hand" in {row["event"] for row in noted} and "refused" not in {row["what"] for row in noted}


@pytest.mark.parametrize("playbook", REFUSED)
def test_what_is_missing_is_said_in_one_sentence(playbook: str, tmp_path: Path) -> None:
    texts, sentence = REFUSED[playbook]
    done = run(tmp_path, {"h0": LOCAL}, (playbook,), texts)
    assert not crash(done)
    assert done.status == 2 and sentence in done.output, done.output[-6000:]


def test_check_mode_starts_no_container(tmp_path: Path) -> None:
    done = run(tmp_path, {"h0": LOCAL}, LOOKED_AT, {"firebreak_engine": " Docker ", "firebreak_require_kvm": "no", "firebreak_hosts": ""}, "--check")
    assert not crash(done)
    assert done.status == 0 and "nothing is proved without starting a container" in done.output, done.output[-6000:]
