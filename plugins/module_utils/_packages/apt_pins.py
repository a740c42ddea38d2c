# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt's pins, by what they match (apt_preferences(5)): which of them keep kernels from being updated, and which question only apt itself answers."""

import re
from fnmatch import translate
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import versions
from . import apt_conf
from .apt_lists import LISTS, Release, location_of, releases
from .dpkg import is_version, parse_stanzas

# Below the priority of what is installed (apt_preferences(5)): apt takes nothing from there.
_INSTALLED_PRIORITY = 100
_FIELDS = {"a": "Suite", "n": "Codename", "o": "Origin", "l": "Label", "v": "Version"}
_CLASSES = {"digit": "0-9", "alpha": "A-Za-z", "alnum": "A-Za-z0-9", "lower": "a-z", "upper": "A-Z", "space": r"\s", "xdigit": "0-9A-Fa-f"}


class Named(NamedTuple):
    """What a binary package can be meant by."""

    name: str
    source: str
    architecture: str


class Pin(NamedTuple):
    """A stanza of a preferences file: patterns of packages, what is pinned, and how high (None where that is no number)."""

    patterns: Tuple[str, ...]
    what: str
    priority: Optional[int]

    def __str__(self) -> str:
        return "%s: %s, priority %s" % (" ".join(self.patterns), self.what, self.priority)


def parse_preferences(text: str) -> List[Pin]:
    """The pins of a preferences file, in its order; comments and stanzas without a package are passed over."""
    lines = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    found = []
    for stanza in parse_stanzas(lines):
        priority = re.match(r"[+-]?\d+", stanza.get("Pin-Priority", "").strip())
        found.append(Pin(tuple(stanza["Package"].split()), " ".join(stanza.get("Pin", "").split()), int(priority.group(0)) if priority else None))
    return found


def _expression(text: str) -> Optional["re.Pattern[str]"]:
    """A name, a glob, or between slashes a POSIX regular expression; the latter two do not mind case. None for one that cannot be read."""
    flags: int = re.IGNORECASE
    if len(text) > 1 and text[0] == text[-1] == "/":
        text = re.sub(r"\[:(\w+):\]", lambda name: _CLASSES.get(name.group(1), ""), text[1:-1])
    elif re.search(r"[*?\[]", text):
        text = r"\A" + translate(text)
    else:
        text, flags = r"\A%s\Z" % re.escape(text), 0
    try:
        return re.compile(text, flags)
    except re.error:
        return None


def is_term(pattern: str) -> bool:
    """Whether a word of ``Package:`` may be a search term such as ?name(linux), which apt's versions differ in."""
    return bool(re.match(r"[~!]|\?[a-z-]+\(", pattern))


def matches_package(pattern: str, package: Named) -> bool:
    """Whether a word of ``Package:`` means this package; a regular expression that cannot be read is taken to, so that nobody overlooks it."""
    name = package.name
    if pattern.startswith("src:"):
        pattern, name = pattern[len("src:"):], package.source
    # apt splits at the last colon, even of a regular expression.
    pattern, colon, architecture = pattern.rpartition(":") if ":" in pattern else (pattern, "", "native")
    if architecture not in ("any", "native", package.architecture):
        return False
    expression = _expression(pattern)
    return expression is None or bool(expression.search(name))


def matches_release(what: str, release: Release) -> bool:
    """Whether ``release ...`` or ``origin ...`` means this archive."""
    kind, _space, data = what.partition(" ")
    data = data.strip()
    if kind == "origin":
        expression = _expression(data.strip("\"'"))
        return expression is None or bool(expression.search(release.site))
    if kind != "release" or data in ("", "*"):
        return kind == "release" and bool(data)
    return all(_matches_part(part.strip(), release) for part in data.split(","))


def _matches_part(part: str, release: Release) -> bool:
    key, equals, value = part.partition("=")
    expression = _expression(value.strip("\"'") if equals else part)
    if not equals:
        seen = [release.fields.get(name, "") for name in ("Suite", "Codename", "Version")]
    elif key == "c":
        seen = release.fields.get("Components", "").split()
    else:
        seen = [release.fields.get(_FIELDS[key], "")] if key in _FIELDS else []
    return expression is None or not seen or any(expression.search(text) for text in seen)


def is_general(pin: Pin) -> bool:
    """Whether it is for all packages alike."""
    return pin.patterns == ("*",)


def keeps(pin: Pin, packages: List[Named], archives: List[Release]) -> bool:
    """Whether a pin of certain packages keeps these from being updated: nailed to a version, or shut off from an archive that brings updates.

    A pin without a priority, or with 0, is for apt itself to complain of.
    """
    patterns = [pattern for pattern in pin.patterns if not is_term(pattern)]
    if not pin.priority or is_general(pin) or not any(matches_package(pattern, package) for pattern in patterns for package in packages):
        return False
    if pin.what.startswith("version"):
        return _is_nail(pin) if pin.priority >= _INSTALLED_PRIORITY else not _is_nail(pin)
    if pin.priority >= _INSTALLED_PRIORITY:
        return False
    return not archives or any(matches_release(pin.what, release) for release in archives if not release.by_hand)


def _is_nail(pin: Pin) -> bool:
    """Whether a pin of versions means certain ones, not all."""
    return pin.what.split()[1:] not in ([], ["*"])


def is_doubtful(pin: Pin, packages: List[Named], archives: List[Release]) -> bool:
    """Whether only apt can tell what a pin does to these packages: it prefers one archive to others, shuts one off for all, or certain versions."""
    named = any(is_term(pattern) or matches_package(pattern, package) for pattern in pin.patterns for package in packages)
    if not is_general(pin) and not named:
        return False
    if pin.what.startswith("version"):
        is_certain = not is_general(pin) and not any(map(is_term, pin.patterns))
        return named and _is_nail(pin) and not (is_certain and (pin.priority or 0) >= _INSTALLED_PRIORITY)
    return not archives or any(matches_release(pin.what, release) for release in archives if not release.by_hand)


class Row(NamedTuple):
    """A version of a package in apt's table, and where it is on offer (address, suite and component)."""

    version: str
    sources: Tuple[str, ...]


class Policy(NamedTuple):
    """What apt would take of a package (None for none), and what it may choose from."""

    candidate: Optional[str]
    rows: Tuple[Row, ...]


_PACKAGE_LINE = re.compile(r"(\S+):\Z")
_VERSION_LINE = re.compile(r" (?:\*\*\*|   ) (\S+)(?: -?\d+)?(?: .*)?\Z")
_SOURCE_LINE = re.compile(r" {6,}-?\d+ (\S+ \S+) .*Packages\Z")


def parse_policy(text: str) -> Dict[str, Policy]:
    """{package: its policy} of what ``apt-cache policy PACKAGE...`` printed in the C locale."""
    found: Dict[str, Policy] = {}
    name = ""
    for line in text.split("\n"):
        package, version, source = _PACKAGE_LINE.match(line), _VERSION_LINE.match(line), _SOURCE_LINE.match(line)
        if package:
            name = package.group(1)
            found[name] = Policy(None, ())
        elif name and line.startswith("  Candidate: "):
            given = line[len("  Candidate: "):].strip()
            found[name] = found[name]._replace(candidate=given if is_version(given) else None)
        elif name and version and is_version(version.group(1)):
            found[name] = found[name]._replace(rows=found[name].rows + (Row(version.group(1), ()),))
        elif name and source and found[name].rows:
            rows = found[name].rows
            found[name] = found[name]._replace(rows=rows[:-1] + (rows[-1]._replace(sources=rows[-1].sources + (source.group(1),)),))
    return found


def passed_by(policies: Dict[str, Policy], archives: List[Release]) -> List[str]:
    """The packages of which apt passes by a version that is newer than its candidate, in an archive that brings updates by itself."""
    by_hand = {release.location for release in archives if release.by_hand}
    key = versions.sort_key(versions.DPKG)
    found = []
    for name, policy in sorted(policies.items()):
        newer = [row.version for row in policy.rows if any(location_of(source) not in by_hand for source in row.sources)
                 and (policy.candidate is None or key(row.version) > key(policy.candidate))]
        if newer:
            found.append("%s: apt takes %s and passes by %s" % (name, policy.candidate or "none", max(newer, key=key)))
    return found


COMMAND = ("apt-cache", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "policy")


def ask(host: Any, packages: List[str], archives: List[Release]) -> Tuple[List[str], str]:
    """(what apt passes by of these packages, why it could not be asked or '')."""
    answer = host.run(COMMAND + tuple(packages), timeout=60.0)
    if answer.problem or answer.value.rc != 0:
        return [], "apt-cache policy: %s" % (answer.detail if answer.problem else answer.value.err.strip()[-200:])
    return passed_by(parse_policy(answer.value.out), archives), ""


def _files(host: Any) -> List[str]:
    """The files with preferences, where apt's own configuration says that they lie."""
    values = apt_conf.read(host)
    folder = apt_conf.place(values, "preferencesparts", "preferences.d")
    names = [name for name in host.listdir(folder).if_there([]) if "." not in name or name.endswith(".pref")]
    return [apt_conf.place(values, "preferences", "preferences")] + ["%s/%s" % (folder, name) for name in names]


def _preferred_releases(host: Any) -> List[str]:
    """Where apt is told to prefer a release, which puts those of other names below it, security's among them."""
    paths = apt_conf.paths(host)
    told = re.compile(r"^[^/#\n]*\bDefault-Release\b", re.MULTILINE | re.IGNORECASE)
    return ["APT::Default-Release (%s)" % path for path in paths if told.search(host.read(path, 1 << 20).if_there(""))]


class Held(NamedTuple):
    """What keeps kernels from being updated, each with where it says so; doubt: why apt could not be asked about the rest, or ''."""

    found: List[str]
    doubt: str


def held(host: Any, packages: List[Named], may_ask: bool) -> Held:
    """What apt's preferences hold back of the installed kernel packages; a preference among archives is apt's own to tell."""
    archives = releases(host, host.listdir(LISTS).if_there([]))
    found: List[str] = []
    doubtful = _preferred_releases(host)
    for path in _files(host):
        for pin in parse_preferences(host.read(path).if_there("")):
            if keeps(pin, packages, archives):
                found.append("%s (%s)" % (pin, path))
            elif is_doubtful(pin, packages, archives):
                doubtful.append("%s (%s)" % (pin, path))
    if not doubtful or not packages:
        return Held(found, "")
    if not may_ask:
        return Held(found, "only apt can tell whether it holds kernels back, and is not asked: %s" % "; ".join(doubtful))
    passed, problem = ask(host, [package.name for package in packages], archives)
    return Held(found + ["%s (%s)" % (each, "; ".join(doubtful)) for each in passed], problem)
