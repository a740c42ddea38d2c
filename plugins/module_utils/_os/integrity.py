# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can be believed: the files that its answers rest on are as their packages brought them, and nothing stands before them in PATH.

A scan runs no program that it does not have to, and none from /usr/local. Whoever asks the host by hand, or with another tool, does.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats.digests import is_of, parse_md5sums
from .._host.witness import refusals_told
from . import mounted_over, preloads, search_paths

_OS_RELEASE = "/usr/lib/os-release"
_ETC_OS_RELEASE = "/etc/os-release"
_DPKG_INFO = "/var/lib/dpkg/info"
_DPKG_STATUS = "/var/lib/dpkg/status"
_LIST_BYTES = 16 * 1024 * 1024
_FILE_BYTES = 32 * 1024 * 1024

# What tells of release, kernel, packages and services: each with the places where it may lie, and the packages that most often have it.
_DPKG_WITNESSES = (
    (_OS_RELEASE, (_OS_RELEASE,), ("base-files",)),
    ("uname", ("/usr/bin/uname", "/bin/uname"), ("coreutils", "coreutils-from-uutils", "rust-coreutils", "gnu-coreutils")),
    ("dpkg", ("/usr/bin/dpkg",), ("dpkg",)), ("dpkg-query", ("/usr/bin/dpkg-query",), ("dpkg",)),
    ("apt-cache", ("/usr/bin/apt-cache",), ("apt",)), ("systemctl", ("/usr/bin/systemctl", "/bin/systemctl"), ("systemd",)))
# Those through which others are asked: one that is not there, nobody asks.
_DPKG_GO_BETWEENS = (
    ("apt-get", ("/usr/bin/apt-get",), ("apt",)), ("apt", ("/usr/bin/apt",), ("apt",)), ("sh", ("/usr/bin/sh", "/bin/sh"), ("dash", "bash")),
    ("awk", ("/usr/bin/awk",), ("mawk", "gawk", "original-awk")))
_RPM_WITNESSES = (_OS_RELEASE, "/usr/bin/uname", "/usr/bin/rpm", "/usr/bin/systemctl")
_RPM_ASKS = ["rpm", "-q", "--qf", "[%{FILENAMES}\\t%{FILEDIGESTS}\\n]", "-f"]
RPM_QUERY = _RPM_ASKS + list(_RPM_WITNESSES)
# Programs that are many in one: called by a link, they are what the link is called.
_MANY_IN_ONE = re.compile(r"(?:coreutils|busybox|toybox)(?:[-.][A-Za-z0-9.-]+)?\Z")
_INTERPRETER = re.compile(rb"#![ \t]*(/[^ \t\n]{1,255})")
_HEAD_BYTES = 512

_RPM_LINE = re.compile(r"^(/[^\t\n]+)\t([0-9a-f]{32,128})$", re.MULTILINE)
_LISTS_LIMIT = 20000
# Where no package brings anything.
_NOBODYS = re.compile(r"/(?:usr/local|home|root|srv|tmp|var/tmp|run)/")


class Digest(NamedTuple):
    """What packages say of a file: hexadecimal, by the algorithm of its length. Where several have it (a diversion), each may be right."""

    package: str
    values: Tuple[str, ...]


class Witness(NamedTuple):
    """A file that answers rest on: ``path`` is what really runs when ``name`` is called, behind all links. ``led_astray`` says how it cannot be.

    ``is_loaded``: a library that the file ``name`` has loaded into programs.
    """

    name: str
    path: str
    led_astray: str = ""
    is_loaded: bool = False


def parse_rpm_digests(text: str) -> Dict[str, str]:
    """Path -> digest of the files in rpm's answer to RPM_QUERY; links and directories have none."""
    return dict(_RPM_LINE.findall(text))


def collect(host: Any, section: Any, container: str) -> None:
    """Write both facts into the section ``os``; ``container`` is the kind that the scan runs in, or 'none'."""
    _put_altered(host, section, container)
    search_paths.put_shadowed(host, section)


def _put_altered(host: Any, section: Any, container: str) -> None:
    has_dpkg = not host.stat(_DPKG_STATUS).problem
    loaded, problem, why = preloads.named(host)
    if problem:
        section.cannot_say("altered_files", problem, why)
        return
    libraries = [Witness(one.named_in, _real(host, one.library), "", True) for one in loaded]
    witnesses = (_dpkg_witnesses(host) if has_dpkg else _rpm_witnesses(host)) + libraries
    digests, source, reason, detail = _dpkg_digests(host, witnesses) if has_dpkg else _rpm_digests(host, witnesses)
    release = next((witness.path for witness in witnesses if witness.name == _OS_RELEASE), _OS_RELEASE)
    if not reason and release not in digests:
        reason, detail = "absent", "%s: no digest of %s" % (source, release)
    if reason:
        section.cannot_say("altered_files", reason, detail)
        return
    if not host.stat(_ETC_OS_RELEASE).problem:
        digests[_ETC_OS_RELEASE] = digests[release]
        witnesses = witnesses + [Witness(_ETC_OS_RELEASE, _ETC_OS_RELEASE)]
    found, unknown, about = _judged(host, witnesses, digests)
    found += ["%s (mounted over)" % path for path in (mounted_over.found(host) if container == "none" else [])]
    if unknown and not found:
        section.cannot_say("altered_files", unknown, "%s: %s" % (about, source))
    else:
        section.put("altered_files", sorted(found), source)


def _judged(host: Any, witnesses: List[Witness], digests: Dict[str, Digest]) -> Tuple[List[str], str, str]:
    """(the altered files, why one cannot be judged, which one): a witness for which no package vouches is not believed.

    A library that is loaded into every program decides what each of them sees, this scan too: one that no package brought is an alteration.
    """
    found, unknown, about = [], "", ""
    for witness in sorted(set(witnesses)):
        digest = digests.get(witness.path)
        unvouched = (False, "") if witness.is_loaded else (None, "absent")
        same, why = unvouched if digest is None else _is_as_packaged(host, witness.path, digest.values)
        if witness.led_astray:
            found.append(witness.led_astray)
        elif same is False and witness.is_loaded:
            found.append("%s (loads %s into every program)" % (witness.name, witness.path))
        elif same is False:
            found.append("%s (%s)" % (witness.path, digest.package if digest else ""))
        elif why and not unknown:
            unknown, about = why, "%s: no package has a digest of it" % witness.path if digest is None else witness.path
    return found, unknown, about


def _is_as_packaged(host: Any, path: str, digests: Tuple[str, ...]) -> Tuple[Optional[bool], str]:
    """(whether a file has one of the digests, None with a reason where that cannot be said)."""
    answer = host.read_bytes(path, _FILE_BYTES)
    if answer.problem == "absent":
        return False, ""
    if answer.problem or len(answer.value) >= _FILE_BYTES:
        return None, answer.problem or "too_large"
    same = [is_of(digest, answer.value) for digest in digests]
    if True in same:
        return True, ""
    return (None, "unsupported") if None in same else (False, "")


def _real(host: Any, path: str) -> str:
    """What lies behind the links of a path; the path itself where nobody can say, which no package then vouches for."""
    return str(host.realpath(path).if_there(path))


def _resolved(host: Any, name: str, path: str) -> Witness:
    """What really runs when the program at ``path`` is called."""
    real = _real(host, path)
    called, leads_to = path.rpartition("/")[2], real.rpartition("/")[2]
    is_itself = (called in leads_to or _MANY_IN_ONE.match(leads_to)) and not _NOBODYS.match(real)
    astray = "" if is_itself else "%s (a link to %s)" % (path, real)
    return Witness(name, real, astray)


def _with_interpreters(host: Any, witnesses: List[Witness]) -> List[Witness]:
    """The witnesses, and the programs that run those which are scripts (coreutils-single of Fedora and RHEL)."""
    found = list(witnesses)
    for witness in witnesses:
        # One that may not be read is not called unaltered either.
        with refusals_told(host):
            answer = host.read_bytes(witness.path, _HEAD_BYTES)
        head = None if answer.problem else _INTERPRETER.match(answer.value)
        if head:
            path = head.group(1).decode("utf-8", "replace")
            found.append(Witness(path, _real(host, path)))
    return found


def _dpkg_witnesses(host: Any) -> List[Witness]:
    """What lies at the first place of each witness; one that lies nowhere, at its last place, for its package may have brought it there."""
    found = []
    asked = tuple(row for row in _DPKG_GO_BETWEENS if any(not host.stat(path).problem for path in row[1]))
    for name, paths, packages in _DPKG_WITNESSES + asked:
        there = [path for path in paths if not host.stat(path).problem]
        listed = [path for path in paths if any(path in _md5sums(host, package) for package in packages)]
        if there or listed:
            both = [path for path in there if path in listed]
            found.append(_resolved(host, name, (both or there or listed)[0]))
    return _with_interpreters(host, found)


def _rpm_witnesses(host: Any) -> List[Witness]:
    """A container may have no systemctl; the others are there, or cannot be judged."""
    there = [path for path in _RPM_WITNESSES if not path.endswith("/systemctl") or not host.stat(path).problem]
    return _with_interpreters(host, [_resolved(host, path, path) for path in there])


def _md5sums(host: Any, package: str) -> Dict[str, str]:
    return parse_md5sums(host.read("%s/%s.md5sums" % (_DPKG_INFO, package), _LIST_BYTES).if_there(""))


def _dpkg_digests(host: Any, witnesses: List[Witness]) -> Tuple[Dict[str, Digest], str, str, str]:
    """(path -> digest, source, reason why there is none, detail): by the packages that most often have a file, else by any that has it."""
    likely = sorted({package for _name, _paths, packages in _DPKG_WITNESSES + _DPKG_GO_BETWEENS for package in packages})
    found = _listed(host, likely, [witness.path for witness in witnesses])
    left = [witness.path for witness in witnesses if witness.path not in found]
    if left:
        names = [name[:-len(".md5sums")] for name in host.listdir(_DPKG_INFO, _LISTS_LIMIT).if_there([]) if name.endswith(".md5sums")]
        found.update(_listed(host, sorted(set(names) - set(likely)), left))
    return found, "%s/*.md5sums" % _DPKG_INFO, "", ""


def _listed(host: Any, packages: List[str], paths: List[str]) -> Dict[str, Digest]:
    """What these packages say of these files; a list from before directories were merged says /bin for /usr/bin."""
    spellings = {path: {path, path[len("/usr"):] if path.startswith("/usr/") else "/usr" + path} for path in paths}
    found: Dict[str, Digest] = {}
    for package in packages:
        text = host.read("%s/%s.md5sums" % (_DPKG_INFO, package), _LIST_BYTES).if_there("")
        wanted = [path for path in paths if any("  %s\n" % name[1:] in text for name in spellings[path])]
        known = parse_md5sums(text) if wanted else {}
        for path in wanted:
            values = tuple(known[name] for name in sorted(spellings[path]) if name in known)
            found[path] = Digest(found[path].package if path in found else package, (found[path].values if path in found else ()) + values)
    return found


def _rpm_digests(host: Any, witnesses: List[Witness]) -> Tuple[Dict[str, Digest], str, str, str]:
    paths = [witness.path for witness in witnesses]
    source = "rpm -q --qf FILEDIGESTS -f " + " ".join(paths)
    answer = host.run(_RPM_ASKS + paths)
    if answer.problem:
        return {}, source, answer.problem, "rpm: %s" % answer.detail
    known = parse_rpm_digests(answer.value.out)
    return {path: Digest("rpm", (known[path],)) for path in paths if path in known}, source, "", ""
