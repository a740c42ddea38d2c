# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of files, as package managers keep them."""

import hashlib
import re
from typing import Dict, Optional

_MD5_LINE = re.compile(r"^([0-9a-f]{32})  (\S.*)$", re.MULTILINE)
# By the length of what they print. rpm 6 may write SHA-3 in place of SHA-2, and says in another field which of both it was.
_ALGORITHMS = {32: ("md5",), 40: ("sha1",), 56: ("sha224", "sha3_224"), 64: ("sha256", "sha3_256"), 96: ("sha384", "sha3_384"),
               128: ("sha512", "sha3_512")}


def parse_md5sums(text: str) -> Dict[str, str]:
    """Path -> md5 of a package's list."""
    return {"/" + name: digest for digest, name in _MD5_LINE.findall(text)}


def is_of(digest: str, data: bytes) -> Optional[bool]:
    """Whether a package manager's digest is that of ``data``, by any algorithm of its length.

    None for a length that none has, and where one that may be meant is refused (md5 under FIPS).
    """
    own = [_computed(algorithm, data) for algorithm in _ALGORITHMS.get(len(digest), ())]
    if digest in own:
        return True
    return None if None in own or not own else False


def _computed(algorithm: str, data: bytes) -> Optional[str]:
    try:
        return hashlib.new(algorithm, data).hexdigest()
    except ValueError:
        return None
