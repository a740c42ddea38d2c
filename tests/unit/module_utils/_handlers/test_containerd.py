# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registration that is killed at any moment is made good by the next run, and nobody reads what only root may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd import Containerd, clean, write_text
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_config import Handler, shown
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Answer, Run

CONFIG = """version = 3
[plugins.'io.containerd.cri.v1.images'.registry.configs."r".auth]
  password = "S3CRET"
"""
HANDLERS = [Handler("kata", "/opt/kata/bin/containerd-shim-kata-v2", "")]


class Host:
    """A containerd that makes of a configuration what it says with its drop-ins; ``modes`` are those of what it was asked to read."""

    def __init__(self, killed: bool = False, started: float = 0.0) -> None:
        self.killed, self.restarts, self.started = killed, 0, started
        self.modes: list[int] = []

    def now(self) -> float:
        return 1000.0

    def read(self, path: str, limit: int = 0) -> Answer:
        stat = "7 (containerd) S 1 " + "0 " * 17 + f"{int(self.started * 100)} 0\n"
        text = {"/proc/uptime": "1000.0 1.0\n", "/proc/7/stat": stat}.get(path)
        text = Path(path).read_text() if text is None and not path.startswith("/proc/") and Path(path).is_file() else text
        return Answer(text, "absent" if text is None else None, "")

    def stat(self, path: str) -> Answer:
        return Answer(None, None if Path(path).exists() else "absent", "")

    def realpath(self, path: str) -> Answer:
        return Answer(path, None, "")

    def listdir(self, path: str, limit: int = 0) -> Answer:
        names = sorted(one.name for one in Path(path).iterdir()) if Path(path).is_dir() and not path.startswith("/run") else None
        return Answer(names, "absent" if names is None else None, "")

    def run(self, argv: list[str], timeout: float = 0) -> Answer:
        out = ""
        if argv[0] == "containerd":
            config = Path(argv[2])
            self.modes.append(config.stat().st_mode & 0o777)
            folder = next((Path(word.strip("'\"[] ")).parent for line in config.read_text().splitlines() if line.startswith("imports")
                           for word in line.partition("=")[2].split(",")), config.parent / "nowhere")
            out = config.read_text() + "".join(path.read_text() for path in sorted(folder.glob("*.toml")))
        if argv[:2] == ["systemctl", "show"]:
            out = "7\n"
        if argv[:2] == ["systemctl", "restart"]:
            if self.killed:
                raise KeyboardInterrupt
            self.restarts += 1
            self.started = 10_000_000_000
        return Answer(Run(0, out, ""), None, "")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "containerd" / "config.toml"
    path.parent.mkdir()
    path.write_text(CONFIG)
    path.chmod(0o600)
    return path


def register(host: Any, config: Path) -> bool:
    return bool(Containerd(host, str(config), "containerd.service").register(HANDLERS, False)["changed"])


def test_what_is_tried_out_is_as_secret_as_what_it_repeats(config: Path) -> None:
    host = Host()
    assert register(host, config)
    assert set(host.modes) == {0o600}
    assert [path.name for path in config.parent.rglob(".*")] == []


def test_a_run_that_was_killed_before_the_restart_is_made_good(config: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        register(Host(killed=True), config)
    host = Host(started=10_000_000_000)
    assert register(host, config)
    assert host.restarts == 1
    assert not register(host, config)
    assert host.restarts == 1


def test_a_daemon_that_is_older_than_our_file_is_restarted(config: Path) -> None:
    assert register(Host(), config)
    host = Host(started=1.0)
    assert register(host, config)
    assert host.restarts == 1


def test_what_a_killed_run_left_is_removed(config: Path) -> None:
    (config.parent / ".firebreak-x.toml").write_text(CONFIG)
    (config.parent / ".firebreak-y").mkdir()
    (config.parent / ".firebreak-y" / "z").touch()
    clean(str(config.parent))
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]


def test_a_new_file_has_its_mode_whatever_the_umask(tmp_path: Path) -> None:
    write_text(str(tmp_path / "a" / "b"), "x", 0o600)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o600


def test_a_difference_shows_no_password() -> None:
    text = CONFIG + "imports = ['/etc/containerd/conf.d/*.toml']\n[plugins.'x'.containerd.runtimes.kata]\n  runtime_type = 'io'\n"
    assert "S3CRET" not in shown(text)
    assert "runtime_type" in shown(text)
    assert shown("") == ""
