# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which stream an ecosystem means, and which a host has: a word that nobody knows is never the base release."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import streams


# The texts are those of the feeds' own documents: canonical/ubuntu-security-notices, osv.dev's source list, Red Hat's and SUSE's OSV.
@pytest.mark.parametrize(("ecosystem", "stream"), [
    ("Debian:12", "debian:12"),
    ("Debian", None),
    ("Ubuntu:24.04:LTS", "ubuntu:24.04"),
    ("Ubuntu:24.04", "ubuntu:24.04"),
    ("Ubuntu:25.10", "ubuntu:25.10"),
    ("Ubuntu:Pro:24.04:LTS", "ubuntu:24.04:pro"),
    ("Ubuntu:Pro:FIPS:16.04:LTS", "ubuntu:16.04:fips+pro"),
    ("Ubuntu:Pro:FIPS-updates:18.04:LTS", "ubuntu:18.04:fips-updates+pro"),
    ("Ubuntu:Pro:FIPS-preview:22.04:LTS", "ubuntu:22.04:fips-preview+pro"),
    ("Ubuntu:Pro:Realtime:22.04:LTS", "ubuntu:22.04:pro+realtime"),
    ("Ubuntu:Pro:24.04:LTS:Realtime:Kernel", "ubuntu:24.04:kernel+pro+realtime"),
    ("Ubuntu:Nvidia-BlueField:24.04:LTS", "ubuntu:24.04:nvidia-bluefield"),
    ("Ubuntu:22.04:LTS:for:NVIDIA:BlueField", "ubuntu:22.04:bluefield+for+nvidia"),
    ("Red Hat:enterprise_linux:9::baseos", "redhat:9"),
    ("Red Hat:rhel_eus:9.4::baseos", "redhat:9.4:eus"),
    ("Red Hat:rhel_e4s:9.2::appstream", "redhat:9.2:e4s"),
    ("Red Hat:ocp_tools:4.15::el9", "redhat:4.15:ocp_tools"),
    ("Rocky Linux:9", "rocky:9"),
    ("AlmaLinux:8", "almalinux:8"),
    ("SUSE:Linux Enterprise Server 15 SP4", "suse:15.4"),
    ("SUSE:Linux Enterprise Live Patching 15 SP4", "suse:15.4:linux_enterprise_live_patching"),
    ("openSUSE:Leap 15.6", "opensuse:15.6"),
    ("Linux", streams.UPSTREAM),
    ("Gentoo:17", None),
    ("", None),
])
def test_of_ecosystem(ecosystem: str, stream: str | None) -> None:
    assert streams.of_ecosystem(ecosystem) == stream


@pytest.mark.parametrize(("os_id", "version_id", "version", "wanted"), [
    ("debian", "12", "6.1.158-1", ["debian:12"]),
    ("debian", "12", "6.12.48-1~bpo12+1", ["debian:12:backports"]),
    ("ubuntu", "24.04", "6.8.0-60.63", ["ubuntu:24.04", "ubuntu:24.04:pro"]),
    ("rhel", "9.4", "5.14.0-427.40.1.el9_4", ["redhat:9.4:eus", "redhat:9.4:e4s", "redhat:9.4:aus", "redhat:9.4:tus", "redhat:9"]),
    ("rhel", "9.6", "5.14.0-570.12.1.el9", ["redhat:9"]),
    ("rocky", "9.6", "5.14.0-570.12.1.el9_6", ["rocky:9"]),
    ("ol", "9.6", "2:2.34-125.ksplice1.el9", ["oracle:9:ksplice"]),
    ("ol", "9.6", "10:3.6.16-4.el9_fips", ["oracle:9:fips"]),
    ("almalinux", "9.6", "6.16.5-1.el9.elrepo", ["almalinux:9:elrepo"]),
    ("amzn", "2023", "6.1.150-174.273.amzn2023", ["amazon:2023"]),
    ("arch", "", "6.17", []),
    ("debian", "", "7.2-1", []),
])
def test_of_host(os_id: str, version_id: str, version: str, wanted: list[str]) -> None:
    assert streams.of_host(os_id, version_id, version) == wanted
