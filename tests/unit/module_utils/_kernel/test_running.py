# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package version of the kernel that runs is what the kernel says of itself, whoever built it, checked against what is known of its package."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.running import running_version
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("release", "version", "signature", "flavour", "installed", "wanted"),
    [
        ("4.9.0-8-amd64", "#1 SMP Debian 4.9.144-3.1 (2019-02-19)", None, "amd64", (), "4.9.144-3.1"),
        ("6.12.6+bpo-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.6-1~bpo12+1 (2025-01-06)", None, "amd64", (), "6.12.6-1~bpo12+1"),
        # The word is the vendor by dpkg-vendor.
        ("6.12.13-amd64", "#1 SMP PREEMPT_DYNAMIC Kali 6.12.13-1kali1 (2025-02-11)", None, "amd64", ("6.12.13-1kali1",), "6.12.13-1kali1"),
        ("6.18.12+kali-amd64", "#1 SMP PREEMPT_DYNAMIC Kali 6.18.12-1kali1 (2026-02-24)", None, "amd64", (), "6.18.12-1kali1"),
        ("6.5.0-13parrot1-amd64", "#1 SMP PREEMPT_DYNAMIC Parrot 6.5.13-1parrot1 (2023-12-19)", None, "amd64", (), "6.5.13-1parrot1"),
        ("6.1.0-rpi7-rpi-v7l", "#1 SMP Raspbian 1:6.1.63-1+rpt1 (2023-11-24)", None, "rpi-v7l", (), "1:6.1.63-1+rpt1"),
        ("6.1.0-rpi7-rpi-v8", "#1 SMP PREEMPT Debian 1:6.1.63-1+rpt1 (2023-11-24)", None, "rpi-v8", (), "1:6.1.63-1+rpt1"),
        ("6.12.9-1-pureos", "#1 SMP PureOS 6.12.9-1pureos1 (2025-01-20)", None, "pureos", (), "6.12.9-1pureos1"),
        # Proxmox, by its words of three ages.
        ("4.15.18-21-pve", "#1 SMP PVE 4.15.18-48 (Fri, 20 Sep 2019 11:28:30 +0200)", None, "pve", ("4.15.18-48",), "4.15.18-48"),
        ("5.15.131-2-pve", "#1 SMP PVE 5.15.131-2 (2023-11-14T11:32Z)", None, "pve", (), "5.15.131-2"),
        ("6.2.16-3-pve", "#1 SMP PREEMPT_DYNAMIC PVE 6.2.16-3 (2023-06-17T05:58Z)", None, "pve", (), "6.2.16-3"),
        ("6.8.12-4-pve", "#1 SMP PREEMPT_DYNAMIC PMX 6.8.12-4 (2024-11-06T15:04Z)", None, "pve", (), "6.8.12-4"),
        # Ubuntu with its signature, and without (foniod/foniod#8).
        ("5.4.0-52-generic", "#57-Ubuntu SMP Thu Oct 15 10:57:00 UTC 2020", "Ubuntu 5.4.0-52.57-generic 5.4.65\n", "generic", (), "5.4.0-52.57"),
        ("6.8.0-40-generic", "#33~22.04.1-Ubuntu SMP", "Ubuntu 6.8.0-40.40~22.04.3-generic 6.8.12\n", "generic", (), "6.8.0-40.40~22.04.3"),
        ("5.15.0-1063-azure-fips", "#1-Ubuntu SMP", "Ubuntu 5.15.0-1063.72+fips1-azure-fips 5.15.150", "azure-fips", (), "5.15.0-1063.72+fips1"),
        ("5.15.0-107-generic", "#117-Ubuntu SMP Fri Apr 26 12:26:49 UTC 2024", None, "generic", (), "5.15.0-107.117"),
        ("6.8.0-40-generic", "#40~22.04.3-Ubuntu SMP PREEMPT_DYNAMIC Tue Jul 30 17:30:19 UTC 2", None, "generic", (), "6.8.0-40.40~22.04.3"),
        # Builds that the installed version has the number of: System76, XanMod, make bindeb-pkg.
        ("6.9.3-76060903-generic", "#202405300957~1718348209~22.04~7817b67 SMP PREEMPT_DYNAM", None, "generic",
         ("6.9.3-76060903.202405300957~1718348209~22.04~7817b67",), "6.9.3-76060903.202405300957~1718348209~22.04~7817b67"),
        ("6.8.7-x64v4-xanmod1", "#0~20240419.g7a1f3bf SMP PREEMPT_DYNAMIC", None, "x64v4-xanmod",
         ("6.8.7-x64v4-xanmod1-0~20240419.g7a1f3bf",), "6.8.7-x64v4-xanmod1-0~20240419.g7a1f3bf"),
        # Astra Linux counts its builds by words; NVIDIA's and others' Ubuntu kernels as Ubuntu does.
        ("5.10.142-1-generic", "#astra6 SMP Thu Mar 16 10:12:45 UTC 2023", None, "generic", ("5.10.142-1.astra6",), "5.10.142-1.astra6"),
        ("6.8.0-1014-nvidia-64k", "#15-Ubuntu SMP PREEMPT_DYNAMIC", "Ubuntu 6.8.0-1014.15-nvidia-64k 6.8.12\n", "nvidia-64k", (), "6.8.0-1014.15"),
        ("6.11.0-1012-azure-fde", "#12~24.04.1-Ubuntu SMP", None, "azure-fde", (), "6.11.0-1012.12~24.04.1"),
        ("6.12-1-liquorix-amd64", "#1 ZEN SMP PREEMPT liquorix 6.12-3.1~trixie (2024-12-15)", None, "liquorix-amd64", (), "6.12-3.1~trixie"),
        ("6.6.40-amd64-desktop-hwe", "#23.01.01.19 SMP PREEMPT_DYNAMIC Fri Jul 19", None, "amd64-desktop-hwe", ("23.01.01.19",), "23.01.01.19"),
        ("6.1.55", "#1 SMP PREEMPT_DYNAMIC Sat Oct 7 10:00:00 UTC 2023", None, "", ("6.1.55-1",), "6.1.55-1"),
        ("6.1.55-acme", "#1 SMP PREEMPT_DYNAMIC Sat Oct 7 10:00:00 UTC 2023", None, "acme", ("6.1.55-acme-2",), "6.1.55-acme-1"),
    ],
)
def test_the_running_package_version_is_the_kernels_own_word(
    release: str, version: str, signature: str | None, flavour: str, installed: tuple[str, ...], wanted: str
) -> None:
    assert running_version(release, version, signature, flavour, installed) == wanted


@pytest.mark.parametrize(
    ("release", "version", "installed"),
    [
        ("6.18.44-fc-v657", "#1 SMP PREEMPT_DYNAMIC @0", ()),
        ("6.1.0-28-amd64", "", ("6.1.119-1",)),
        ("6.1.0-28-amd64", "#1 SMP Debian", ("6.1.119-1",)),
        ("6.1.0-28-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1_x (2024)", ("6.1.119-1",)),
        # A word and a number before a bracket are a version only if they can be one of this kernel.
        ("6.1.0-28-amd64", "#1 SMP acme 7 (night shift)", ("6.1.119-1",)),
        ("6.1.55-acme", "#1 SMP gcc 12.2 (built by root)", ("6.1.55-acme-x",)),
        # zabbly/linux#20: the word behind the # is that of each build of a suite.
        ("6.8.9-zabbly+", "#ubuntu24.04 SMP PREEMPT_DYNAMIC Fri May 3 15:44:12 UTC 2024", ("6.8.9-amd64-202405031544-ubuntu24.04",)),
        ("5.10.142-1-generic", "#astra6 SMP Thu Mar 16 10:12:45 UTC 2023", ("5.10.142-1.astra8",)),
        ("6.8.0-40-amd64", "#mine-Ubuntu SMP", ()),
        # Armbian's packages have versions of their own.
        ("6.6.39-current-rockchip64", "#1 SMP PREEMPT Thu Jul 11 10:49:23 UTC 2024", ("24.5.3",)),
    ],
)
def test_a_kernel_that_names_no_package_version_is_said_to(release: str, version: str, installed: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"version"):
        running_version(release, version, None, "amd64", installed)


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_no_text_makes_it_raise_anything_but_value_error(release: str, version: str, signature: str) -> None:
    with contextlib.suppress(ValueError):
        running_version(release, version, signature, "amd64", [release])
