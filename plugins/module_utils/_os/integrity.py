# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can be believed: the files that its answers rest on are as their packages brought them, and nothing stands before them in PATH.

A scan runs no program that it does not have to, and none from /usr/local. Whoever asks the host by hand, or with another tool, does.
"""

import hashlib
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._host.record import Fact

FACTS = [
    Fact("altered_files", "list", "files that say what this host is, and are not as their package brought them"),
    Fact("shadowed_programs", "list", "programs below /usr/local that stand before one of the system's of the same name"),
]

_OS_RELEASE = "/usr/lib/os-release"
_ETC_OS_RELEASE = "/etc/os-release"
_DPKG_INFO = "/var/lib/dpkg/info"
_DPKG_STATUS = "/var/lib/dpkg/status"
_LIST_BYTES = 16 * 1024 * 1024
_FILE_BYTES = 32 * 1024 * 1024
_PROGRAMS_LIMIT = 20000

# What tells of release, kernel, packages and services, by the package that has it; a list from before directories were merged says /bin.
_DPKG_WITNESSES = (
    ("base-files", (_OS_RELEASE,)), ("coreutils", ("/usr/bin/uname", "/bin/uname")), ("dpkg", ("/usr/bin/dpkg",)),
    ("dpkg", ("/usr/bin/dpkg-query",)), ("apt", ("/usr/bin/apt-cache",)), ("systemd", ("/usr/bin/systemctl", "/bin/systemctl")))
_RPM_WITNESSES = (_OS_RELEASE, "/usr/bin/uname", "/usr/bin/rpm", "/usr/bin/systemctl")
RPM_QUERY = ["rpm", "-q", "--qf", "[%{FILENAMES}\\t%{FILEDIGESTS}\\n]", "-f"] + list(_RPM_WITNESSES)

_MD5_LINE = re.compile(r"^([0-9a-f]{32})  (\S.*)$", re.MULTILINE)
_RPM_LINE = re.compile(r"^(/[^\t\n]+)\t([0-9a-f]{64})$", re.MULTILINE)
_LOCAL = ("/usr/local/sbin", "/usr/local/bin")
_SYSTEM = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
_EXECUTABLE = 0o111


class Digest(NamedTuple):
    """What a package says of a file: hexadecimal, by the algorithm of its length (md5 or sha256)."""

    package: str
    value: str


def parse_md5sums(text: str) -> Dict[str, str]:
    """Path -> md5 of a package's list."""
    return {"/" + name: digest for digest, name in _MD5_LINE.findall(text)}


def parse_rpm_digests(text: str) -> Dict[str, str]:
    """Path -> sha256 of the files in rpm's answer to RPM_QUERY; links and directories have none."""
    return dict(_RPM_LINE.findall(text))


def fingerprint(data: bytes, like: str) -> Optional[str]:
    """The digest of ``data`` by the algorithm of ``like``; None where this Python refuses it (md5 under FIPS)."""
    try:
        return hashlib.new("md5" if len(like) == 32 else "sha256", data).hexdigest()  # noqa: S324 (dpkg keeps no other)
    except ValueError:
        return None


def shadowed(local: Dict[str, List[str]], system: List[str]) -> List[str]:
    """Paths of the local programs, by folder, whose names the system has as well."""
    names = set(system)
    return sorted("%s/%s" % (folder, name) for folder in local for name in local[folder] if name in names)


def collect(host: Any, section: Any) -> None:
    """Write both facts into the section ``os``."""
    _put_altered(host, section)
    _put_shadowed(host, section)


def _put_altered(host: Any, section: Any) -> None:
    digests, source, reason, detail = _dpkg_digests(host) if not host.stat(_DPKG_STATUS).problem else _rpm_digests(host)
    if not reason and _OS_RELEASE not in digests:
        reason, detail = "absent", "%s: no digest of %s" % (source, _OS_RELEASE)
    if reason:
        section.cannot_say("altered_files", reason, detail)
        return
    if not host.stat(_ETC_OS_RELEASE).problem:
        digests[_ETC_OS_RELEASE] = digests[_OS_RELEASE]
    found, unknown = [], ""
    for path in sorted(digests):
        same, why = _is_as_packaged(host, path, digests[path].value)
        if same is False:
            found.append("%s (%s)" % (path, digests[path].package))
        unknown = unknown or why
    if unknown and not found:
        section.cannot_say("altered_files", unknown, "a digest of %s" % source)
    else:
        section.put("altered_files", found, source)


def _is_as_packaged(host: Any, path: str, digest: str) -> Tuple[Optional[bool], str]:
    """(whether a file has the digest, None with a reason where that cannot be said)."""
    answer = host.read_bytes(path, _FILE_BYTES)
    if answer.problem == "absent":
        return False, ""
    if answer.problem:
        return None, answer.problem
    own = fingerprint(answer.value, digest)
    return (None, "unsupported") if own is None else (own == digest, "")


def _dpkg_digests(host: Any) -> Tuple[Dict[str, Digest], str, str, str]:
    """(path -> digest, source, reason why there is none, detail)."""
    lists: Dict[str, Dict[str, str]] = {}
    found: Dict[str, Digest] = {}
    for package, paths in _DPKG_WITNESSES:
        if package not in lists:
            lists[package] = parse_md5sums(host.read("%s/%s.md5sums" % (_DPKG_INFO, package), _LIST_BYTES).value or "")
        path = next((path for path in paths if path in lists[package]), None)
        if path:
            found[path] = Digest(package, lists[package][path])
    return found, "%s/*.md5sums" % _DPKG_INFO, "", ""


def _rpm_digests(host: Any) -> Tuple[Dict[str, Digest], str, str, str]:
    source = "rpm -q --qf FILEDIGESTS -f " + " ".join(_RPM_WITNESSES)
    answer = host.run(RPM_QUERY)
    if answer.problem:
        return {}, source, answer.problem, "rpm: %s" % answer.detail
    known = parse_rpm_digests(answer.value.out)
    return {path: Digest("rpm", known[path]) for path in _RPM_WITNESSES if path in known}, source, "", ""


def _put_shadowed(host: Any, section: Any) -> None:
    local: Dict[str, List[str]] = {}
    for folder in _LOCAL:
        answer = host.listdir(folder, _PROGRAMS_LIMIT)
        if answer.problem and answer.problem != "absent":
            section.cannot_say("shadowed_programs", answer.problem, "%s: %s" % (folder, answer.detail))
            return
        local[folder] = [name for name in answer.value or [] if _is_program(host, "%s/%s" % (folder, name))]
    system = [name for folder in _SYSTEM for name in host.listdir(folder, _PROGRAMS_LIMIT).value or []] if any(local.values()) else []
    section.put("shadowed_programs", shadowed(local, system), ", ".join(_LOCAL))


def _is_program(host: Any, path: str) -> bool:
    stat = host.stat(path)
    return not stat.problem and stat.value.kind == "file" and bool(stat.value.mode & _EXECUTABLE)
