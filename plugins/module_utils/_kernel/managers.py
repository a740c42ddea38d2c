# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who else may install kernels on this host: automatic updaters and management servers, as their own files show. No command is run."""

import re
from typing import Any, List, NamedTuple, Optional

from .._formats import unit_masks
from .._packages import apt_conf, dnf_files

Manager = NamedTuple("Manager", [("name", str), ("active", bool), ("detail", str)])

_SYSTEMD = "/etc/systemd/system"

# Name, the file that shows it is installed, the units of which one is enabled where it works by itself.
_BY_UNIT = (
    ("dnf-automatic", "/usr/bin/dnf-automatic", ("dnf-automatic.timer", "dnf-automatic-install.timer")),
    ("dnf5-automatic", "/etc/dnf/dnf5-plugins/automatic.conf", ("dnf5-automatic.timer",)),
    ("transactional-update", "/usr/sbin/transactional-update", ("transactional-update.timer",)),
    ("landscape", "/etc/landscape/client.conf", ("landscape-client.service",)),
    ("spacewalk", "/etc/sysconfig/rhn/up2date", ("rhnsd.service", "rhn-check.timer")),
)


def _unattended_upgrades(host: Any) -> Optional[Manager]:
    """Debian's and Ubuntu's own; active where apt's periodic job is told to run it, since the later file wins."""
    if host.stat("/usr/bin/unattended-upgrade").problem:
        return None
    values = apt_conf.read(host)
    period = (values.get("apt::periodic::unattended-upgrade") or ["0"])[-1]
    enabled = (values.get("apt::periodic::enable") or ["1"])[-1]
    kept = [pattern for pattern in values.get("unattended-upgrade::package-blacklist", []) if re.search(r"linux|\A\.?\*", pattern)]
    detail = "APT::Periodic::Unattended-Upgrade %s" % period + ("; never touches %s" % ", ".join(kept) if kept else "")
    asleep = _timer_is_off(host, "apt-daily-upgrade.timer")
    active = period not in ("0", "") and enabled != "0" and not asleep
    return Manager("unattended-upgrades", active, detail + ("; apt-daily-upgrade.timer is %s" % asleep if asleep else ""))


def _timer_is_off(host: Any, timer: str) -> str:
    """'masked' or 'disabled' where systemd starts a timer of a package no more; '' where it does, or systemd does not tell."""
    if unit_masks.mask_of(host, timer):
        return "masked"
    folder = "%s/timers.target.wants" % _SYSTEMD
    link = host.stat("%s/%s" % (folder, timer), follow=False)
    return "disabled" if link.problem == "absent" and host.listdir(folder).value else ""


def _by_unit(host: Any) -> List[Manager]:
    found = []
    for name, installed, units in _BY_UNIT:
        if host.stat(installed).problem:
            continue
        enabled = [unit for unit in units if _is_wanted(host, unit)]
        found.append(Manager(name, bool(enabled), ", ".join(enabled) or "installed, not enabled"))
    return found


def _is_wanted(host: Any, unit: str) -> bool:
    """Whether systemd starts a unit by itself: any other unit may want or require it, and masking leaves those links where they are."""
    listed = host.listdir(_SYSTEMD)
    folders = [] if listed.problem else [name for name in listed.value if name.endswith((".wants", ".requires"))]
    wanted = any(not host.stat("%s/%s/%s" % (_SYSTEMD, folder, unit), follow=False).problem for folder in folders)
    return wanted and not unit_masks.mask_of(host, unit)


def _with_automatic_conf(host: Any, manager: Manager) -> Manager:
    """dnf-automatic only downloads or tells, unless apply_updates says otherwise; its -install timer always installs."""
    if manager.name != "dnf-automatic" or not manager.active or "dnf-automatic-install.timer" in manager.detail:
        return manager
    text = host.read("/etc/dnf/automatic.conf", 1 << 20).if_there("")
    applies, kept = automatic_applies(text), dnf_files.excluded(text)
    detail = "%s, apply_updates %s" % (manager.detail, "yes" if applies else "no") + ("; never touches %s" % ", ".join(kept) if kept else "")
    return manager._replace(active=applies, detail=detail)


def automatic_applies(text: str) -> bool:
    """Whether automatic.conf tells dnf-automatic to install what it finds."""
    given = re.findall(r"^[ \t]*apply_updates[ \t]*[=:][ \t]*(\S+)", text, re.MULTILINE)
    return bool(given) and given[-1].lower() in ("yes", "true", "1", "on")


def subscription_server(text: str) -> Optional[str]:
    """The host name of the server in rhsm.conf; None where it names none."""
    server = re.search(r"^\[server\][ \t]*\n((?:(?!\[).*\n?)*)", text, re.MULTILINE)
    name = re.search(r"^hostname[ \t]*=[ \t]*(\S+)", server.group(1), re.MULTILINE) if server else None
    return name.group(1) if name else None


def _subscription(host: Any) -> Optional[Manager]:
    """Red Hat's portal, or a Satellite (Katello) server that decides which kernels the host is offered."""
    server = subscription_server(host.read("/etc/rhsm/rhsm.conf", 1 << 20).if_there(""))
    if server is None:
        return None
    registered = not host.stat("/etc/pki/consumer/cert.pem").problem
    name = "subscription-manager" if server == "subscription.rhsm.redhat.com" else "satellite"
    return Manager(name, registered, "%s %s" % ("registered with" if registered else "not registered with", server))


def _suse_manager(host: Any) -> Optional[Manager]:
    """SUSE Manager or Uyuni, which works by a Salt minion."""
    for folder, unit in (("/etc/venv-salt-minion", "venv-salt-minion"), ("/etc/salt", "salt-minion")):
        text = host.read("%s/minion.d/susemanager.conf" % folder, 1 << 20).value
        if text is not None:
            master = re.search(r"^master:[ \t]*(\S+)", text, re.MULTILINE)
            return Manager("suse-manager", _is_wanted(host, unit + ".service"), master.group(1) if master else "no master named")
    return None


def _online_update(host: Any) -> Optional[Manager]:
    """SUSE's automatic online update."""
    text = host.read("/etc/sysconfig/automatic_online_update", 65536).value
    if text is None:
        return None
    enabled = bool(re.search(r"^AOU_ENABLE_CRONJOB=[\"']?true", text, re.MULTILINE))
    return Manager("automatic-online-update", enabled, "AOU_ENABLE_CRONJOB %s" % ("true" if enabled else "not true"))


def find(host: Any) -> List[Manager]:
    """Every manager that is installed, sorted by name; active where it is set to work by itself."""
    single = [look(host) for look in (_unattended_upgrades, _subscription, _suse_manager, _online_update)]
    found = [manager for manager in single if manager] + [_with_automatic_conf(host, manager) for manager in _by_unit(host)]
    return sorted(found)
