# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One folder for each lab: what its hosts are, who runs them, and everything they wrote."""

import fcntl
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from firebreak_lab import cache
from firebreak_lab.errors import LabError
from firebreak_lab.files import read_json, write_json
from firebreak_lab.processes import Identity, alive, identify, start_ticks

CHECKOUT = Path(__file__).resolve().parents[3]
NAME_SETTING = "FIREBREAK_LAB_NAME"
# The process (its id) of the run of tests that new labs belong to, and must end with; a person's own lab belongs to nobody.
OWNER_SETTING = "FIREBREAK_LAB_OWNER"
OWNER_FILE = "owner.json"
# Below the range from which kernels take ports for outgoing connections.
PORTS = range(20100, 29900)


@dataclass
class Host:
    """One host of a lab; ``kind`` is machine or container, memory in MB, ``prepare`` a shell script run once after the first boot.

    ``firmware`` is a folder with UEFI firmware, '' for a machine that a BIOS starts.
    """

    name: str
    image: str
    kind: str = "machine"
    memory: int = 640
    cpus: int = 2
    firmware: str = ""
    prepare: str = ""
    groups: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    prepared: bool = False
    port: int = 0
    host_key: str = ""
    image_folder: str = ""
    accelerator: list[str] = field(default_factory=list)


class Lab:
    """A lab's folder and what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """The lab's name among all labs of this user."""
        return self.folder.name

    def host_folder(self, name: str) -> Path:
        """Where a host's disk, console, logs and state are."""
        return self.folder / "hosts" / name

    def names(self) -> list[str]:
        """The hosts' names, sorted."""
        return sorted(path.parent.name for path in self.folder.glob("hosts/*/host.json"))

    def load(self, name: str) -> Host:
        """A host by name; LabError where the lab has none of that name."""
        path = self.host_folder(name) / "host.json"
        if not path.exists():
            raise LabError(f"lab {self.name} has no host {name!r} (it has: {', '.join(self.names()) or 'none; start it with: make lab-up'})")
        return Host(**json.loads(path.read_text()))

    def save(self, host: Host) -> None:
        """Write a host's state in one step."""
        write_json(self.host_folder(host.name) / "host.json", asdict(host))

    def supervisor(self, name: str) -> Identity | None:
        """Who runs the host; None where nobody does."""
        recorded = read_json(self.host_folder(name) / "supervisor.json")
        identity = Identity(recorded["pid"], recorded["started"]) if recorded else None
        return identity if identity and alive(identity) else None

    def run_state(self, name: str) -> dict[str, Any]:
        """What the supervisor says: boots (how often it started), pid of the emulator, ended (why it stopped, or null)."""
        return read_json(self.host_folder(name) / "run.json") or {"boots": 0, "pid": None, "ended": None}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lab for one command; LabError where another command holds it."""
        self.holder_file.parent.mkdir(parents=True, exist_ok=True)
        with self.holder_file.open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LabError(f"lab {self.name} is in use by another command; wait for it, or name another lab in {NAME_SETTING}") from error
            write_text_into(handle, json.dumps(identify(os.getpid())))
            try:
                yield
            finally:
                write_text_into(handle, "")

    @property
    def holder_file(self) -> Path:
        """The lock; while a command holds it, it says which process that is."""
        return labs_folder() / f".{self.name}.lock"

    def holder(self) -> Identity | None:
        """The command that works on the lab now."""
        text = self.holder_file.read_text() if self.holder_file.exists() else ""
        identity = Identity(*json.loads(text)) if text else None
        return identity if identity and alive(identity) else None

    def give_to(self, owner: Identity | None) -> None:
        """Say which run of tests the lab belongs to, before anything else of it is there."""
        if owner:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(self.folder / OWNER_FILE, owner._asdict())

    def owner(self) -> Identity | None:
        """The run of tests that the lab belongs to; None where it is a person's own."""
        recorded = read_json(self.folder / OWNER_FILE)
        return Identity(recorded["pid"], recorded["started"]) if recorded else None

    def is_orphan(self) -> bool:
        """Whether this is the lab of a run of tests that is gone."""
        owner = self.owner()
        return owner is not None and not alive(owner)

    def destroy(self) -> None:
        """Forget the lab; its hosts must have been stopped."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.holder_file.unlink(missing_ok=True)


def write_text_into(handle: IO[str], text: str) -> None:
    """Replace an open file's content."""
    handle.truncate(0)
    handle.write(text)
    handle.flush()


def labs_folder() -> Path:
    """Where all labs of this user are."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local/state")
    return Path(base) / "firebreak/lab"


def current_lab() -> Lab:
    """The lab named in the environment, else this checkout's own."""
    name = os.environ.get(NAME_SETTING) or f"checkout-{hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]}"
    if not name.replace("-", "").replace("_", "").isalnum():
        raise LabError(f"{NAME_SETTING}: want letters, digits, - and _, seen {name!r}")
    return Lab(labs_folder() / name)


def current_owner() -> Identity | None:
    """The run of tests that is named in the environment; None where a person works by hand."""
    named = os.environ.get(OWNER_SETTING, "")
    if not named:
        return None
    started = start_ticks(int(named)) if named.isdigit() else None
    if started is None:
        raise LabError(f"{OWNER_SETTING}: want the id of a running process, seen {named!r}")
    return Identity(int(named), started)


def all_labs() -> list[Lab]:
    """Every lab of this user."""
    return [Lab(path) for path in sorted(labs_folder().glob("*")) if path.is_dir()]


def free(port: int) -> bool:
    """Whether nobody listens on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def reserve(lab: Lab, hosts: list[Host]) -> None:
    """Give each host a port of its own that no lab of this user has and nobody listens on, and save it."""
    with cache.locked(labs_folder() / ".ports.lock"):
        taken = {other.load(name).port for other in all_labs() for name in other.names()}
        candidates = (port for port in PORTS if port not in taken and free(port))
        for host in hosts:
            host.port = next(candidates)
            lab.save(host)
