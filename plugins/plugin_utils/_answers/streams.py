# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which stream of packages an advisory speaks of, and which a host takes its packages from. Versions of two streams have no order.

A stream is ``family:release`` or, for a stream beside the release's own, ``family:release:name``. A word that is not known makes a stream of
its own, which no host has: it is never taken for the base release.
"""

from __future__ import annotations

import re

UPSTREAM = "kernel.org"

_FAMILIES = {"debian": "debian", "ubuntu": "ubuntu", "rocky linux": "rocky", "almalinux": "almalinux", "alpine": "alpine", "linux": UPSTREAM}
_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")
_SUSE = re.compile(r"(?P<product>.*?) ?(?P<release>[0-9]+(?:\.[0-9]+)?)(?: SP(?P<pack>[0-9]+))?\Z")
_SLES = ("linux enterprise server", "linux enterprise high performance computing", "linux enterprise module for basesystem")
# The products of Red Hat whose packages a host of the release runs as they are; the rest are products of their own.
_RED_HAT = {"enterprise_linux": "", "rhel_eus": "eus", "rhel_e4s": "e4s", "rhel_aus": "aus", "rhel_tus": "tus"}


def of_ecosystem(text: str) -> str | None:
    """The stream that an ecosystem of OSV means; None for one that names no release or no family of Linux hosts."""
    family, _colon, rest = text.partition(":")
    family = family.strip().lower()
    if family == "red hat":
        return _red_hat(rest)
    if family in ("suse", "opensuse"):
        return _suse(family, rest)
    known = _FAMILIES.get(family)
    if known == UPSTREAM:
        return UPSTREAM
    words = [word for word in rest.split(":") if word]
    releases = [word for word in words if _RELEASE.match(word)]
    if known is None or len(releases) != 1:
        return None
    # LTS says how long, not which packages; every other word is a stream beside the release's own, wherever it stands.
    names = sorted(word.lower() for word in words if word not in (releases[0], "LTS"))
    return ":".join([known, releases[0], *(["+".join(names)] if names else [])])


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
        return f"suse:{release}"
    if product in ("leap", "opensuse leap"):
        return f"opensuse:{release}"
    return f"{family}:{release}:{product.replace(' ', '_')}"


# os-release's ID -> family of streams.
_IDS = {"debian": "debian", "ubuntu": "ubuntu", "rhel": "redhat", "rocky": "rocky", "almalinux": "almalinux", "ol": "oracle", "amzn": "amazon",
        "sles": "suse", "opensuse-leap": "opensuse", "fedora": "fedora", "centos": "centos"}
_MAJOR_ONLY = ("redhat", "rocky", "almalinux", "oracle", "centos")
_MINOR = re.compile(r"\.el([0-9]+)_([0-9]+)")

# What a version says of the stream that it was built in: no advisory of the base release can judge it.
_MARKS = ((re.compile(r"~bpo[0-9]+"), "backports"), (re.compile(r"\.ksplice[0-9]*\."), "ksplice"), (re.compile(r"_fips\b|\bfips"), "fips"),
          (re.compile(r"\.el[0-9_]+(?:\.[0-9]+)*\.elrepo|\.elrepo"), "elrepo"))


def of_host(os_id: str, version_id: str, version: str) -> list[str]:
    """The streams that a package of this version on this host can be judged by, the nearest first; empty where none is known.

    ``version`` is the package's own: it tells backports, Ksplice's and FIPS builds, and the minor release of Red Hat's.
    """
    family = _IDS.get(os_id)
    if family is None or not _RELEASE.match(version_id):
        return []
    release = version_id.split(".")[0] if family in _MAJOR_ONLY else version_id
    base = f"{family}:{release}"
    for mark, name in _MARKS:
        if mark.search(version):
            return [f"{base}:{name}"]
    minor = _MINOR.search(version)
    if family == "redhat" and minor:
        long_lived = [f"{family}:{minor[1]}.{minor[2]}:{name}" for name in ("eus", "e4s", "aus", "tus")]
        return [*long_lived, base]
    return [base, f"{base}:pro"] if family == "ubuntu" else [base]
