# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of a scan goes through the login shell of whoever logs in, as ssh hands it over: also one that quotes in a way of its own."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport import payload

OPTIONS = {"sections": ["os"], "available": False, "hypervisor_probe": "device", "hypervisor_release": "/opt/kata", "kata_files": [], "deadline": 60,
           "section_deadline": 30}


@pytest.mark.parametrize("shell", ["fish", "bash", "dash", "tcsh", "zsh", "mksh"])
def test_the_scan_runs_below_each_login_shell(shell: str) -> None:
    code = payload.payload()
    line = "/bin/sh -c " + shlex.quote(payload.command(code, "n0", [[sys.executable]]))
    done = subprocess.run([shell, "-c", line], input=payload.standard_input(code, OPTIONS), capture_output=True, timeout=120, check=False)
    reply = payload.parse_reply(done.stdout.decode(), done.stderr.decode(), done.returncode, "n0")
    assert reply.record, (reply.error, reply.probe, done.stderr)
    assert json.dumps(reply.record["os"])
