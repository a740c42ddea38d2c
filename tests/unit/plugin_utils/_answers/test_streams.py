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
    ("Ubuntu:Pro:Realtime:22.04:LTS", "ubuntu:22.04:realtime+pro"),
    ("Ubuntu:Pro:24.04:LTS:Realtime:Kernel", "ubuntu:24.04:realtime+pro"),
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
    # What is sold beside a service pack has its name behind the release.
    ("SUSE:Linux Enterprise Server 15 SP3-LTSS", "suse:15.3:ltss"),
    ("SUSE:Linux Enterprise High Performance Computing 15 SP4-ESPOS", "suse:15.4:espos"),
    # Modules of a service pack that bring kernels of their own names (kernel-azure, kernel-rt).
    ("SUSE:Linux Enterprise Module for Public Cloud 15 SP4", "suse:15.4"),
    ("SUSE:Linux Enterprise Real Time 15 SP6", "suse:15.6"),
    ("SUSE:Real Time Module 15 SP6", "suse:15.6"),
    ("SUSE:Linux Enterprise Micro 5.5", "suse:5.5:linux_enterprise_micro"),
    ("Red Hat:rhel_els:7", "redhat:7:els"),
    ("Red Hat:rhel_extras_rt:7", "redhat:7"),
    ("Red Hat:rhel_extras_rt_els:7", "redhat:7:els"),
    ("Red Hat:rhel_e6s:9.4::baseos", "redhat:9.4:e6s"),
    ("Red Hat:rhel_eus_long_life:8.4::baseos", "redhat:8.4:eus"),
    ("Red Hat:rhel_mission_critical:6.2", "redhat:6.2:rhel_mission_critical"),
    ("SUSE:Linux Enterprise Server 16.0", "suse:16.0"),
    ("openSUSE:Leap 15.6", "opensuse:15.6"),
    ("openSUSE:Tumbleweed", None),
    ("Rocky Linux:9:SIG Cloud", "rocky:9:sig cloud"),
    ("Linux:realtime", None),
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
    ("rhel", "9.4", "5.14.0-427.40.1.el9_4", ["redhat:9.4:eus", "redhat:9.4:e4s", "redhat:9.4:e6s", "redhat:9.4:aus", "redhat:9.4:tus",
                                                "redhat:9.4", "redhat:9:els", "redhat:9"]),
    ("rhel", "9.6", "5.14.0-570.12.1.el9", ["redhat:9:els", "redhat:9"]),
    ("rocky", "9.6", "5.14.0-570.12.1.el9_6", ["rocky:9"]),
    ("ol", "9.6", "2:2.34-125.ksplice1.el9", ["oracle:9:ksplice"]),
    ("ol", "9.6", "10:3.6.16-4.el9_fips", ["oracle:9:fips"]),
    ("almalinux", "9.6", "6.16.5-1.el9.elrepo", ["almalinux:9:elrepo"]),
    # Words of who rebuilt a package; AlmaLinux and Rocky have one of their own.
    ("rocky", "9.6", "5.14.0-570.26.1.el9_6.cloud.1.0", ["rocky:9:cloud"]),
    ("rocky", "9.2", "5.14.0-284.30.1.el9_2.ciqcve.16.1.1", ["rocky:9:ciqcve"]),
    ("rocky", "9.6", "5.14.0-611.54.1.el9_7.0.1", ["rocky:9"]),
    ("rocky", "8.10", "15:6.2.0-53.module+el8.10.0+2055+8eb7870b.rocky.4", ["rocky:8"]),
    ("rocky", "9.6", "1:2.06-104.el9_6.rocky.0.1", ["rocky:9"]),
    ("almalinux", "9.6", "17:9.1.0-15.el9_6.9.alma.1", ["almalinux:9"]),
    ("ol", "9.6", "5.15.0-303.171.5.2.el9uek", ["oracle:9:uek-5.15"]),
    ("ubuntu", "22.04", "5.15.0-73.80+fips1", ["ubuntu:22.04:fips-updates+pro", "ubuntu:22.04:fips+pro", "ubuntu:22.04:fips-preview+pro"]),
    ("amzn", "2023", "6.1.150-174.273.amzn2023", ["amazon:2023"]),
    # Vendors whose hosts call themselves Debian (archive.raspberrypi.com, Proxmox), and archives beside Ubuntu's: Canonical's Cloud Archive, PPAs,
    # the builds of kernel.ubuntu.com/mainline; fasttrack.debian.net; OBS Kernel:stable; Fedora's kernel-vanilla; CentOS's groups
    # (mirror.stream.centos.org).
    ("debian", "12", "1:6.12.25-1+rpt1~bookworm", ["debian:12:raspberrypi"]),
    ("debian", "12", "9.2.0-5+pve1", ["debian:12:proxmox"]),
    ("debian", "12", "2.3.3+ds1-1~fto12+1", ["debian:12:fasttrack"]),
    ("debian", "12", "6.1.158-1+local1", ["debian:12"]),
    ("debian", "12", "1:7.2+dfsg-7+deb12u16+b2", ["debian:12"]),
    ("ubuntu", "22.04", "1:8.2.2+ds-0ubuntu1.7~cloud0", ["ubuntu:22.04:cloud-archive"]),
    ("ubuntu", "24.04", "1:10.0.2+ds-1ubuntu1~ppa2", ["ubuntu:24.04:ppa"]),
    ("ubuntu", "22.04", "6.12.1-061201.202411221839", ["ubuntu:22.04:mainline"]),
    ("ubuntu", "24.04", "6.8.0-60.63~22.04.1", ["ubuntu:24.04", "ubuntu:24.04:pro"]),
    ("opensuse-leap", "15.6", "6.17.1-1.1.g5a3b7f8", ["opensuse:15.6:kotd"]),
    ("opensuse-leap", "15.6", "6.4.0-150600.23.65.1", ["opensuse:15.6"]),
    ("fedora", "43", "6.18.0-0.rc5.250.vanilla.fc43", ["fedora:43:copr"]),
    ("fedora", "43", "6.17.7-300.fc43", ["fedora:43"]),
    ("rocky", "9.6", "17:9.1.0-15.el9s", ["rocky:9:sig"]),
    # Builds of modules say the minor release in a way of their own; AlmaLinux's has no plus.
    ("rhel", "8.6", "15:6.2.0-12.module+el8.6.0+20219+ea8c1d95", [
        "redhat:8.6:eus", "redhat:8.6:e4s", "redhat:8.6:e6s", "redhat:8.6:aus", "redhat:8.6:tus", "redhat:8.6", "redhat:8:els", "redhat:8"]),
    ("almalinux", "8.9", "15:6.2.0-40.module_el8.9.0+3681+41cbbbcc.1.alma.1", ["almalinux:8"]),
    # Amazon Linux 2: kernel-5.10 and its like are repositories; each has packages called kernel.
    ("amzn", "2", "5.10.240-238.959.amzn2", ["amazon:2:kernel-5.10"]),
    ("amzn", "2", "4.14.355-277.643.amzn2", ["amazon:2"]),
    ("amzn", "2", "20.10.25-1.amzn2.0.1", ["amazon:2"]),
    ("arch", "", "6.17", []),
    ("debian", "", "7.2-1", []),
])
def test_of_host(os_id: str, version_id: str, version: str, wanted: list[str]) -> None:
    assert streams.of_host(os_id, version_id, version) == wanted


# As they stand in Red Hat's and SUSE's CSAF documents, in os-release's CPE_NAME, and in NVD's spelling.
@pytest.mark.parametrize(("cpe", "stream"), [
    ("cpe:/o:redhat:enterprise_linux:9::baseos", "redhat:9"),
    ("cpe:/a:redhat:enterprise_linux:9::appstream", "redhat:9"),
    ("cpe:/o:redhat:enterprise_linux:10.1", "redhat:10.1"),
    ("cpe:/o:redhat:rhel_eus:9.4::baseos", "redhat:9.4:eus"),
    ("cpe:/o:redhat:rhel_e4s:9.2::baseos", "redhat:9.2:e4s"),
    ("cpe:/o:redhat:rhel_els:7", "redhat:7:els"),
    ("cpe:/a:redhat:openshift:4.15::el9", "redhat:4.15:openshift"),
    ("cpe:/a:redhat", None),
    ("cpe:/o:suse:sles:15:sp5", "suse:15.5"),
    ("cpe:/o:suse:sle-module-basesystem:15:sp6", "suse:15.6"),
    ("cpe:/o:suse:sle-module-live-patching:15:sp5", "suse:15.5:linux_enterprise_live_patching"),
    ("cpe:/o:suse:sles-ltss:15:sp4", "suse:15.4:ltss"),
    ("cpe:/o:suse:sle-module-public-cloud:15:sp4", "suse:15.4"),
    # From 16 on the whole release stands where the service pack did, in os-release as in the CSAF archive of 2026-08-19.
    ("cpe:/o:suse:sles:16:16.0:server", "suse:16.0"),
    ("cpe:/o:suse:sles:16:16.0", "suse:16.0"),
    ("cpe:/o:suse:sle-micro:5.5", "suse:5.5:sle-micro"),
    ("cpe:/o:opensuse:leap:15.6", "opensuse:15.6"),
    ("cpe:2.3:o:rocky:rocky:9:*:*:*:*:*:*:*", "rocky:9"),
    ("cpe:2.3:o:amazon:amazon_linux:2023:*:*:*:*:*:*:*", "amazon:2023"),
    ("cpe:2.3:o:canonical:ubuntu_linux:22.04:*:*:*:lts:*:*:*", "ubuntu:22.04"),
    ("cpe:/o:linux:linux_kernel:6.1", None),
    ("enterprise_linux:9", None),
    (None, None),
])
def test_of_cpe(cpe: object, stream: str | None) -> None:
    assert streams.of_cpe(cpe) == stream


@pytest.mark.parametrize(("distro", "stream"), [
    ("noble", "ubuntu:24.04"),
    ("ubuntu/jammy", "ubuntu:22.04"),
    ("esm-infra/xenial", "ubuntu:16.04:pro"),
    ("esm-infra-legacy/trusty", "ubuntu:14.04:pro"),
    ("fips-updates/jammy", "ubuntu:22.04:fips-updates+pro"),
    ("bluefield/jammy", "ubuntu:22.04:bluefield+pro"),
    ("realtime/jammy", "ubuntu:22.04:realtime+pro"),
    ("brand-new-track/noble", "ubuntu:24.04:brand-new-track+pro"),
    ("unheard-of", None),
    ("", None),
])
def test_of_distro(distro: str, stream: str | None) -> None:
    assert streams.of_distro("ubuntu", distro) == stream


def test_a_minor_release_without_a_fix_of_its_own_takes_the_next() -> None:
    assert streams.neighbours("6.12.0-124.8.1.el10_1")[:3] == ["redhat:10.2", "redhat:10.3", "redhat:10.4"]
    assert streams.neighbours("6.12.0-124.8.1.el10_1")[-1] == "redhat:10.0"
    assert streams.neighbours("6.1.158-1") == []
