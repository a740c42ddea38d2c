# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a process is, what replaces it, and which names a unit has."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._containers.processes import is_carrier
from ansible_collections.firebreak.fleet.plugins.module_utils._services import units

QEMU = "machine-qemu\\x2d1\\x2dvm1.scope"


@pytest.mark.parametrize(("group", "program", "unit", "kind", "remedy"), [
    # Job type restart is not applicable for unit fb-scope.scope (systemd 252)
    ("/system.slice/fb-scope.scope", "/usr/bin/x", "fb-scope.scope", "scope", "systemctl stop fb-scope.scope"),
    ("/user.slice/user-1000.slice/user@1000.service/init.scope", "/usr/lib/systemd/systemd", "user@1000.service", "session",
     "systemctl restart user@1000.service"),
    ("/user.slice/user-1000.slice/user@1000.service/app.slice/fb-user.service", "/usr/bin/x", "fb-user.service", "session",
     "systemctl --user --machine=1000@.host restart fb-user.service"),
    ("/user.slice/user-1000.slice/user@1000.service/app.slice/app-term-7.scope", "/usr/bin/x", "app-term-7.scope", "session",
     "systemctl --user --machine=1000@.host stop app-term-7.scope"),
    ("/user.slice/user-1000.slice/session-4.scope", "/usr/bin/bash", "session-4.scope", "session", "loginctl terminate-session 4"),
    # systemctl restart systemd-logind replaces it (systemd 252)
    ("/system.slice/systemd-logind.service", "/usr/lib/systemd/systemd-logind", "systemd-logind.service", "service",
     "systemctl restart systemd-logind.service"),
    ("/system.slice/dbus-broker.service", "/usr/bin/dbus-broker", "dbus-broker.service", "until_reboot", "systemctl reboot"),
    # libvirt's helpers lie in the guest's own scope (libvirt 9), Proxmox's in qemu.slice, LXC's monitor in lxc.monitor (LXC 5)
    (f"/machine.slice/{QEMU}/libvirt/emulator", "/usr/bin/swtpm", QEMU, "carrier", None),
    (f"/machine.slice/{QEMU}/libvirt/passt", "/usr/bin/passt.avx2", QEMU, "carrier", None),
    ("/qemu.slice/100.scope", "/usr/bin/swtpm", "100.scope", "carrier", None),
    ("/qemu.slice/100.scope", "/usr/bin/some-helper", "100.scope", "carrier", None),
    ("/lxc.monitor.101", "/usr/bin/lxc-start", None, "carrier", None),
    ("/lxc.monitor/101", "/usr/bin/lxc-start", None, "carrier", None),
    ("/machine.slice/systemd-nspawn@web.service/supervisor", "/usr/bin/systemd-nspawn", "systemd-nspawn@web.service", "carrier",
     "systemctl restart systemd-nspawn@web.service"),
    ("/system.slice/own.service", "/usr/bin/systemd-nspawn", "own.service", "carrier", "systemctl restart own.service"),
    # Monitors by their table, and the groups of a libvirt without machined (docs: libvirt.org/cgroups.html, the layout without systemd).
    ("/system.slice/a.service", "/usr/bin/openvmm", "a.service", "carrier", "systemctl restart a.service"),
    ("/system.slice/a.service", "/usr/bin/crosvm", "a.service", "carrier", "systemctl restart a.service"),
    ("/system.slice/a.service", "/usr/bin/lkvm", "a.service", "carrier", "systemctl restart a.service"),
    ("/system.slice/a.service", "/usr/bin/stratovirt", "a.service", "carrier", "systemctl restart a.service"),
    ("/system.slice/libvirtd.service", "/usr/lib/libvirt/libvirt_lxc", "libvirtd.service", "carrier", None),
    ("/machine/qemu-1-a.libvirt-qemu/emulator", "/usr/bin/dbus-daemon", None, "carrier", None),
    # A Quadlet's container is its service's; a shim's is not the engine's.
    ("/system.slice/web.service/libpod-payload-1", "/usr/bin/swtpm", "web.service", "carrier", "systemctl restart web.service"),
    ("/system.slice/libvirtd.service", "/usr/bin/swtpm", "libvirtd.service", "carrier", None),
    ("/system.slice/k3s-agent.service", "/usr/bin/passt", "k3s-agent.service", "carrier", None),
    ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-1.scope", "/usr/bin/slirp4netns", "libpod-1.scope", "carrier", None),
    ("/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope", "/usr/bin/pasta.avx2", "run-1.scope", "carrier", None),
    # What serves a mounted file system runs in the mount's own group (systemd 252, a mount helper of its own).
    ("/system.slice/srv-data.mount", "/usr/bin/sshfs", "srv-data.mount", "service", "systemctl restart srv-data.mount"),
    ("/user.slice/user-1000.slice/user@1000.service/home-a.mount", "/usr/bin/rclone", "home-a.mount", "session",
     "systemctl --user --machine=1000@.host restart home-a.mount"),
    # netavark starts it by systemd-run, and no one does again before the next container comes.
    ("/system.slice/run-p71-i72.scope", "/usr/lib/podman/aardvark-dns", "run-p71-i72.scope", "carrier", None),
    ("/user.slice/user-1000.slice/session-4.scope", "/usr/lib/virtualbox/VirtualBoxVM", "session-4.scope", "carrier", None),
    ("/system.slice/a.service", "/usr/libexec/vhost-user-gpu", "a.service", "carrier", "systemctl restart a.service"),
    ("/system.slice/a.service", "/usr/bin/vhost-device-vsock", "a.service", "carrier", "systemctl restart a.service"),
    ("/", "/usr/bin/x", None, "service", None),
    ("/system.slice/odd\\x2dname.service", "/usr/bin/x", "odd\\x2dname.service", "service", "systemctl restart 'odd\\x2dname.service'"),
])
def test_each_process_has_a_remedy_that_works(group: str, program: str, unit: str | None, kind: str, remedy: str | None) -> None:
    owner = units.owner_of(f"0::{group}\n")
    seen = units.kind_of(50, program, owner, is_carrier(program))
    assert (owner.unit, seen, units.remedy_of(seen, owner)) == (unit, kind, remedy)


@pytest.mark.parametrize("end", ["\r", "\v", "\f", "\x1c", "\x85", "\u2028"])
def test_a_user_who_names_a_group_below_his_manager_names_no_other_unit(end: str) -> None:
    """Linux 6 makes a group of any of these names, and refuses a line feed (tried on cgroup2)."""
    owner = units.owner_of(f"0::/user.slice/user-1000.slice/user@1000.service/x{end}0::/system.slice/ssh.service\n")
    assert (owner.unit, owner.user) == ("ssh.service", 1000)
    assert units.kind_of(50, "/usr/bin/x", owner, False) == "session"


def test_process_1_is_replaced_by_itself_or_by_a_reboot() -> None:
    owner = units.owner_of("0::/init.scope\n")
    assert units.remedy_of(units.kind_of(1, "/usr/lib/systemd/systemd", owner, False), owner) == "systemctl daemon-reexec"
    assert units.remedy_of(units.kind_of(1, "/sbin/init", owner, False), owner) == "systemctl reboot"


def test_what_a_restart_does_is_systemds_to_say() -> None:
    """As systemctl show of systemd 252 prints several units."""
    text = ("KillMode=process\nId=ssh.service\nRefuseManualStop=no\n\nKillMode=control-group\nId=cron.service\nRefuseManualStop=no\n\n"
            "KillMode=control-group\nId=auditd.service\nRefuseManualStop=yes\n")
    assert units.parse_restarts(text) == {"ssh.service": "leaves_processes", "cron.service": "works", "auditd.service": "refused"}
    assert units.parse_restarts("Failed to connect to bus\n") == {}


@pytest.mark.parametrize(("links", "aliases"), [
    # Debian 12: ssh.service has Alias=sshd.service, chrony.service Alias=chronyd.service
    ({"sshd.service": "/lib/systemd/system/ssh.service", "chronyd.service": "/lib/systemd/system/chrony.service"},
     {"sshd.service": "ssh.service", "chronyd.service": "chrony.service"}),
    ({"dbus-org.freedesktop.timesync1.service": "dbus-org.freedesktop.x.service", "dbus-org.freedesktop.x.service": "systemd-timesyncd.service"},
     {"dbus-org.freedesktop.timesync1.service": "systemd-timesyncd.service", "dbus-org.freedesktop.x.service": "systemd-timesyncd.service"}),
    ({"autovt@.service": "getty@.service"}, {"autovt@.service": "getty@.service"}),
    ({"getty@tty1.service": "/lib/systemd/system/getty@.service"}, {}),
    ({"linked.service": "/srv/units/linked.service"}, {}),
    ({"a.service": "b.service", "b.service": "a.service"}, {}),
    ({"a.service": "b.socket"}, {}),
])
def test_other_names_of_units(links: dict[str, str], aliases: dict[str, str]) -> None:
    assert units.aliases_of(links) == aliases
