# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer that is lost changes no value into another one: what rests on it is null, or the row of that file says so."""

from __future__ import annotations

from typing import Any

from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Answer
from boot_world import ESP, Machine, debian, debian_shim

_ASKED = ("read", "read_bytes", "listdir", "stat", "realpath")


class Losing:
    """A host that refuses one of its answers, by its number."""

    def __init__(self, host: Machine, lose: int) -> None:
        self._host, self._left = host, lose

    def __getattr__(self, name: str) -> Any:
        question = getattr(self._host, name)
        if name not in _ASKED:
            return question

        def ask(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            return Answer(None, "unreadable", "lost") if self._left == 0 else question(*arguments, **options)

        return ask


def collected(host: Any) -> dict[str, Any]:
    return dict(Machine.collected(host).facts["trust"] or {})


def full() -> Machine:
    machine = debian().file(f"{ESP}/EFI/BOOT/BOOTX64.EFI", debian_shim())
    machine.recording["read"]["/proc/modules"] = "zfs 1 0 - Live 0x0 (OE)\n"
    machine.recording["read"]["/lib/modules/6.1.0-9-amd64/modules.dep"] = "updates/dkms/zfs.ko:\n"
    machine.file("/lib/modules/6.1.0-9-amd64/updates/dkms/zfs.ko", b"\x7fELF" + b"m" * 500)
    return machine.file("/usr/lib/shim/shimx64.efi.signed", debian_shim())


def test_each_lost_answer_costs_only_what_rests_on_it() -> None:
    whole = collected(full())
    wrong = []
    for number in range(1, 400):
        host = Losing(full(), number)
        seen = collected(host)
        if host._left > 0:
            break
        wrong += [(number, fact, value) for fact, value in seen.items() if value is not None and value != whole[fact]
                  and fact not in ("components", "revoked_components", "kernels", "fallbacks")]
        # A kernel of the menu or a fallback that was lost says so itself, and nothing else is said of the others.
        wrong += [(number, fact, row) for fact in ("kernels", "fallbacks") for row, right in zip(seen[fact] or [], whole[fact], strict=False)
                  if row != right and row["answer"] != "unknown"]
    assert number > 60
    assert wrong == []
