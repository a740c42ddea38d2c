# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firmware of guests trusts, from outside: libvirt's copies of the variables, Proxmox's word, the templates that new guests get theirs from.

A template is copied once; a newer one changes no guest that is there.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from .._boot.target import NoAnswerError
from .._host import witness
from . import libvirt_guests, proxmox_firmware

COPIES = "/var/lib/libvirt/qemu/nvram"
_FOLDERS = ("/usr/share/OVMF", "/usr/share/AAVMF", "/usr/share/edk2/ovmf", "/usr/share/edk2/aarch64", "/usr/share/edk2/x64", "/usr/share/qemu",
            "/usr/share/pve-edk2-firmware")
_TEMPLATE = re.compile(r"(?i)(?:\A|[_-])vars(?:[._-].*)?\.(?:fd|bin|qcow2)\Z")
_NVRAM = re.compile(r"<nvram\b[^<>]{0,400}>([^<>]{1,4096})</nvram>")
_FILES, _BYTES, _DOCUMENT = 200, 1 << 20, 1 << 20

_EMPTY: Dict[str, Any] = dict.fromkeys(("mode", "certificates", "ready_for_2023_shim", "sbat_level", "pending", "problem"))

# guest: '' for a template.
File = NamedTuple("File", [("path", str), ("guest", str)])


def put(host: Any, section: Any) -> None:
    """Write ``guest_trust``."""
    try:
        files = _copies(host) + _templates(host)
        with witness.apart(host):
            # A file that is lost is said in its own row.
            rows = [_row(host, file) for file in files[:_FILES]] + _of_proxmox(host)
        section.put("guest_trust", rows, "%s, %s" % (COPIES, ", ".join(_FOLDERS[:2])))
    except NoAnswerError as problem:
        section.cannot_say("guest_trust", problem.reason, str(problem))


def _of_proxmox(host: Any) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = []
    for path, answer in proxmox_firmware.rows(host, _listed(host, proxmox_firmware.DEFINITIONS)):
        if answer.problem:
            found.append(dict(_EMPTY, path=path, guest=None, problem="%s: %s" % (answer.problem, answer.detail)))
            continue
        row = proxmox_firmware.claimed(path, answer.value)
        found += [dict(_EMPTY, **row)] if row is not None else []
    return found


def _listed(host: Any, folder: str) -> List[str]:
    answer = host.listdir(folder, 5000)
    if answer.problem not in (None, "absent"):
        raise NoAnswerError(answer.problem, "%s: %s" % (folder, answer.detail))
    return list(answer.value) if answer.value is not None else []


def _copies(host: Any) -> List[File]:
    """Those in libvirt's folder by their names, and those that a definition names elsewhere."""
    found = {"%s/%s" % (COPIES, name): re.sub(r"_VARS\.(?:fd|qcow2)\Z", "", name) for name in _listed(host, COPIES) if "_VARS." in name}
    for name in [name for name in _listed(host, libvirt_guests.DEFINITIONS) if name.endswith(".xml")]:
        path = "%s/%s" % (libvirt_guests.DEFINITIONS, name)
        answer = host.read(path, _DOCUMENT)
        if answer.problem:
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
        document, places = libvirt_guests.parse(answer.value), _NVRAM.findall(answer.value)
        if document is not None and places:
            found[places[0].strip()] = document.name
    return [File(path, guest) for path, guest in sorted(found.items())]


def _templates(host: Any) -> List[File]:
    """The templates of firmware with certificates; a package has several, for each form of flash."""
    found: Dict[str, File] = {}
    for folder in _FOLDERS:
        for name in _listed(host, folder):
            path = "%s/%s" % (folder, name)
            if _TEMPLATE.search(name):
                real = host.realpath(path).value
                found.setdefault(real if real is not None else path, File(path, ""))
    return list(found.values())


def _row(host: Any, file: File) -> Dict[str, Any]:
    # The readers of certificates are loaded where there is something to be read.
    from . import variable_file
    said: Dict[str, Optional[Any]] = variable_file.read(host, file.path, _BYTES)
    return dict(_EMPTY, path=file.path, guest=file.guest or None, **said)
