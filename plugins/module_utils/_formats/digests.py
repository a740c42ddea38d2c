# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of files, as package managers keep them."""

import hashlib
import re
from typing import Dict, Optional

_MD5_LINE = re.compile(r"^([0-9a-f]{32})  (\S.*)$", re.MULTILINE)
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}


def parse_md5sums(text: str) -> Dict[str, str]:
    """Path -> md5 of a package's list."""
    return {"/" + name: digest for digest, name in _MD5_LINE.findall(text)}


def fingerprint(data: bytes, like: str) -> Optional[str]:
    """The digest of ``data`` by the algorithm of ``like``; None where this Python refuses it (md5 under FIPS)."""
    try:
        return hashlib.new(_ALGORITHMS[len(like)], data).hexdigest()
    except (KeyError, ValueError):
        return None
