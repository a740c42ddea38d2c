# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures (PKCS#7, RFC 2315 and 5652) as PE files and kernel modules carry them: who signed, by which certificate, over which digest. Pure."""

import hashlib
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import der, x509

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_CODE_DIGEST = "1.3.6.1.4.1.311.2.1.4"
_DIGESTS = {
    "1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
_SIGNERS = 8
_CERTIFICATES = 32


class Signer(NamedTuple):
    """``issuer`` is '' where the certificate is told by its key id; ``signed`` is what the signature is over, None where it is the content."""

    issuer: bytes
    serial: int
    key_id: str
    digest: str
    signed: Optional[bytes]
    message_digest: Optional[bytes]
    signature: bytes


class Signature(NamedTuple):
    """``code_digest`` and ``code_algorithm`` are what Authenticode says of the file: b'' and '' elsewhere."""

    signers: Tuple[Signer, ...]
    certificates: Tuple[x509.Certificate, ...]
    code_algorithm: str
    code_digest: bytes
    content: bytes


def parse(data: bytes) -> Signature:
    """A signature; ValueError for what is none."""
    outer = der.whole(data)
    if outer.tag != der.SEQUENCE:
        raise ValueError("no PKCS#7: it begins with the DER tag %d" % outer.tag)
    kind, wrapped = der.expect(data, outer, (der.OBJECT, 0xA0))[:2]
    if der.object_name(data, kind) != _SIGNED_DATA:
        raise ValueError("PKCS#7 without signed data")
    body = der.expect(data, wrapped, (der.SEQUENCE,))[0]
    parts = der.expect(data, body, (der.INTEGER, der.SET, der.SEQUENCE))
    certificates = _certificates(data, next((part for part in parts[3:] if part.tag == 0xA0), None))
    signers = next((part for part in parts[3:] if part.tag == der.SET), None)
    if signers is None:
        raise ValueError("PKCS#7 without signers")
    algorithm, digest, content = _code(data, parts[2])
    return Signature(tuple(_signer(data, each) for each in der.children(data, signers)[:_SIGNERS]), certificates, algorithm, digest, content)


def _certificates(data: bytes, held: Optional[der.Node]) -> Tuple[x509.Certificate, ...]:
    if held is None:
        return ()
    read = [x509.parse_or_none(der.encoded(data, each)) for each in der.children(data, held)[:_CERTIFICATES]]
    return tuple(certificate for certificate in read if certificate is not None)


def _code(data: bytes, info: der.Node) -> Tuple[str, bytes, bytes]:
    """(algorithm, digest, the bytes that signers sign) of Authenticode's content; nothing of other content."""
    parts = der.expect(data, info, (der.OBJECT,))
    if der.object_name(data, parts[0]) != _CODE_DIGEST or len(parts) < 2:
        return "", b"", b""
    inner = der.expect(data, parts[1], (der.SEQUENCE,))[0]
    told = der.expect(data, inner, (der.SEQUENCE, der.SEQUENCE))[1]
    algorithm, digest = der.expect(data, told, (der.SEQUENCE, der.OCTET_STRING))[:2]
    return _digest(data, algorithm), der.content(data, digest), der.content(data, inner)


def _digest(data: bytes, algorithm: der.Node) -> str:
    return _DIGESTS.get(der.object_name(data, der.expect(data, algorithm, (der.OBJECT,))[0]), "")


def _signer(data: bytes, value: der.Node) -> Signer:
    parts = der.expect(data, value, (der.INTEGER, 0, der.SEQUENCE))
    issuer, serial, key_id = b"", 0, ""
    if parts[1].tag == der.SEQUENCE:
        name, number = der.expect(data, parts[1], (der.SEQUENCE, der.INTEGER))[:2]
        issuer, serial = der.encoded(data, name), der.integer(data, number)
    else:
        key_id = der.content(data, parts[1]).hex()
    attributes = parts[3] if len(parts) > 3 and parts[3].tag == 0xA0 else None
    signature = next((part for part in parts[3:] if part.tag == der.OCTET_STRING), None)
    if signature is None:
        raise ValueError("a signer of PKCS#7 without a signature")
    # A signature is over the attributes as a set, though they are stored under another tag.
    signed = b"\x31" + der.encoded(data, attributes)[1:] if attributes is not None else None
    told = _attributes(data, attributes).get(_MESSAGE_DIGEST)
    return Signer(issuer, serial, key_id, _digest(data, parts[2]), signed, told, der.content(data, signature))


def _attributes(data: bytes, held: Optional[der.Node]) -> Dict[str, bytes]:
    found: Dict[str, bytes] = {}
    for attribute in der.children(data, held)[:64] if held is not None else []:
        name, values = der.expect(data, attribute, (der.OBJECT, der.SET))[:2]
        first = der.children(data, values)[:1]
        if first:
            found[der.object_name(data, name)] = der.content(data, first[0])
    return found


def certificate_of(signature: Signature, signer: Signer) -> Optional[x509.Certificate]:
    """The signer's own certificate, None where the signature does not carry it."""
    return next((each for each in signature.certificates if each.serial == signer.serial and each.issuer == signer.issuer), None)


def signer_certificates(signature: Signature) -> List[x509.Certificate]:
    """The certificates of those who signed, as far as they are carried."""
    found = [certificate_of(signature, signer) for signer in signature.signers]
    return [certificate for certificate in found if certificate is not None]


def is_intact(signature: Signature, signer: Signer) -> Optional[bool]:
    """Whether a signer's signature is over the content; None where its kind of key is not read, or its certificate is not carried."""
    certificate = certificate_of(signature, signer)
    if certificate is None or not signer.digest:
        return None
    if signer.signed is None:
        return x509.verify(certificate.key, signer.digest, signature.content, signer.signature)
    if signer.message_digest != hashlib.new(signer.digest, signature.content).digest():
        return False
    return x509.verify(certificate.key, signer.digest, signer.signed, signer.signature)


def chains_to(signature: Signature, anchor: x509.Certificate) -> Optional[bool]:
    """Whether every signer is intact and leads to the anchor; None where that cannot be told."""
    answers: List[Optional[bool]] = []
    for signer in signature.signers:
        certificate = certificate_of(signature, signer)
        answers.append(x509.chains_to(certificate, signature.certificates, anchor) if certificate is not None else False)
        answers.append(is_intact(signature, signer))
    if not answers or False in answers:
        return False
    return None if None in answers else True
