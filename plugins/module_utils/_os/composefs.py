# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bootc's deployments without ostree: each is one composefs image, which its digest names: as the root's source, and in its loader's entry.

What waits for the next boot is in a file of its own, and its entries in a folder that the shutdown exchanges for the loader's (bootc 1.16,
crates/lib/src/bootc_composefs).
"""

import json
import re
from typing import Any, Tuple

from .._formats import mountinfo

STAGED = "/run/composefs/staged-deployment"
STAGED_ENTRIES = "/loader/entries.staged"
STATE = "/sysroot/state/deploy"
_DIGEST = r"[0-9a-f]{64}(?:[0-9a-f]{64})?"
_ROOT = re.compile(r"(?:composefs:|transient:composefs=)(%s)\Z" % _DIGEST)


def booted(host: Any) -> str:
    """The digest of the image that runs as /; '' on other systems, those of ostree included."""
    root = mountinfo.covering(mountinfo.of_host(host) or mountinfo.of_process(host, "self"), "/")
    match = _ROOT.match(root.source) if root else None
    return match.group(1) if match else ""


def parse_staged(text: str) -> Tuple[str, bool]:
    """(the digest of what waits, whether no shutdown takes it); bootc before 2026 wrote the digest alone. ValueError for others."""
    if re.match(_DIGEST + r"\s*\Z", text):
        return text.strip(), False
    try:
        said = json.loads(text)
        digest, locked = said["depl_id"], said["finalization_locked"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("%s is of no form that is known: %.80r" % (STAGED, text)) from error
    if not (isinstance(digest, str) and re.match(_DIGEST + r"\Z", digest)) or not isinstance(locked, bool):
        raise ValueError("%s names no deployment: %.80r" % (STAGED, text))
    return digest, locked


def staged(host: Any) -> str:
    """The digest of the image that the shutdown makes the first, '' without one. ValueError where the file is of no form that is known."""
    answer = host.read(STAGED, 65536)
    if answer.problem == "absent":
        return ""
    if answer.problem:
        raise ValueError("%s: %s" % (STAGED, answer.detail))
    digest, locked = parse_staged(answer.value)
    return "" if locked else digest


def manifest_of(host: Any, digest: str) -> Tuple[str, str]:
    """(the digest of a deployment's image in its registry, where it is from) of its origin file; '' each where that does not say it."""
    text = host.read("%s/%s/%s.origin" % (STATE, digest, digest), 65536).if_there("")
    given = dict(re.findall(r"^[ \t]*([\w-]+)[ \t]*=[ \t]*(\S.*?)[ \t]*$", text, re.MULTILINE))
    return given.get("manifest_digest", ""), given.get("container-image-reference", "")
