# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks and excludes of dnf and zypper that keep kernels from updates: each pattern held against the kernels' packages as that tool would hold it."""

import fnmatch
import operator
import re
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set

from .._formats import toml, versions
from .dpkg import Image

# What a line of kernels consists of, beside the package with the image: an update of one needs the others.
_PARTS = ("", "-core", "-modules", "-modules-core")
_FALLBACK = ("kernel", "kernel-core", "kernel-default", "kernel-uek", "kernel-uek-core")
# What SUSE's kernels provide beside their own names.
_PROVIDED = ("kernel", "kernel-base", "multiversion(kernel)")
# Of a lock of dnf5.
_LOCK_KEYS = ("epoch", "evr", "arch")
_COMPARATORS = {"=": operator.eq, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_RELATION = re.compile(r"\A(?P<name>.*?\S)\s*(?P<sign>[<>=!]=|[<>=])\s*(?P<edition>\S+)\Z")
_SPLIT = re.compile(r"-(?=\d|[*?\[])")
# A kernel is never noarch, nor a source.
_ARCHITECTURE = re.compile(r"\.(?:x86_64|aarch64|ppc64le|s390x|i[3-6]86)\Z")


def kernel_names(images: Iterable[Image]) -> Set[str]:
    """The packages that a lock must not hold if these kernels are to be updated."""
    names: Set[str] = set()
    for package in {image.package for image in images} or set(_FALLBACK):
        base = re.sub(r"-core\Z", "", package)
        names.add(package)
        if not re.search(r"-(?:base|virt)\Z", package):
            names.update(base + part for part in _PARTS)
    return names


def _matches(pattern: str, names: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


def concerns(spec: str, names: Sequence[str], installed: Optional[Mapping[str, str]] = None) -> bool:
    """Whether a package specification of dnf (name, name.arch, name-[epoch:]version...; globs) names a kernel's package.

    ``installed``: the newest version of each package; a specification of that or of older ones alone names none that could come.
    """
    text = spec.strip()
    if any(_matches(name, names) for name in _spellings(text)):
        return True
    for match in _SPLIT.finditer(text):
        head, rest = text[:match.start()], text[match.end():]
        # A * that stands for a version may stand for more of the name as well (kernel-*el9*).
        for more in (("", "-*") if rest.startswith("*") else ("",)) if _may_be_version(rest) else ():
            met = {name for form in _spellings(head + more) for name in names if fnmatch.fnmatchcase(name, form)}
            if any(not _is_past(rest, (installed or {}).get(name)) for name in met):
                return True
    return False


def _is_past(pattern: str, version: Optional[str]) -> bool:
    """Whether no version that the pattern means is newer than this one."""
    text = _ARCHITECTURE.sub("", re.sub(r"\A\d+:", "", pattern))
    literal, known = re.split(r"[*?\[]", text)[0], re.sub(r"\A\d+:", "", version or "")
    if not known or not literal or known.startswith(literal + "-" * (literal == text)) or literal.startswith(known + "."):
        return literal == known != ""
    try:
        return versions.compare(versions.RPM, literal.rstrip("-."), known) <= 0
    except ValueError:
        return False


def _may_be_version(text: str) -> bool:
    """Whether a glob may stand for a version: letters alone (kernel-*core) are the rest of a name."""
    return re.search(r"\d", text) is not None or re.search(r"[A-Za-z]", text) is None


def _spellings(text: str) -> List[str]:
    """A name as written, and without its architecture."""
    return [text, re.sub(r"\.[^.*?\[]*[*?][^.]*\Z", "", text), _ARCHITECTURE.sub("", text)] if text else []


def locked_by_dnf(text: str, names: Sequence[str]) -> List[str]:
    """The lines about kernels in a dnf 4 versionlock list: exact versions, globs, or with ! what must not be installed; yum's begin by the epoch."""
    lines = (line.split("#", 1)[0].strip() for line in text.split("\n"))
    return [line for line in lines if line and concerns(re.sub(r"\A!?(?:\d+:)?", "", line), names)]


def locked_by_dnf5(text: str, names: Sequence[str], machine: str = "", newest: Optional[Mapping[str, str]] = None) -> List[str]:
    """The patterns of a dnf5 versionlock.toml, whose names may be globs, that keep kernels' packages from newer versions.

    Each lock of a name lets some versions through, so one that lets newer ones through is enough. dnf5 passes over a file of another version than
    1.0, and over locks without conditions or with ones that it does not know; with a file that is no TOML it refuses to work at all.
    ``newest``: the installed versions; a lock of all versions but one of those or an older one (!=) holds nothing back.
    """
    try:
        known = toml.parse(text) if text.strip() else {}
    except toml.TomlError as error:
        return ["no lock is read, and dnf5 refuses to work: %s" % error]
    packages = known.get("packages") if known.get("version") == "1.0" else None
    rows = [row for row in packages if isinstance(row, dict) and isinstance(row.get("name"), str)] if isinstance(packages, list) else []
    locks = [(row["name"], row["conditions"]) for row in rows if _are_known(row.get("conditions"))]
    installed = with_parts(newest)
    found: List[str] = []
    for name in names:
        given = [lock for lock in locks if fnmatch.fnmatchcase(name, lock[0])]
        holds = all(_holds(conditions, machine, installed.get(name)) for _pattern, conditions in given)
        found += [pattern for pattern, _conditions in given] if holds else []
    return sorted(set(found))


def _are_known(conditions: Any) -> bool:
    return bool(conditions) and isinstance(conditions, list) and all(
        isinstance(each, dict) and each.get("key") in _LOCK_KEYS and each.get("comparator") in _COMPARATORS and isinstance(each.get("value"), str)
        for each in conditions)


def _holds(conditions: List[Dict[str, str]], machine: str, installed: Optional[str]) -> bool:
    """Whether one of the conditions keeps versions away that are newer than what it names. The epoch of a kernel is 0."""
    ages = [_keeps_away(each["comparator"], each["value"], installed) for each in conditions if each["key"] == "evr"]
    others = [(each["comparator"], each["value"], "0" if each["key"] == "epoch" else machine) for each in conditions if each["key"] != "evr"]
    return any(ages) or any(own and not _COMPARATORS[sign](own, value) for sign, value, own in others)


def _keeps_away(sign: str, version: str, installed: Optional[str]) -> bool:
    """Whether a condition on versions keeps newer ones than the installed away; != bars a single one."""
    if sign == "!=" and installed:
        return not _is_behind("= " + version, [installed])
    return sign not in (">", ">=")


def newest_versions(images: Iterable[Image]) -> Dict[str, str]:
    """{package: the newest of its installed versions}; the images of a line come oldest first."""
    return {image.package: image.package_version for image in images}


def with_parts(newest: Optional[Mapping[str, str]]) -> Dict[str, str]:
    """The same for the packages that come with each."""
    return {re.sub(r"-core\Z", "", package) + part: version for package, version in (newest or {}).items() for part in _PARTS}


def locked_by_zypper(text: str, names: Sequence[str], newest: Optional[Mapping[str, str]] = None) -> List[str]:
    """The patterns of zypper's locks that keep kernels' packages from newer versions, with the versions that are locked where not all of them are.

    ``newest``: the installed versions; a lock of those and of older ones holds nothing back.
    """
    found = []
    for stanza in re.split(r"\n[ \t]*\n", text):
        lock: Dict[str, List[str]] = {}
        for key, value in re.findall(r"^([a-z_]+):[ \t]*(.*\S)", stanza, re.MULTILINE):
            lock.setdefault(key, []).append(value)
        if "package" in lock.get("type", ["package"]) and lock.get("install_status") != ["installed"]:
            found += _locked_by_stanza(lock, names, {} if newest is None else newest)
    return found


def _locked_by_stanza(lock: Dict[str, List[str]], names: Sequence[str], newest: Mapping[str, str]) -> List[str]:
    """Of one lock; a version stands beside the patterns, or within one."""
    matches = _zypper_match(lock.get("match_type", ["substring"])[0], lock.get("case_sensitive", ["off"])[0])
    known = [(pattern, names) for pattern in lock.get("solvable_name", [])]
    known += [(pattern, [*names, *_PROVIDED]) for pattern in lock.get("solvable_provides", [])]
    found = []
    for pattern, called in known or [(pattern, names) for pattern in lock.get("query_string", [])]:
        within = _RELATION.match(pattern)
        name = within.group("name") if within else pattern
        version = "%s %s" % within.group("sign", "edition") if within else " ".join(lock.get("version", []))
        met = [each for each in called if matches(name, each)]
        if met and not _is_behind(version, [newest[each] for each in met if each in newest]):
            found.append((name + " " + version).strip())
    return found


def _is_behind(version: str, installed: List[str]) -> bool:
    """Whether a lock is of versions alone that are installed or older."""
    given = re.match(r"(<=?|==?)\s*(\S+)\Z", version)
    try:
        return bool(given and installed) and all(versions.compare(versions.RPM, given.group(2), each) <= 0 for each in installed)  # type: ignore[union-attr]
    except ValueError:
        return False


def _zypper_match(kind: str, case: str) -> Callable[[str, str], bool]:
    """How libzypp's PoolQuery compares: by parts of a name unless told otherwise, letters of either case unless told otherwise."""
    flags = 0 if case in ("on", "true", "yes", "1") else re.IGNORECASE

    def match(pattern: str, name: str) -> bool:
        forms = {"exact": r"\A(?:%s)\Z" % re.escape(pattern), "word": r"\b%s\b" % re.escape(pattern), "regex": pattern,
                 "glob": fnmatch.translate(pattern)}
        try:
            return re.search(forms.get(kind, re.escape(pattern)), name, flags) is not None
        except re.error:
            # A lock that only libzypp can read may hold anything.
            return True

    return match
