# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Proxmox claims of the variables of its guests' firmware: their disk is a volume that is not read, a word beside it says what was enrolled.

By qemu-server 9.2.6 (Drive.pm, OVMF.pm): of the values of ``ms-cert`` 2023k alone stands for UEFI CA 2023, Windows UEFI CA 2023 and KEK 2K CA 2023.
"""

import re
from typing import Any, Dict, List, Optional, Tuple

DEFINITIONS = "/etc/pve/qemu-server"
_DOCUMENT, _GUESTS = 1 << 18, 2000
_COMPLETE = "2023k"


def rows(host: Any, names: List[str]) -> List[Tuple[str, Any]]:
    """(path, the host's answer) of each definition that is to be read."""
    paths = ["%s/%s" % (DEFINITIONS, name) for name in sorted(names)[:_GUESTS] if re.match(r"\d+\.conf\Z", name)]
    return [(path, host.read(path, _DOCUMENT)) for path in paths]


def claimed(path: str, text: str) -> Optional[Dict[str, Any]]:
    """The row of a guest that EFI starts; None for another. What follows the first section is of snapshots."""
    now = re.split(r"^\[", text, maxsplit=1, flags=re.MULTILINE)[0]
    values = dict(re.findall(r"^(bios|name|efidisk0):[ \t]*(\S+)", now, re.MULTILINE))
    if values.get("bios") != "ovmf":
        return None
    told = dict(word.split("=", 1) for word in values.get("efidisk0", "").split(",") if "=" in word)
    row = {"path": path, "guest": values.get("name") or path.rsplit("/", 1)[-1][:-len(".conf")]}
    return dict(row, **_said(told, "efidisk0" in values, row["path"].rsplit("/", 1)[-1][:-len(".conf")]))


def _said(told: Dict[str, str], has_disk: bool, number: str) -> Dict[str, Any]:
    if not has_disk:
        return {"mode": "setup", "ready_for_2023_shim": False, "problem": "no efidisk0: the guest is in setup mode at each start"}
    if told.get("pre-enrolled-keys") != "1":
        return {"problem": "Proxmox enrolled no keys, and the disk of its variables is not read; mokutil --db in the guest would tell"}
    certificates = told.get("ms-cert")
    if certificates == _COMPLETE:
        return {"mode": "enforced", "ready_for_2023_shim": True, "problem": None}
    said = "ms-cert=%s" % certificates if certificates else "no ms-cert"
    ready = False if certificates in (None, "2011") else None
    return {"mode": "enforced", "ready_for_2023_shim": ready, "problem": "%s is not complete, only ms-cert=%s is; with the guest shut down "
            "qm enroll-efi-keys %s enrols the rest (Proxmox's word: the disk of its variables is not read)" % (said, _COMPLETE, number)}
