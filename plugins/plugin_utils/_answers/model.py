# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an advisory says, whatever feed it came from: which package of which stream has the hole, and from which version on it is closed."""

from __future__ import annotations

from typing import NamedTuple

SOURCE, BINARY = "source", "binary"
AFFECTED, NOT_AFFECTED, UNDER_INVESTIGATION = "affected", "not_affected", "under_investigation"
# The package of a row that is about every package of its stream for which no other row is.
EVERYTHING = "*"


class LivePatch(NamedTuple):
    """The live patch that closes the hole: a pattern of its module's name whose first group is a number, and the least such number."""

    module: str
    version: int


class Row(NamedTuple):
    """One package of one stream.

    ``introduced`` and ``fixed`` are versions in the stream's own order; '' for introduced means since ever, None for fixed means that
    there is no fix yet. ``last`` is the last version that has the hole, where the feed tells that and not the first without it ('').
    ``state`` is not_affected where the feed says that the package never had the hole. ``modules`` are the module streams whose builds alone are meant
    ("virt-devel:rhel virt:rhel"); '' where none is named.
    """

    stream: str
    package: str
    kind: str = SOURCE
    introduced: str = ""
    fixed: str | None = None
    state: str = AFFECTED
    live_patch: LivePatch | None = None
    last: str = ""
    modules: str = ""


class Advisory(NamedTuple):
    """One advisory: its own id, the CVE ids that it is about, and its rows; ``files`` are the kernel's source files that hold the hole.

    ``other`` names packages of rows that were left out, since no record tells of them.
    """

    id: str
    cves: tuple[str, ...]
    rows: tuple[Row, ...]
    summary: str = ""
    published: str = ""
    files: tuple[str, ...] = ()
    other: str = ""


class FeedError(ValueError):
    """A feed, or a document of it, cannot be read; the message names the file, what was seen and what was wanted."""


class UnknownFormError(FeedError):
    """A document that can be read and is none of the forms that are known: nothing of a feed is missing for it."""


class Exploited(NamedTuple):
    """A CVE that is exploited, by CISA, and the day by which it has to be closed."""

    cve: str
    due: str
    ransomware: bool = False


class Likelihood(NamedTuple):
    """How likely a CVE is exploited within 30 days, by EPSS."""

    cve: str
    score: float


Item = Advisory | Exploited | Likelihood
