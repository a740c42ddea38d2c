# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest leaves its process: what virsh is told, in which order, and how the guest stands when libvirt says no."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor.libvirt_move import VIRSH, Libvirt, Order

DOCUMENT = ("<domain type='kvm' id='1'><name>web</name><os><type arch='x86_64' machine='pc-q35-7.1'>hvm</type></os>"
            "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain>")
SAVE = Order("web", 100, "managed_save", "", 5)
RESTART = Order("web", 100, "restart", "", 5)
MIGRATE = Order("web", 100, "migrate", "qemu+ssh://other/system", 5)


class World:
    """A libvirt with one guest; ``refuses`` are virsh commands that fail, ``obeys_after`` how many seconds a shutdown takes."""

    def __init__(self, refuses: tuple[str, ...] = (), obeys_after: float = 2.0, **guest: Any) -> None:
        self.guest: dict[str, Any] | None = {"name": "web", "pid": 100, "persistent": True, "pinned_by": [], **guest}
        self.told: list[str] = []
        self._refuses = refuses
        self._obeys_after = obeys_after
        self._time = 0.0
        self._shutdown_at: float | None = None
        self.libvirt = Libvirt(self.run, self.guests, lambda: self._time, self.wait)

    def guests(self) -> list[dict[str, Any]]:
        return [] if self.guest is None else [dict(self.guest)]

    def wait(self, seconds: float) -> None:
        self._time += seconds
        if self.guest is not None and self._shutdown_at is not None and self._time >= self._shutdown_at:
            self.guest["pid"] = None

    def run(self, argv: list[str]) -> tuple[int, str, str]:
        assert argv[:len(VIRSH)] == VIRSH
        words = argv[len(VIRSH):]
        self.told.append(" ".join(words))
        if words[0] in self._refuses:
            return 1, "", f"error: {words[0]} does not work\n\n"
        assert self.guest is not None
        if words[0] == "managedsave":
            self.guest["pid"] = None
        elif words[0] == "start":
            self.guest["pid"] = 200
        elif words[0] == "shutdown":
            self._shutdown_at = self._time + self._obeys_after
        elif words[0] == "migrate":
            self.guest = None
        return 0, DOCUMENT if words[0] == "dumpxml" else "", ""

    def move(self, order: Order) -> None:
        self.libvirt.check(order)
        self.libvirt.move(order)


CAPABILITIES = "domcapabilities --virttype kvm --machine pc-q35-7.1 --emulatorbin /usr/bin/qemu-system-x86_64"


@pytest.mark.parametrize(("order", "told"), [
    (SAVE, ["dumpxml web", CAPABILITIES, "managedsave web", "start web"]),
    (RESTART, ["dumpxml --inactive web", CAPABILITIES, "shutdown web", "start web"]),
    (MIGRATE, ["migrate --live --persistent --undefinesource web qemu+ssh://other/system"]),
])
def test_each_way_to_leave(order: Order, told: list[str]) -> None:
    world = World()
    world.move(order)
    assert world.told == told
    assert world.guest is None or world.guest["pid"] == 200


@pytest.mark.parametrize("pid", [200, None])
def test_a_guest_that_has_left_is_not_touched(pid: int | None) -> None:
    assert not World(pid=pid).libvirt.is_needed(SAVE)


@pytest.mark.parametrize(("order", "world", "words", "runs"), [
    (SAVE, World(pinned_by=["hostdev"]), "guest web has hostdev, which cannot be saved or moved while it runs; wanted: method restart", True),
    (MIGRATE, World(pinned_by=["filesystem"]), "wanted: method restart", True),
    (SAVE, World(persistent=False), "no definition to start it from again", True),
    (SAVE, World(("domcapabilities",)), "domcapabilities does not work; guest web could not be started again, and runs on", True),
    (SAVE, World(("managedsave",)), "virsh managedsave web: error: managedsave does not work; it runs on", True),
    (SAVE, World(("start",)), "its memory is kept (managed save): start it with the former QEMU", False),
    (RESTART, World(obeys_after=60.0), "did not shut down within 5 seconds and runs on; its shutdown was asked for and may still come", True),
    (RESTART, World(("start",)), "it is shut off", False),
    (MIGRATE, World(("migrate",)), "it runs on here", True),
    (Order("db", 1, "restart", "", 5), World(), "libvirt knows no guest db; wanted: one of web", True),
])
def test_what_fails_says_how_the_guest_stands(order: Order, world: World, words: str, runs: bool) -> None:
    with pytest.raises(Refused) as caught:
        world.move(order)
    assert words in str(caught.value)
    assert world.guest is not None and (world.guest["pid"] == 100) is runs
