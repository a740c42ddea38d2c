# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line of kernels is what one meta package brings, one after the other; releases of one line have one name, whatever counts in them."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import lines


@pytest.mark.parametrize(
    ("line", "releases"),
    [
        # README.raspberry.md of needrestart; Raspberry Pi OS 12 before and after its change of names.
        ("rpi-v8", ("6.1.0-rpi7-rpi-v8", "6.1.0-rpi8-rpi-v8", "6.6.31+rpt-rpi-v8", "6.12.25+rpt-rpi-v8")),
        ("rpi-2712", ("6.1.0-rpi8-rpi-2712", "6.6.31+rpt-rpi-2712")),
        ("v8+", ("6.1.21-v8+", "5.15.84-v8+")),
        # rpi-update's for the Raspberry Pi 5 (raspberrypi/rpi-image-gen#141).
        ("v8-16k+", ("6.12.60-v8-16k+", "6.6.30-v8-16k+")),
        # Kali 2023.4, Parrot, Debian's backports of three kinds, Debian 13 and later.
        ("amd64", ("6.5.0-kali2-amd64", "6.5.0-kali3-amd64", "6.12.13-amd64", "6.5.0-13parrot1-amd64", "5.7.0-1parrot2-amd64", "6.1.0-28-amd64",
                   "6.1.0-0.deb11.21-amd64", "4.9.0-0.bpo.12-amd64", "6.12.22+bpo-amd64", "6.12.41+deb13-amd64", "6.18-rc3-amd64",
                   # sonic-net/sonic-linux-kernel counts its own builds behind Debian's.
                   "6.1.0-22-2-amd64", "6.1.0-29-2-amd64", "5.10.0-30-1-amd64", "6.12.41+deb13+1-amd64", "6.18.12+kali-amd64")),
        ("cloud-amd64", ("5.10.0-0.deb10.16-cloud-amd64", "6.1.0-56-cloud-amd64", "7.2.13+deb14-cloud-amd64")),
        # Proxmox VE 7 to 9, where opt-in kernels say which Debian they are built for.
        ("pve", ("5.15.131-2-pve", "6.2.16-11-bpo11-pve", "6.8.12-13-pve", "6.14.8-2-bpo12-pve", "6.17.2-1-pve", "7.0.2-2-pve")),
        ("liquorix-amd64", ("4.15.0-15.1-liquorix-amd64", "6.6.10-1-liquorix-amd64")),
        ("generic", ("5.15.0-107-generic", "6.8.0-40-generic", "6.9.0-060900rc7-generic", "6.9.3-76060903-generic")),
        ("azure-fips", ("5.15.0-1063-azure-fips",)),
        ("raspi-realtime", ("6.8.0-1008-raspi-realtime",)),
        ("generic-64k", ("6.8.0-31-generic-64k",)),
        # Processors and architectures with a number are names.
        ("686", ("6.1.0-28-686",)),
        ("686-pae", ("6.1.0-28-686-pae", "6.12.41+deb13-686-pae")),
        ("686", ("4.19.0-6-2-686",)),
        ("686-pae", ("4.19.0-6-2-686-pae",)),
        ("4kc-malta", ("6.1.0-28-4kc-malta",)),
        ("intel-iotg-realtime", ("5.15.0-1053-intel-iotg-realtime",)),
        ("nvidia-64k", ("6.8.0-1004-nvidia-64k",)),
        ("raspi2", ("5.4.0-1042-raspi2",)),
        ("amd64-vyos", ("6.6.60-amd64-vyos",)),
        ("amd64-smp", ("5.10.224-antix.1-amd64-smp", "6.1.105-antix.2-amd64-smp")),
        ("hardened", ("6.1.90-1-hardened", "5.15.0-111-hardened")),
        ("production+truenas", ("6.6.44-production+truenas",)),
        ("arm64-16k", ("6.12.41+deb13-arm64-16k", "6.12.48+deb13-arm64-16k")),
        ("amd64-desktop-hwe", ("6.1.32-amd64-desktop-hwe",)),
        ("current-rockchip64", ("6.6.39-current-rockchip64", "6.12.20-current-rockchip64")),
        ("tegra", ("5.15.136-tegra",)),
        ("acme", ("6.1.55-acme",)),
        # PREEMPT_RT's own suffix counts its patches; with and without them are two lines (localversion-rt of the patch, XanMod's RT branch).
        ("rt", ("6.6.30-rt30", "6.6.35-rt34")),
        ("rt-x64v3-xanmod1", ("6.6.30-rt30-x64v3-xanmod1",)),
        ("siduction-amd64", ("6.11.5-1-siduction-amd64", "6.12.9-2-siduction-amd64")),
        ("librem5", ("6.6.0-1-librem5", "6.6.0-2-librem5")),
        ("loongson-3", ("6.1.0-28-loongson-3",)),
        ("bluefield", ("5.15.0.1042.15.g9a4d3f8-bluefield", "5.15.0-1061-bluefield")),
        ("", ("6.1.55", "6.1.60", "4.0.0", "6.1.21+", "6.18.0-rc3")),
    ],
)
def test_releases_of_one_line_have_one_name(line: str, releases: tuple[str, ...]) -> None:
    assert {release: lines.by_shape(release) for release in releases} == dict.fromkeys(releases, line)


def test_what_is_no_release_has_no_line() -> None:
    assert lines.by_shape("amd64") is None
    assert lines.line_of("", ["linux-image-amd64"]) is None


@pytest.mark.parametrize(
    ("release", "meta", "line"),
    [
        # Its last word counts, which no shape can show.
        ("6.8.7-x64v4-xanmod2", "linux-xanmod-x64v4", "x64v4-xanmod"),
        ("6.8.7-x64v4-xanmod1", "linux-xanmod-x64v4", "x64v4-xanmod"),
        ("6.1.0-rpi7-rpi-v8", "linux-image-rpi-v8", "rpi-v8"),
        ("6.8.0-40-generic", "linux-image-generic-hwe-22.04", "generic"),
        ("6.1.0-28-686", "linux-image-686", "686"),
        # These bring another line, or are named for no word of it.
        ("6.1.0-28-cloud-amd64", "linux-image-amd64", None),
        ("5.15.0-112-generic", "linux-image-virtual", None),
        ("6.14.8-2-bpo12-pve", "proxmox-kernel-6.14", None),
    ],
)
def test_the_meta_package_tells_which_words_are_names(release: str, meta: str, line: str | None) -> None:
    assert lines.by_meta(release, meta) == line


def test_the_meta_package_that_explains_most_wins() -> None:
    assert lines.line_of("6.1.0-28-rt-amd64", ["linux-image-amd64", "linux-image-rt-amd64"]) == "rt-amd64"
    assert lines.line_of("5.15.0-112-generic", ["linux-image-virtual"]) == "generic"


def test_a_number_at_the_end_counts_where_nothing_else_differs() -> None:
    """XanMod, linux-surface and BeagleBoard's without their meta packages; kernels of boards and processors are apart."""
    found = ["x64v4-xanmod1", "x64v4-xanmod2", "surface-1", "surface-2", "ti-arm64-r60", "ti-arm64-r61", "ti-rt-r14", "bone29", "bone30",
             "raspi2", "v7+", "armv7", "armv8", "686", "586", "amd64", "rpi-v7", "rpi-v8"]
    assert lines.counted_ends(found) == {
        "x64v4-xanmod1": "x64v4-xanmod", "x64v4-xanmod2": "x64v4-xanmod", "surface-1": "surface", "surface-2": "surface",
        "ti-arm64-r60": "ti-arm64", "ti-arm64-r61": "ti-arm64", "bone29": "bone", "bone30": "bone"}
