# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What UEFI's variables PK, KEK, db and dbx, and shim's MokListRT and MokListXRT hold: lists of certificates and digests. Pure."""

import struct
from typing import List, NamedTuple, Tuple

from . import efi, x509

_X509 = "a5c059a1-94e4-4aa7-87b5-ab155c2bf072"
_DIGESTS = {
    "826ca512-cf10-4ac9-b187-be01496631bd": "sha1", "c1c41626-504c-4092-aca9-41f936934328": "sha256",
    "ff3e5307-9fd0-48c9-85f1-8ad56c701e01": "sha384", "093e0fae-a6c4-4f50-9f1b-d41e2b89c19a": "sha512"}
_CERTIFICATE_DIGESTS = {
    "3bd2a492-96c0-4079-b420-fcf98ef103ed": ("sha256", 32), "7076876e-80c2-4ee6-aad2-28b349a6865b": ("sha384", 48),
    "446dbf63-2502-4cda-bcfa-2465d2b0fe9d": ("sha512", 64)}
_ENTRIES = 20000


class CertificateDigest(NamedTuple):
    """A certificate that is told by the digest of its TBSCertificate. ``always``: the revocation has no date, so that no time stamp helps."""

    algorithm: str
    digest: bytes
    always: bool


class Lists(NamedTuple):
    """``first`` are the first certificates of each list, all that shim looks at; ``digests`` are (algorithm, digest) of files."""

    certificates: Tuple[x509.Certificate, ...]
    first: Tuple[x509.Certificate, ...]
    digests: Tuple[Tuple[str, bytes], ...]
    certificate_digests: Tuple[CertificateDigest, ...]
    other: int


EMPTY = Lists((), (), (), (), 0)


def parse(data: bytes) -> Lists:
    """All lists of a variable's value; ValueError where one does not fit into it."""
    certificates: List[x509.Certificate] = []
    first: List[x509.Certificate] = []
    digests: List[Tuple[str, bytes]] = []
    told: List[CertificateDigest] = []
    other, entries = 0, 0
    for kind, index, value in _entries(data):
        entries += 1
        if entries > _ENTRIES:
            raise ValueError("more than %d signatures" % _ENTRIES)
        certificate = x509.parse_or_none(value) if kind == _X509 else None
        if certificate is not None:
            certificates.append(certificate)
            first += [certificate] if index == 0 else []
        elif kind in _DIGESTS:
            digests.append((_DIGESTS[kind], value))
        elif kind in _CERTIFICATE_DIGESTS:
            algorithm, length = _CERTIFICATE_DIGESTS[kind]
            told.append(CertificateDigest(algorithm, value[:length], not any(value[length:])))
        else:
            other += 1
    return Lists(tuple(certificates), tuple(first), tuple(digests), tuple(told), other)


def _entries(data: bytes) -> List[Tuple[str, int, bytes]]:
    """(type, place in its list, data without the owner) of each signature."""
    found: List[Tuple[str, int, bytes]] = []
    at = 0
    while at < len(data):
        if at + 28 > len(data):
            raise ValueError("a signature list is cut short at byte %d" % at)
        kind = efi.guid(data[at:at + 16])
        length, head, size = struct.unpack_from("<III", data, at + 16)
        if length < 28 or at + length > len(data) or size < 17 or 28 + head > length or (length - 28 - head) % size:
            raise ValueError("a signature list of %d bytes, signatures of %d bytes, at byte %d" % (length, size, at))
        begin = at + 28 + head
        if (length - 28 - head) // size + len(found) > _ENTRIES:
            raise ValueError("more than %d signatures" % _ENTRIES)
        found += [(kind, index, data[place + 16:place + size]) for index, place in enumerate(range(begin, at + length, size))]
        at += length
    return found
