# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a changed copy of this machine, or of another root, with the scan and with the proof's questions. Needs root."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from firebreak_proof import asking
from firebreak_proof.gathering import QUESTIONS
from layering import LAYER
from workshop import REPOSITORY

MULTI_CALL = "/usr/bin/coreutils"
# The layout of Ubuntu 25.10 and later: coreutils has no programs, and each program is a link to the one binary of rust-coreutils.
# sudo-rs as sudo, by way of an alternative, and the former one beside it.
SUDO_RS = """
mv /usr/bin/sudo /usr/bin/sudo.ws
ln -s /usr/lib/cargo/bin/sudo /etc/alternatives/sudo
ln -s /etc/alternatives/sudo /usr/bin/sudo
"""
UUTILS = r"""
cd /usr/lib/cargo/bin/coreutils
for name in *; do case $name in '['|test) ;; *) ln -sf "../lib/cargo/bin/coreutils/$name" "/usr/bin/$name" ;; esac; done
printf '%s\n' /usr/bin/* | grep -Fxf - /var/lib/dpkg/info/coreutils.list >/var/lib/dpkg/info/coreutils-from-uutils.list
sed -i -E '/  (usr\/)?bin\//d' /var/lib/dpkg/info/coreutils.md5sums
"""
LIE = "rm -f /usr/bin/uname; printf '#!/bin/sh\\necho 9.9.9-lie\\n' >/usr/bin/uname; chmod 755 /usr/bin/uname"
_WITHIN = LAYER + r"""
folder=$1; repository=$2; change=$3; sections=$4; lower=$5; become=$6
mkdir "$folder/layer"
layer "$folder/layer" "$lower"
root=$folder/layer/root
mount -t proc proc "$root/proc"
for path in /sys /dev "$folder" "$repository"; do mkdir -p "$root$path"; mount --rbind "$path" "$root$path"; done
exec chroot "$root" sh -eu -c "$change
$become /usr/bin/python3 $folder/scan.py $repository $sections >$folder/record.json
$become sh $folder/questions.sh >$folder/answers"
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
_DEVICE = re.compile(r"\t\d+:(?=\d+\t)")


class Seen(NamedTuple):
    """What the scan and the proof's questions say of a copy."""

    record: dict[str, Any]
    answers: dict[str, asking.Answer]


def look(folder: Path, change: str, section: str = "", question: str = "", lower: str = "/", become: str = "") -> Seen:
    """Change a copy of a root by a shell text, and look at it, or at one section of it and one question, by what becomes root there."""
    folder.mkdir()
    asked = [one for one in QUESTIONS if not one.given and question in ("", one.name)]
    (folder / "scan.py").write_text(_SCAN, encoding="utf-8")
    (folder / "questions.sh").write_text(asking.script(asked, "f00d"), encoding="utf-8")
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _WITHIN, "sh", str(folder), str(REPOSITORY), change, section, lower,
            become]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    answers = asking.answers((folder / "answers").read_text(encoding="utf-8", errors="replace"), "f00d")
    return Seen(json.loads((folder / "record.json").read_text(encoding="utf-8")), answers)


def differences(one: Seen, other: Seen) -> list[str]:
    """What the scan and the proof's questions say otherwise of two copies, but for what is another thing at each look."""
    records = [{name: value for name, value in seen.record.items() if name not in _MOMENTARY} for seen in (one, other)]
    for record in records:
        # What became root there is a process itself.
        record["services"] = {name: value for name, value in record["services"].items() if name != "examined"}
        record["boot"] = {name: value for name, value in record["boot"].items() if name not in ("booted_at", "uptime_seconds")}
    # What stands on standard error is for a person, and has words of its own; the number of a copy's device is its mount's.
    told = [{name: (_DEVICE.sub("\t", answer.out), answer.status) for name, answer in seen.answers.items() if name not in _OF_THE_MOMENT}
            for seen in (one, other)]
    pairs: list[tuple[str, dict[str, Any], dict[str, Any]]] = [("record", records[0], records[1]), ("answers", dict(told[0]), dict(told[1]))]
    return [f"{what}.{name}: {left.get(name)!r} and {right.get(name)!r}" for what, left, right in pairs
            for name in sorted({*left, *right}) if left.get(name) != right.get(name)]
