# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The promises of the benchmark's standard as plain testinfra: each check asks the host by itself."""

from __future__ import annotations

from typing import Any


def test_release(host: Any) -> None:
    assert host.file("/etc/os-release").contains("^ID=")
    assert host.system_info.distribution
    assert host.system_info.release is not None


def test_architecture(host: Any) -> None:
    assert host.check_output("uname -m") == host.system_info.arch


def test_tools_are_packaged(host: Any) -> None:
    host.run("dpkg --verify base-files coreutils dpkg apt systemd")
    assert host.run("ls /usr/local/bin /usr/local/sbin").rc in (0, 2)


def test_uptime(host: Any) -> None:
    assert float(host.file("/proc/uptime").content_string.split()[0]) > 0


def test_no_reboot_required(host: Any) -> None:
    assert host.file("/run/reboot-required").exists in (True, False)


def test_command_line(host: Any) -> None:
    assert "mitigations=off" not in host.file("/proc/cmdline").content_string.split()


def test_running_kernel(host: Any) -> None:
    release = host.check_output("uname -r")
    assert host.file("/proc/sys/kernel/osrelease").content_string.strip() == release
    assert release in host.file("/proc/version").content_string


def test_installed_kernels(host: Any) -> None:
    for name in host.run("dpkg-query -W -f '${Package}\\n' 'linux-image-[0-9]*'").stdout.split():
        assert host.package(name).is_installed
        assert host.file(f"/boot/vmlinuz-{name.removeprefix('linux-image-')}").exists


def test_default_boot(host: Any) -> None:
    host.run("grub-editenv - list")
    host.run("cat /boot/grub/grub.cfg")


def test_held_and_offered(host: Any) -> None:
    host.run("apt-mark showhold")
    host.run("apt-cache policy linux-image-amd64")


def test_vulnerabilities(host: Any) -> None:
    folder = "/sys/devices/system/cpu/vulnerabilities"
    for name in host.file(folder).listdir():
        assert host.file(f"{folder}/{name}").content_string


def test_hypervisor(host: Any) -> None:
    for name in ("qemu-system-x86", "libvirt-daemon", "virtiofsd"):
        assert host.package(name).is_installed in (True, False)
    host.run("ls -l /proc/[0-9]*/exe")


def test_live_patching(host: Any) -> None:
    assert host.service("kpatch").is_enabled in (True, False)
    host.run("ls /sys/kernel/livepatch")
    host.run("cat /proc/[0-9]*/task/[0-9]*/patch_state | sort | uniq -c")
