# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when each operating system release gets security updates.

Sources: Debian and Ubuntu from the data of the package distro-info-data of Debian (``/usr/share/distro-info``, eol-server and eol-esm
or eol-lts); the others from the life cycle pages of their vendors as collected by endoflife.date (its data of 2026-08-22), and for Amazon from
its own page on the release cadence. Read on 2026-11-24. Where a vendor names a month only, its last day is taken. Not listed is what neither
source dates, such as Oracle Linux 10; there a host's own SUPPORT_END (os-release) serves. CentOS Linux and CentOS Stream 8 have one ID and
VERSION_ID: the date is the later one's, Stream's.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class Support(NamedTuple):
    """The last days of the vendor's regular support and of the extended support that may be had (None: there is none)."""

    vendor: date
    extended: date | None = None
    extended_name: str = ""


# id of os-release -> (name of the extended support, {VERSION_ID: (vendor, extended)}); a version stands for its minor ones too.
_DATES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "debian": ("Debian LTS", {
        "9": ("2020-07-18", "2022-06-30"), "10": ("2022-09-10", "2024-06-30"), "11": ("2024-08-14", "2026-08-31"),
        "12": ("2026-07-11", "2028-06-30"), "13": ("2028-08-09", "2030-06-30")}),
    "ubuntu": ("Ubuntu ESM", {
        "16.04": ("2021-04-30", "2026-04-23"), "18.04": ("2023-05-31", "2028-04-26"), "20.04": ("2025-05-29", "2030-04-23"),
        "22.04": ("2027-06-01", "2032-04-21"), "23.10": ("2024-07-11", ""), "24.04": ("2029-05-31", "2034-04-25"), "24.10": ("2025-07-10", ""),
        "25.04": ("2026-01-15", ""), "25.10": ("2026-07-09", ""), "26.04": ("2031-05-29", "2036-04-23")}),
    "rhel": ("RHEL ELS", {
        "7": ("2024-06-30", "2029-05-31"), "8": ("2029-05-31", "2033-05-31"), "9": ("2032-05-31", "2036-05-31"), "10": ("2035-05-31", "2039-05-31")}),
    "almalinux": ("", {"8": ("2029-05-31", ""), "9": ("2032-05-31", ""), "10": ("2035-05-31", "")}),
    "rocky": ("", {"8": ("2029-05-31", ""), "9": ("2032-05-31", ""), "10": ("2035-05-31", "")}),
    "centos": ("", {"7": ("2024-06-30", ""), "8": ("2024-05-31", ""), "9": ("2027-05-31", ""), "10": ("2030-05-31", "")}),
    "ol": ("Oracle Extended Support", {
        "7": ("2024-12-31", "2028-06-30"), "8": ("2029-07-31", "2032-07-31"), "9": ("2032-06-30", "2035-06-30")}),
    "fedora": ("", {"40": ("2025-05-13", ""), "41": ("2025-12-15", ""), "42": ("2026-05-27", ""), "43": ("2026-12-09", ""),
                    "44": ("2027-06-02", "")}),
    "amzn": ("", {"2": ("2026-06-30", ""), "2023": ("2029-06-30", "")}),
    "sles": ("SUSE LTSS", {
        "12.5": ("2024-10-31", "2027-10-31"), "15.3": ("2022-12-31", "2025-12-31"), "15.4": ("2023-12-31", "2026-12-31"),
        "15.5": ("2024-12-31", "2027-12-31"), "15.6": ("2025-12-31", "2028-12-31"), "15.7": ("2031-07-31", "2034-07-31"),
        "16.0": ("2027-11-30", "2030-11-30")}),
    "opensuse-leap": ("", {
        "15.3": ("2022-12-31", ""), "15.4": ("2023-12-07", ""), "15.5": ("2024-12-31", ""), "15.6": ("2026-04-30", ""), "16.0": ("2027-10-31", "")}),
}


def find(os_id: str, version_id: str) -> Support | None:
    """The support of a release by os-release's ID and VERSION_ID; of its major version where minor ones are not listed. None: not known."""
    name, releases = _DATES.get(os_id, ("", {}))
    ends = releases.get(version_id) or releases.get(version_id.split(".")[0])
    if ends is None:
        return None
    return Support(date.fromisoformat(ends[0]), date.fromisoformat(ends[1]) if ends[1] else None, name)
