# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine with the programs of uutils in the layout of Ubuntu 25.10 and later, held against itself with those of GNU. Needs root.

There the package coreutils has no programs, and each program is a link to the one binary of rust-coreutils. The scan and the proof must say the same
of both, and both must see a witness that was replaced.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from firebreak_proof import asking
from firebreak_proof.gathering import QUESTIONS
from workshop import REPOSITORY

MULTI_CALL = "/usr/bin/coreutils"
_UUTILS = r"""
cd /usr/lib/cargo/bin/coreutils
for name in *; do case $name in '['|test) ;; *) ln -sf "../lib/cargo/bin/coreutils/$name" "/usr/bin/$name" ;; esac; done
printf '%s\n' /usr/bin/* | grep -Fxf - /var/lib/dpkg/info/coreutils.list >/var/lib/dpkg/info/coreutils-from-uutils.list
sed -i -E '/  (usr\/)?bin\//d' /var/lib/dpkg/info/coreutils.md5sums
"""
_LIE = "rm -f /usr/bin/uname; printf '#!/bin/sh\\necho 9.9.9-lie\\n' >/usr/bin/uname; chmod 755 /usr/bin/uname"
_WITHIN = r"""
set -eu
folder=$1; repository=$2; change=$3; sections=$4
mount --make-rprivate /
mkdir "$folder/layer"
mount -t tmpfs tmpfs "$folder/layer"
mkdir "$folder/layer/upper" "$folder/layer/work" "$folder/layer/root"
root=$folder/layer/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/layer/upper,workdir=$folder/layer/work" "$root"
mount -t proc proc "$root/proc"
for path in /sys /dev "$folder" "$repository"; do mkdir -p "$root$path"; mount --rbind "$path" "$root$path"; done
exec chroot "$root" sh -eu -c "$change
/usr/bin/python3 $folder/scan.py $repository $sections >$folder/record.json
sh $folder/questions.sh >$folder/answers"
"""
_SCAN = """
import json, sys, time
sys.path.insert(0, sys.argv[1] + "/collections")
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._scan.scan import scan
print(json.dumps(scan(LiveHost(time.monotonic() + 120), sys.argv[2:], {})))
"""
# What is another thing at each look: times, and processes of the look itself.
_MOMENTARY = ("scanned_at", "seconds", "scanner")
_OF_THE_MOMENT = ("clock", "uptime", "cache_age")


class Seen(NamedTuple):
    """What the scan and the proof's questions say of a copy."""

    record: dict[str, Any]
    answers: dict[str, asking.Answer]


def look(folder: Path, change: str, section: str = "", question: str = "") -> Seen:
    """Change a copy of this machine by a shell text, and look at it, or at one section of it and one question."""
    folder.mkdir()
    asked = [one for one in QUESTIONS if not one.given and question in ("", one.name)]
    (folder / "scan.py").write_text(_SCAN, encoding="utf-8")
    (folder / "questions.sh").write_text(asking.script(asked, "f00d"), encoding="utf-8")
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _WITHIN, "sh", str(folder), str(REPOSITORY), change, section]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    answers = asking.answers((folder / "answers").read_text(encoding="utf-8", errors="replace"), "f00d")
    return Seen(json.loads((folder / "record.json").read_text(encoding="utf-8")), answers)


@pytest.fixture(scope="module")
def gnu(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return look(tmp_path_factory.mktemp("gnu") / "host", "true")


@pytest.fixture(scope="module")
def uutils(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return look(tmp_path_factory.mktemp("uutils") / "host", f"{_UUTILS}\n[ \"$(readlink -f /usr/bin/uname)\" = {MULTI_CALL} ]")


def test_the_scan_says_the_same_of_both(gnu: Seen, uutils: Seen) -> None:
    records = [{name: value for name, value in seen.record.items() if name not in _MOMENTARY} for seen in (gnu, uutils)]
    for record in records:
        record["boot"] = {name: value for name, value in record["boot"].items() if name not in ("booted_at", "uptime_seconds")}
    assert records[0]["os"]["altered_files"] == []
    assert records[1] == records[0]


def test_the_proof_is_told_the_same_by_both(gnu: Seen, uutils: Seen) -> None:
    assert gnu.answers.keys() == uutils.answers.keys() >= {"altered", "stale", "installed", "running", "managers", "vulnerabilities"}
    # What stands on standard error is for a person, and has words of its own.
    told = [{name: (answer.out, answer.status) for name, answer in seen.answers.items() if name not in _OF_THE_MOMENT} for seen in (gnu, uutils)]
    assert told[1] == told[0]


def test_a_replaced_uname_is_seen_by_both(tmp_path: Path) -> None:
    seen = look(tmp_path / "host", f"{_UUTILS}\n{_LIE}", "os", "altered")
    assert seen.record["os"]["altered_files"] is None
    assert [null["detail"] for null in seen.record["nulls"] if null["fact"] == "os.altered_files"] == [
        "/usr/bin/uname: no package has a digest of it: /var/lib/dpkg/info/*.md5sums"]
    assert "/usr/bin/uname" in seen.answers["altered"].out.split()


def test_another_build_of_all_programs_is_seen_by_both(tmp_path: Path) -> None:
    seen = look(tmp_path / "host", f"{_UUTILS}\necho >>{MULTI_CALL}", "os", "altered")
    assert seen.record["os"]["altered_files"] == [f"{MULTI_CALL} (rust-coreutils)"]
    assert MULTI_CALL in seen.answers["altered"].out.split()
