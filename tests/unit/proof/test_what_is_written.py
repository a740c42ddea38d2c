# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof writes: results, the page, and evidence that can be checked."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
from firebreak_proof import checking, evidence, results
from firebreak_proof.asking import Answer
from firebreak_proof.gathering import Asked
from firebreak_proof.proof import Proof
from firebreak_proof.results import Result
from firebreak_proof.standards import Standard

RESULTS = [Result("web2", "kernel.held", "failed", "web2 holds <kernels> back", "t::b"), Result("web1", "os.id", "passed", "", "t::a"),
           Result("web1", "os.id", "waived", "web1 is waived", "t::c"), Result("web2", "os.id", "passed", "", "t::a")]


def test_the_worst_test_of_a_promise_counts() -> None:
    data = results.as_data(RESULTS)["hosts"]
    assert isinstance(data, dict)
    assert data["web1"]["promises"]["os.id"]["outcome"] == "waived"
    assert data["web1"]["broken"] == []
    assert data["web2"]["broken"] == ["kernel.held"]


def test_lines_name_host_and_promise() -> None:
    assert list(results.lines(RESULTS)) == [
        "web1: 0 of 1 promise hold, 1 is waived", "  os.id: web1 is waived",
        "web2: 1 of 2 promises are broken", "  kernel.held: web2 holds <kernels> back"]


def test_the_page_has_a_row_per_host_and_no_markup_of_a_hosts_own() -> None:
    page = results.page(RESULTS)
    assert page.count("<tr><th>") == 3
    assert "<kernels>" not in page
    assert "2 hosts, 3 promises, 1 broken." in page


def asked() -> list[Asked]:
    """Two hosts, one of which has a name that is no file's."""
    answers = {"clock": Answer("now 2026\n", "", 0, 1_790_000_000)}
    return [Asked(Proof(name, Standard({"os.id": "debian"}, (), ()), answers), 1, 0.5, "2026-11-24T00:00:00Z") for name in ("web1", "../x")]


def test_evidence_is_the_same_bytes_for_the_same_content() -> None:
    content = evidence.files(asked(), RESULTS)
    assert evidence.archive(content, "e") == evidence.archive(dict(reversed(content.items())), "e")
    assert all(".." not in name for name in content)
    host = json.loads(content["hosts/web1.json"])
    assert host["answers"]["clock"]["asked_at"] == "2026-09-21T14:13:20Z"
    assert host["answers"]["clock"]["out_sha256"] == hashlib.sha256(b"now 2026\n").hexdigest()


def unpacked(path: Path, folder: Path) -> Path:
    """The folder in an archive."""
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as archive:
        archive.extractall(folder, filter="data")
    return folder / path.name.removesuffix(".tar.gz")


def check(folder: Path) -> int:
    """sha256sum's verdict on what was unpacked."""
    return subprocess.run(["sha256sum", "--check", "--strict", "--quiet", evidence.MANIFEST], cwd=folder, capture_output=True, check=False).returncode


def test_evidence_can_be_checked_and_tampering_shows(tmp_path: Path) -> None:
    evidence.write(tmp_path / "made/e.tar.gz", asked(), RESULTS, "")
    assert (tmp_path / "made/e.tar.gz").stat().st_mode & 0o777 == 0o600
    folder = unpacked(tmp_path / "made/e.tar.gz", tmp_path)
    assert check(folder) == 0
    (folder / "hosts/web1.json").write_text("{}", encoding="utf-8")
    assert check(folder) != 0


def test_a_folder_gets_a_file_named_by_the_time(tmp_path: Path) -> None:
    now = datetime(2026, 11, 24, 6, tzinfo=timezone.utc)
    assert evidence.destination(str(tmp_path), now) == tmp_path / "evidence-20261124T060000Z.tar.gz"
    assert evidence.destination("new/", now) == Path("new/evidence-20261124T060000Z.tar.gz")
    assert evidence.destination("x.tar.gz", now) == Path("x.tar.gz")


def written(tmp_path: Path, changes: dict[str, bytes | None]) -> Path:
    """An archive as somebody else leaves it: files added, changed, or (None) taken away."""
    content = {name: data for name, data in {**evidence.files(now_asked(), RESULTS), **changes}.items() if data is not None}
    path = tmp_path / "e.tar.gz"
    path.write_bytes(evidence.archive(content, "e"))
    return path


def now_asked() -> list[Asked]:
    answers = {"clock": Answer("now 2026\\n", "", 0, 1_790_000_000)}
    return [Asked(Proof("web1", Standard({"os.id": "debian"}, (), ()), answers), 1, 0.5, "2026-09-21T14:00:00Z")]


@pytest.mark.parametrize(("changes", "found"), [
    ({}, []), ({"hosts/web2.json": b"{}"}, ["hosts/web2.json: was added"]), ({"proof.json": None}, ["proof.json: was taken away"]),
    ({"proof.json": b"{}"}, ["proof.json: was changed"]), ({evidence.MANIFEST: None}, [f"{evidence.MANIFEST}: missing"])])
def test_what_was_done_to_evidence_shows(changes: dict[str, bytes | None], found: list[str], tmp_path: Path) -> None:
    said = checking.problems(written(tmp_path, changes))
    assert [line for line in said if "hosts/web2.json: cannot" not in line] == found


def test_an_answer_of_another_time_shows(tmp_path: Path) -> None:
    forged = Proof("web1", Standard({}, (), ()), {"clock": Answer("x", "", 0, 17)})
    content = evidence.files([asked._replace(proof=forged) for asked in now_asked()], [])
    (tmp_path / "e.tar.gz").write_bytes(evidence.archive(content, "e"))
    assert checking.problems(tmp_path / "e.tar.gz") == ["hosts/web1.json: clock: answered at 1970-01-01T00:00:17Z, asked at 2026-09-21T14:00:00Z"]


def test_what_is_no_archive_is_no_evidence(tmp_path: Path) -> None:
    (tmp_path / "e.tar.gz").write_text("nothing")
    assert "cannot be read as evidence" in checking.problems(tmp_path / "e.tar.gz")[0]


def test_evidence_takes_the_place_of_what_is_there_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "e.tar.gz"
    path.write_text("old")
    path.chmod(0o644)
    evidence.write(path, now_asked(), RESULTS, "")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["e.tar.gz"]


def test_a_place_or_key_that_will_not_do_is_known_before_anybody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(evidence.EvidenceError, match="cannot be written"):
        evidence.check(tmp_path / "file" / "e.tar.gz", "")
    with pytest.raises(evidence.EvidenceError, match="cannot be signed"):
        evidence.check(tmp_path / "e.tar.gz", str(tmp_path / "no-key"))
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_both_signatures_are_checked(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "signers").write_text(f"auditor {key.with_suffix('.pub').read_text(encoding='utf-8')}", encoding="utf-8")
    path = tmp_path / "e.tar.gz"
    evidence.write(path, now_asked(), RESULTS, str(key))
    assert checking.problems(path, str(tmp_path / "signers"), "auditor") == []
    assert checking.problems(path, str(tmp_path / "signers"), "other") != []
    path.write_bytes(path.read_bytes() + b"\0" * 512)
    assert "e.tar.gz.sig: no signature of auditor's over this" in checking.problems(path, str(tmp_path / "signers"), "auditor")
