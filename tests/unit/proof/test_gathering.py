# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that cannot be asked is told in the words of ssh, not in those of Python."""

from __future__ import annotations

import pytest
from firebreak_proof.gathering import _last_line


@pytest.mark.parametrize(("text", "wanted"), [
    ("Unexpected exit code 255 for CommandResult(backend=<x>, exit_status=255, command=b\"ssh web1 'sh -c x'\", _stdout=b'', "
     "_stderr=b'ssh: connect to host 127.0.0.50 port 2210: Connection refused\\r\\n')",
     "ssh: connect to host 127.0.0.50 port 2210: Connection refused"),
    ("CommandResult(_stdout=b'', _stderr=b'Warning: x\\r\\nHost key verification failed.\\r\\n')", "Host key verification failed."),
    ("CommandResult(_stdout=b'sh: it\\'s gone', _stderr=b'')", "sh: it's gone"),
    ('CommandResult(_stdout=b"", _stderr=b"it\'s full\\n")', "it's full"),
    ("plain words\nof two lines", "of two lines"),
    ("", "it says nothing"),
    ("CommandResult(_stdout=b'', _stderr=b'\\x1b[31mred')", "\\x1b[31mred"),
])
def test_the_last_line_is_what_was_said(text: str, wanted: str) -> None:
    assert _last_line(text) == wanted
