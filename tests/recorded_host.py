# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is a mapping: recorded from a real machine by ``tests/record_host.py`` or written by hand.

The mapping holds what each question to ``_host.LiveHost`` was answered. An answer is the plain value, or
``{"problem": ..., "detail": ...}``. What is not in the mapping is absent, and a command not in it is not installed. Runs on Python 3.6.
"""

import base64
import json
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Answer, Overheard, Run, Stat


def _answer(value: Any, make: Callable[[Any], Any]) -> Answer:
    if isinstance(value, dict) and "problem" in value:
        return Answer(None, value["problem"], value.get("detail", ""))
    return Answer(make(value), None, "")


COMPRESSED = "zlib:"


def unpacked(text: str) -> bytes:
    """The bytes that record_host.packed made text of."""
    if text.startswith(COMPRESSED):
        return zlib.decompress(base64.b64decode(text[len(COMPRESSED):]))
    return base64.b64decode(text)


class RecordedHost:
    """Answers like LiveHost. Keys: uid, now, uname, read, read_bytes, sha256, listdir, readlink, realpath, stat, mount_id, run,
    ioctl, create_vm, run_guest, overhear."""

    def __init__(self, recording: Dict[str, Any]) -> None:
        self._recording = recording

    @classmethod
    def load(cls, path: Any) -> "RecordedHost":
        with Path(str(path)).open(encoding="utf-8") as handle:
            return cls(json.load(handle))

    def _look_up(self, question: str, key: str, make: Callable[[Any], Any] = lambda value: value) -> Answer:
        answers = self._recording.get(question, {})
        if key not in answers:
            return Answer(None, "absent", "No such file or directory")
        return _answer(answers[key], make)

    def uid(self) -> int:
        return int(self._recording.get("uid", 0))

    def now(self) -> float:
        return float(self._recording.get("now", 1700000000.0))

    def uname(self) -> Tuple[str, ...]:
        return tuple(self._recording.get("uname", ("Linux", "recorded", "0.0.0", "", "x86_64")))

    def remaining(self) -> Optional[float]:
        return None

    def read(self, path: str, limit: int = 4 * 1024 * 1024) -> Answer:
        answer = self._look_up("read", path)
        if answer.value is not None and len(answer.value.encode("utf-8")) > limit:
            return Answer(None, "too_large", "more than %d bytes" % limit)
        return answer

    def read_bytes(self, path: str, size: int = 4 * 1024 * 1024, offset: int = 0) -> Answer:
        """Bytes are recorded in base64, large ones compressed, under 'path@offset+size'; text files answer as well."""
        key = "%s@%d+%d" % (path, offset, size)
        if key in self._recording.get("read_bytes", {}):
            return self._look_up("read_bytes", key, unpacked)
        answer = self._look_up("read", path)
        return answer if answer.problem else Answer(answer.value.encode("utf-8")[offset:offset + size], None, "")

    def sha256(self, path: str, limit: int) -> Answer:
        return self._look_up("sha256", path)

    def listdir(self, path: str, limit: int = 100000) -> Answer:
        if path in self._recording.get("listdir", {}):
            return self._look_up("listdir", path)
        prefix = path.rstrip("/") + "/"
        known = [name for question in ("read", "readlink", "listdir", "stat") for name in self._recording.get(question, {})]
        names = sorted({name[len(prefix):].split("/")[0] for name in known if name.startswith(prefix)})
        return Answer(names, None, "") if names else Answer(None, "absent", "No such file or directory")

    def readlink(self, path: str) -> Answer:
        return self._look_up("readlink", path)

    def realpath(self, path: str) -> Answer:
        if path in self._recording.get("realpath", {}):
            return self._look_up("realpath", path)
        target = self._recording.get("readlink", {}).get(path)
        if isinstance(target, str) and target.startswith("/"):
            return Answer(target, None, "")
        return Answer(path, None, "") if not self.stat(path).problem else Answer(None, "absent", path)

    def stat(self, path: str, follow: bool = True) -> Answer:
        key = path if follow else path + "@link"
        if key in self._recording.get("stat", {}):
            return self._look_up("stat", key, lambda values: Stat(*values))
        if path in self._recording.get("read", {}) and self.read(path).problem != "absent":
            return Answer(Stat("file", 0o644, 0, 0, 0, 0.0, 0.0, 1, 1), None, "")
        if not self.listdir(path).problem:
            return Answer(Stat("directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 1), None, "")
        return Answer(None, "absent", "No such file or directory")

    def mount_id(self, path: str) -> Answer:
        return self._look_up("mount_id", path)

    def run(self, argv: Sequence[str], timeout: float = 20.0, limit: int = 16 * 1024 * 1024) -> Answer:
        """Commands are recorded under their words joined by blanks, as [rc, out, err] or as the standard output alone."""
        key = " ".join(argv)
        answers = self._recording.get("run", {})
        if key not in answers:
            return Answer(None, "tool_missing", argv[0])
        return _answer(answers[key], lambda value: Run(0, value, "") if isinstance(value, str) else Run(*value))

    def overhear(self, argv: Sequence[str], until: str, timeout: float, limit: int = 1024 * 1024) -> Answer:
        """Recorded under the command's words joined by blanks, as [what it said, how it ended]."""
        return self._look_up("overhear", " ".join(argv), lambda value: Overheard(*value))

    def ioctl(self, path: str, request: int, argument: int = 0) -> Answer:
        return self._look_up("ioctl", "%s@%d+%d" % (path, request, argument))

    def create_vm(self, path: str) -> Answer:
        return self._look_up("create_vm", path)

    def run_guest(self, path: str) -> Answer:
        return self._look_up("run_guest", path)
