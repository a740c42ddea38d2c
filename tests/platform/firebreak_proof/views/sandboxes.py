# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The living sandboxes of Kata's: what each runs, and whether its handler's next one would get the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..promises import BrokenPromiseError
from ..proof import Proof
from . import configurations

_REMOTE = "remote"
CURRENT, STALE, UNKNOWN = "current", "stale", "unknown"
# The monitors of configurations whose programs are called otherwise.
_CALLED = {"clh": "cloud-hypervisor", "fc": "firecracker", "rs-fc": "firecracker"}
_MONITORS = ("qemu", "cloud-hypervisor", "firecracker", "openvmm", "stratovirt")
_KERNEL = re.compile(r".*/(?:vmlinu[xz]|bzImage|Image)(?:[-.][^/]*)?")
_IMAGE = re.compile(r".*/(?:kata-[^/]+\.(?:image|img|initrd)|[^/]+\.initrd)")
# An image of any name: as memory of the guest's, or as the disk that Kata calls so.
_LOADED = re.compile(r"(?:\bmem-path=|\bid=image-[^,]*,file=)(/(?!dev/|run/)[^,]+)")
_OF_KATA = re.compile(r"^sandbox-[0-9A-Za-z]|/run/(?:vc|kata)/|/run/user/[0-9]+/run/(?:vc|kata)|^--start-time-us")
_VERSION = re.compile(r".*(?:/vmlinu[xz]-|/modules/)([0-9][\w.+-]*?)(?:/vmlinu[xz])?")


class Process(NamedTuple):
    """A process of a sandbox: ``identity`` names the file that it runs, ``state`` is whether that is the one at its path (same, other, unknown).

    ``digest`` is that of a copy which a jailer made, empty for what runs from its own place.
    """

    pid: str
    shim: str
    user: str
    program: str
    identity: str
    state: str
    machine: str
    began: int
    digest: str
    words: tuple[str, ...]

    @property
    def called(self) -> str:
        """The name of its program."""
        return self.program.rpartition("/")[2]

    def option(self, *names: str) -> str:
        """The value after the first of some words."""
        return next((after for word, after in zip(self.words, self.words[1:], strict=False) if word in names), "")


class Place(NamedTuple):
    """What lies at a path: the file at the end of all links, what names it (empty for nothing), when it came there, and its digest.

    ``changed`` is when its inode was, and ``is_born`` whether its birth is told; if not, it may have come when its inode was changed.
    """

    path: str
    identity: str
    written: int
    digest: str
    changed: int
    is_born: bool


class Held(NamedTuple):
    """A file that a process has open, and whether it is the one at its path."""

    identity: str
    state: str


class Sandbox(NamedTuple):
    """One sandbox; ``monitor`` is None where no machine was found, and the shim itself where that holds it."""

    name: str
    shim: Process
    monitor: Process | None
    virtiofsd: Process | None
    held: Mapping[str, Held]
    told: Mapping[str, str]


class Next(NamedTuple):
    """What a handler's next sandbox gets, by part; ``changed`` is when the last of its configuration's files was, or came or went."""

    monitor: str
    places: Mapping[str, Place]
    changed: int


class Judged(NamedTuple):
    """A sandbox's state, what differs or why it cannot be said, and its guest's kernel (a path, empty for not known)."""

    sandbox: Sandbox
    state: str
    reasons: tuple[str, ...]
    kernel: str

    @property
    def version(self) -> str:
        """The guest kernel's version by its file's or its folder's name."""
        found = _VERSION.fullmatch(self.kernel)
        return found.group(1) if found else ""


def judged(proof: Proof) -> list[Judged]:
    """Each living sandbox; of one whose machine was stopped nothing runs any more."""
    places = _places(proof.rows("sandboxes")) | _places(proof.rows("configurations"))
    following = list(_following(proof, places))
    tree = proof.fields("kata").get("link", "")
    return [_judge(one, following, places, tree) for one in _living(proof.rows("sandboxes"))]


def orphans(proof: Proof) -> list[str]:
    """Machine monitors of sandboxes whose shims are gone: nothing stops them any more."""
    rows = proof.rows("sandboxes")
    names = {cells[2] for cells in rows if cells[0] == "shim" and len(cells) == 5}
    return [f"{one.called} (process {one.pid})" for one in _processes(rows) if one.shim == "0" and any(map(_OF_KATA.search, one.words))
            and not any(_names(one, name) for name in names)]


def _names(process: Process, sandbox: str) -> bool:
    """Whether a monitor's words are about a sandbox; about one that has no name they never are."""
    if not sandbox:
        return False
    if process.option("--id") in (sandbox, sandbox[:32]):
        return True
    return any(word.split(",")[0] == f"sandbox-{sandbox}" or f"/{sandbox}/" in f"{word}/" for word in process.words)


def _places(rows: list[list[str]]) -> dict[str, Place]:
    return {path: Place(real, identity, int(written or 0), digest, int(changed or 0), born == "yes")
            for path, real, identity, written, digest, changed, born in (cells[1:] for cells in rows if cells[0] == "place" and len(cells) == 8)}


def _processes(rows: list[list[str]]) -> list[Process]:
    return [Process(pid, shim, user, program, identity, state, machine, int(began or 0), digest, tuple(words.split("\x1f")))
            for pid, shim, user, program, identity, state, machine, began, digest, words in
            (cells[1:] for cells in rows if cells[0] == "process" and len(cells) == 11)]


def _unseen(pid: str) -> Process:
    """A process that was named, and of which nothing else came."""
    return Process(pid, "", "", "", "", "", "", 0, "", ())


def _living(rows: list[list[str]]) -> Iterator[Sandbox]:
    processes = _processes(rows)
    for pid, name, bundle, kept in (cells[1:] for cells in rows if cells[0] == "shim" and len(cells) == 5):
        shim = next((one for one in processes if one.pid == pid), _unseen(pid))
        started = [one for one in processes if one.shim == pid and one.pid != pid]
        jailed = [one for one in processes if one.shim == "0" and one.called.startswith("firecracker") and _names(one, name)]
        monitor = next((one for one in [*started, *jailed] if one.machine == "yes" or one.called.startswith(_MONITORS)), None)
        monitor = monitor or (shim if shim.machine == "yes" else None)
        if monitor is None and not started and bundle == "yes" and kept == "no" and shim.machine == "no":
            continue
        # Another namespace may have a container of a sandbox's name, whose shim is none of Kata's.
        if monitor is None and started and shim.machine == "no" and not shim.called.startswith("containerd-shim-kata"):
            continue
        pids = [one.pid for one in (monitor,) if one]
        held = {cells[2]: Held(cells[3], cells[4]) for cells in rows if cells[0] == "held" and len(cells) == 5 and cells[1] in pids}
        told = {cells[2]: cells[3] for cells in rows if cells[0] == "told" and len(cells) == 4 and cells[1] == pid}
        yield Sandbox(name, shim, monitor, next((one for one in started if one.called.startswith("virtiofsd")), None), held, told)


def _following(proof: Proof, places: Mapping[str, Place]) -> Iterator[Next]:
    """What each handler's next sandbox gets; of one whose configuration is not there, or not understood, nothing is known."""
    for shim, configuration in configurations.of_handlers(proof):
        try:
            monitor, keys = next(iter(configuration.effective()["hypervisor"].items()))
        except (BrokenPromiseError, KeyError, StopIteration, AttributeError):
            continue
        parts = {"shim": shim.program, "vmm": keys.get("path", ""), "virtiofsd": keys.get("virtio_fs_daemon", ""),
                 "guest kernel": keys.get("kernel", ""), "guest image": keys.get("image") or keys.get("initrd", "")}
        changed = max((max(places[path].written, places[path].changed) for path in configuration.files if path in places), default=0)
        yield Next(monitor, {what: places[path] for what, path in parts.items() if path in places and places[path].identity}, changed)


def _fits(following: Next, sandbox: Sandbox) -> bool:
    """Whether a sandbox may be of a handler: no shim in Go starts what that in Rust does, and no monitor is another."""
    place = following.places.get("shim")
    if place is None or ("/runtime-rs/" in place.path) != ("/runtime-rs/" in sandbox.shim.program):
        return False
    if sandbox.monitor is None or sandbox.monitor is sandbox.shim:
        return True
    own, called = following.places.get("vmm"), _CALLED.get(following.monitor, following.monitor)
    return sandbox.monitor.called.startswith(called) or (own is not None and own.path.rpartition("/")[2] == sandbox.monitor.called)


def _judge(sandbox: Sandbox, following: list[Next], places: Mapping[str, Place], tree: str) -> Judged:
    """By the handler whose next sandbox is most like it: any of them may have started it."""
    options = [one for one in following if _fits(one, sandbox)]
    if sandbox.monitor is None:
        options = _without_machine(options, sandbox.told.get("machine", ""))
    answers = [_held_against(sandbox, one, places, tree) for one in options or [Next("", {}, 0)]]
    return min(answers, key=lambda one: ([CURRENT, UNKNOWN, STALE].index(one.state), len(one.reasons)))


def _without_machine(options: list[Next], said: str) -> list[Next]:
    """Of which handlers a sandbox without a machine here may be: another host has it where its shim says so, or nothing says otherwise."""
    elsewhere = [one for one in options if one.monitor == _REMOTE]
    here = [one for one in options if one.monitor != _REMOTE]
    return elsewhere if said == _REMOTE or not (said or here) else here


def _held_against(sandbox: Sandbox, following: Next, places: Mapping[str, Place], tree: str) -> Judged:
    parts = {"shim": sandbox.shim, "vmm": sandbox.monitor if sandbox.monitor is not sandbox.shim else None, "virtiofsd": sandbox.virtiofsd}
    found = {what: _program(process, following.places.get(what), tree) for what, process in parts.items() if process}
    files = _files(sandbox, following)
    found |= {what: _file(path, sandbox, following.places.get(what), places, tree) for what, path in files.items() if path}
    is_remote = following.monitor == _REMOTE
    if sandbox.monitor is None and not is_remote:
        found["vmm"] = UNKNOWN
    elif not files["guest kernel"] and not is_remote:
        found["guest kernel"] = UNKNOWN
    states = set(found.values())
    state = STALE if STALE in states else UNKNOWN if UNKNOWN in states else CURRENT
    return Judged(sandbox, state, tuple(what for what, one in found.items() if one != CURRENT), files["guest kernel"])


def _program(process: Process, following: Place | None, tree: str) -> str:
    if following and following.identity == process.identity:
        return CURRENT
    if process.digest and following:
        return CURRENT if process.digest == following.digest else STALE
    if _is_elsewhere(process.program, following, tree):
        return STALE
    return {"same": CURRENT, "other": STALE}.get(process.state, UNKNOWN)


def _is_elsewhere(path: str, following: Place | None, tree: str) -> bool:
    """Whether a new one would get the file of another path; without a handler that says so, of another release."""
    if following:
        return path != following.path
    own = re.match(r"(/opt/kata[^/]*)/", path)
    return bool(own and tree and own.group(1) not in (tree, "/opt/kata"))


def _files(sandbox: Sandbox, following: Next) -> dict[str, str]:
    """The guest's kernel and image: by the monitor's words, by what it has open, by what its shim wrote down, or by what it must have read."""
    monitor = sandbox.monitor
    if monitor is None:
        return {"guest kernel": "", "guest image": ""}
    next_kernel, next_image = (following.places.get(what) for what in ("guest kernel", "guest image"))
    unchanged = next_kernel.path if next_kernel and following.changed <= monitor.began else ""
    kernel = monitor.option("-kernel", "--kernel") or next(filter(_KERNEL.fullmatch, sorted(sandbox.held)), "")
    loaded = next((found.group(1) for word in monitor.words for found in [_LOADED.search(word)] if found), "")
    image = monitor.option("-initrd", "--initrd") or loaded or next(filter(_IMAGE.fullmatch, sorted(sandbox.held)), "")
    own = next_image.path if next_image and next_image.path in sandbox.held else ""
    told = sandbox.told
    return {"guest kernel": kernel or told.get("KernelPath") or told.get("kernel") or unchanged,
            "guest image": image or next((told[key] for key in ("ImagePath", "InitrdPath", "image", "initrd") if key in told), "") or own}


def _file(path: str, sandbox: Sandbox, following: Place | None, places: Mapping[str, Place], tree: str) -> str:
    """What is held open is compared; what was read once and let go is judged by when what lies there now came."""
    held = sandbox.held.get(path)
    if held and following and held.identity == following.identity:
        return CURRENT
    own = places.get(path) or (following if following and following.path == path else None)
    if _is_elsewhere(own.path if own and not held else path, following, tree):
        return STALE
    if held:
        return CURRENT if held.state == "same" else STALE
    if own is None:
        return UNKNOWN
    began = sandbox.shim.began + 1
    if not own.identity or own.written > began:
        return STALE
    return CURRENT if own.is_born or own.changed <= began else UNKNOWN
