# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image that waits for the next boot: it is made the first at shutdown, and so no entry of the loader's names it before."""

from typing import Any, Optional

from .._formats import bls
from .._os import composefs, deployments
from .target import NoAnswerError, Target, Targets, on_host

_HOW = "the image that is staged for the next boot"
_PARTITIONS = ("/boot/efi", "/efi", "/boot")


def targets(host: Any) -> Optional[Targets]:
    """What the next boot takes of ostree's or bootc's deployments; None where none is staged, or only fetched. Raises NoAnswerError."""
    waiting = deployments.staged(host)
    if waiting is None:
        return _of_composefs(host)
    target = Target(waiting.name, deployments.kernel_image(host, waiting), _HOW, "ostree", None)
    return Targets(deployments.STAGED, target, None, None, "the loader's entry is written at shutdown", "not_applicable")


def _of_composefs(host: Any) -> Optional[Targets]:
    """bootc's without ostree: their entries lie beside the loader's, which the shutdown exchanges for them."""
    try:
        digest = composefs.staged(host)
    except ValueError as error:
        raise NoAnswerError("unparsable", str(error)) from error
    if not digest:
        return None
    for root in _PARTITIONS:
        folder = root + composefs.STAGED_ENTRIES
        entries, _answer = bls.read_entries(host, folder)
        entry = next((entry for entry in entries if digest in entry.path + entry.fields.get("options", "")), None)
        if entry is not None:
            image = on_host(host, entry.path) if root == "/boot" else "%s/%s" % (root, entry.path.lstrip("/"))
            target = Target(entry.id, image, _HOW, "bootc", entry.fields.get("options"), entry.version)
            return Targets(folder, target, None, None, "the loader's entries are exchanged at shutdown", "not_applicable")
    raise NoAnswerError("unsupported", "another image is staged, and no mounted partition has its entry; bootc status would tell its version")
