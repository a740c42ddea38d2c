# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the package manager's cache offers as the newest kernel: asked without refreshing the cache, without the network, and writing nothing."""

import re
from html import unescape
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import versions
from . import dnf_query, dpkg, rpm
from .dnf_query import last_line


class Offer(NamedTuple):
    """The newest kernel on offer. repository names suite and component, or the repository's id. hidden: newer ones that excludes keep out of sight.

    live_patchable: the kernels on offer that a package of live patches on offer is for; None where the package manager is not asked for them.
    """

    release: Optional[str]
    package: str
    package_version: Optional[str]
    repository: Optional[str]
    phased: bool
    hidden: List[str]
    live_patchable: Optional[List[Dict[str, str]]] = None


# An offer, or why there is none; what was asked; seconds since the cache was last refreshed, None where nobody knows.
Found = NamedTuple("Found", [("offer", Optional[Offer]), ("reason", str), ("detail", str), ("source", str), ("cache_age", Optional[int])])

_APT_LISTS = "/var/lib/apt/lists"
_APT_OPTIONS = (
    # Without a file name apt builds its cache in memory and leaves none behind.
    "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
    # The image's name is a glob, which apt 2 takes for a literal name unless told otherwise.
    "-o", "APT::Cmd::Pattern-Only=false",
    # A phased update counts as on offer, and as phased, on every host alike.
    "-o", "APT::Get::Always-Include-Phased-Updates=true")
_FLAVOUR = re.compile(r"[A-Za-z][A-Za-z0-9.+~-]*\Z")


def apt_command(flavour: str, metas: List[str]) -> Tuple[str, ...]:
    """One ``apt show`` for the candidates of the meta packages and of every image of the flavour; ValueError for a flavour no package can have."""
    if not _FLAVOUR.match(flavour):
        raise ValueError("no package is named for the kernel flavour %r" % flavour)
    names = metas or ["linux-image-%s" % flavour]
    return ("apt",) + _APT_OPTIONS + ("show", "--no-all-versions") + tuple(names) + ("linux-image-[0-9]*-%s" % flavour,)


def parse_apt_show(text: str, names: List[str]) -> Offer:
    """The newest image that the candidates of these meta packages depend on; ValueError where none of them is on offer."""
    stanzas = {stanza["Package"]: stanza for stanza in dpkg.parse_stanzas(text) if dpkg.is_version(stanza.get("Version"))}
    offers = [offer for offer in (_apt_offer(stanzas, stanzas[name]) for name in names if name in stanzas) if offer]
    if not offers:
        raise ValueError("no candidate of %s depends on a kernel image" % ", ".join(names))
    key = versions.sort_key(versions.DPKG)
    return max(offers, key=lambda offer: (offer.package_version is not None, key(offer.package_version or "0")))


def _apt_offer(stanzas: Dict[str, dpkg.Stanza], meta: dpkg.Stanza) -> Optional[Offer]:
    package = dpkg.image_dependency(meta)
    if package is None:
        return None
    image = stanzas.get(package, {})
    version = dpkg.exact_dependency_version(meta, package) or image.get("Version")
    phased = any(stanza.get("Phased-Update-Percentage", "100").strip() != "100" for stanza in (meta, image))
    return Offer(dpkg.release_of(package), package, version, repository_of(image.get("APT-Sources") or meta.get("APT-Sources", "")), phased, [])


def repository_of(sources: str) -> Optional[str]:
    """Host and path, suite and component of the first repository in ``APT-Sources``, without user and password; None where only dpkg knows it."""
    for line in sources.split("\n"):
        words = line.split()
        if len(words) >= 2 and not words[0].startswith("/"):
            return "%s %s" % (re.sub(r"^[a-z0-9+.-]+:(?://)?(?:[^/@]*@)?", "", words[0]).rstrip("/"), words[1])
    return None


def parse_pins(text: str) -> List[str]:
    """The kernel packages that a preferences file keeps away (negative priority) or nails to a version."""
    found = []
    for stanza in dpkg.parse_stanzas(text):
        words = [word for word in stanza["Package"].split() if re.match(r"linux-|\*linux|/.*linux", word)]
        priority = stanza.get("Pin-Priority", "").strip()
        pin = stanza.get("Pin", "").strip()
        if words and (priority.startswith("-") or pin.startswith("version")):
            found.append("%s: %s, priority %s" % (" ".join(words), pin, priority))
    return found


def ask_apt(host: Any, flavour: Optional[str], metas: List[str]) -> Found:
    """What apt's lists offer for a flavour."""
    lists = host.listdir(_APT_LISTS)
    age = apt_cache_age(host)
    if lists.problem:
        return Found(None, lists.problem, _APT_LISTS, _APT_LISTS, age)
    if not any(re.search(r"_Packages(?:\.\w+)?\Z", name) for name in lists.value):
        return Found(None, "empty_cache", "%s holds no package index" % _APT_LISTS, _APT_LISTS, age)
    if flavour is None:
        return Found(None, "not_applicable", "the running kernel is of no flavour that a package is named for", _APT_LISTS, age)
    try:
        command = apt_command(flavour, metas)
    except ValueError as error:
        return Found(None, "not_applicable", str(error), _APT_LISTS, age)
    answer = host.run(command, timeout=60.0)
    source = " ".join(command)
    if answer.problem:
        return Found(None, answer.problem, "%s: %s" % (source, answer.detail), source, age)
    try:
        offer = parse_apt_show(answer.value.out, metas or ["linux-image-%s" % flavour])
    except ValueError as error:
        # apt ends with 100 where it knows none of the names, and where it is broken: only the message tells.
        broken = answer.value.rc != 0 and not re.search(r"Unable to locate|No packages found|Couldn't find", answer.value.err)
        return Found(None, "tool_failed" if broken else "absent", last_line(answer.value.err) if broken else str(error), source, age)
    return Found(offer, "", "", source, age)


def pins(host: Any) -> List[str]:
    """What apt's preferences hold back, each with the file that says so."""
    folder = "/etc/apt/preferences.d"
    names = [name for name in host.listdir(folder).value or [] if "." not in name or name.endswith(".pref")]
    paths = ["/etc/apt/preferences"] + ["%s/%s" % (folder, name) for name in names]
    return ["%s (%s)" % (pin, path) for path in paths for pin in parse_pins(host.read(path).value or "")]


def apt_cache_age(host: Any) -> Optional[int]:
    """Seconds since ``apt update`` last succeeded, else since it last ran: stamps of the periodic jobs, else the folder it downloads to."""
    for path in ("/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists/partial", _APT_LISTS):
        answer = host.stat(path)
        if not answer.problem:
            return max(0, int(host.now() - answer.value.mtime))
    return None


def parse_dnf_query(text: str, flavour: str) -> Tuple[Offer, Optional[int]]:
    """(the newest kernel of the flavour that no exclude hides, age of the cache in seconds) of what DNF_QUERY printed; ValueError for none."""
    visible: Dict[dpkg.Image, str] = {}
    hidden: List[dpkg.Image] = []
    ages = []
    patched = set()
    for fields in (line.split("\t") for line in text.split("\n")):
        if fields[0] == "repository" and len(fields) == 3 and re.match(r"[0-9]+\Z", fields[2]):
            ages.append(int(fields[2]))
        if fields[0] == "patched" and len(fields) == 2:
            patched.add(fields[1])
        if fields[0] != "kernel" or len(fields) != 9 or rpm.flavour_of(fields[2]) != flavour:
            continue
        _mark, sight, name, epoch, version, release, _arch, repository, uname = fields
        image = dpkg.Image(uname, flavour, name, rpm.evr(epoch, version, release), False)
        if sight == "visible":
            visible[image] = repository
        else:
            hidden.append(image)
    best = rpm.newest(visible)
    if best is None:
        raise ValueError("no kernel of flavour %s is on offer, excludes hide %d" % (flavour, len(hidden)))
    newer = [image for image in hidden if versions.compare(versions.RPM, image.package_version, best.package_version) > 0]
    names = sorted({"%s-%s" % (image.package, image.package_version) for image in newer})
    patchable = _live_patchable([image for image in visible if image.release in patched])
    return Offer(best.release or None, best.package, best.package_version, visible[best], False, names, patchable), max(ages, default=None)


def _live_patchable(images: List[dpkg.Image]) -> List[Dict[str, str]]:
    """Rows of the record, oldest first, one for each release."""
    key = versions.sort_key(versions.RPM)
    images = sorted(images, key=lambda image: (key(image.package_version), rpm.strangeness(image)))
    first = {image.release: image for image in reversed(images)}
    return [{"release": image.release, "package": image.package, "package_version": image.package_version}
            for image in images if first[image.release] is image]


def ask_dnf(host: Any, flavour: Optional[str]) -> Found:
    """What dnf's cache offers for a flavour."""
    said = dnf_query.ask(host, dnf_query.DNF_QUERY, rpm.UNAME_PROVIDE)
    source = dnf_query.SOURCE
    if said.reason:
        return Found(None, said.reason, said.detail, source, None)
    try:
        offer, age = parse_dnf_query(said.text, flavour or rpm.STANDARD)
    except ValueError as error:
        return Found(None, "absent", str(error), source, None)
    return Found(offer, "", "", source, age)


ZYPPER = ("env", "ZYPP_LOGFILE=/dev/null", "zypper", "--no-refresh", "--non-interactive", "--xmlout",
          "search", "--details", "--match-exact", "--type", "package")
_ZYPP_CACHE = "/var/cache/zypp/raw"


def suse_release(edition: str, flavour: str) -> Optional[str]:
    """The release that SUSE's kernel of this version boots as: without the rebuild counter. None for release candidates, which follow other rules."""
    match = re.match(r"([0-9.]+-[A-Za-z0-9.]+?)\.[0-9]+(\.g[0-9a-f]+)?\Z", edition)
    return "%s%s-%s" % (match.group(1), match.group(2) or "", flavour) if match else None


def newest_in_search(text: str, package: str) -> Tuple[str, str]:
    """(version, repository) of the newest package of a name in a repository, from ``zypper --xmlout search --details``; ValueError for none."""
    best: Optional[Tuple[Any, str, str]] = None
    for tag in re.findall(r"<solvable\s[^>]*>", text):
        values = dict(re.findall(r"([a-z-]+)=\"([^\"]*)\"", tag))
        # (System Packages) is what is installed.
        if values.get("name") != package or values.get("kind", "package") != "package" or values.get("repository", "(").startswith("("):
            continue
        if not values.get("edition"):
            continue
        candidate = (versions.sort_key(versions.RPM)(values["edition"]), values["edition"], values.get("repository", ""))
        best = candidate if best is None else max(best, candidate)
    if best is None:
        raise ValueError("no repository offers %s" % package)
    return best[1], unescape(best[2])


def parse_zypper_search(text: str, flavour: str) -> Offer:
    """The newest kernel of a flavour in a repository, from ``zypper --xmlout search --details``; ValueError for none."""
    package = "kernel-%s" % flavour
    edition, repository = newest_in_search(text, package)
    return Offer(suse_release(edition, flavour), package, edition, repository or None, False, [])


# What zypper printed, or why it printed nothing; what was asked; seconds since the cache was last refreshed, None where nobody knows.
Searched = NamedTuple("Searched", [("text", str), ("reason", str), ("detail", str), ("source", str), ("cache_age", Optional[int])])


def search_zypper(host: Any, package: str) -> Searched:
    """What zypper's cache knows of a package."""
    age = _zypp_cache_age(host)
    command = ZYPPER + (package,)
    source = " ".join(command)
    if host.stat("/usr/bin/zypper").problem:
        return Searched("", "tool_missing", "zypper", source, age)
    if age is None:
        return Searched("", "empty_cache", "%s holds no repository" % _ZYPP_CACHE, source, age)
    answer = host.run(command, timeout=60.0)
    # 104: no package of that name is known.
    if answer.problem or answer.value.rc not in (0, 104):
        return Searched("", answer.problem or "tool_failed", answer.detail if answer.problem else last_line(answer.value.err), source, age)
    return Searched(answer.value.out, "", "", source, age)


def ask_zypper(host: Any, flavour: str) -> Found:
    """What zypper's cache offers of a flavour."""
    searched = search_zypper(host, "kernel-%s" % flavour)
    if searched.reason:
        return Found(None, searched.reason, searched.detail, searched.source, searched.cache_age)
    try:
        return Found(parse_zypper_search(searched.text, flavour), "", "", searched.source, searched.cache_age)
    except ValueError as error:
        return Found(None, "absent", str(error), searched.source, searched.cache_age)


def _zypp_cache_age(host: Any) -> Optional[int]:
    """Seconds since any repository was last looked at: zypper touches the cookie each time."""
    cookies = (host.stat("%s/%s/cookie" % (_ZYPP_CACHE, name)) for name in host.listdir(_ZYPP_CACHE).value or [])
    times = [answer.value.mtime for answer in cookies if not answer.problem]
    return max(0, int(host.now() - max(times))) if times else None
