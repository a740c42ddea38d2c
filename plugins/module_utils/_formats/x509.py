# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates (X.509): who is called what, which key they hold, and whether one was signed by another. Pure.

Time is not asked: neither firmware nor shim nor the kernel looks at it.
"""

import functools
import hashlib
import re
from typing import Any, List, NamedTuple, Optional, Tuple

from . import der

_COMMON_NAME = b"\x06\x03\x55\x04\x03"
_RSA = "1.2.840.113549.1.1.1"
_EXTENDED_USE = "2.5.29.37"
# rsaEncryption alone is a signer's word in PKCS#7: the digest is told beside it.
_SIGNATURES = {
    "1.2.840.113549.1.1.5": "sha1", "1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512"}
_DIGEST_HEADS = {
    "sha1": "3021300906052b0e03021a05000414", "sha256": "3031300d060960864801650304020105000420",
    "sha384": "3041300d060960864801650304020205000430", "sha512": "3051300d060960864801650304020305000440"}
_MODULUS_BYTES = 2048
_EXPONENT = 1 << 33

RsaKey = NamedTuple("RsaKey", [("modulus", int), ("exponent", int)])


class Certificate(NamedTuple):
    """One certificate. ``key`` is None for what is no RSA key, ``digest`` '' for a signature of another kind; ``uses`` are its extended key uses."""

    der: bytes
    tbs: bytes
    serial: int
    issuer: bytes
    subject: bytes
    not_after: str
    key: Optional[RsaKey]
    uses: Tuple[str, ...]
    digest: str
    signature: bytes

    @property
    def sha256(self) -> str:
        """Its fingerprint."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def name(self) -> str:
        """Its common name, '' where it has none."""
        return common_name(self.subject)


def common_name(name: bytes) -> str:
    """The last common name in a distinguished name, printable."""
    at = name.rfind(_COMMON_NAME)
    if at < 0:
        return ""
    try:
        value = der.node(name, at + len(_COMMON_NAME), len(name))
    except ValueError:
        return ""
    text = der.content(name, value)[:256].decode("utf-16-be" if value.tag == 0x1E else "utf-8", "replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def parse(data: bytes) -> Certificate:
    """A certificate; ValueError for what is none."""
    outer = der.whole(data)
    if outer.tag != der.SEQUENCE:
        raise ValueError("no certificate: it begins with the DER tag %d" % outer.tag)
    body, algorithm, signature = der.expect(data, outer, (der.SEQUENCE, der.SEQUENCE, der.BIT_STRING))[:3]
    parts = der.children(data, body)
    if parts and parts[0].tag == 0xA0:
        parts = parts[1:]
    if [part.tag for part in parts[:6]] != [der.INTEGER] + [der.SEQUENCE] * 5:
        raise ValueError("no certificate: its parts are not those of X.509")
    serial, _algorithm, issuer, validity, subject, key = parts[:6]
    kind = der.object_name(data, der.expect(data, algorithm, (der.OBJECT,))[0])
    extensions = next((part for part in parts[6:] if part.tag == 0xA3), None)
    return Certificate(
        der.encoded(data, outer), der.encoded(data, body), der.integer(data, serial), der.encoded(data, issuer), der.encoded(data, subject),
        _moment(data, der.expect(data, validity, (0, 0))[1]), _key(data, key), _uses(data, extensions), _SIGNATURES.get(kind, ""),
        der.content(data, signature)[1:])


def _moment(data: bytes, value: der.Node) -> str:
    """2026-06-27 of a UTCTime or GeneralizedTime, '' for another form."""
    text = der.content(data, value)[:16].decode("ascii", "replace")
    if value.tag == 0x17 and re.match(r"\d{6}", text):
        text = ("19" if text >= "50" else "20") + text
    match = re.match(r"(\d{4})(\d\d)(\d\d)", text)
    return "-".join(match.groups()) if match else ""


def _key(data: bytes, value: der.Node) -> Optional[RsaKey]:
    algorithm, bits = der.expect(data, value, (der.SEQUENCE, der.BIT_STRING))[:2]
    if der.object_name(data, der.expect(data, algorithm, (der.OBJECT,))[0]) != _RSA:
        return None
    held = der.node(data, bits.start + 1, bits.end)
    modulus, exponent = der.expect(data, held, (der.INTEGER, der.INTEGER))[:2]
    if modulus.end - modulus.start > _MODULUS_BYTES or exponent.end - exponent.start > 8:
        return None
    key = RsaKey(der.integer(data, modulus), der.integer(data, exponent))
    return key if key.modulus > 0 and 0 < key.exponent < _EXPONENT else None


def _uses(data: bytes, extensions: Optional[der.Node]) -> Tuple[str, ...]:
    if extensions is None:
        return ()
    for extension in der.children(data, der.expect(data, extensions, (der.SEQUENCE,))[0]):
        parts = der.expect(data, extension, (der.OBJECT,))
        if der.object_name(data, parts[0]) == _EXTENDED_USE:
            held = der.node(data, parts[-1].start, parts[-1].end)
            return tuple(der.object_name(data, use) for use in der.children(data, held) if use.tag == der.OBJECT)
    return ()


@functools.lru_cache(maxsize=256)
def verify(key: Optional[RsaKey], digest: str, message: bytes, signature: bytes) -> Optional[bool]:
    """Whether a key signed a message (RSA, PKCS#1 1.5); None for keys and signatures of other kinds."""
    if key is None or digest not in _DIGEST_HEADS:
        return None
    length = (key.modulus.bit_length() + 7) // 8
    if len(signature) != length:
        return False
    opened = pow(int.from_bytes(signature, "big"), key.exponent, key.modulus).to_bytes(length, "big")
    told = bytes.fromhex(_DIGEST_HEADS[digest]) + hashlib.new(digest, message).digest()
    return length >= len(told) + 11 and opened == b"\0\1" + b"\xff" * (length - len(told) - 3) + b"\0" + told


def is_signed_by(certificate: Certificate, issuer: Certificate) -> Optional[bool]:
    """Whether one certificate was signed by another's key; None where its kind of key is not read."""
    if certificate.issuer != issuer.subject:
        return False
    return verify(issuer.key, certificate.digest, certificate.tbs, certificate.signature)


def chains_to(signer: Certificate, others: Tuple[Certificate, ...], anchor: Certificate) -> Optional[bool]:
    """Whether a signer is the anchor, or was signed by it through some of the others; None where a link's kind of key is not read."""
    unknown = False
    here: List[Certificate] = [signer]
    seen: List[bytes] = []
    while here and len(seen) < 32:
        current = here.pop()
        if current.der == anchor.der:
            return True
        if current.der in seen:
            continue
        seen.append(current.der)
        signed = is_signed_by(current, anchor)
        if signed:
            return True
        unknown = unknown or signed is None
        for other in others[:16]:
            linked = is_signed_by(current, other) if other.der not in seen else False
            if linked:
                here.append(other)
            unknown = unknown or linked is None
    return None if unknown else False


def parse_or_none(data: bytes) -> Any:
    """A certificate, or None for what is none: a list may hold both."""
    try:
        return parse(data)
    except ValueError:
        return None
