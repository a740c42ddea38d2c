# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``hypervisor``: whether the host makes virtual machines, is one, or both, with what, and whether what runs is what is installed."""

from typing import Any, Dict, List, Mapping, Optional, Tuple

from .._cpu import section as cpu_section
from .._formats import processes as proc
from .._formats import running_files
from .._host.birth import birth_of
from .._os import virtualization
from .._packages import managers
from .._packages.installed import modules_of
from . import guest_boot, guest_trust, kvm, libvirt_guests, machine_types, monitors, owners, running_monitors
from .kinds import SOFTWARE_KVM

# One processor's paragraph is enough for its flags.
_CPUINFO_HEAD = 16 * 1024
# A desktop with 10,000 packages has 10 MiB.
_STATUS_BYTES = 64 * 1024 * 1024
_SOURCES = {"dpkg": managers.DPKG_STATUS, "rpm": "rpm -q"}
_XEN_VERSION = "/sys/hypervisor/version"


def collect(host: Any, section: Any, options: Dict[str, Any]) -> None:
    """Write the facts of the section ``hypervisor``. More than a device is tried only when options['hypervisor_probe'] asks for it."""
    flags = _flags(host)
    clues = virtualization.ask(host, flags)
    ladder = kvm.climb(host, flags, options.get("hypervisor_probe") or "device")
    _collect_kvm(host, section)
    _collect_xen(host, section, clues)
    running = running_monitors.find(host)
    components, packages, manager = _collect_components(host, section, clues.architecture, running[0] or [])
    processes = _collect_processes(host, section, running_monitors.Installed(components, packages, manager, host.stat("/")), running)
    components += _in_containers(section, components, processes)
    _collect_xen_image(host, section, components)
    _collect_guests(host, section, processes)
    guest_trust.put(host, section)
    _collect_machine_types(section, processes, components)
    _collect_roles(host, section, clues, ladder.rung, components, processes)
    # A guest may take all the time that is left.
    _collect_ladder(host, section, ladder, options.get("hypervisor_release") or guest_boot.RELEASE)


def _flags(host: Any) -> List[str]:
    answer = host.read_bytes(cpu_section.CPUINFO, _CPUINFO_HEAD)
    try:
        return [] if answer.problem else cpu_section.parse_cpuinfo(answer.value.decode("utf-8", "replace")).flags
    except ValueError:
        return []


def _collect_ladder(host: Any, section: Any, ladder: kvm.Ladder, release: str) -> None:
    source = "%s flags, %s" % (cpu_section.CPUINFO, kvm.DEVICE)
    section.put("ladder.asked", ladder.asked, "option hypervisor_probe")
    if ladder.asked == "guest" and ladder.rung == "vcpu":
        ladder, source = _collect_guest(host, section, ladder, release)
    else:
        reason = "not_asked" if ladder.asked != "guest" else "not_applicable"
        section.cannot_say("ladder.guest_kernel", reason, ladder.failed or "option hypervisor_probe is %s" % ladder.asked)
    section.put("ladder.rung", ladder.rung, source)
    section.put("ladder.failed", ladder.failed, source)


def _collect_guest(host: Any, section: Any, ladder: kvm.Ladder, release: str) -> Tuple[kvm.Ladder, str]:
    """Boot a guest kernel of this release and write its version; (the ladder after that, where it is known from)."""
    boot = guest_boot.find(host, release)
    if isinstance(boot, guest_boot.Missing):
        section.cannot_say("ladder.guest_kernel", boot.reason, boot.detail)
        return ladder._replace(failed=boot.detail), release
    outcome = guest_boot.attempt(host, boot)
    command = " ".join(boot.argv)
    if outcome.version is None:
        section.cannot_say("ladder.guest_kernel", "tool_failed", outcome.failed)
    else:
        section.put("ladder.guest_kernel", outcome.version, command)
    return ladder._replace(rung="vcpu" if outcome.failed else "guest", failed=outcome.failed), command


def _collect_kvm(host: Any, section: Any) -> None:
    names = kvm.modules(host)
    values, unreadable = kvm.parameters(host, names)
    section.put("kvm.loaded", bool(names), kvm.MODULES)
    section.put("kvm.modules", names, kvm.MODULES)
    section.put("kvm.software", any(name in SOFTWARE_KVM for name in names), kvm.MODULES)
    section.put("kvm.parameters", values, kvm.MODULES + "/kvm*/parameters")
    section.put("kvm.unreadable_parameters", unreadable, kvm.MODULES + "/kvm*/parameters")


def _collect_xen(host: Any, section: Any, clues: virtualization.Clues) -> None:
    if clues.sys_hypervisor != "xen":
        section.cannot_say("xen.version", "not_applicable", "/sys/hypervisor/type is not xen")
        return
    parts = [host.read("%s/%s" % (_XEN_VERSION, part), 256) for part in ("major", "minor", "extra")]
    problem = next((part for part in parts if part.problem), None)
    if problem:
        section.cannot_say("xen.version", problem.problem, "%s: %s" % (_XEN_VERSION, problem.detail))
        return
    section.put("xen.version", "%s.%s%s" % tuple(part.value.strip() for part in parts), _XEN_VERSION)


def _collect_xen_image(host: Any, section: Any, components: List[Dict[str, Any]]) -> None:
    """Whether an image came after the boot: package managers give it an older time, and a new owner or link moves the inode's own time alone."""
    images = [component["path"] for component in components if component["name"] == "xen" and component["path"]]
    booted = proc.booted_at(host.now(), host.read("/proc/uptime", 256).if_there(""))
    stats = [host.stat(path) for path in images]
    if not images or booted is None or any(stat.problem for stat in stats):
        reason = "not_applicable" if not images else "absent"
        section.cannot_say("xen.image_replaced", reason, "no image of Xen, or no time of it to compare with the boot")
    else:
        _put_xen_image(section, images, [_came(host, images[at], stat.value, booted) for at, stat in enumerate(stats)])


def _came(host: Any, path: str, stat: Any, booted: float) -> Optional[bool]:
    """Whether a file came after the boot; None where only its inode was touched since, and nobody says when it was born."""
    judged = running_files.judge_read(booted, stat.mtime, True, stat.ctime)
    birth = birth_of(host, path) if judged.state == running_files.UNKNOWN else None
    return judged.stale if birth is None else birth > booted


def _put_xen_image(section: Any, images: List[str], came: List[Optional[bool]]) -> None:
    if None in came and True not in came:
        section.cannot_say("xen.image_replaced", "absent", "%s: touched since the boot; its time of birth would tell" % ", ".join(images[:4]))
    else:
        section.put("xen.image_replaced", True in came, ", ".join(images[:4]))


def _collect_components(
    host: Any, section: Any, architecture: str, running: List[running_monitors.Candidate],
) -> Tuple[List[Dict[str, Any]], Dict[str, monitors.Package], Optional[str]]:
    """(components, package by real path of its binaries, package manager), which is asked only where a program is there."""
    manager = managers.manager(host)
    if manager is None:
        section.cannot_say("components", "unsupported", "neither dpkg nor rpm keeps a database here; each program's own --version would tell")
        return [], {}, None
    packages, problem, detail = _packages(host, manager) if monitors.is_any_there(host) else ([], None, "")
    if problem:
        section.cannot_say("components", problem, detail)
        return [], {}, manager
    owned = {host.realpath(path).if_there(path): package for path, package in monitors.by_path(packages).items()}
    unknown = _unknown(host, owned, running)
    found = owners.of(host, manager, unknown) if unknown else {}
    packages, owned = packages + list(found.values()), dict(owned, **found)
    modules = modules_of(host, {package.name: package.version for package in packages}) if manager == "rpm" else {}
    components = [_component(host, package, modules, monitors.principal(package.binaries, architecture)) for package in packages]
    components += _unpackaged(host, [path for path in unknown if path not in found and path in monitors.UNPACKAGED])
    section.put("components", components, "the folders of programs, %s" % _SOURCES[manager])
    return components, owned, manager


def _packages(host: Any, manager: str) -> Tuple[List[monitors.Package], Optional[str], str]:
    """(packages, problem, detail): dpkg's own files, or one command for all that rpm knows."""
    if manager == "dpkg":
        status = host.read(managers.DPKG_STATUS, _STATUS_BYTES)
        if status.problem:
            return [], status.problem, "%s: %s" % (managers.DPKG_STATUS, status.detail)
        return monitors.dpkg_packages(host, status.value), None, ""
    answer = host.run(monitors.RPM_QUERY)
    if answer.problem:
        return [], answer.problem, "rpm -q: %s" % answer.detail
    if managers.query_failed(answer.value.rc, answer.value.out, answer.value.err):
        return [], "tool_failed", "rpm -q: status %d: %s" % (answer.value.rc, answer.value.err[:200])
    return monitors.parse_rpm(answer.value.out), None, ""


def _component(host: Any, package: monitors.Package, modules: Mapping[str, str], path: Optional[str]) -> Dict[str, Any]:
    return {"name": package.component, "package": package.name, "module": modules.get(package.name), "version": package.version, "path": path,
            "build_id": _build_id(host, path)}


def _build_id(host: Any, path: Optional[str]) -> Optional[str]:
    return None if path is None or path.endswith(".gz") else running_monitors.build_id_at(host, path)


def _unknown(host: Any, owned: Dict[str, monitors.Package], running: List[running_monitors.Candidate]) -> List[str]:
    """Programs at the usual places, and those that run from folders of the system, that none of the known packages brought."""
    links = [proc.parse_exe(candidate.link).path for candidate in running if candidate.link]
    paths = list(monitors.UNPACKAGED) + sorted({path for path in links if proc.in_system_folder(path) and path not in monitors.UNPACKAGED})
    found = []
    for path in paths:
        stat = host.stat(path)
        real = host.realpath(path).if_there(path)
        if not stat.problem and stat.value.kind == "file" and real not in owned and path not in owned:
            found.append(path)
    return found


def _unpackaged(host: Any, paths: List[str]) -> List[Dict[str, Any]]:
    """Components that no package brought, or one whose version is not theirs."""
    found = []
    for path in paths:
        name = monitors.component_of(path.rpartition("/")[2])
        size = host.stat(path)
        version = running_monitors.find_text_version(host, path, size.value.size) if name == "qemu" and not size.problem else None
        found.append({"name": name, "package": None, "module": None, "version": version, "path": path, "build_id": _build_id(host, path)})
    return found


def _in_containers(section: Any, known: List[Dict[str, Any]], processes: Optional[List[Dict[str, Any]]]) -> List[Dict[str, Any]]:
    """QEMU as containers bring it (KubeVirt, Kolla): one component for each build that runs from a root of its own and says its version."""
    found: Dict[Tuple[Optional[str], Optional[str]], Dict[str, Any]] = {}
    for process in processes or []:
        is_apart = process["component"] == "qemu" and process["version_how"] == "binary_text" and process["version"] and (
            process["reason"].startswith(running_files.OWN_ROOT) or "libvirt daemon" in process["reason"])
        if is_apart and not any(row["build_id"] and row["build_id"] == process["build_id"] for row in known):
            found[process["version"], process["build_id"]] = {
                "name": "qemu", "package": None, "module": None, "version": process["version"], "path": process["exe"],
                "build_id": process["build_id"]}
    rows = list(found.values())
    if rows and section.facts.get("components") is not None:
        section.put("components", known + rows, "the folders of programs, /proc/*/exe")
    return rows


_OF_PROCESSES = ("processes", "lookalikes")


def _collect_processes(
    host: Any, section: Any, installed: running_monitors.Installed, running: Tuple[Optional[List[running_monitors.Candidate]], str],
) -> Optional[List[Dict[str, Any]]]:
    """Every monitor that runs; None, with the reason in the section, where the user may not see other users' processes."""
    if host.uid() != 0 and proc.hides_processes(host.read("/proc/mounts").if_there("")):
        for path in _OF_PROCESSES:
            section.cannot_say(path, "needs_root", "/proc is mounted with hidepid")
        return None
    candidates, problem = running
    if candidates is None:
        for path in _OF_PROCESSES:
            section.cannot_say(path, problem, running_monitors.PROC)
        return None
    examiner = running_monitors.Examiner(host, installed, proc.booted_at(host.now(), host.read("/proc/uptime", 256).if_there("")))
    examiner.candidates = candidates
    processes = []
    for candidate in (one for one in candidates if one.user is None):
        try:
            processes.append(examiner.examine(candidate))
        except running_monitors.GoneError:
            continue
    processes += examiner.firmware
    section.put("processes", processes, "/proc/*/exe, stat, cmdline")
    section.put("lookalikes", [running_monitors.lookalike(one) for one in candidates if one.user is not None], "/proc/*, /proc/*/exe")
    return processes


_TYPES = ("machine_types", "deprecated_machine_types", "removed_machine_types")


def _collect_machine_types(section: Any, processes: Optional[List[Dict[str, Any]]], components: List[Dict[str, Any]]) -> None:
    if processes is None:
        reason = next(null["reason"] for null in section.nulls if null["fact"] == "hypervisor.processes")
        for path in _TYPES:
            section.cannot_say(path, reason, "the processes are not known")
        return
    used = [(process["machine_type_in_effect"] or process["machine_type"], machine_types.qemu_version(process["version"]))
            for process in processes if process["machine_type_in_effect"] or process["machine_type"]]
    installed = max([machine_types.qemu_version(row["version"]) or (0, 0) for row in components if row["name"] == "qemu"] or [(0, 0)])
    defined = section.facts.get("defined_machine_types") or []
    deprecated = [name for name, version in used + [(name, installed) for name in defined] if machine_types.is_deprecated(name, version)]
    removed = [name for name in [name for name, _version in used] + defined if machine_types.is_removed(name, installed)]
    section.put("machine_types", sorted({name for name, _version in used}), "/proc/*/cmdline")
    section.put("deprecated_machine_types", sorted(set(deprecated)), "/proc/*/cmdline, libvirt's documents and QEMU's deprecation rule")
    section.put("removed_machine_types", sorted(set(removed)), "/proc/*/cmdline, libvirt's documents and QEMU's deletion rule")


def _collect_guests(host: Any, section: Any, processes: Optional[List[Dict[str, Any]]]) -> None:
    parameters = section.facts["kvm"]["parameters"] or {}
    allowed = [str(parameters[name]) for name in ("kvm_intel.nested", "kvm_amd.nested") if name in parameters]
    guests, problem, detail = libvirt_guests.read(host, allowed[0] in ("1", "Y") if allowed else None)
    source = "%s/*.xml and %s/*.xml" % (libvirt_guests.STATE, libvirt_guests.DEFINITIONS)
    if problem:
        for path in ("guests", "defined_machine_types"):
            section.cannot_say(path, problem, detail)
        return
    starts = {process["pid"]: process["started_at"] for process in processes or []}
    section.put("guests", [dict(guest, started_at=starts.get(guest["pid"])) for guest in guests], source)
    named = {guest[key] for guest in guests for key in ("machine_type", "defined_machine_type", "saved_machine_type")}
    section.put("defined_machine_types", sorted(name for name in named if name), source)


def _collect_roles(
    host: Any, section: Any, clues: virtualization.Clues, rung: str, components: List[Dict[str, Any]], processes: Optional[List[Dict[str, Any]]],
) -> None:
    under = virtualization.under(clues)
    running = any(process["component"] in monitors.MONITORS for process in processes or [])
    able = rung in kvm.ASKED and any(component["name"] in monitors.MONITORS for component in components)
    if virtualization.may_be_another(clues):
        section.cannot_say("under", "needs_root", "the ACPI tables, where all else says only that this is %s" % under)
    else:
        section.put("under", under, "/proc/cpuinfo flags, DMI, SMBIOS, ACPI, clock sources, device tree, sysinfo, /sys/hypervisor, /proc/xen")
    is_guest = virtualization.is_guest(clues)
    if is_guest is None:
        section.cannot_say("is_guest", "absent", "nothing here says whether this is a virtual machine (some of it only root may read)")
    else:
        section.put("is_guest", is_guest, "the same as under")
    loaded = host.read(kvm.LOADED)
    held = "" if loaded.problem else kvm.held_module(loaded.value)
    if running or able or virtualization.is_xen_host(clues):
        section.put("is_host", True, "processes, components, ladder, /proc/xen/capabilities")
    elif held:
        section.put("is_host", True, "%s: something holds %s" % (kvm.LOADED, held))
    elif processes is None:
        reason = next((null["reason"] for null in section.nulls if null["fact"] == "hypervisor.processes"), "absent")
        section.cannot_say("is_host", reason, "the processes could not be looked at, of which one may be a machine monitor")
    else:
        section.put("is_host", False, "processes, components, ladder, /proc/xen/capabilities, /proc/modules")
