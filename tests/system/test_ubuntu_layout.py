# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine with the programs of uutils in the layout of Ubuntu 25.10 and later, held against itself with those of GNU. Needs root.

The scan and the proof must say the same of both, and both must see a witness that was replaced. sudo-rs is no package of this Debian:
test_testing_root.py has it, and tests/lab/full/test_newer_roots.py, on roots of newer releases.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from layouts import LIE, MULTI_CALL, UUTILS, Seen, differences, look


@pytest.fixture(scope="module")
def gnu(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return look(tmp_path_factory.mktemp("gnu") / "host", "true")


@pytest.fixture(scope="module")
def uutils(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return look(tmp_path_factory.mktemp("uutils") / "host", f"{UUTILS}\n[ \"$(readlink -f /usr/bin/uname)\" = {MULTI_CALL} ]")


def test_the_scan_and_the_proof_say_the_same_of_both(gnu: Seen, uutils: Seen) -> None:
    assert gnu.record["os"]["altered_files"] == []
    assert gnu.answers.keys() == uutils.answers.keys() >= {"altered", "stale", "installed", "running", "managers", "vulnerabilities"}
    assert differences(gnu, uutils) == []


def test_a_replaced_uname_is_seen_by_both(tmp_path: Path) -> None:
    seen = look(tmp_path / "host", f"{UUTILS}\n{LIE}", "os", "altered")
    assert seen.record["os"]["altered_files"] is None
    assert [null["detail"] for null in seen.record["nulls"] if null["fact"] == "os.altered_files"] == [
        "/usr/bin/uname: no package has a digest of it: /var/lib/dpkg/info/*.md5sums"]
    assert "/usr/bin/uname" in seen.answers["altered"].out.split()


def test_another_build_of_all_programs_is_seen_by_both(tmp_path: Path) -> None:
    seen = look(tmp_path / "host", f"{UUTILS}\necho >>{MULTI_CALL}", "os", "altered")
    assert seen.record["os"]["altered_files"] == [f"{MULTI_CALL} (rust-coreutils)"]
    assert MULTI_CALL in seen.answers["altered"].out.split()
