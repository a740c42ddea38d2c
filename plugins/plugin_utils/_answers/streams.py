# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which stream of packages an advisory speaks of, and which a host takes its packages from. Versions of two streams have no order.

A stream is ``family:release`` or, for a stream beside the release's own, ``family:release:name``. A word that is not known makes a stream of
its own, which no host has: it is never taken for the base release.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from .releases import built_for, is_built_for, line_of

UPSTREAM, GO = "kernel.org", "Go"

_FAMILIES = {"debian": "debian", "ubuntu": "ubuntu", "rocky linux": "rocky", "almalinux": "almalinux", "alpine": "alpine", "linux": UPSTREAM}
_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")
_SUSE = re.compile(r"(?P<product>.*?) ?(?P<release>[0-9]+(?:\.[0-9]+)?)(?: SP(?P<pack>[0-9]+))?(?:-(?P<beside>[A-Za-z_]+))?\Z")
_SLES = ("linux enterprise server", "linux enterprise high performance computing", "linux enterprise module for basesystem",
         "linux enterprise module for server applications", "linux enterprise module for containers",
         # They bring what no other part has, and for each service pack anew: kernel-azure, kernel-rt.
         "linux enterprise module for public cloud", "linux enterprise real time", "real time module")
_LIVE_PATCHING = "linux_enterprise_live_patching"
# SUSE's products by their names in a CPE; the rest are products of their own.
_SUSE_PRODUCTS = {"sles": "", "sle_hpc": "", "sle-module-basesystem": "", "sle-module-server-applications": "", "sle-module-containers": "",
                  "sle-module-public-cloud": "", "sle_rt": "", "sle-module-rt": "",
                  "sle-module-live-patching": _LIVE_PATCHING, "sles-ltss": "ltss"}
# (vendor, product) of a CPE -> family, of distributions whose releases have no products beside them.
_CPE_FAMILIES = {("debian", "debian_linux"): "debian", ("canonical", "ubuntu_linux"): "ubuntu", ("rocky", "rocky"): "rocky",
                 ("rocky", "rocky_linux"): "rocky", ("almalinux", "almalinux"): "almalinux", ("alma", "linux"): "almalinux",
                 ("oracle", "linux"): "oracle", ("amazon", "linux"): "amazon", ("amazon", "amazon_linux"): "amazon", ("opensuse", "leap"): "opensuse"}
# Ubuntu's codenames. As of 2026-11; source: /usr/share/distro-info/ubuntu.csv of distro-info-data.
_UBUNTU = {"trusty": "14.04", "xenial": "16.04", "bionic": "18.04", "focal": "20.04", "jammy": "22.04", "noble": "24.04", "oracular": "24.10",
           "plucky": "25.04", "questing": "25.10", "resolute": "26.04"}
# Ubuntu Pro's real-time kernels: OpenVEX calls their stream realtime/jammy, OSV Pro:Realtime:22.04:LTS or Pro:24.04:LTS:Realtime:Kernel.
_REALTIME, _REALTIMES, _REALTIME_SOURCE = "realtime+pro", ("pro+realtime", "kernel+pro+realtime"), "linux-realtime"
_PRO = ("esm-infra", "esm-infra-legacy", "esm-apps", "esm-apps-legacy")
# The products of Red Hat whose packages a host of the release runs as they are; the rest are products of their own.
_RED_HAT = {"enterprise_linux": "", "enterprise_linux_eus": "eus", "rhel_eus": "eus", "rhel_e4s": "e4s", "rhel_aus": "aus", "rhel_tus": "tus",
            "rhel_e6s": "e6s", "rhel_els": "els", "rhel_extras_rt": "", "rhel_extras_rt_els": "els",
            # Where EUS of 8.4 ended this goes on.
            "rhel_eus_long_life": "eus"}
_LONG_LIVED = ("eus", "e4s", "e6s", "aus", "tus")
# What "all currently supported products" of a vendor means. As of 2026-11; source: access.redhat.com/support/policy/updates/errata (7 by its ELS).
_SUPPORTED = {"redhat": ("7", "8", "9", "10")}


def of_ecosystem(text: str) -> str | None:
    """The stream that an ecosystem of OSV means; None for one that names no release or no family of Linux hosts."""
    family, _colon, rest = text.partition(":")
    family = family.strip().lower()
    if family == "red hat":
        return _red_hat(rest)
    if family in ("suse", "opensuse"):
        return _suse(family, rest)
    known = _FAMILIES.get(family)
    if not rest and (known == UPSTREAM or family == "go"):
        return known or GO
    words = [word for word in rest.split(":") if word]
    releases = [word for word in words if _RELEASE.match(word)]
    if known is None or len(releases) != 1:
        return None
    # LTS says how long, not which packages; every other word is a stream beside the release's own, wherever it stands.
    name = "+".join(sorted(word.lower() for word in words if word not in (releases[0], "LTS")))
    return _named(known, releases[0], _REALTIME if known == "ubuntu" and name in _REALTIMES else name)


def _red_hat(rest: str) -> str | None:
    product, _colon, tail = rest.partition(":")
    release = tail.split(":")[0]
    if not _RELEASE.match(release):
        return None
    name = _RED_HAT.get(product, product)
    return f"redhat:{release}:{name}" if name else f"redhat:{release}"


def _suse(family: str, rest: str) -> str | None:
    found = _SUSE.match(rest.strip())
    if not found:
        return None
    product = found["product"].strip().lower()
    release = found["release"] + (f".{found['pack']}" if found["pack"] else "")
    if family == "suse" and product in _SLES:
        return _named("suse", release, (found["beside"] or "").lower())
    if product in ("leap", "opensuse leap"):
        return _named("opensuse", release, (found["beside"] or "").lower())
    return f"{family}:{release}:{'-'.join(filter(None, (product.replace(' ', '_'), found['beside'])))}".lower()


def of_cpe(text: object) -> str | None:
    """The stream that a CPE of a platform means, in either spelling; None for one that is no release of a family of Linux hosts."""
    if not isinstance(text, str) or len(text) > 300:
        return None
    body = text.removeprefix("cpe:2.3:") if text.startswith("cpe:2.3:") else text.removeprefix("cpe:/")
    parts = [part.lower() if part not in ("*", "-") else "" for part in body.split(":")]
    if body == text or len(parts) < 4 or not _RELEASE.match(parts[3]):
        return None
    _part, vendor, product, release, *rest = parts
    update = rest[0] if rest else ""
    if vendor == "redhat":
        return _named("redhat", release, _RED_HAT.get(product, product))
    if vendor == "suse":
        # Up to 15 a service pack stands behind the release (15:sp4), from 16 on the whole release (16:16.0).
        pack = re.match(r"sp([0-9]+)\Z", update)
        whole = f"{release}.{pack[1]}" if pack else update if update.startswith(f"{release}.") and _RELEASE.match(update) else release
        return _named("suse", whole, _SUSE_PRODUCTS.get(product, product))
    family = _CPE_FAMILIES.get((vendor, product))
    return _named(family, release, "+".join(filter(None, rest[:1]))) if family else None


def of_vendor(text: object) -> tuple[str, ...]:
    """The base streams that a CPE of a vendor and of none of its products means (cpe:/a:redhat): those of the releases that are supported."""
    body = text.removeprefix("cpe:2.3:").removeprefix("cpe:/") if isinstance(text, str) and len(text) <= 300 else ""
    _part, _colon, rest = body.partition(":")
    vendor, *others = rest.lower().split(":")
    return tuple(f"{vendor}:{release}" for release in _SUPPORTED.get(vendor, ())) if not any(word not in ("", "*") for word in others) else ()


def _named(family: str, release: str, name: str) -> str:
    return f"{family}:{release}:{name}" if name else f"{family}:{release}"


def of_distro(namespace: str, distro: str) -> str | None:
    """The stream that a purl's ``distro`` means: Ubuntu's codename with its stream before it, or an id with a release."""
    track, _slash, name = distro.rpartition("/")
    if namespace == "ubuntu" and name in _UBUNTU:
        return _named("ubuntu", _UBUNTU[name], "pro" if track in _PRO else "" if track in ("", "ubuntu") else f"{track.replace('/', '+')}+pro")
    family, _dash, release = distro.partition("-")
    if not _slash and family in _IDS and _RELEASE.match(release):
        return f"{_IDS[family]}:{release}"
    return None


# os-release's ID -> family of streams.
_IDS = {"debian": "debian", "ubuntu": "ubuntu", "rhel": "redhat", "rocky": "rocky", "almalinux": "almalinux", "ol": "oracle", "amzn": "amazon",
        "sles": "suse", "opensuse-leap": "opensuse", "fedora": "fedora", "centos": "centos"}
_MAJOR_ONLY = ("redhat", "rocky", "almalinux", "oracle", "centos")
_MINOR = re.compile(r"(?:\.el([0-9]+)_|\.module\+el([0-9]+)\.)([0-9]+)")
# Kernels of 6 and 7 have no minor release in their own: the number that each began with tells it, and its long-lived streams (AUS, EUS, E4S, TUS)
# keep to it. As of 2026-11, both have no new ones; source: access.redhat.com/articles/3078.
_NUMBERED = re.compile(r"(?:2\.6\.32|3\.10\.0)-([0-9]+)(?:\.[0-9.]+)?(?:\.rt[0-9.]+)?\.el([67])(?![0-9_])")
_BEGUN_WITH = {"6": ("71", "131", "220", "279", "358", "431", "504", "573", "642", "696", "754"),
               "7": ("123", "229", "327", "514", "693", "862", "957", "1062", "1127", "1160")}

# What a version says of the stream that it was built in: no advisory of the base release can judge it.
_MARKS = ((re.compile(r"~bpo[0-9]+"), "backports"), (re.compile(r"\.ksplice[0-9]*\."), "ksplice"), (re.compile(r"_fips\b|\bfips"), "fips"),
          (re.compile(r"\.elrepo"), "elrepo"), (re.compile(r"~fto[0-9]+"), "fasttrack"), (re.compile(r"\+rp[ti][0-9]+"), "raspberrypi"),
          (re.compile(r"[+~]pve[0-9]+"), "proxmox"), (re.compile(r"~cloud[0-9]+"), "cloud-archive"), (re.compile(r"(?:~|\bppa|\+)ppa[0-9]+"), "ppa"),
          # kernel.org's releases as Ubuntu builds them for tests: 6.12.1-061201.202411221839.
          (re.compile(r"-0[0-9]{5}(?:rc[0-9]+)?\.20[0-9]{10}"), "mainline"),
          # The Open Build Service's Kernel:stable and kotd: 6.17.1-1.1.g5a3b7f8.
          (re.compile(r"-[0-9.]+\.g[0-9a-f]{7,40}\Z"), "kotd"),
          # CentOS's special interest groups, and COPR's builds of Fedora's kernel.
          (re.compile(r"\.el[0-9]+s\b"), "sig"), (re.compile(r"\.(?:vanilla|fsync)\.fc[0-9]+"), "copr"))
# Whoever rebuilds a package of Enterprise Linux puts a word behind its release: el9_6.cloud.1, el9_2.ciqcve.1. These words are a family's own.
_REBUILT = re.compile(r"\.el[0-9]+(?:_[0-9]+)?(?:\.[0-9]+)*\.([a-z]{2,20})(?=[.0-9]|\Z)")
_OWN_WORDS = {"almalinux": "alma", "rocky": "rocky", "centos": "centos"}
# Amazon Linux has several lines of kernels. Those of 2 are in repositories of their own, all of them packages called kernel
# (5.10.240-238.959.amzn2), and so were those of 2023 until April of 2026.
_AMAZON_LINE = re.compile(r"(?:[0-9]+:)?([0-9]+\.[0-9]+)\.[0-9]+-[0-9]+\.[0-9]+\.amzn(2|2023)\Z")
_AMAZON_BASE = {"2": "4.14", "2023": "6.1"}
# Ubuntu Pro's streams of FIPS builds: which of them a host takes, its versions do not say, and each goes on where another's fixes end.
_FIPS_OF_UBUNTU = ("fips-updates+pro", "fips+pro", "fips-preview+pro")


def of_host(os_id: str, version_id: str, version: str) -> list[str]:
    """The streams that a package of this version on this host can be judged by, the nearest first; empty where none is known.

    ``version`` is the package's own: it tells backports, Ksplice's and FIPS builds, and the minor release of Red Hat's.
    """
    family = _IDS.get(os_id)
    if family is None or not _RELEASE.match(version_id):
        return []
    release = version_id.split(".")[0] if family in _MAJOR_ONLY else version_id
    base = f"{family}:{release}"
    name = _mark(family, version)
    if name:
        return [f"{base}:{word}" for word in (_FIPS_OF_UBUNTU if (family, name) == ("ubuntu", "fips") else (name,))]
    if family == "redhat":
        minor = minor_of(version)
        own = f"{family}:{'.'.join(minor)}" if minor else ""
        long_lived = [*(f"{own}:{name}" for name in _LONG_LIVED), own] if minor else []
        return [*long_lived, f"{base}:els", base]
    # What is sold beside a release holds the very same packages, and goes on where the base release's updates end; so do Red Hat's ELS.
    beside = {"ubuntu": ["pro"], "suse": ["ltss"]}.get(family, [])
    return [base, *(f"{base}:{name}" for name in beside)]


def of_kernel(os_id: str, version_id: str, version: str, names: Collection[str]) -> list[str]:
    """As of_host, for a kernel, which may have been built for another release than the host's; ``names`` are its packages."""
    near, family = of_host(os_id, version_id, version), _IDS.get(os_id, "")
    if not near or not version or _mark(family, version):
        return near
    release = version_id.split(".")[0] if family in _MAJOR_ONLY else version_id
    home = built_for(family, release, version, names)
    if home == release and _names_its_stable_release(family, version_id):
        is_realtime = family == "ubuntu" and any(name.startswith(_REALTIME_SOURCE) for name in names)
        return [f"{family}:{release}:{_REALTIME}", *near] if is_realtime else near
    return of_host(os_id, home, version) if home and home != release else [f"{family}:{release}:of-another-release"]


@lru_cache(maxsize=1024)
def of_thing(component: str, home: tuple[str, str], version: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The streams by which a version of a thing is judged on a host of ``home`` (ID and VERSION_ID of os-release), the nearest first.

    What has no revision of a package in its version was built by nobody's distribution: a monitor or an engine from its makers or one's own.
    """
    if component == "kernel":
        return tuple(of_kernel(*home, version, names))
    near, family = of_host(*home, version), _IDS.get(home[0], "")
    is_theirs = component == "microcode" or "-" in version
    return tuple(near) if not version or (near and is_theirs and is_built_for(family, near[-1].split(":")[1], version)) else ()


def _names_its_stable_release(family: str, version_id: str) -> bool:
    """AlmaLinux's releases have a minor number; Kitten, from which they are made, has none."""
    return family != "almalinux" or "." in version_id


def in_line(stream: str, package: str, version: str) -> str:
    """The stream of a row about a package, where a repository holds several lines of kernels under one name and only versions tell them apart."""
    name = _line(stream.split(":")[0], version) if stream.count(":") == 1 and package.startswith("kernel") else ""
    return f"{stream}:{name}" if name else stream


def _line(family: str, version: str) -> str:
    """The line of kernels that a version is of, where its family has several under one name; '' for the release's own."""
    if family == "oracle" and re.search(r"\.el[0-9]+uek", version):
        return f"uek-{line_of(version)}"
    line = _AMAZON_LINE.match(version) if family == "amazon" else None
    return f"kernel-{line[1]}" if line and line[1] != _AMAZON_BASE[line[2]] else ""


def _mark(family: str, version: str) -> str:
    """The stream that a version names itself; '' for the release's own."""
    marked = next((name for mark, name in _MARKS if mark.search(version)), "")
    line = _line(family, version)
    if line:
        return line
    rebuilt = _REBUILT.search(version)
    return marked or (rebuilt[1] if rebuilt and rebuilt[1] != _OWN_WORDS.get(family) else "")


def neighbours(version: str) -> list[str]:
    """The other minor releases of Red Hat's, from which a package of this version gets its fix where its own has none: the newer ones first."""
    minor = minor_of(version)
    if not minor:
        return []
    own = int(minor[1])
    return [f"redhat:{minor[0]}.{number}" for number in (*range(own + 1, 21), *reversed(range(own)))]


def minor_of(version: str) -> tuple[str, str] | None:
    """The minor release of Red Hat's that a version was built for (el8_10, module+el8.10.0, 3.10.0-957.el7), as two numbers; None without one."""
    found, numbered = _MINOR.search(version), _NUMBERED.search(version)
    if numbered and numbered[1] in _BEGUN_WITH[numbered[2]]:
        return numbered[2], str(_BEGUN_WITH[numbered[2]].index(numbered[1]))
    return (found[1] or found[2], found[3]) if found else None


def is_newer(version: str, minor: tuple[str, str]) -> bool:
    """Whether a version was built for a newer minor release of the same release."""
    its = minor_of(version)
    return its is not None and its[0] == minor[0] and int(its[1]) > int(minor[1])


def order_of(stream: str) -> str:
    """The order of a stream's versions."""
    return "dpkg" if stream.split(":")[0] in ("debian", "ubuntu", UPSTREAM, GO) else "rpm"
