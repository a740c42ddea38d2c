# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digests of a release are signed, and checked as docs/releases.md says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from distributions import SUMS, sign
from workshop import REPOSITORY

CHECKS = re.findall(r"^\$ (ssh-keygen -Y verify .*|sha256sum .*)$", (REPOSITORY / "docs/releases.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_a_signature_is_of_these_digests_only(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "allowed_signers").write_text(f"releases@firebreak {(tmp_path / 'key.pub').read_text(encoding='utf-8')}", encoding="utf-8")
    (tmp_path / "thing").write_bytes(b"")
    sums = tmp_path / SUMS
    sums.write_text("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  thing\n", encoding="utf-8")
    sign(sums, key)
    assert [check.split()[0] for check in CHECKS] == ["ssh-keygen", "sha256sum"]
    assert [subprocess.run(check, shell=True, cwd=tmp_path, check=False).returncode for check in CHECKS] == [0, 0]
    sums.write_text(sums.read_text(encoding="utf-8").replace("e3b0", "e3b1"), encoding="utf-8")
    assert all(subprocess.run(check, shell=True, cwd=tmp_path, check=False).returncode for check in CHECKS)
