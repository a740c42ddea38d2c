# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorded host as a folder with all its files, for questions of the proof that follow links and compare files: their absolute paths, those in
texts and command lines too, lead below the folder. What only a kernel can say of a process's links stands in tables."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from firebreak_proof.asking import Answer, Question
from firebreak_proof.proof import Proof
from firebreak_proof.questions.carried import MOUNT_OF
from firebreak_proof.standards import NOTHING

_TOOLS = ("sh", "readlink", "sed", "awk", "tr", "ls", "grep", "sort", "head", "timeout", "cat", "cut", "date", "md5sum", "tail", "base64", "stat",
          "find", "xargs")
_PATH = re.compile(r"""(?<![\w.\\])/(?=(?:etc|opt|usr|run|var|snap|proc|srv|firecracker|home|data|nix|lib)(?:[/"'\s\0:,;)*]|\Z))(?!\w+/\()""")
_KERNEL = r"""
said() { while IFS='	' read -r path text; do [ "$path" = "$2" ] && printf '%%s' "$text" && return 0; done <'%(place)s/tables/'"$1"; return 1; }
mount_of() { said mounts "$1"; }
xargs() { "$@" $(cat); }
ls() {
  case "$*" in *%(place)s/proc/*) printf '%%s\n' "$@" | awk -F '\t' 'NR == FNR { wanted[$0] = 1; next }
    { folder = $1; sub(/\/[^\/]*$/, "", folder) } $1 in wanted { print "l 1 " $1 " -> " $2 }
    folder in wanted { print "l 1 " substr($1, length(folder) + 2) " -> " $2 }' - '%(place)s/tables/links' ;;
    *) command ls "$@" ;; esac
}
readlink() {
  for asked; do :; done
  case "$1:$asked" in -f:*) command readlink "$@" ;; *:%(place)s/proc/*) said links "$asked" ;; *) command readlink "$@" ;; esac
}
stat() {
  case "$*" in '-c %%Z '*)
    shift 2; for asked; do [ ! -e "$asked" ] || said changes "$asked" || echo 1; done; return ;;
  esac
  for asked; do :; done
  case "$*" in *%%W*)
    command stat -c "%%d:%%i %%Y $(said births "$asked" || echo 0) $(said changes "$asked" || echo 1)" "$asked" ;; *) command stat "$@" ;; esac
}
"""


class WholeFolder:
    """The folder of one host; ``tools`` are the texts of programs that it has beside the usual ones."""

    def __init__(self, place: Path, recording: dict[str, Any], tools: dict[str, str]) -> None:
        self._place, self._recording = place.resolve(), recording
        self._links = {path: target for path, target in recording["readlink"].items() if not path.startswith("/proc/")}
        for folder in ("bin", "tables", "held", "proc"):
            (place / folder).mkdir(parents=True)
        for name in _TOOLS:
            (place / "bin" / name).symlink_to(str(shutil.which(name)))
        for name, text in tools.items():
            self._write(f"/bin/{name}", text, 0o755)
        for path, target in sorted(self._links.items()):
            if not self._is_below_link(path):
                self._at(path).parent.mkdir(parents=True, exist_ok=True)
                self._at(path).symlink_to(self._moved(target))
        self._files()
        for pid in recording["listdir"]["/proc"]:
            self._process(pid)
        self._tables()

    def _at(self, path: str) -> Path:
        return Path(f"{self._place}{path}")

    def _moved(self, text: str) -> str:
        return _PATH.sub(f"{self._place}/", text)

    def _is_below_link(self, path: str) -> bool:
        return any(path != link and path.startswith(f"{link}/") for link in self._links)

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        self._at(path).parent.mkdir(parents=True, exist_ok=True)
        self._at(path).write_text(text, encoding="utf-8")
        self._at(path).chmod(mode)

    def _files(self) -> None:
        """All but what lies behind links, with the times that it had before the recording, counted from now."""
        now, stats = float(self._at("/bin").stat().st_mtime), self._recording["stat"]
        for path in [path for path, stat in stats.items() if isinstance(stat, list) and stat[0] == "directory" and path != "/"]:
            if not path.startswith("/proc") and not self._is_below_link(path) and path not in self._links and not path.endswith("@link"):
                self._at(path).mkdir(parents=True, exist_ok=True)
        for path, text in self._recording["read"].items():
            if path.startswith("/proc/") or path in self._links or self._is_below_link(path) or not isinstance(text, str):
                continue
            stat = stats.get(path, ["file", 0o644, 0, 0, 0, 0.0])
            self._write(path, self._moved(text), stat[1])
            self._dated(path, now)
        for path in [path for path in stats if self._at(path).is_dir() and not self._at(path).is_symlink()]:
            self._dated(path, now)

    def _dated(self, path: str, now: float) -> None:
        stat = self._recording["stat"].get(path, [])
        written = now - (self._recording["now"] - stat[5]) if len(stat) > 5 and stat[5] else 1.0
        os.utime(self._at(path), (written, written))

    def _process(self, pid: str) -> None:
        read, stats = self._recording["read"], self._recording["stat"]
        folder, user = f"/proc/{pid}", stats[f"/proc/{pid}"][2]
        for name in ("stat", "cmdline", "mountinfo", "environ"):
            self._write(f"{folder}/{name}", self._moved(read.get(f"{folder}/{name}", "")))
        status = f"Pid:\t{pid}\n{read[folder + '/status']}"
        self._write(f"{folder}/status", status if "\nUid:" in status else f"{status}Uid:\t{user}\t{user}\n")
        self._at(f"{folder}/fd").mkdir()
        for path in self._recording["readlink"]:
            if re.fullmatch(rf"{folder}/(exe|fd/\d+)", path):
                self._at(path).symlink_to(self._same(stats.get(path), path))
        root = stats[f"{folder}/root"]
        self._at(f"{folder}/root").symlink_to("/" if root[7:9] == stats["/"][7:9] else self._same(root, f"/roots/{root[8]}"))

    def _same(self, stat: list[Any] | None, otherwise: str) -> Path:
        """A file or folder of the host's that has the device and inode of a stat; without one something of its own."""
        named = (path for path, one in self._recording["stat"].items() if stat and isinstance(one, list) and one[7:9] == stat[7:9])
        found = next((path for path in named if not path.startswith("/proc/") and not path.endswith("@link") and self._at(path).exists()), None)
        if found is None:
            own = self._at(f"/held/{otherwise.strip('/').replace('/', '-')}")
            if otherwise.startswith("/roots/"):
                own.mkdir(exist_ok=True)
            else:
                own.write_text("what was there before", encoding="utf-8")
            return own
        return self._at(found).resolve()

    def _tables(self) -> None:
        links = {path: target for path, target in self._recording["readlink"].items() if path.startswith("/proc/")}
        birth = "stat --dereference --format=%W "
        births = {key.removeprefix(birth): self._since(float(said)) for key, said in self._recording["run"].items() if key.startswith(birth)}
        mounts = {path: str(number) for path, number in self._recording.get("mount_id", {}).items()}
        changes = {path: self._since(stat[6]) for path, stat in self._recording["stat"].items() if isinstance(stat, list) and stat[6]}
        for name, table in (("links", links), ("births", births), ("changes", changes), ("mounts", mounts)):
            self._write(f"/tables/{name}", "".join(f"{self._place}{path}\t{self._moved(text)}\n" for path, text in table.items()))
        self._write("/proc/uptime", self._recording["read"]["/proc/uptime"])

    def _since(self, moment: float) -> str:
        return f"{self._at('/bin').stat().st_mtime - (self._recording['now'] - moment):.0f}"

    def proof(self, questions: tuple[Question, ...]) -> Proof:
        """What the proof's questions answer here."""
        return Proof("node1", NOTHING, {question.name: self._answer(question) for question in questions})

    def _answer(self, question: Question) -> Answer:
        shell = _KERNEL % {"place": self._place} + self._moved(question.shell.replace(MOUNT_OF, ""))
        done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
                              env={"PATH": f"{self._place}/bin", "LC_ALL": "C"})
        lines = [self._back(line, question.name == "configurations") for line in done.stdout.splitlines(keepends=True)]
        return Answer("".join(lines), done.stderr, done.returncode, 1)

    def _back(self, line: str, has_texts: bool) -> str:
        cells = line.rstrip("\n").split("\t")
        if has_texts and cells[0] in ("configuration", "drop_in", "docker"):
            cells[-1] = base64.b64encode(base64.b64decode(cells[-1]).replace(f"{self._place}/".encode(), b"/")).decode()
        return "\t".join(cells).replace(f"{self._place}/", "/") + "\n"
