# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof leaves to other people's tools: the order of versions to dpkg and rpm, signatures to OpenSSH.

A tool that is missing is a failure, not a skip: ``make test-system`` installs them.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from firebreak_proof import evidence
from firebreak_proof.views import ordering
from firebreak_proof.views.ordering import Order

BOTH = [("6.1.158-1", "6.1.159-1", -1), ("1:7.2+dfsg-7+deb12u13", "1:7.2+dfsg-7+deb12u9", 1), ("2:1.0", "1:9.9", 1), ("6.12~rc1-1", "6.12-1", -1)]
# The two differ where letters meet numbers.
PAIRS = {"dpkg": [*BOTH, ("5.14.0-570.12.1.el9", "5.14.0-570.el9", -1)], "rpm": [*BOTH, ("5.14.0-570.12.1.el9", "5.14.0-570.el9", 1)]}


def order_by(tool: str, folder: Path) -> Order:
    """The order that the suite's own question gets where only this package manager is."""
    question = ordering.question([{one, other} for one, other, _sign in PAIRS[tool]])
    assert question is not None
    found = shutil.which(tool)
    assert found, f"{tool} is not installed; run make test-system, or apt-get install {tool}"
    (folder / tool).symlink_to(found)
    shell = shutil.which("sh")
    assert shell
    done = subprocess.run([shell, "-c", question.shell], env={"PATH": str(folder)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Order(done.stdout)


@pytest.mark.parametrize("tool", ["dpkg", "rpm"])
def test_the_hosts_own_tool_orders_versions(tool: str, tmp_path: Path) -> None:
    order = order_by(tool, tmp_path)
    for one, other, sign in PAIRS[tool]:
        assert order.compare(one, other) == sign, (one, other)
        assert order.compare(other, one) == -sign, (other, one)


def test_signed_evidence_is_verified_and_tampering_shows(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "signers").write_text(f"auditor {key.with_suffix('.pub').read_text(encoding='utf-8')}", encoding="utf-8")
    evidence.write(tmp_path / "e.tar.gz", [], [], str(key))
    folder = tmp_path / "e"
    with tarfile.open(fileobj=io.BytesIO((tmp_path / "e.tar.gz").read_bytes())) as archive:
        archive.extractall(tmp_path, filter="data")
    argv = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "signers"), "-I", "auditor", "-n", evidence.NAMESPACE, "-s", evidence.SIGNATURE]
    manifest = (folder / evidence.MANIFEST).read_bytes()
    assert subprocess.run(argv, cwd=folder, input=manifest, capture_output=True, check=False).returncode == 0
    assert subprocess.run(argv, cwd=folder, input=manifest + b"\n", capture_output=True, check=False).returncode != 0


def test_a_key_that_does_not_sign_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key", encoding="utf-8")
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(evidence.EvidenceError, match="cannot be signed with"):
        evidence.write(tmp_path / "e.tar.gz", [], [], str(tmp_path / "key"))
    assert not (tmp_path / "e.tar.gz").exists()
