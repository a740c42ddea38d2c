# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another version of its machine type for a guest's definition: what is edited in libvirt's document, and what is asked before libvirt is told."""

import re
from typing import Callable, NamedTuple, Tuple

from .._host.errors import Refused
from .libvirt_move import VIRSH, domcapabilities, must
from .machine_types import family

_OS = re.compile(r"<os\b[^<>]{0,200}>.*?</os>", re.DOTALL)
_TYPE = re.compile(r"(<type\b[^<>]{0,400}?\bmachine=)(['\"])([^'\"<>]{1,64})\2")
_SAVED = re.compile(r"^Managed save:\s+yes\s*$", re.MULTILINE)
# Secrets of the document (a console's password) would be lost in a definition that is written without them.
_DUMP = ["dumpxml", "--inactive", "--security-info"]


class Edited(NamedTuple):
    """A guest's definition before and after, and the machine type that it had."""

    document: str
    before: str


def with_machine_type(document: str, wanted: str) -> Edited:
    """The document with this machine type and all else byte for byte; Refused where the guest would get other hardware than of its family."""
    systems = _OS.findall(document)
    found = _TYPE.findall(systems[0]) if len(systems) == 1 else []
    if len(found) != 1:
        raise Refused("the definition has %d machine types, wanted one" % len(found))
    before = found[0][2]
    if family(wanted) is None or family(before) != family(wanted):
        raise Refused("the definition has the machine type %s, wanted one of the family of %s: another family has other buses, "
                      "and is a new definition to be made by hand" % (before, wanted))
    edited = _TYPE.sub(lambda match: "%s%s%s%s" % (match.group(1), match.group(2), wanted, match.group(2)), systems[0])
    return Edited(document.replace(systems[0], edited), before)


class Definitions:
    """``run`` takes an argv and what is put in, and gives status, output and error."""

    def __init__(self, run: Callable[..., Tuple[int, str, str]]) -> None:
        self._run = run

    def _must(self, consequence: str, *words: str) -> str:
        return must(self._run(VIRSH + list(words)), words, consequence)

    def plan(self, name: str, wanted: str) -> Edited:
        """The edited definition, after everything that could forbid it was asked."""
        try:
            edited = with_machine_type(self._must("; nothing was changed", *(_DUMP + [name])), wanted)
        except Refused as refusal:
            raise Refused("guest %s: %s" % (name, refusal)) from None
        if edited.before != wanted:
            if _SAVED.search(self._must("; nothing was changed", "dominfo", name)):
                raise Refused("guest %s has a managed save, whose memory is that of a machine %s; wanted: a guest that was started since"
                              % (name, edited.before))
            self._must("; nothing was changed", *domcapabilities(edited.document, wanted))
        return edited

    def define(self, name: str, wanted: str, edited: Edited) -> None:
        """Define the guest so, and see that libvirt has it so. One that runs goes on as it is."""
        words = ["define", "/dev/stdin"]
        must(self._run(VIRSH + words, edited.document), words, "; guest %s is defined as before" % name)
        seen = with_machine_type(self._must("", *(_DUMP + [name])), wanted).before
        if seen != wanted:
            raise Refused("guest %s is defined with the machine type %s, wanted %s" % (name, seen, wanted))
