# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One program of the boot: what it is, who signed it, and what it brings along. Read in pieces; digests are made only where one is asked for."""

import hashlib
import struct
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ..._formats import pe, pkcs7, sbat, signature_lists, x509
from ..._formats.signature_lists import EMPTY, Lists
from ..target import NoAnswerError

_PIECE = 1 << 20
# A program, a unified kernel image with its initrd included, is not larger.
_LARGEST = 512 << 20
_SBAT_BYTES, _VENDOR_BYTES, _MAGIC_BYTES = 65536, 262144, 64


class Carried(NamedTuple):
    """What shim brings: the vendor's trusted and forbidden certificates and digests, and its levels (automatic, latest)."""

    vendor: Lists
    vendor_dbx: Lists
    levels: Optional[Tuple[sbat.Level, sbat.Level]]


NOTHING = Carried(EMPTY, EMPTY, None)


class Component:
    """A program. ``table_fits`` is false where firmware would not read its signatures to their end; ``table`` are these as they are."""

    def __init__(self, path: str, read: pe.Read, size: int) -> None:
        self.path = path
        self._read = read
        self.program = pe.parse(read, size)
        self.table, self.table_fits = pe.signatures(read, self.program)
        self._signatures: Optional[List[Optional[pkcs7.Signature]]] = None
        self._digests: Dict[str, str] = {}
        self._believes = False
        self._rows: Optional[List[sbat.Row]] = None
        self._carried: Optional[Carried] = None
        self.role = _role(path, read, self.program)

    @property
    def signatures(self) -> List[Optional[pkcs7.Signature]]:
        """Its signatures, None for one that cannot be read."""
        if self._signatures is None:
            self._signatures = [_signature(data) for data in self.table]
        return self._signatures

    @property
    def rows(self) -> List[sbat.Row]:
        """Its parts and generations; ValueError where they are damaged, which the firmware does not ask."""
        if self._rows is None:
            self._rows = sbat.parse_rows(self.section(".sbat", _SBAT_BYTES))
        return self._rows

    @property
    def carried(self) -> Carried:
        """What shim brings; ValueError where it is damaged."""
        if self._carried is None:
            self._carried = _carried(self._read, self.program)
        return self._carried

    @property
    def is_signed(self) -> bool:
        """It has a table of signatures, whatever is in it."""
        return bool(self.program.table[1])

    def section(self, name: str, limit: int) -> bytes:
        """A section, bounded; b'' where there is none."""
        return pe.content(self._read, self.program, name, limit)

    def digest(self, algorithm: str) -> bytes:
        """Authenticode's digest of the file as it is; of one that is taken ``as_told`` what its signatures say."""
        told = self.told_digest(algorithm) if self._believes else None
        if told is not None:
            return told
        if algorithm not in self._digests:
            self._digests[algorithm] = self._count(algorithm)
        return bytes.fromhex(self._digests[algorithm])

    def _count(self, algorithm: str) -> str:
        counted = hashlib.new(algorithm)
        for begin, end in self.program.signed_parts:
            for at in range(begin, end, _PIECE):
                counted.update(self._read(at, min(_PIECE, end - at)))
        return counted.hexdigest()

    def told_digest(self, algorithm: str) -> Optional[bytes]:
        """What its signatures say the digest is, without reading the file; None where none says so."""
        return next((each.code_digest for each in self.signatures if each is not None and each.code_algorithm == algorithm), None)

    def as_told(self) -> "Component":
        """The same program, its signatures believed: but for these, nothing of the file is read."""
        # The library's copy costs a host two milliseconds to load.
        other = Component.__new__(Component)
        other.__dict__.update(self.__dict__)
        other._believes = True
        return other

    def signers(self) -> List[x509.Certificate]:
        """The certificates of all who signed it."""
        return [certificate for each in self.signatures if each is not None for certificate in pkcs7.signer_certificates(each)]

    def issuers(self) -> List[str]:
        """The names of those who issued the signers' certificates."""
        return [x509.common_name(certificate.issuer) for certificate in self.signers()]


def _signature(data: bytes) -> Optional[pkcs7.Signature]:
    try:
        return pkcs7.parse(data)
    except ValueError:
        return None


def _carried(read: pe.Read, program: pe.Program) -> Carried:
    vendor = pe.content(read, program, ".vendor_cert", _VENDOR_BYTES)
    carried = pe.content(read, program, ".sbatlevel", _SBAT_BYTES)
    if not vendor and not carried:
        return NOTHING
    trusted, forbidden = _vendor_lists(vendor)
    return Carried(trusted, forbidden, sbat.parse_carried(carried) if carried else None)


def _vendor_lists(section: bytes) -> Tuple[Lists, Lists]:
    """(trusted, forbidden) of shim's section .vendor_cert; ValueError where it is of another form."""
    if not section:
        return EMPTY, EMPTY
    if len(section) < 16:
        raise ValueError("a section .vendor_cert of %d bytes" % len(section))
    trusted_size, forbidden_size, trusted_at, forbidden_at = struct.unpack_from("<IIII", section)
    trusted = section[trusted_at:trusted_at + trusted_size]
    forbidden = section[forbidden_at:forbidden_at + forbidden_size]
    return _either(trusted), signature_lists.parse(forbidden)


def _either(data: bytes) -> Lists:
    """One certificate, or lists of them, as the vendor built it."""
    if data[:1] != b"\x30":
        return signature_lists.parse(data)
    certificate = x509.parse(data)
    return Lists((certificate,), (certificate,), (), (), 0)


def _role(path: str, read: pe.Read, program: pe.Program) -> str:
    """What the program is: by what is in it, then by its name."""
    sections = pe.names(program)
    name = path.rsplit("/", 1)[-1].lower()
    parts = _parts(pe.content(read, program, ".sbat", _SBAT_BYTES))
    magic = pe.content(read, program, ".sdmagic", _MAGIC_BYTES)
    tests: Tuple[Tuple[str, Callable[[], bool]], ...] = (
        ("shim", lambda: ".vendor_cert" in sections or ".sbatlevel" in sections),
        ("revocations", lambda: ".sbata" in sections or name.startswith("revocations")),
        ("mok_manager", lambda: name.startswith("mm") and "shim" in parts or name.startswith("mokmanager")),
        ("fallback", lambda: name.startswith("fb") and "shim" in parts or name.startswith("fallback")),
        ("unified_image", lambda: ".linux" in sections),
        ("systemd_boot", lambda: b"systemd-boot" in magic or "systemd-boot" in parts or name.startswith("systemd-boot")),
        ("grub", lambda: "grub" in parts or name.startswith(("grub", "gcd"))),
        ("fwupd", lambda: "fwupd-efi" in parts or name.startswith("fwup")),
        ("windows", lambda: name in ("bootmgfw.efi", "bootmgr.efi")),
        ("shim", lambda: name.startswith("shim")),
        ("kernel", lambda: read(0x202, 4) == b"HdrS" or read(0x38, 4) == b"ARM\x64" or name.startswith(("vmlinu", "linux", "kernel"))),
    )
    return next((role for role, test in tests if test()), "other")


def _parts(data: bytes) -> List[str]:
    try:
        return [row.component for row in sbat.parse_rows(data)]
    except ValueError:
        return []


def read(host: Any, path: str) -> Optional[Component]:
    """The program at a path, None where there is none. Raises NoAnswerError for what cannot be read, ValueError for what is no program."""
    found = host.stat(path)
    if found.problem == "absent":
        return None
    if found.problem:
        raise NoAnswerError(found.problem, "%s: %s" % (path, found.detail))
    if found.value.size > _LARGEST:
        raise NoAnswerError("too_large", "%s: %d bytes" % (path, found.value.size))

    def piece(offset: int, size: int) -> bytes:
        answer = host.read_bytes(path, size, offset)
        if answer.problem:
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
        return bytes(answer.value)

    return Component(path, piece, found.value.size)
