# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a guest of libvirt leaves the process that runs it: what is asked first, what is done, and how the guest stands when that fails."""

import re
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from .._host.errors import Refused

VIRSH = ["virsh", "--connect", "qemu:///system"]
_STEP = 1.0
_KIND = re.compile(r"<domain\b[^<>]{0,200}?\btype=['\"]([a-z]{1,20})['\"]")
_MACHINE = re.compile(r"<type\b[^<>]{0,400}?\bmachine=['\"]([^'\"<>]{1,64})['\"]")
_EMULATOR = re.compile(r"<emulator>([^<>]{1,4000})</emulator>")


class Order(NamedTuple):
    """Which guest leaves which process, how, where to, and how many seconds it has to shut down."""

    name: str
    pid: int
    method: str
    destination: str
    seconds: int


def must(answer: Tuple[int, str, str], words: Sequence[str], consequence: str) -> str:
    """What virsh said to these words; Refused where it failed."""
    status, out, err = answer
    if status:
        raise Refused("virsh %s: %s%s" % (" ".join(words), " ".join((err or out).split()), consequence))
    return out


def domcapabilities(document: str, machine: str = "") -> List[str]:
    """The words that ask virsh whether the installed QEMU can make a guest's machine, or another machine for it."""
    options = ["domcapabilities"]
    for option, pattern in (("--virttype", _KIND), ("--machine", _MACHINE), ("--emulatorbin", _EMULATOR)):
        match = pattern.search(document)
        value = machine if machine and option == "--machine" else match.group(1) if match else ""
        options += [option, value] if value else []
    return options


class Libvirt:
    """``run`` takes an argv and gives status, output and error; ``guests`` the guests as in the record; ``now`` and ``wait`` are the clock."""

    def __init__(
        self, run: Callable[[List[str]], Tuple[int, str, str]], guests: Callable[[], List[Dict[str, Any]]],
        now: Callable[[], float], wait: Callable[[float], None],
    ) -> None:
        self._run = run
        self._guests = guests
        self._now = now
        self._wait = wait

    def guest(self, name: str) -> Dict[str, Any]:
        """The guest as it stands."""
        found = self._guests()
        for guest in found:
            if guest["name"] == name:
                return guest
        names = ", ".join(guest["name"] for guest in found)
        raise Refused("libvirt knows no guest %s; wanted: %s" % (name, "one of %s" % names if names else "a guest, and there is none"))

    def is_needed(self, order: Order) -> bool:
        """Whether the guest is still run by the process that it is to leave."""
        return bool(self.guest(order.name)["pid"] == order.pid)

    def _is_left(self, order: Order) -> bool:
        """Whether that process has ended, or runs no such guest; one that was moved to another host is known here no more."""
        return not any(guest["name"] == order.name and guest["pid"] == order.pid for guest in self._guests())

    def check(self, order: Order) -> None:
        """Refuse what cannot work before the guest is touched: also a machine type that the installed QEMU no longer has."""
        guest = self.guest(order.name)
        if order.method != "migrate" and not guest["persistent"]:
            raise Refused("guest %s has no definition to start it from again; wanted: a persistent guest, or method migrate" % order.name)
        if order.method != "restart" and guest["pinned_by"]:
            raise Refused("guest %s has %s, which cannot be saved or moved while it runs; wanted: method restart" % (
                order.name, " and ".join(guest["pinned_by"])))
        if order.method != "migrate":
            self._check_emulator(order)

    def _check_emulator(self, order: Order) -> None:
        inactive = ["--inactive"] if order.method == "restart" else []
        document = self._must("; it runs on", "dumpxml", *(inactive + [order.name]))
        self._must("; guest %s could not be started again, and runs on" % order.name, *domcapabilities(document))

    def _must(self, consequence: str, *words: str) -> str:
        return must(self._run(VIRSH + list(words)), words, consequence)

    def move(self, order: Order) -> None:
        """Have the guest leave its process."""
        {"managed_save": self._save, "restart": self._restart, "migrate": self._migrate}[order.method](order)
        if not self._is_left(order):
            raise Refused("guest %s is still run by process %d" % (order.name, order.pid))

    def _save(self, order: Order) -> None:
        self._must("; it runs on", "managedsave", order.name)
        self._must("; its memory is kept (managed save): start it with the former QEMU, or give it up with virsh managedsave-remove %s"
                   % order.name, "start", order.name)

    def _restart(self, order: Order) -> None:
        self._must("; it runs on", "shutdown", order.name)
        end = self._now() + order.seconds
        while not self._is_left(order):
            if self._now() >= end:
                raise Refused("guest %s did not shut down within %d seconds and runs on; its shutdown was asked for and may still come"
                              % (order.name, order.seconds))
            self._wait(_STEP)
        if self.guest(order.name)["pid"] is None:
            self._must("; it is shut off", "start", order.name)

    def _migrate(self, order: Order) -> None:
        self._must("; it runs on here", "migrate", "--live", "--persistent", "--undefinesource", order.name, order.destination)
