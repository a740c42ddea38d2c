# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-rulebook with the collection's rulebook in a controller's folder, as its unit runs it; files that are dropped for it, and its journal."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 3600.0


class Rulebook:
    """The engine from an environment's ``programs``, and the playbooks beside it. The folder's inventory is written before."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.heal, self._programs = folder, folder / "heal", programs
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "heal.yml").write_text(yaml.safe_dump({"firebreak_events": str(folder / "events"), "firebreak_events_port": port,
                                                         "firebreak_heal_dir": str(self.heal)}), encoding="utf-8")
        self._environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
                             "ANSIBLE_HOME": str(folder / "home"), "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}
        self._log = (folder / "rulebook.log").open("w+", encoding="utf-8")
        self._engine = self.start("ansible-rulebook", "--rulebook", "firebreak.fleet.heal_fleet", "--inventory", "inventory.yml", "--vars",
                                  "heal.yml", "--shutdown-delay", "60")

    def start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a program in the controller's folder."""
        return subprocess.Popen([str(self._programs / program), *arguments], cwd=self.folder, env=self._environment, stdin=subprocess.DEVNULL,
                                stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True)

    def drop(self, name: str, content: dict[str, Any]) -> None:
        """Drop a file for the rulebook, whole."""
        (self.folder / "events").mkdir(exist_ok=True)
        (self.folder / "events" / f".{name}").write_text(json.dumps(content), encoding="utf-8")
        (self.folder / "events" / f".{name}").rename(self.folder / "events" / f"{name}.json")

    def journal(self) -> list[dict[str, Any]]:
        """What was done and why."""
        path = self.heal / "journal.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def said_of(self, event: str) -> dict[tuple[str | None, str], str]:
        """What the journal says of an event: of which host (None: of the event itself) what, and why."""
        return {(row.get("host"), row["what"]): row["why"] for row in self.journal() if row["event"] == event}

    def wait(self, what: str, event: str) -> None:
        """Wait until the journal says that."""
        end = time.monotonic() + PATIENCE
        while (None, what) not in self.said_of(event):
            assert self._engine.poll() is None, self.told()
            assert time.monotonic() < end, self.told()
            time.sleep(0.2)

    def wait_for_end(self, event: str) -> None:
        """Wait until an event's run is over: its last word stands in the journal, the history has it, and the lock is given back."""
        self.wait("ended", event)
        end = time.monotonic() + PATIENCE
        while self._holder() == event:
            assert time.monotonic() < end, self.told()
            time.sleep(0.2)

    def _holder(self) -> str:
        """The event whose run holds the lock; '' where none does."""
        try:
            return (self.heal / "lock/event").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def told(self) -> str:
        """The end of what the programs said."""
        self._log.flush()
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")[-6000:]

    def end(self) -> None:
        """Stop what was started."""
        self._engine.terminate()
        self._engine.wait(PATIENCE)
        self._log.close()
