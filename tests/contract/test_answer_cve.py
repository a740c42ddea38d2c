# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that answers what a hole means, as a person runs it: from a report's records and a feed that was brought."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from playing import LOCAL, play

CVE = "CVE-2025-40300"


def _report(folder: Path, **hosts: str) -> Path:
    """A report's directory with records of hosts of Debian 12 that run these versions, all with the fixed kernel installed and next."""
    records = folder / "reports" / "20261128T080000Z" / "records"
    records.mkdir(parents=True)
    for name, version in hosts.items():
        fixed = {"release": "6.1.0-41-amd64", "package": "linux-image-6.1.0-41-amd64", "package_version": "6.1.158-1", "source": "linux"}
        runs = fixed if version == "6.1.158-1" else {**fixed, "release": "6.1.0-40-amd64", "package": "linux-image-6.1.0-40-amd64",
                                                     "package_version": version}
        record: dict[str, Any] = {"scanned_at": "2026-11-28T08:00:00Z", "os": {"id": "debian", "version_id": "12"}, "kernel": {
            "version_order": "dpkg", "installed": [runs, fixed], "running": runs, "default_boot": {"release": fixed["release"]}}}
        (records / f"{name}.json").write_text(json.dumps({"host": name, "record": record}))
    return records.parent


def _feed(folder: Path, hours: float = 0) -> Path:
    path = folder / "tracker.json"
    path.write_text(json.dumps({"linux": {CVE: {"releases": {"bookworm": {"status": "resolved", "fixed_version": "6.1.158-1"}}}}}))
    os.utime(path, (time.time() - hours * 3600,) * 2)
    return path


def test_a_hole_is_answered_for_every_host(tmp_path: Path) -> None:
    report = _report(tmp_path, web="6.1.153-1", db="6.1.158-1")
    done = play(tmp_path, {"localhost": LOCAL}, playbook="answer_cve.yml", cve=[CVE], firebreak_feeds=[str(_feed(tmp_path))],
                firebreak_report_dir=str(report), firebreak_hosts_expected=["web", "db", "lost"])
    assert done.status == 0, done.output
    assert f"{CVE}: 1 unknown, 1 pending, 1 fixed_in_force" in done.output
    assert "web: kernel: 6.1.153-1 runs; 6.1.158-1 is in force after a reboot -> reboot it" in done.output
    document = json.loads((report / "answers.json").read_text())
    assert document["cves"][CVE]["hosts"] == {"unknown": 1, "pending": 1, "fixed_in_force": 1}
    assert [(row["host"], row["answer"]) for row in document["answers"]] == [("lost", "unknown"), ("web", "pending"), ("db", "fixed_in_force")]
    assert document["hosts"]["web"]["runs"][0]["version"] == "6.1.153-1"
    assert f'firebreak_answers{{cve="{CVE}",answer="pending"}} 1' in (report / "answers.prom").read_text()


def test_an_old_feed_closes_nothing_and_says_its_age(tmp_path: Path) -> None:
    report = _report(tmp_path, db="6.1.158-1")
    done = play(tmp_path, {"localhost": LOCAL}, playbook="answer_cve.yml", cve=CVE, firebreak_feeds=str(_feed(tmp_path, 30)),
                firebreak_report_dir=str(report))
    assert done.status == 0, done.output
    assert f"{CVE}: 1 unknown" in done.output
    assert "the feed tracker.json is 30 hours old, 24 hours are allowed" in done.output


def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path) -> None:
    feed = str(_feed(tmp_path))
    for variables, words in (({"cve": CVE, "firebreak_feeds": feed}, "no records are there; scan first with playbooks/report_drift.yml"),
                             ({"cve": CVE, "firebreak_report_dir": str(_report(tmp_path, db="6.1.158-1"))}, "or none could be fetched"),
                             ({"firebreak_feeds": feed}, "want one or more CVE or advisory ids")):
        done = play(tmp_path, {"localhost": LOCAL}, playbook="answer_cve.yml", **variables)
        assert done.status == 2, done.output
        assert words in done.output
