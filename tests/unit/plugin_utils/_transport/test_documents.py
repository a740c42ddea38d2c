# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's document says of an error: one line, printable, bounded, and without what may be a secret."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport import documents


@pytest.mark.parametrize(("error", "line"), [
    ("ssh: exec nc --proxy-auth=me:S3CRET -x http://me:S3CRET@proxy:3128 web1:\r\n not found", "not found"),
    ("kcarectl: --register-token S3CRET refused", "kcarectl: --register-token (removed) refused"),
    ("\x1b[31mno\x07", "?[31mno?"),
    ("", "no reason was given"),
])
def test_an_error_is_one_line_that_tells_no_secret(error: str, line: str) -> None:
    told = documents.told("web1", error)
    assert told.startswith("web1: ") and line in told and told.isprintable()
    assert "S3CRET" not in told
