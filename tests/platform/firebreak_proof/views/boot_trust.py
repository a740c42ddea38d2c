# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a firmware's variables hold, read from their bytes as the UEFI specification lays them out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

# GUIDs as they lie in memory: of a certificate, and of a certificate's digest.
_CERTIFICATE = bytes.fromhex("a159c0a5e494a74a87b5ab155c2bf072")
_BY_DIGEST = bytes.fromhex("92a4d23bc0967940b420fcf98ef103ed")
# SHA-256 of what a standard may name, by microsoft/secureboot_objects of 2026-07.
NAMED = {
    "microsoft_uefi_ca_2011": "48e99b991f57fc52f76149599bff0a58c47154229b9f8d603ac40d3500248507",
    "microsoft_uefi_ca_2023": "f6124e34125bee3fe6d79a574eaa7b91c0e7bd9d929c1a321178efd611dad901",
    "microsoft_option_rom_uefi_ca_2023": "e5be3e64c6e66a281457ecdece0d6d0787577aad2a3a0144262c10c14ba8d8f1",
    "windows_production_pca_2011": "e8e95f0733a55e8bad7be0a1413ee23c51fcea64b3c8fa6a786935fddcc71961",
    "windows_uefi_ca_2023": "076f1fea90ac29155ebf77c17682f75f1fdd1be196da302dc8461e350a9ae330",
}


class Variables(NamedTuple):
    """The answer to ``efi_variables``: whether the machine was booted by EFI, each variable's bytes, the requests that wait, mokutil's word."""

    efi: bool
    values: dict[str, bytes]
    asks: list[str]
    mokutil: str

    def mode(self) -> str:
        """enforced, insecure, off, setup or not_efi."""
        if not self.efi:
            return "not_efi"
        if self.values.get("SetupMode") == b"\1":
            return "setup"
        if self.values.get("SecureBoot") != b"\1":
            return "off"
        return "insecure" if self.values.get("MokSBStateRT", b"")[:1] == b"\1" else "enforced"

    def certificates(self, name: str) -> set[str]:
        """The SHA-256 of each certificate in a list."""
        return {hashlib.sha256(data).hexdigest() for kind, data in _entries(self.values.get(name, b"")) if kind == _CERTIFICATE}

    def forbids_by_digest(self) -> set[str]:
        """The SHA-256 of the TBSCertificates that dbx names."""
        return {data[:32].hex() for kind, data in _entries(self.values.get("dbx", b"")) if kind == _BY_DIGEST}


def read(text: str) -> Variables:
    """The answer, read."""
    lines = [line.split(" ", 1) for line in text.splitlines() if " " in line]
    plain = {"firmware", "asks", "mokutil"}
    return Variables(["firmware", "efi"] in lines, {name: base64.b64decode(value) for name, value in lines if name not in plain},
                     [value for name, value in lines if name == "asks"], next((value for name, value in lines if name == "mokutil"), ""))


def _entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while len(data) >= 28:
        size, head, each = (int.from_bytes(data[at:at + 4], "little") for at in (16, 20, 24))
        if size < 28 or each < 17:
            return
        body = data[28 + head:size]
        yield from ((data[:16], body[at + 16:at + each]) for at in range(0, len(body) - each + 1, each))
        data = data[size:]


def tbs_digest(certificate: bytes) -> str:
    """The SHA-256 of a certificate's first part, the one that is signed."""
    start = _head(certificate, 0)
    size = _head(certificate, start) - start + _length(certificate, start)
    return hashlib.sha256(certificate[start:start + size]).hexdigest()


def _length(data: bytes, at: int) -> int:
    return data[at + 1] if data[at + 1] < 128 else int.from_bytes(data[at + 2:at + 2 + (data[at + 1] & 127)], "big")


def _head(data: bytes, at: int) -> int:
    return at + 2 + (data[at + 1] & 127 if data[at + 1] >= 128 else 0)


def trusts(variables: Variables, fingerprint: str) -> bool:
    """Whether db has a certificate, and dbx forbids it in neither way."""
    held = [data for kind, data in _entries(variables.values.get("db", b"")) if kind == _CERTIFICATE]
    found = [data for data in held if hashlib.sha256(data).hexdigest() == fingerprint]
    return bool(found) and fingerprint not in variables.certificates("dbx") and tbs_digest(found[0]) not in variables.forbids_by_digest()
