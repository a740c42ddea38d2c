# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the package manager's cache offers as the newest kernel: asked without refreshing the cache, without the network, and writing nothing."""

import re
from html import unescape
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from .._formats import versions
from . import apt_lists, dnf_query, dpkg, lines, rpm
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


class Found(NamedTuple):
    """An offer, or why there is none; what was asked; seconds since the cache was last refreshed, None where nobody knows; who says that."""

    offer: Optional[Offer]
    reason: str
    detail: str
    source: str
    cache_age: Optional[int]
    aged_by: str = "the cache's time stamps"


_APT_OPTIONS = (
    # Without a file name apt builds its cache in memory and leaves none behind.
    "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
    # The image's name is a glob, which apt 2 takes for a literal name unless told otherwise.
    "-o", "APT::Cmd::Pattern-Only=false",
    # A phased update counts as on offer, and as phased, on every host alike.
    "-o", "APT::Get::Always-Include-Phased-Updates=true")
_FLAVOUR = re.compile(r"[A-Za-z][A-Za-z0-9.+~-]*\Z")


def apt_command(flavour: str, metas: List[str], globs: Sequence[str] = ()) -> Tuple[str, ...]:
    """One ``apt show`` for the candidates of the meta packages and of every image of the flavour; ValueError for a flavour no package can have."""
    if flavour and not _FLAVOUR.match(flavour) or not (flavour or metas):
        raise ValueError("no package is named for the kernel flavour %r" % flavour)
    names = metas or ["linux-image-%s" % flavour]
    images = tuple(globs) or (("linux-image-[0-9]*-%s" % flavour,) if flavour else ())
    return ("apt",) + _APT_OPTIONS + ("show", "--no-all-versions") + tuple(names) + images


def image_globs(flavour: str, images: Iterable[dpkg.Image]) -> List[str]:
    """What the packages of a flavour's images are named like here; none where the usual name tells."""
    found: Set[str] = set()
    for image in images:
        head, release, tail = image.package.partition(image.release)
        if image.flavour != flavour or not release or not flavour:
            continue
        # Proxmox's series have metas of their own, which a further one leads to.
        end = "*" if head.startswith("proxmox-") else "*-%s%s" % (flavour, tail if release.endswith("-" + flavour) else "[0-9]*" + tail)
        found.update((head + "[0-9]" + end, "linux-image-[0-9]" + end) if head.startswith("linux-image") else (head + "[0-9]" + end,))
    return sorted(found)


def parse_apt_show(text: str, names: List[str], beyond: Optional[dpkg.Image] = None) -> Offer:
    """The newest image that the candidates of these meta packages depend on; ValueError where none of them is on offer.

    A kernel that is newer than what its metas bring (from backports, by hand) gets its updates from where it came, by no meta: ``beyond`` is
    the newest of the flavour that is installed, and where it is such a one, the newest image of the flavour is the offer.
    """
    stanzas = {stanza["Package"]: stanza for stanza in dpkg.parse_stanzas(text) if dpkg.is_version(stanza.get("Version"))}
    offers = [offer for offer in (_apt_offer(stanzas, stanzas[name]) for name in names if name in stanzas) if offer]
    key = versions.sort_key(versions.DPKG)
    if beyond is not None and all(key(offer.package_version or "0") < key(beyond.package_version) for offer in offers):
        line = [_image_offer(stanzas, name, None) for name in stanzas if lines.line_of(dpkg.release_of(name) or "", names) == beyond.flavour]
        offers += [offer for offer in line if key(offer.package_version or "0") >= key(beyond.package_version)]
    if not offers:
        raise ValueError("no candidate of %s depends on a kernel image" % ", ".join(names))
    return max(offers, key=lambda offer: (offer.package_version is not None, key(offer.package_version or "0")))


def _apt_offer(stanzas: Dict[str, dpkg.Stanza], meta: dpkg.Stanza, depth: int = 0) -> Optional[Offer]:
    """What a meta package brings, by itself or by another meta; a package that leads to no other is the image, where it is replaced in place."""
    package = dpkg.image_dependency(meta)
    if package is not None:
        return _image_offer(stanzas, package, meta)
    further = [stanzas[name] for name in dpkg.dependencies(meta) if name in stanzas and depth < 3]
    return next((offer for offer in (_apt_offer(stanzas, each, depth + 1) for each in further) if offer), None)


def _image_offer(stanzas: Dict[str, dpkg.Stanza], package: str, meta: Optional[dpkg.Stanza]) -> Offer:
    image = stanzas.get(package, {})
    version = (dpkg.exact_dependency_version(meta, package) if meta else None) or image.get("Version")
    phased = any(stanza.get("Phased-Update-Percentage", "100").strip() != "100" for stanza in (meta or {}, image))
    repository = repository_of(image.get("APT-Sources") or (meta or {}).get("APT-Sources", ""))
    return Offer(dpkg.release_of(package), package, version, repository, phased, [])


def repository_of(sources: str) -> Optional[str]:
    """Host and path, suite and component of the first repository in ``APT-Sources``, without user and password; None where only dpkg knows it."""
    for line in sources.split("\n"):
        words = line.split()
        if len(words) >= 2 and not words[0].startswith("/"):
            return "%s %s" % (re.sub(r"^[a-z0-9+.-]+:(?://)?(?:[^/@]*@)?", "", words[0]).rstrip("/"), words[1])
    return None


def ask_apt(host: Any, flavour: Optional[str], metas: List[str], images: Sequence[dpkg.Image] = ()) -> Found:
    """What apt's lists offer for a flavour, of which ``images`` are installed, oldest first."""
    lists = host.listdir(apt_lists.LISTS)
    age, aged_by = apt_lists.age(host, lists.if_there([]))
    same = [image for image in images if image.flavour == flavour]

    def none(reason: str, detail: str, source: str = apt_lists.LISTS) -> Found:
        return Found(None, reason, detail, source, age, aged_by)

    if lists.problem:
        return none(lists.problem, apt_lists.LISTS)
    if not any(re.search(r"_Packages(?:\.\w+)?\Z", name) for name in lists.value):
        return none("empty_cache", "%s holds no package index" % apt_lists.LISTS)
    if flavour is None:
        return none("not_applicable", "the running kernel is of no flavour that a package is named for")
    try:
        command = apt_command(flavour, metas, image_globs(flavour, same))
    except ValueError as error:
        return none("not_applicable", str(error))
    answer = host.run(command, timeout=60.0)
    source = " ".join(command)
    if answer.problem:
        return none(answer.problem, "%s: %s" % (source, answer.detail), source)
    try:
        return Found(_offer_of(answer.value.out, flavour, metas, same), "", "", source, age, aged_by)
    except ValueError as error:
        # apt ends with 100 where it knows none of the names, and where it is broken: only the message tells.
        broken = answer.value.rc != 0 and not re.search(r"Unable to locate|No packages found|Couldn't find", answer.value.err)
        return none("tool_failed" if broken else "absent", last_line(answer.value.err) if broken else str(error), source)


def _offer_of(text: str, flavour: str, metas: List[str], same: Sequence[dpkg.Image]) -> Offer:
    """The offer in what apt showed; a kernel that is replaced in place is offered as a version of its own package, whose release nobody tells."""
    in_place = [image.package for image in same if dpkg.is_replaced_in_place(image)]
    for stanza in dpkg.parse_stanzas(text):
        if stanza["Package"] in in_place and dpkg.is_version(stanza.get("Version")):
            return Offer(None, stanza["Package"], stanza["Version"], repository_of(stanza.get("APT-Sources", "")), False, [])
    return parse_apt_show(text, metas or ["linux-image-%s" % flavour], same[-1] if same else None)


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
        if fields[0] != "kernel" or len(fields) != 9 or rpm.line_of(fields[2], *fields[4:6]) != flavour:
            continue
        _mark, sight, name, epoch, version, release, arch, repository, provided = fields
        uname = rpm.uname_of("%s=%s" % (rpm.UNAME_PROVIDE, provided), "%s-%s.%s" % (version, release, arch))
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


def ask_dnf(host: Any, flavour: Optional[str], names: Sequence[str] = ()) -> Found:
    """What dnf's cache offers for a flavour; ``names``: its installed packages, since not every kernel provides what most do (UEK on x86_64)."""
    said = dnf_query.ask(host, dnf_query.DNF_QUERY, ",".join([rpm.UNAME_PROVIDE] + list(names)))
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
    times = _zypp_cookies(host)
    age = _age_of(times, host.now())
    command = ZYPPER + (package,)
    source = " ".join(command)
    if host.stat("/usr/bin/zypper").problem:
        return Searched("", "tool_missing", "zypper", source, age)
    if not times:
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


def _zypp_cookies(host: Any) -> List[float]:
    """When each repository was last looked at: zypper touches its cookie each time."""
    cookies = (host.stat("%s/%s/cookie" % (_ZYPP_CACHE, name)) for name in host.listdir(_ZYPP_CACHE).if_there([]))
    return [answer.value.mtime for answer in cookies if not answer.problem]


def _age_of(times: List[float], now: float) -> Optional[int]:
    """Seconds since the last of these; None where one were still to come, which nobody can believe."""
    return max(0, int(now - max(times))) if times and max(times) <= now + apt_lists.CLOCK_SLACK else None
