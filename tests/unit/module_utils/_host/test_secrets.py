# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record leaves its host without secrets, whatever they stand in."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host import secrets
from ansible_collections.firebreak.fleet.plugins.module_utils._scan.scan import scan
from recorded_host import RecordedHost


@pytest.mark.parametrize(("value", "public"), [
    ({"db_password": "S3CRET", "n": 1}, {"db_password": "(removed)", "n": 1}),
    (["kubelet", "--token", "S3CRET", "--v", "2"], ["kubelet", "--token", "(removed)", "--v", "2"]),
    (["x", "--password", "--force"], ["x", "--password", "--force"]),
    ([{"argv": ("a", "--api-key=S3CRET")}], [{"argv": ["a", "--api-key=(removed)"]}]),
    ({"sealed_secret_enabled": "true", "token": None, "secrets": 3}, {"sealed_secret_enabled": "true", "token": None, "secrets": 3}),
    ({"/usr/bin/passwd": "sha256:ab"}, {"/usr/bin/passwd": "sha256:ab"}),
])
def test_a_document_is_cleaned_by_keys_and_options(value: Any, public: Any) -> None:
    assert secrets.cleaned(value) == public


def test_no_secret_of_a_host_is_in_its_record() -> None:
    host = RecordedHost({"uid": 0, "uname": ["Linux", "h", "6.1", "v", "x86_64"], "now": 1790000000, "read": {
        "/proc/cmdline": "ro rd.iscsi.password=S3CRET systemd.setenv=A=S3CRET netroot=iscsi:a:S3CRET@b::::c\n"}})
    record = scan(host, ["kernel", "boot", "os"], {})
    assert "S3CRET" not in str(record) and "rd.iscsi.password=(removed)" in str(record)
