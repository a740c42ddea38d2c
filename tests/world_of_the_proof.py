# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorded host as a folder that the proof's own shell can look at: its processes as files, its tools as small programs that say what was written.

What only a kernel can give stands in tables: which file a path leads to, and on which mount.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

from firebreak_proof.asking import Answer, Question
from firebreak_proof.proof import Proof
from firebreak_proof.questions.carried import CARRIED, MOUNT_OF
from firebreak_proof.standards import NOTHING

_PROGRAMS = ("sh", "readlink", "sed", "awk", "tr", "ls", "grep", "sort", "head", "wc", "timeout", "cat", "cut", "date", "md5sum", "tail",
             "base64", "stat", "xargs", "find")
# Within the shell itself, for a process for each question would take its time.
_LOOK_UP = """%s() {
  for asked; do :; done
  while read -r value path; do [ "$path" = "$asked" ] && echo "$value" && return 0; done <'%s'
  return 1
}
"""
_CTR = """#!/bin/sh
space=none
while [ $# -gt 0 ]; do
  case $1 in -a) shift 2 ;; -n) space=$2; shift 2 ;; *) break ;; esac
done
cd "${0%/*}/../ctr" || exit 1
case $*.$4 in
  'namespaces ls -q.') ls ;; 'containers ls.') cat "$space/containers" ;; 'containers ls -q '*) cat "$space/pods" ;;
  'tasks ls.') cat "$space/tasks" ;; 'containers info '*) cat "$space/info-$3" ;; *) exit 1 ;;
esac
"""
_SOCKET = "run/containerd/containerd.sock"


class Folder:
    """The folder of one host; ``tools`` are the texts of programs that it has beside the usual ones."""

    def __init__(self, place: Path, recording: dict[str, Any], tools: dict[str, str]) -> None:
        self._place, self._recording = place, recording
        (place / "bin").mkdir(parents=True)
        for name in _PROGRAMS:
            (place / "bin" / name).symlink_to(shutil.which(name) or name)
        for name, text in tools.items():
            self._program(name, text)
        self._tables()
        for pid in recording["listdir"]["/proc"]:
            self._process(pid)
        self._write("proc", {"uptime": recording["read"]["/proc/uptime"]})
        self._write("proc/self/ns", {f"{kind}": f"{kind}:[1]" for kind in ("pid", "user", "net", "mnt")}, links=True)
        for path, text in recording["read"].items():
            if path.startswith(("/run/vc/", "/run/kata/")) and isinstance(text, str):
                self._write(str(Path(path).parent).lstrip("/"), {Path(path).name: text})

    def _program(self, name: str, text: str) -> None:
        (self._place / "bin" / name).write_text(text)
        (self._place / "bin" / name).chmod(0o755)

    def _write(self, folder: str, entries: dict[str, str], links: bool = False) -> None:
        (self._place / folder).mkdir(parents=True, exist_ok=True)
        for name, text in entries.items():
            path = self._place / folder / name
            if links:
                path.symlink_to(text)
            else:
                path.write_text(text)

    def _tables(self) -> None:
        stats = {path: f"{stat[7]}:{stat[8]}" for path, stat in self._recording["stat"].items() if isinstance(stat, list)}
        mounts = {path: str(number) for path, number in self._recording.get("mount_id", {}).items()}
        for name, table in (("stat", stats), ("mount_of", mounts)):
            rows = [f"{value} {prefix}{path}\n" for path, value in table.items() for prefix in ("", self._place)]
            (self._place / name).write_text("".join(rows))

    def _process(self, pid: str) -> None:
        folder, recorded = f"/proc/{pid}", self._recording
        status = recorded["read"][f"{folder}/status"] + f"Pid:\t{pid}\n"
        status += "" if "\nUid:" in status else f"Uid:\t{recorded['stat'][folder][2]}\n"
        # The kernel names a process before it numbers it.
        status = "".join(sorted(status.splitlines(True), key=lambda line: not line.startswith(("Name:", "Pid:"))))
        texts = {"status": status, "cmdline": recorded["read"][f"{folder}/cmdline"], "mountinfo": recorded["read"].get(f"{folder}/mountinfo", ""),
                 "stat": recorded["read"][f"{folder}/stat"], "cgroup": recorded["read"].get(f"{folder}/cgroup", ""),
                 "environ": recorded["read"].get(f"{folder}/environ", "")}
        # What is recorded as a problem cannot be read here either.
        self._write(folder.lstrip("/"), {name: text for name, text in texts.items() if isinstance(text, str)})
        exe = recorded["readlink"][f"{folder}/exe"]
        self._write(folder.lstrip("/"), {"exe": exe, "root": "/"}, links=True)
        spaces = {path.rpartition("/")[2]: link for path, link in recorded["readlink"].items() if path.startswith(f"{folder}/ns/")}
        inode = recorded["stat"][f"{folder}/root"][8]
        own_root = inode != recorded["stat"]["/"][8]
        self._write(f"proc/{pid}/ns", {"mnt": f"mnt:[{inode if own_root else 1}]"} | spaces, links=True)
        held = {path.rpartition("/")[2]: link for path, link in recorded["readlink"].items() if path.startswith(f"{folder}/fd/")}
        self._write(f"proc/{pid}/fd", held, links=True)

    def with_containerd(self, rows: list[dict[str, Any]]) -> None:
        """A containerd whose ctr lists these containers: space, id, pid, and what is not usual of them."""
        self._program("ctr", _CTR)
        tables: dict[str, dict[str, str]] = {}
        for row in rows:
            space = tables.setdefault(row["space"], {"containers": "CONTAINER IMAGE RUNTIME\n", "pods": "", "tasks": "TASK PID STATUS\n"})
            space["containers"] += f"{row['id']} {row.get('image', '-')} {row.get('runtime', 'io.containerd.runc.v2')}\n"
            space["pods"] += f"{row['id']}\n" if row.get("is_pod") else ""
            space["tasks"] += f"{row['id']} {row['pid']} {row.get('state', 'RUNNING')}\n"
            space[f"info-{row['id']}"] = json.dumps({"Labels": row.get("labels", {}), "SandboxID": row.get("sandbox", "")}, indent=4)
        for name, entries in tables.items():
            self._write(f"ctr/{name}", entries)
        (self._place / _SOCKET).parent.mkdir(parents=True, exist_ok=True)
        folder = os.open((self._place / _SOCKET).parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as listening:
            # A socket's whole path may have 107 bytes.
            listening.bind(f"/proc/self/fd/{folder}/{Path(_SOCKET).name}")
        os.close(folder)

    def proof(self, questions: tuple[Question, ...] = CARRIED) -> Proof:
        """What the proof's questions, those about living containers unless others are given, answer here."""
        answers = {}
        for question in questions:
            head, tail = (re.sub(r"(?<![\w.])/(proc|run|snap|var|usr/local)/(?!\()", rf"{self._place}/\1/", part)
                          for part in question.shell.partition(MOUNT_OF)[::2])
            shell = head + "".join(_LOOK_UP % (name, self._place / name) for name in ("stat", "mount_of") if tail) + tail
            done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
                                  env={"PATH": str(self._place / "bin"), "LC_ALL": "C"})
            answers[question.name] = Answer(done.stdout, done.stderr, done.returncode, 1)
        return Proof("node1", NOTHING, answers)
