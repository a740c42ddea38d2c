# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that age are tables with a date, a schema, and a source for each row."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import refresh_end_of_support as refresh
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge import end_of_support, engine_support, tables

ROOT = Path(__file__).resolve().parents[4]
NAMES = sorted(path.stem for path in tables.FOLDER.glob("*.yml"))
UBUNTU = """\
version,codename,series,created,release,eol,eol-server,eol-esm,eol-legacy
26.04 LTS,Resolute Raccoon,resolute,2025-10-09,2026-04-23,2031-05-29,2031-05-29,2036-04-23,2041-04-30
26.10,Stonking Stingray,stonking,2026-04-24,2026-10-15,2027-07-15
27.04,Tenacious T-Rex,tenacious,2026-10-16,2027-04-22,2028-01-20
"""
AS_OF = date(2026, 11, 28)


@pytest.mark.parametrize("name", NAMES)
def test_each_table_is_as_its_schema_wants_and_names_a_source_for_each_row(name: str) -> None:
    table = tables.table(name)
    schema = json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(table, default=str)))
    assert {row["source"] for row in table["rows"]} == set(table["sources"])
    assert tables.as_of(name) == str(table["as_of"])[:7]


@pytest.mark.parametrize(("os_id", "version", "vendor", "extended", "legacy"), [
    # distro-info-data 2026.10.12
    ("debian", "12", "2026-07-11", "2028-06-30", "2033-06-30"), ("ubuntu", "24.04", "2029-05-31", "2034-04-25", "2039-04-28"),
    ("ubuntu", "26.10", "2027-07-15", None, None), ("ubuntu", "25.10", "2026-07-09", None, None),
    # endoflife.date of 2026-08-22
    ("amzn", "2023", "2029-06-30", None, None), ("sles", "16.0", "2027-11-30", "2030-11-30", None), ("centos", "10", "2030-05-31", None, None),
    ("centos", "8", "2024-05-31", None, None), ("ol", "9.6", "2032-06-30", "2035-06-30", None), ("rhel", "7.9", "2024-06-30", "2029-05-31", None),
    ("rhel", "10", "2035-05-31", "2039-05-31", None), ("sles", "15", "2019-12-31", "2022-12-31", None),
    # Minor releases of Enterprise Linux end when the next one is out, but with EUS; the newest one with its major version.
    ("rhel", "9.4", "2024-11-12", "2026-04-30", None), ("rhel", "10.1", "2026-05-31", None, None), ("rhel", "10.0", "2025-11-11", "2027-05-31", None),
    ("rhel", "8.10", "2029-05-31", "2033-05-31", None), ("rhel", "9.8", "2032-05-31", "2028-05-31", None), ("rocky", "9.6", "2025-11-30", None, None),
    ("almalinux", "10.2", "2035-05-31", None, None),
])
def test_support_is_found_by_release_or_by_its_major_version(os_id: str, version: str, vendor: str, extended: str | None, legacy: str | None) -> None:
    found = end_of_support.find(os_id, version)
    assert found is not None
    assert [day and str(day) for day in (found.vendor, found.extended, found.legacy)] == [vendor, extended, legacy]
    assert bool(found.extended_name) is bool(extended)
    assert bool(found.legacy_name) is bool(legacy)


# containerd's RELEASES.md, endoflife.date on Docker, Kata's Release-Process.md; a version as packages and the binaries themselves spell it.
@pytest.mark.parametrize(("product", "version", "last_day"), [
    ("containerd", "1.7.27-1", "2026-09-30"), ("containerd", "v2.1.4", "2026-07-03"), ("containerd", "2.3.1", "2028-04-30"),
    ("containerd", "1.5.2", "2025-08-23"), ("containerd", "2.4.0", "not known"), ("containerd", "2.30.0", "not known"),
    ("containerd", "main", "not known"), ("kata", "5.0.0", "not known"),
    ("docker", "5:27.5.1-1~debian.12~bookworm", "2025-05-03"), ("docker", "3:26.1.4-1.el9", "2025-02-17"), ("docker", "5:28.5.2-1", None),
    ("docker", "18.09.9", "2021-01-08"), ("kata", "3.31.0", "2026-07-20"), ("kata", "4.1.0", None), ("podman", "4.9.3", "not known")])
def test_a_line_of_an_engine_ends_when_its_maker_says(product: str, version: str, last_day: str | None) -> None:
    found = engine_support.find(product, version)
    assert (str(found.last_day) if found and found.last_day else None if found else "not known") == last_day
    assert found is None or found.has_ended(date(2026, 11, 28)) is (last_day is not None and last_day < "2026-11-28")


@pytest.mark.parametrize(("product", "package", "is_makers"), [
    ("containerd", "containerd.io", True), ("containerd", "containerd", False), ("containerd", None, True), ("docker", "docker.io", False),
    ("docker", "docker-ce", True), ("docker", "moby-engine", False), ("crio", "cri-o", False)])
def test_a_distribution_mends_its_own_builds(product: str, package: str | None, is_makers: bool) -> None:
    assert engine_support.is_of_its_maker(product, package) is is_makers


@pytest.mark.parametrize(("os_id", "version"), [
    ("debian", "99"), ("nobody", "1"), ("ubuntu", "24"), ("debian", ""), ("ol", "10.0"), ("rhel", "10.9"), ("fedora", "47"), ("sles", "15.9")])
def test_an_unlisted_release_has_no_date(os_id: str, version: str) -> None:
    assert end_of_support.find(os_id, version) is None


def test_the_last_day_is_that_of_the_support_which_one_has() -> None:
    found = end_of_support.find("ubuntu", "20.04")
    assert found is not None
    assert [str(found.last_day(kind)) for kind in ("vendor", "extended", "legacy")] == ["2025-05-29", "2030-04-23", "2035-04-26"]
    newest = end_of_support.find("rhel", "9.8")
    assert newest is not None
    assert newest.last_day("extended") == newest.vendor


def test_support_is_read_from_distro_info() -> None:
    assert list(refresh.from_distro_info("ubuntu", UBUNTU, AS_OF)) == [
        {"id": "ubuntu", "version": "26.04", "vendor": date(2031, 5, 29), "extended": date(2036, 4, 23), "legacy": date(2041, 4, 30),
         "source": "distro-info-data"},
        {"id": "ubuntu", "version": "26.10", "vendor": date(2027, 7, 15), "source": "distro-info-data"}]


@pytest.mark.parametrize("data", [
    [{"cycle": "16.0", "releaseDate": "2025-11-04", "eol": "2027-11-30", "extendedSupport": "2030-11-30"}, {"cycle": "99", "eol": False}],
    {"schema_version": "1.2.0", "result": {"name": "sles", "releases": [
        {"name": "16.0", "eolFrom": "2027-11-30", "eoesFrom": "2030-11-30"}, {"name": "99"}]}},
])
def test_support_is_read_from_either_interface_of_endoflife_date(data: object) -> None:
    first, second = refresh.from_endoflife("sles", data)
    assert first == {"id": "sles", "version": "16.0", "vendor": date(2027, 11, 30), "extended": date(2030, 11, 30), "source": "endoflife.date"}
    assert second == {"id": "sles", "version": "99", "source": "endoflife.date"}


def test_what_was_read_replaces_its_own_rows_and_no_others() -> None:
    old: list[refresh.Row] = [
        {"id": "rhel", "version": "9", "vendor": date(2030, 1, 1), "source": "endoflife.date"},
        {"id": "rhel", "version": "9.8", "source": "red-hat"}, {"id": "rhel", "version": "6", "vendor": date(2020, 1, 1), "source": "endoflife.date"},
        {"id": "fedora", "version": "44", "vendor": date(2027, 6, 2), "source": "endoflife.date"}]
    new = refresh.from_endoflife("rhel", [{"cycle": "9", "eol": "2032-05-31"}, {"cycle": "4", "eol": "2012-02-29"}])
    rows = refresh.refreshed(old, new)
    assert [(row["id"], row["version"], str(row.get("vendor"))) for row in rows] == [
        ("fedora", "44", "2027-06-02"), ("rhel", "9", "2032-05-31"), ("rhel", "9.8", "None")]
    assert len(refresh.changes(old, rows)) == 2


def test_the_later_end_of_two_products_of_one_name_counts() -> None:
    rows = refresh.refreshed([], [*refresh.from_endoflife("centos", [{"cycle": "8", "eol": "2021-12-31"}]),
                                  *refresh.from_endoflife("centos-stream", [{"cycle": "8", "eol": "2024-05-31"}])])
    assert [str(row["vendor"]) for row in rows] == ["2024-05-31"]


def test_the_table_is_written_as_it_is_read() -> None:
    text = (tables.FOLDER / "end_of_support.yml").read_text(encoding="utf-8")
    assert refresh.as_yaml(tables.table("end_of_support")) == text
