#!/usr/bin/env python3
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the table of ends of support anew from files that somebody brings; it asks no network.

    tests/tools/refresh_end_of_support.py --as-of 2026-11-28 \\
        --distro-info /usr/share/distro-info/debian.csv /usr/share/distro-info/ubuntu.csv --distro-info-version 2026.10.12 \\
        --endoflife rhel.json fedora.json ... --endoflife-date 2026-08-22

The CSV files are those of distro-info-data, the JSON files those of endoflife.date (``/api/PRODUCT.json`` or ``/api/v1/products/PRODUCT``, called
as the product is). Rows of other sources, such as the minor releases of Enterprise Linux, stay as they are. What changes is printed.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).resolve().parents[2] / "plugins/plugin_utils/_judge/data/end_of_support.yml"
Row = dict[str, Any]

# Column of the CSV -> field of a row, the first that is filled.
_COLUMNS = {"vendor": ("eol-server", "eol"), "extended": ("eol-esm", "eol-lts"), "legacy": ("eol-legacy", "eol-elts")}
# What endoflife.date calls a product -> ID of os-release.
PRODUCTS = {"rhel": "rhel", "almalinux": "almalinux", "rocky-linux": "rocky", "centos": "centos", "centos-stream": "centos", "oracle-linux": "ol",
            "fedora": "fedora", "amazon-linux": "amzn", "sles": "sles", "opensuse": "opensuse-leap"}
# VERSION_ID of a first release that has no service pack in its name.
_VERSION_IDS = {("sles", "15.0"): "15", ("sles", "12.0"): "12"}
# Whatever ended before is on no host that has a Python for a scan.
_OLDEST = date(2016, 1, 1)


def _day(value: Any) -> date | None:
    """A day as either source writes it; None for true, false and nothing, which are no day."""
    return date.fromisoformat(value) if isinstance(value, str) and value else value if isinstance(value, date) else None


def _row(os_id: str, version: str, days: dict[str, Any], source: str) -> Row:
    return {"id": os_id, "version": version, **{name: _day(days.get(name)) for name in ("vendor", "extended", "legacy") if _day(days.get(name))},
            "source": source}


def from_distro_info(os_id: str, text: str, as_of: date) -> Iterator[Row]:
    """The released versions in a CSV of distro-info-data that have an end."""
    for line in csv.DictReader(text.splitlines()):
        released = _day(line.get("release"))
        if released and released <= as_of and line.get("version"):
            days = {field: next((line[name] for name in names if line.get(name)), None) for field, names in _COLUMNS.items()}
            yield _row(os_id, line["version"].split()[0], days, "distro-info-data")


def from_endoflife(product: str, data: Any) -> Iterator[Row]:
    """The releases in endoflife.date's JSON of a product, of either version of its interface."""
    releases = data if isinstance(data, list) else data.get("result", data)["releases"]
    for release in releases:
        version = str(release.get("cycle") or release["name"])
        days = {"vendor": release.get("eol", release.get("eolFrom")), "extended": release.get("extendedSupport", release.get("eoesFrom"))}
        yield _row(PRODUCTS[product], _VERSION_IDS.get((product, version), version), days, "endoflife.date")


def refreshed(old: list[Row], new: Iterable[Row]) -> list[Row]:
    """The rows with those of a source that was read written anew. Of two rows for one release (CentOS and CentOS Stream) the later end counts."""
    fresh: dict[tuple[str, str], Row] = {}
    for row in new:
        key = (row["id"], row["version"])
        if row.get("vendor", _OLDEST) > _OLDEST and (key not in fresh or fresh[key]["vendor"] < row["vendor"]):
            fresh[key] = row
    read = {(row["id"], row["source"]) for row in fresh.values()}
    kept = [row for row in old if (row["id"], row["version"]) not in fresh and (row["id"], row["source"]) not in read]
    return sorted([*kept, *fresh.values()], key=lambda row: (row["id"], [int(part) for part in str(row["version"]).split(".")]))


def as_yaml(table: Row) -> str:
    """The table as its file has it: one line for each release."""
    head = {name: table[name] for name in ("schema", "as_of", "sources", "names")}
    lines = [yaml.safe_dump(row, default_flow_style=True, sort_keys=False, width=1000).strip() for row in table["rows"]]
    return "---\n" + yaml.safe_dump(head, sort_keys=False, width=1000) + "rows:\n" + "".join(f"  - {line}\n" for line in lines)


def changes(old: list[Row], new: list[Row]) -> list[str]:
    """What a person would want to look at."""
    before, after = ({(row["id"], row["version"]): row for row in rows} for rows in (old, new))
    return [f"{key[0]} {key[1]}: {before.get(key, 'not listed')} -> {after.get(key, 'not listed')}" for key in sorted({*before, *after})
            if before.get(key) != after.get(key)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True, help="the day on which the files were brought")
    parser.add_argument("--distro-info", nargs="*", default=[], type=Path)
    parser.add_argument("--distro-info-version", default="")
    parser.add_argument("--endoflife", nargs="*", default=[], type=Path)
    parser.add_argument("--endoflife-date", default="")
    given = parser.parse_args()
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    rows = [row for path in given.distro_info for row in from_distro_info(path.stem, path.read_text(encoding="utf-8"), given.as_of)]
    rows += [row for path in given.endoflife for row in from_endoflife(path.stem, json.loads(path.read_text(encoding="utf-8")))]
    wanted = refreshed(table["rows"], rows)
    print("\n".join(changes(table["rows"], wanted)) or "nothing changes")
    for source, version in (("distro-info-data", given.distro_info_version), ("endoflife.date", given.endoflife_date)):
        if version:
            table["sources"][source]["version"] = version
    TABLE.write_text(as_yaml({**table, "as_of": given.as_of, "rows": wanted}), encoding="utf-8")


if __name__ == "__main__":
    main()
