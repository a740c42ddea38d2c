# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's signed programs and a machine that they start: what lies on its partition, and which variables its firmware keeps."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import virtual_firmware
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import efi
from boot_world import ESP, GUID, IMAGE_SECURITY, KERNEL, SHIM, Machine, certificates, key, option, verdict
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from debian_archive import Archive
from virtual_firmware import Firmware, Variable
from workshop import REPOSITORY

PLACE = REPOSITORY / ".cache/boot_trust"
ENABLE = "f0a30bc7-af08-4556-99c4-001009c93a44"
VENDOR = "EFI/debian"
# Attributes: kept over boots; seen by a running system; written with authentication.
KEPT, SEEN, AUTHENTICATED = 3, 7, 0x27
# What shim shows a running system of its own variables.
SHOWN = {"SbatLevel": "SbatLevelRT", "MokList": "MokListRT", "MokSBState": "MokSBStateRT"}


class Debian:
    """The programs of Debian 12 and, where the word is old, of Debian 11; and the certificates of Microsoft's that judge them."""

    def __init__(self) -> None:
        PLACE.mkdir(parents=True, exist_ok=True)
        new, old = Archive(PLACE, "bookworm"), Archive(PLACE, "bullseye")
        shims, helpers = new.unpack("shim-signed"), new.unpack("shim-helpers-amd64-signed")
        self.shim = (shims / "usr/lib/shim/shimx64.efi.signed").read_bytes()
        self.manager = (helpers / "usr/lib/shim/mmx64.efi.signed").read_bytes()
        self.grub = (new.unpack("grub-efi-amd64-signed") / "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed").read_bytes()
        self.kernel = next((new.unpack(new.newest(r"^linux-image-[0-9.]+-[0-9]+-cloud-amd64$")) / "boot").glob("vmlinuz-*")).read_bytes()
        self.old_shim = (old.unpack("shim-signed") / "usr/lib/shim/shimx64.efi.signed").read_bytes()
        self.old_grub = (old.unpack("grub-efi-amd64-signed") / "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed").read_bytes()
        firmware = new.unpack("ovmf") / "usr/share/OVMF"
        writer = virtual_firmware.provide_writer(PLACE)
        self.firmware = Firmware(firmware / "OVMF_CODE_4M.secboot.fd", firmware / "OVMF_VARS_4M.fd", writer)
        known, = (writer.parents[1] / "lib").glob("python3*/site-packages/virt/firmware/certs/microsoft.com")
        self.ca_2011, self.ca_2023 = (x509.load_pem_x509_certificate((known / f"ms-uefi-{year}.pem").read_bytes()) for year in (2011, 2023))


@dataclass
class Given:
    """A machine before its boot: programs by path on its partition (``/vmlinuz`` is the kernel), and variables by name."""

    files: dict[str, bytes]
    variables: dict[str, Variable] = field(default_factory=dict)

    def set(self, name: str, value: bytes, vendor: str = SHIM, attributes: int = KEPT) -> Given:
        self.variables[name] = Variable(name, vendor, attributes, value)
        return self

    def trusts(self, *each: x509.Certificate) -> Given:
        return self.set("db", certificates(*[one.public_bytes(Encoding.DER) for one in each]), IMAGE_SECURITY, AUTHENTICATED)

    def forbids(self, lists: bytes) -> Given:
        return self.set("dbx", lists, IMAGE_SECURITY, AUTHENTICATED)

    def has(self, name: str, program: bytes) -> Given:
        self.files[name if name.startswith("/") else f"/{VENDOR}/{name}"] = program
        return self

    def lacks(self, name: str) -> Given:
        del self.files[f"/{VENDOR}/{name}"]
        return self

    @property
    def enforced(self) -> bool:
        return self.variables["SecureBootEnable"].value == b"\1"

    def predicted(self) -> tuple[str, str | None, str | None]:
        """From what a scan could read of it."""
        machine = Machine()
        machine.variable("SecureBoot", bytes([self.enforced]), efi.FIRMWARE)
        for each in self.variables.values():
            if each.name in SHOWN or each.attributes & 4:
                machine.variable(SHOWN.get(each.name, each.name), each.value, each.vendor, each.attributes)
        for path, data in self.files.items():
            machine.file(KERNEL if path == "/vmlinuz" else ESP + path, data)
        return verdict(machine.trust())

    def write(self, firmware: Firmware, folder: Path, more: dict[str, bytes]) -> None:
        """The machine as a folder: the firmware's code and its variables, and the disk, with ``more`` files on its partition."""
        virtual_firmware.write_disk(folder / "partition.img", GUID, {**self.files, **more})
        virtual_firmware.write_variables(firmware, list(self.variables.values()), folder / "variables.fd")
        (folder / "code.fd").symlink_to(firmware.code)


def whole(debian: Debian) -> Given:
    """A Debian 12 that starts: Secure Boot enforced, both certificates trusted."""
    given = Given({f"/{VENDOR}/{name}": data for name, data in (
        ("shimx64.efi", debian.shim), ("grubx64.efi", debian.grub), ("mmx64.efi", debian.manager))})
    given.has("/vmlinuz", debian.kernel)
    given.set("PK", certificates(key("PK")), efi.FIRMWARE, AUTHENTICATED).set("KEK", certificates(key("KEK")), efi.FIRMWARE, AUTHENTICATED)
    given.set("SecureBootEnable", b"\1", ENABLE).set("BootOrder", struct.pack("<H", 1), efi.FIRMWARE, SEEN)
    given.set("Boot0001", option("\\EFI\\debian\\shimx64.efi"), efi.FIRMWARE, SEEN)
    return given.trusts(debian.ca_2011, debian.ca_2023)
