# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``boot``: this boot, and every sign that another one is needed."""

import re
import time
from typing import Any, Dict, List, Optional

from .._formats import efi
from .._os import composefs, deployments
from .._os import section as os_section
from . import snapshots
from .target import NoAnswerError
from .trust.declared import put_trust

_BOOT_ID = re.compile(r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_YEAR_2000 = 946684800

# Each lets packages create /run/reboot-required; without any of them its absence says nothing. The hooks of kernels speak for kernels alone.
_DEBIAN_HOOKS = (
    ("/usr/share/update-notifier/notify-reboot-required", ""),
    ("/etc/kernel/postinst.d/unattended-upgrades", " (kernels alone)"),
    ("/usr/share/kernel/postinst.d/touch-reboot-required", " (kernels alone)"),
)
_BY_RPM = "rpm -q --whatprovides (installation times)"
_SUSE_FILES = ("/etc/zypp/needreboot", "/usr/etc/zypp/needreboot")
_SUSE_FOLDER = "/etc/zypp/needreboot.d"
_SUSE_SWITCHES = (_SUSE_FILES[0], _SUSE_FOLDER, _SUSE_FILES[1])

# What dnf's needs-restarting asks for; dnf itself is not called, since it writes its log and cache even for that.
_CORE_CAPABILITIES = (
    "kernel", "kernel-core", "kernel-rt", "glibc", "linux-firmware", "systemd", "dbus", "dbus-broker", "dbus-daemon", "microcode_ctl")
_NEEDS_RESTARTING_FOLDER = "/etc/dnf/plugins/needs-restarting.d"
_CAPABILITY = re.compile(r"^[\w.+()-]{1,200}$")
_INSTALLED_FORMAT = "@%{NAME} %{INSTALLTIME}\\n"
_INSTALLED = re.compile(r"^@(\S+) (\d{1,12})$")


def parse_boot_id(text: str) -> str:
    """The UUID of /proc/sys/kernel/random/boot_id; ValueError otherwise."""
    if not _BOOT_ID.match(text.strip()):
        raise ValueError("want a UUID, seen %.60r" % text.strip())
    return text.strip()


def parse_boot_time(text: str) -> int:
    """btime of /proc/stat, seconds since 1970. ValueError where it is missing, or before 2000: then the host's clock was never set."""
    match = re.search(r"^btime (\d{1,12})$", text, re.MULTILINE)
    if not match:
        raise ValueError("no line 'btime <seconds>'")
    seconds = int(match.group(1))
    if seconds < _YEAR_2000:
        raise ValueError("btime %d lies before 2000: the host's clock is not set" % seconds)
    return seconds


def parse_uptime(text: str) -> int:
    """Whole seconds of /proc/uptime; ValueError otherwise."""
    match = re.match(r"^(\d{1,12})(?:\.\d+)?(?:\s|$)", text)
    if not match:
        raise ValueError("want seconds, seen %.60r" % text)
    return int(match.group(1))


def utc(seconds: int) -> str:
    """2026-01-31T23:59:59Z for seconds since 1970; ValueError beyond what a calendar holds."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (OverflowError, OSError) as error:
        raise ValueError("%d seconds are no date: %s" % (seconds, error)) from error


def parse_zero_or_one(text: str) -> bool:
    """True for 1, False for 0; ValueError otherwise."""
    if text.strip() not in ("0", "1"):
        raise ValueError("want 0 or 1, seen %.20r" % text.strip())
    return text.strip() == "1"


def parse_package_names(text: str) -> List[str]:
    """One package in each line, duplicates (each upgrade appends) named once, in the order of their first mention."""
    names: List[str] = []
    for line in text.splitlines():
        if line.strip() and line.strip() not in names:
            names.append(line.strip())
    return names


def parse_capabilities(text: str) -> List[str]:
    """Names of packages or capabilities in a needs-restarting.d or needreboot file: one in each line, # begins a comment."""
    words = [line.split("#")[0].strip() for line in text.splitlines()]
    return [word for word in words if _CAPABILITY.match(word) and not word.startswith("-")]


def parse_installed_since(text: str, boot_time: int) -> List[str]:
    """The packages that rpm says were installed after ``boot_time``, other lines ('no package provides') passed over; ValueError without any."""
    found = [match.groups() for match in map(_INSTALLED.match, text.splitlines()) if match]
    if not found:
        raise ValueError("rpm names no package in %.80r" % text)
    return sorted({name for name, installed in found if int(installed) > boot_time})


def reboot_required(signals: List[Dict[str, Any]]) -> Optional[bool]:
    """True if any signal says so, False if at least one says no and none yes, None without any."""
    if any(signal["required"] for signal in signals):
        return True
    return False if signals else None


def collect(host: Any, section: Any, options: Any) -> None:
    """Write the section."""
    section.put_answer("boot_id", host.read("/proc/sys/kernel/random/boot_id", 256), "/proc/sys/kernel/random/boot_id", parse_boot_id)
    # btime follows the clock's later corrections (a machine without RTC starts in 1970), mtimes in /proc or a stored time do not.
    stat = host.read("/proc/stat")
    section.put_answer("booted_at", stat, "/proc/stat btime", lambda text: utc(parse_boot_time(text)))
    section.put_answer("uptime_seconds", host.read("/proc/uptime", 256), "/proc/uptime", parse_uptime)
    section.put_answer("cmdline", host.read("/proc/cmdline", 65536), "/proc/cmdline", str.strip)
    container = os_section.container_name(host)
    _put_signals(host, section, stat, container)
    _put_kexec(host, section, container)
    _put_secure_boot(host, section, container)
    put_trust(host, section, container)


def _put_signals(host: Any, section: Any, stat: Any, container: str) -> None:
    problems: List[str] = []
    signals = _debian_signals(host) + _snapshot_signals(host, problems) + _image_signals(host, problems)
    release = os_section.os_identity(host)[0]
    family = os_section.family_of(release.get("ID", ""), release.get("ID_LIKE", "").split())
    if container == "none" and family in ("redhat", "suse"):
        signals += _rpm_signals(host, family, stat, problems)
    signals += _suse_hint(host, signals)
    section.put("signals", signals, "; ".join(signal["source"] for signal in signals) or "/run")
    verdict = reboot_required(signals)
    if container != "none" and not verdict:
        section.cannot_say("reboot_required", "in_container", container)
    elif verdict is None:
        detail = "no /run/reboot-required, and nothing installed that would create it" if family == "debian" else "no source that could say no"
        detail += "; needrestart -b would tell" if family == "debian" else "; the updates since the boot in the package manager's history would tell"
        section.cannot_say("reboot_required", "tool_failed" if problems else "absent", "; ".join(problems) or detail)
    else:
        deciding = [signal["source"] for signal in signals if signal["required"] == verdict]
        section.put("reboot_required", verdict, "; ".join(deciding))


def _signal(source: str, required: bool, packages: List[str], detail: str) -> Dict[str, Any]:
    return {"source": source, "required": required, "packages": packages, "detail": detail}


def _debian_signals(host: Any) -> List[Dict[str, Any]]:
    path = "/run/reboot-required"
    if not host.stat(path).problem:
        packages = parse_package_names(host.read(path + ".pkgs", 1 << 20).if_there(""))
        return [_signal(path, True, packages, "asked for by a package's installation")]
    hooks = [hook + scope for hook, scope in _DEBIAN_HOOKS if not host.stat(hook).problem]
    return [_signal(path, False, [], "would have been created by %s" % ", ".join(hooks))] if hooks else []


def _suse_hint(host: Any, signals: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """libzypp's file is a hint: a rehearsal (--dry-run) makes it, an update by zypper does not. It counts where rpm's own times cannot be had."""
    path = "/run/reboot-needed"
    if host.stat(path).problem or any(signal["source"] == _BY_RPM for signal in signals):
        return []
    return [_signal(path, True, [], "a package with the hint reboot-needed was installed, or would have been")]


def _snapshot_signals(host: Any, problems: List[str]) -> List[Dict[str, Any]]:
    """A rollback and a transactional update make another subvolume the root of the next boot."""
    try:
        path, source = snapshots.next_root(host)
    except NoAnswerError as problem:
        problems.append(str(problem))
        return []
    # That the root stays says nothing of the packages in it.
    return [_signal(source, True, [], "the next boot's root is %s" % path)] if path else []


def _image_signals(host: Any, problems: List[str]) -> List[Dict[str, Any]]:
    # The absence of a mark says nothing: an image can be pending without one.
    paths = [deployments.STAGED] if not host.stat(deployments.STAGED).problem and not deployments.is_locked(host) else []
    try:
        paths += [composefs.STAGED] if composefs.staged(host) else []
    except ValueError as error:
        problems.append(str(error))
    found = [_signal(path, True, [], "a new system image is deployed at shutdown") for path in paths]
    tool = os_section.image_evidence(host, os_section.os_identity(host)[0].get("ID", ""))[0]
    return found + ([_signal(tool, True, [], "another system image was written and waits")] if deployments.update_waits(host, tool) else [])


def _rpm_capabilities(host: Any, family: str) -> List[str]:
    """What must not have been installed since the boot."""
    if family == "suse":
        wanted, folder, ending = ["installhint(reboot-needed)"], _SUSE_FOLDER, ""
        # Since libzypp 17.38 the vendor's file lies below /usr/etc, and the administrator's stands in its place.
        files = [path for path in _SUSE_FILES if not host.stat(path).problem][:1]
    else:
        wanted, folder, ending, files = list(_CORE_CAPABILITIES), _NEEDS_RESTARTING_FOLDER, ".conf", []
    files += ["%s/%s" % (folder, name) for name in host.listdir(folder, 100).if_there([]) if name.endswith(ending)]
    for path in files:
        wanted += parse_capabilities(host.read(path, 65536).if_there(""))
    return sorted(set(wanted))[:500]


def _rpm_signals(host: Any, family: str, stat: Any, problems: List[str]) -> List[Dict[str, Any]]:
    """Core packages by rpm's own installation times. A kernel booted past its successor is the kernel section's matter."""
    argv = ["rpm", "-q", "--qf", _INSTALLED_FORMAT, "--whatprovides"] + _rpm_capabilities(host, family)
    answer = host.run(argv)
    source = _BY_RPM
    try:
        if answer.problem or stat.problem:
            raise ValueError((answer if answer.problem else stat).detail)
        packages = parse_installed_since(answer.value.out, parse_boot_time(stat.value))
    except ValueError as error:
        problems.append("%s: %s" % (source, error))
        return []
    return [_signal(source, bool(packages), packages, "core packages installed since the boot")]


def _put_kexec(host: Any, section: Any, container: str) -> None:
    for path in ("/sys/kernel/kexec_loaded", "/sys/kernel/kexec/loaded"):
        answer = host.read(path, 16)
        if answer.problem != "absent":
            section.put_answer("kexec_loaded", answer, path, parse_zero_or_one)
            return
    if container == "none" and not host.listdir("/sys/kernel").problem:
        section.put("kexec_loaded", False, "/sys/kernel (the kernel has no kexec)")
    else:
        section.cannot_say("kexec_loaded", "absent" if container == "none" else "in_container", "/sys/kernel/kexec_loaded; kexec --status would tell")


def _put_secure_boot(host: Any, section: Any, container: str) -> None:
    path = efi.path_of("SecureBoot", efi.FIRMWARE)
    answer = efi.read(host, "SecureBoot", efi.FIRMWARE)
    if answer.problem != "absent":
        section.put_answer("secure_boot", answer, path, efi.parse_flag)
    elif container != "none":
        section.cannot_say("secure_boot", "in_container", container)
    elif host.listdir("/sys/firmware").problem:
        section.cannot_say("secure_boot", "absent", "/sys/firmware; the kernel's log of this boot (secureboot:) would tell")
    elif host.stat("/sys/firmware/efi").problem:
        section.put("secure_boot", False, "/sys/firmware (not booted by EFI)")
    elif host.listdir(efi.VARIABLES).value:
        section.put("secure_boot", False, "%s (the firmware has no variable SecureBoot)" % efi.VARIABLES)
    else:
        section.cannot_say("secure_boot", "absent", "%s is not mounted; the kernel's log of this boot (secureboot:) would tell" % efi.VARIABLES)
