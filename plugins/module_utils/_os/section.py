# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``os``: which operating system this is, on what, and whether it is a container or an image."""

import re
from typing import Any, Dict, List, Optional, Tuple

from .._formats.shell_words import assignments
from .._host.witness import apart, count
from . import composefs, deployments, firmware, integrity

_FAMILIES = {
    "debian": ("debian", "ubuntu", "raspbian", "devuan"),
    "redhat": ("rhel", "fedora", "centos", "almalinux", "rocky", "ol", "amzn"),
    "suse": ("suse", "opensuse", "sles", "sled", "sle-micro", "sl-micro", "opensuse-leap", "opensuse-tumbleweed", "opensuse-microos"),
}

# ID of os-release -> what replaces the whole system there.
_IMAGE_IDS = {
    "flatcar": "flatcar", "coreos": "coreos", "bottlerocket": "bottlerocket", "talos": "talos", "ubuntu-core": "snap",
    "cos": "cos", "nixos": "nixos", "guix": "guix", "steamos": "steamos",
}

# The kernel gives its first PID namespace this inode number (PROC_PID_INIT_INO), every other one a higher one.
_FIRST_PID_NAMESPACE = "pid:[4026531836]"

_CGROUP_OWNERS = (
    ("podman", re.compile(r"[/:-]libpod[-_]")),
    ("docker", re.compile(r"/docker[/-][0-9a-f]{12,64}")),
    ("kubernetes", re.compile(r"/kubepods")),
    ("lxc", re.compile(r"/lxc(\.payload)?[./]")),
    ("systemd-nspawn", re.compile(r"/machine\.slice/systemd-nspawn@")),
)

_CONTAINER_NAME = re.compile(r"^[a-z0-9][a-z0-9_.-]{0,31}$")


def parse_os_release(text: str) -> Dict[str, str]:
    """NAME -> value of an os-release file (man os-release); ValueError where it assigns nothing."""
    return assignments(text)


def family_of(os_id: str, id_like: List[str]) -> str:
    """debian, redhat, suse or other, by the system's own id first and then by what it says it is like."""
    for word in [os_id] + id_like:
        for family in sorted(_FAMILIES):
            if word in _FAMILIES[family]:
                return family
    return "other"


def parse_machine_id(text: str) -> str:
    """The 32 hexadecimal digits; ValueError for 'uninitialized', an empty file (first boot, golden image) and anything else."""
    machine_id = text.strip().lower().replace("-", "")
    if not re.match(r"^[0-9a-f]{32}$", machine_id) or machine_id == "0" * 32:
        raise ValueError("want 32 hexadecimal digits, seen %.60r" % text.strip())
    return machine_id


def parse_support_end(text: str) -> str:
    """YYYY-MM-DD as os-release writes it; ValueError otherwise."""
    if not re.match(r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$", text):
        raise ValueError("SUPPORT_END: want YYYY-MM-DD, seen %.60r" % text)
    return text


def parse_root_mount(mountinfo: str) -> Tuple[str, str, bool]:
    """(file system, source, read only) of what is mounted at / last; ValueError where nothing is."""
    found = None
    for line in mountinfo.splitlines():
        before, _separator, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if len(left) >= 6 and left[4] == "/" and len(right) >= 2:
            found = (right[0], right[1], "ro" in left[5].split(","))
    if found is None:
        raise ValueError("no mount at / among %d lines" % len(mountinfo.splitlines()))
    return found


def container_from_cgroup(text: str) -> Optional[str]:
    """The kind of container that owns the cgroup of process 1, or None (a container with a cgroup namespace shows only /)."""
    for name, pattern in _CGROUP_OWNERS:
        if pattern.search(text):
            return name
    return None


def container_name(host: Any) -> str:
    """'none', or the kind of container the scan runs in: docker, podman, lxc, systemd-nspawn, kubernetes, openvz, wsl, ... or 'other'."""
    return container_evidence(host)[0]


def container_evidence(host: Any) -> Tuple[str, str]:
    """(kind of container or 'none', the path that says so), the explicit statements before the traces."""
    for path in ("/run/systemd/container", "/run/host/container-manager"):
        name = host.read(path, 256).if_there("").strip().lower()
        if _CONTAINER_NAME.match(name):
            return name, path
    with apart(host) as lost:
        environment = host.read("/proc/1/environ", 1 << 20)
    for word in [] if environment.problem else environment.value.split("\0"):
        name = word[len("container="):].lower()
        if word.startswith("container=") and _CONTAINER_NAME.match(name):
            return name, "/proc/1/environ"
    for path, name in (("/run/.containerenv", "podman"), ("/.dockerenv", "docker")):
        if not host.stat(path).problem and not _owns_the_kernel(host):
            return name, path
    name, path = _container_by_traces(host)
    if name == "none" and host.readlink("/proc/self/ns/pid").value != _FIRST_PID_NAMESPACE:
        # Only in the first PID namespace is process 1 the host's own, whose environment names no container.
        count(host, lost)
    return name, path


def _container_by_traces(host: Any) -> Tuple[str, str]:
    name = container_from_cgroup(host.read("/proc/1/cgroup", 65536).if_there(""))
    if name:
        return name, "/proc/1/cgroup"
    if not host.stat("/proc/vz").problem and host.stat("/proc/bc").problem:
        return "openvz", "/proc/vz"
    if "microsoft-standard-wsl" in host.read("/proc/sys/kernel/osrelease", 256).if_there("").lower():
        return "wsl", "/proc/sys/kernel/osrelease"
    namespace = host.readlink("/proc/self/ns/pid").value
    if namespace not in (None, _FIRST_PID_NAMESPACE):
        return "other", "/proc/self/ns/pid"
    return "none", "/proc/1/cgroup"


def _owns_the_kernel(host: Any) -> bool:
    """Whether a marker file of a container is only a leftover: a virtual machine that boots an exported container image keeps it."""
    if host.readlink("/proc/self/ns/pid").value != _FIRST_PID_NAMESPACE:
        return False
    with apart(host):
        spaces = [host.readlink("/proc/%s/ns/mnt" % process).value for process in ("self", "1")]
        roots = [host.stat(path) for path in ("/", "/proc/1/root")]
    if spaces[1] is not None and spaces[0] == spaces[1]:
        return True
    if not any(root.problem for root in roots):
        # A session or a unit may have mounts of its own. A container that shares the host's processes has another root than process 1.
        return bool(roots[0].value[-2:] == roots[1].value[-2:])
    mounts = [host.read("/proc/%s/mountinfo" % process) for process in ("self", "1")]
    try:
        kind, source, _options = parse_root_mount(next((answer.value for answer in mounts if not answer.problem), ""))
    except ValueError:
        return False
    # Only root may look at process 1: others go by what engines give a container as its root.
    return kind != "overlay" and (source.startswith("/dev/") or kind in ("rootfs", "virtiofs", "9p"))


def image_evidence(host: Any, os_id: str) -> Tuple[str, str]:
    """(tool that updates the system as a whole, or 'none'; the path that says so)."""
    if not host.stat("/run/ostree-booted").problem:
        origin = _container_origin(host)
        return ("bootc", origin) if origin and not host.stat("/usr/bin/bootc").problem else ("ostree", "/run/ostree-booted")
    if composefs.booted(host):
        return "bootc", "/proc/1/mountinfo"
    if os_id in _IMAGE_IDS:
        return _IMAGE_IDS[os_id], "/etc/os-release"
    if not host.stat("/usr/sbin/transactional-update").problem:
        try:
            if parse_root_mount(host.read("/proc/1/mountinfo").if_there(""))[2]:
                return "transactional-update", "/proc/1/mountinfo"
        except ValueError:
            pass
    return "none", "/run/ostree-booted, /etc/os-release, /usr/sbin/transactional-update"


def _container_origin(host: Any) -> Optional[str]:
    """The ostree origin file that names a container image, if one does."""
    for name in host.listdir("/ostree/deploy", 100).if_there([]):
        folder = "/ostree/deploy/%s/deploy" % name
        for entry in host.listdir(folder, 1000).if_there([]):
            path = "%s/%s" % (folder, entry)
            if entry.endswith(".origin") and "container-image-reference=" in host.read(path, 65536).if_there(""):
                return path
    return None


def os_identity(host: Any) -> Tuple[Dict[str, str], str, Any]:
    """(os-release as a mapping, empty where it cannot be had; the path read; the host's answer)."""
    path = "/etc/os-release"
    answer = host.read(path, 65536)
    if answer.problem == "absent":
        path = "/usr/lib/os-release"
        answer = host.read(path, 65536)
    try:
        return (parse_os_release(answer.value) if answer.value is not None else {}), path, answer
    except ValueError:
        return {}, path, answer


def collect(host: Any, section: Any, options: Any) -> None:
    """Write the section."""
    release, path, answer = os_identity(host)
    _put_release(section, release, path, answer)
    section.put("architecture", host.uname()[4], "uname -m")
    section.put_answer("hostname", host.read("/proc/sys/kernel/hostname", 4096), "/proc/sys/kernel/hostname", str.strip)
    _put_machine_id(host, section)
    name, source = container_evidence(host)
    section.put("container", name, source)
    tool, source = image_evidence(host, release.get("ID", ""))
    section.put("image_based", tool != "none", source)
    section.put("image_tool", tool, source)
    deployments.put(host, section, tool, release)
    firmware.collect(host, section)
    integrity.collect(host, section, name)


def _put_release(section: Any, release: Dict[str, str], path: str, answer: Any) -> None:
    facts = ("id", "id_like", "version_id", "version_codename", "name", "pretty_name", "family", "support_end")
    if not release:
        for fact in facts:
            section.cannot_say(fact, answer.problem or "unparsable", "%s: %s" % (path, answer.detail or "no NAME=value line"))
        return
    # The manual gives these where a system leaves them out.
    release = dict({"ID": "linux", "NAME": "Linux", "PRETTY_NAME": "Linux"}, **release)
    likes = release.get("ID_LIKE", "").split()
    section.put("id_like", likes, path)
    section.put("family", family_of(release["ID"], likes), path)
    for fact in ("id", "version_id", "version_codename", "name", "pretty_name"):
        if release.get(fact.upper()):
            section.put(fact, release[fact.upper()], path)
        else:
            section.cannot_say(fact, "absent", "%s has no %s" % (path, fact.upper()))
    _put_support_end(section, release.get("SUPPORT_END"), path)


def _put_support_end(section: Any, value: Optional[str], path: str) -> None:
    if value is None:
        section.cannot_say("support_end", "absent", "%s has no SUPPORT_END" % path)
        return
    try:
        section.put("support_end", parse_support_end(value), path)
    except ValueError as error:
        section.cannot_say("support_end", "unparsable", "%s: %s" % (path, error))


def _put_machine_id(host: Any, section: Any) -> None:
    path = "/etc/machine-id"
    answer = host.read(path, 4096)
    if answer.problem == "absent":
        path = "/var/lib/dbus/machine-id"
        answer = host.read(path, 4096)
    section.put_answer("machine_id", answer, path, parse_machine_id)
