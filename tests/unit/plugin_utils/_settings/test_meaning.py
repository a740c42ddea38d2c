# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person means by a setting: values as a survey of AWX 24.6.1 sends them (all text), as a command line does, and as a file does."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._settings.meaning import (
    SETTINGS,
    SettingError,
    is_template,
    meaning,
    meanings,
    strange_tags,
)


@pytest.mark.parametrize("name", sorted(SETTINGS))
@pytest.mark.parametrize("blank", [None, "", "  ", "\n", [], [""]])
def test_a_blank_is_the_default(name: str, blank: Any) -> None:
    assert meaning(name, blank) == SETTINGS[name].default


@pytest.mark.parametrize(("name", "value", "meant"), [
    ("firebreak_sections", "os\nkernel", ["os", "kernel"]),
    ("firebreak_sections", "os\r\nkernel\r\n", ["os", "kernel"]),
    ("firebreak_sections", "os, kernel", ["os", "kernel"]),
    ("firebreak_sections", '["os", "kernel"]', ["os", "kernel"]),
    ("firebreak_sections", "- os\n- kernel", ["os", "kernel"]),
    ("firebreak_sections", ["os", " kernel ", ""], ["os", "kernel"]),
    ("firebreak_sections", "'os','kernel'", ["os", "kernel"]),
    ("firebreak_sections", '"os"\n"kernel"', ["os", "kernel"]),
    ("firebreak_hosts", "web1\nweb2\n", "web1,web2"),
    ("firebreak_hosts", "web1, web2", "web1,web2"),
    ("firebreak_hosts", "web1 web2", "web1,web2"),
    ("firebreak_hosts", '["web1", "web2"]', "web1,web2"),
    ("firebreak_hosts", ["web1", "!db"], "web1,!db"),
    ("firebreak_hosts", "web[1:5]:&staging:!db", "web[1:5]:&staging:!db"),
    ("firebreak_serial", 5, [5]),
    ("firebreak_serial", 5.0, [5]),
    ("firebreak_serial", [1.0, "5.0", "50%"], [1, 5, "50%"]),
    ("firebreak_serial", "10%", ["10%"]),
    ("firebreak_serial", "1\n10%\n100%", [1, "10%", "100%"]),
    ("firebreak_serial", "[1, 5, '50%']", [1, 5, "50%"]),
    ("firebreak_fail_on", " Drift ", "drift"),
    ("firebreak_reports_keep", "7", 7),
    ("firebreak_reports_keep", 7.0, 7),
    ("firebreak_host_timeout", "300.0", 300),
    ("firebreak_details", "yes", True),
    ("firebreak_details", "False", False),
    ("firebreak_details", True, True),
    ("firebreak_metrics_mode", "0640", "0640"),
    ("firebreak_metrics_mode", "0o640", "0640"),
    ("firebreak_report_dir", " /srv/reports ", "/srv/reports"),
    ("firebreak_report_dir", "/srv/a$", "/srv/a$"),
    ("firebreak_history", "postgresql+psycopg://u:$e@h/d", "postgresql+psycopg://u:$e@h/d"),
    ("cve", "CVE-2026-31431\r\nCVE-2024-1086", ["CVE-2026-31431", "CVE-2024-1086"]),
    ("cve", ["CVE-2026-31431"], ["CVE-2026-31431"]),
    ("firebreak_feeds", "/srv/feeds, /srv/more.zip", ["/srv/feeds", "/srv/more.zip"]),
    ("firebreak_feeds", "/srv/feeds\nhttps://feeds.example.org/osv.zip\n", ["/srv/feeds", "https://feeds.example.org/osv.zip"]),
    ("firebreak_feeds", '[{"path": "/srv/updateinfo.xml"}, "/srv/feeds"]', [{"path": "/srv/updateinfo.xml"}, "/srv/feeds"]),
    ("firebreak_feeds", "path: /srv/updateinfo.xml\nstream: rocky", [{"path": "/srv/updateinfo.xml", "stream": "rocky"}]),
    ("firebreak_feeds", ["/srv/a,b", {"path": "/srv/c"}], ["/srv/a,b", {"path": "/srv/c"}]),
    ("firebreak_waves", "1\n10%\n100%", ["1", "10%", "100%"]),
    ("firebreak_sections", '["os,kernel"]', ["os,kernel"]),
    ("firebreak_windows", "Mon,Wed 22:00-04:00 Europe/Berlin\nSat 02:00-05:00\n", ["Mon,Wed 22:00-04:00 Europe/Berlin", "Sat 02:00-05:00"]),
    ("firebreak_windows", ["daily 02:00-05:00"], ["daily 02:00-05:00"]),
    ("firebreak_quorum", "etcd: 2", {"etcd": 2}),
    ("firebreak_quorum", '{"etcd": "60%"}', {"etcd": "60%"}),
    ("firebreak_max_disruption", " Reboot", "reboot"),
    ("firebreak_lock_hours", "1.5", 1.5),
    ("firebreak_history", False, False),
    ("firebreak_history", "postgresql+psycopg://u@h/d ", "postgresql+psycopg://u@h/d"),
])
def test_what_is_meant(name: str, value: Any, meant: Any) -> None:
    assert meaning(name, value) == meant


@pytest.mark.parametrize(("name", "value", "words"), [
    ("firebreak_fail_on", "always", "firebreak_fail_on is always; wanted never, drift or unknown"),
    ("firebreak_reports_keep", "many", "firebreak_reports_keep is many; wanted 0, which keeps all"),
    ("firebreak_reports_keep", -1, "firebreak_reports_keep is -1; wanted 0"),
    ("firebreak_reports_keep", True, "firebreak_reports_keep is true; wanted 0"),
    ("firebreak_host_timeout", 1.5, "firebreak_host_timeout is 1.5; wanted a whole number"),
    ("firebreak_hypervisor_probe", "deep", "wanted device, vm, vcpu or guest"),
    ("firebreak_details", "maybe", "firebreak_details is maybe; wanted true or false"),
    ("firebreak_serial", "abc", "firebreak_serial is abc; wanted hosts for each wave"),
    ("firebreak_serial", "0", "firebreak_serial is 0; wanted hosts for each wave"),
    ("firebreak_serial", "110%", "wanted hosts for each wave"),
    ("firebreak_serial", True, "wanted hosts for each wave"),
    ("firebreak_sections", "[os", "wanted a list, its lines, or words"),
    ("firebreak_metrics_mode", "999", "wanted octal digits"),
    ("firebreak_metrics_mode", "7777", "wanted octal digits"),
    ("firebreak_report_dir", "/a\n/b", "wanted one path"),
    ("firebreak_report_dir", ["/a"], "wanted a text"),
    # YAML takes no, off and yes for truth values.
    ("firebreak_approval", False, "wanted none, pause or stop"), ("firebreak_max_disruption", True, "the most that a step may cost"),
    ("firebreak_max_failed", False, "a number of hosts"), ("firebreak_max_down", [1], "a share such as 5%"),
    ("firebreak_canary", ["a", "b"], "the name of one group"),
    ("firebreak_report_dir", "/srv/$JOB_ID", "firebreak_report_dir is /srv/$JOB_ID; wanted a path without a variable of a shell's"),
    ("firebreak_metrics", "${SHARE}/fleet.prom", "wanted a path without a variable of a shell's"),
    ("firebreak_rollout_dir", "/srv/$(date +%F)", "wanted a path without a variable of a shell's"),
    ("firebreak_evidence", "/srv/`date`", "wanted a path without a variable of a shell's"),
    ("firebreak_report_dir", "{{ awx_job_id }}", "firebreak_report_dir is {{ awx_job_id }}, a template that was not rendered"),
    ("firebreak_hosts", "{% if x %}a{% endif %}", "a template that was not rendered"),
    ("firebreak_runs", ["/srv/a", "/srv/{{ b }}"], "a template that was not rendered"),
    ("firebreak_feeds", [{"path": "/srv/{{ b }}"}], "a template that was not rendered"),
    ("firebreak_feeds", "[/srv/a", "wanted a list, its lines, or words"),
    ("firebreak_quorum", "2", "firebreak_quorum is 2; wanted a mapping"),
    ("firebreak_lock_hours", "soon", "firebreak_lock_hours is soon; wanted a number, 0 or more"),
    ("firebreak_rollout_dir", "/srv/{{ awx_workflow_job_id }}", "a template that was not rendered"),
])
def test_what_means_nothing_is_named(name: str, value: Any, words: str) -> None:
    with pytest.raises(SettingError) as caught:
        meaning(name, value)
    assert words in str(caught.value) and str(caught.value).startswith(name)


@pytest.mark.parametrize("value", ["[" * 500 + "]" * 500, "- 2026-02-30", "2026-02-30", "1" * 5000, "&a [*a]", "!!python/object:os.system x", "- \0"])
def test_a_text_that_yaml_stumbles_over_is_told_as_any_other(value: str) -> None:
    for name in {setting.kind: name for name, setting in SETTINGS.items()}.values():
        with contextlib.suppress(SettingError):
            meaning(name, value)


def test_all_mistakes_are_told_and_the_rest_is_read() -> None:
    found, wrong = meanings({"firebreak_fail_on": "always", "firebreak_serial": "x", "firebreak_details": "true", "other": "{{ x }}"})
    assert len(wrong) == 2 and found["details"] is True and found["fail_on"] == "never"
    assert set(found) == {name.removeprefix("firebreak_") for name in SETTINGS}


@pytest.mark.parametrize(("value", "is_one"), [("a {{ b", True), ("{%", True), ("{ {", False), (["x", "{{"], True), (7, False), ("${a}", False)])
def test_a_template_is_known(value: Any, is_one: bool) -> None:
    assert is_template(value) is is_one


@pytest.mark.parametrize("value", ["kernle", ["kernel", "kernle"], "kernel,kernle", "Kernel\nlive-patching"])
def test_a_part_that_is_none_is_not_left_out_in_silence(value: Any) -> None:
    with pytest.raises(SettingError, match=r"firebreak_leave_out is .*; wanted any of mitigations, kernel, live_patching, hypervisor, kata"):
        meaning("firebreak_leave_out", value)


@pytest.mark.parametrize(("given", "own", "wrong"), [
    ({"--tags": ["kernel", "kata"], "--skip-tags": []}, ["always"], []),
    ({"--tags": ["all"], "--skip-tags": ["live_patching"]}, ["always"], []),
    ({"--tags": ["kernle"]}, ["always"], ["--tags is kernle, which nothing here has; wanted any of "]),
    ({"--tags": ["all"], "--skip-tags": ["kernal", "kata"]}, ["always"], ["--skip-tags is kernal, which nothing here has; wanted any of "]),
    ({"--tags": ["web"]}, ["always", "web"], []),
    ({"--tags": ["kernels"]}, ["always", "kernels"], []),
    ({"--tags": ["all", "always", "tagged"], "--skip-tags": ["molecule-notest", "notest"]}, ["always"], []),
])
def test_a_tag_that_nothing_has_is_named(given: dict[str, list[str]], own: list[str], wrong: list[str]) -> None:
    told = strange_tags(given, own)
    assert len(told) == len(wrong) and all(text.startswith(start) for text, start in zip(told, wrong, strict=True))
