# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who lets a program start: the firmware's rule and shim's, which differ in what one forbidden signature means. Pure.

The firmware's is EDK2's (DxeImageVerificationLib.c); other makers' firmware is not readable, and what is reported of it is the same.
"""

import hashlib
from typing import List, NamedTuple, Optional, Tuple

from ..._formats import pkcs7, x509
from ..._formats.pkcs7 import Signature
from ..._formats.signature_lists import Lists
from . import known
from .components import Component
from .variables import State

# Enrolled for kernel modules alone: shim passes over such a certificate, the kernel does not.
MODULES_ONLY = "1.3.6.1.4.1.2312.16.1.2"
_SHIM_DIGESTS = ("sha256", "sha1")


class Judgement(NamedTuple):
    """``allowed``: None where it cannot be told. ``by`` is dbx, vendor_dbx, mokx or sbat where something forbids it, else ''."""

    allowed: Optional[bool]
    why: str
    by: str = ""


def name(certificate: x509.Certificate) -> str:
    """A certificate's name for people."""
    return known.name_of(certificate.sha256, certificate.name)


def listed(component: Component, lists: Lists, as_told: bool = False) -> bool:
    """Whether a list holds the program's own digest; ``as_told``: the one that its signature says, so that the file is not read."""
    for algorithm in sorted({algorithm for algorithm, _digest in lists.digests}):
        digest = (component.told_digest(algorithm) if as_told else None) or component.digest(algorithm)
        if (algorithm, digest) in lists.digests:
            return True
    return False


def fits(component: Component, signature: Signature) -> bool:
    """Whether a signature is over this file as it is."""
    return bool(signature.code_algorithm) and component.digest(signature.code_algorithm) == signature.code_digest


def _forbids(signature: Signature, fitting: bool, dbx: Lists) -> Optional[str]:
    """Why dbx forbids a signature, '' where it does not, None where a certificate's kind of key is not read."""
    unknown = False
    for certificate in dbx.certificates if fitting else ():
        chains = pkcs7.chains_to(signature, certificate)
        if chains:
            return "signed by %s, which dbx forbids (one such signature is enough)" % name(certificate)
        unknown = unknown or chains is None
    for certificate in pkcs7.signer_certificates(signature):
        if told(certificate, dbx) is not None:
            return "its signer %s is forbidden by a digest in dbx" % name(certificate)
    return None if unknown else ""


def told(certificate: x509.Certificate, dbx: Lists) -> Optional[bool]:
    """Whether dbx names a certificate by the digest of its TBSCertificate, and there without a date; None where it does not name it."""
    for entry in dbx.certificate_digests:
        if hashlib.new(entry.algorithm, certificate.tbs).digest() == entry.digest:
            return entry.always
    return None


def _is_dated(signature: Signature, state: State) -> bool:
    """A time stamp might save a signature: a revocation has a date, and the firmware knows who stamps."""
    if not state.of("dbt").certificates:
        return False
    certificates = pkcs7.signer_certificates(signature) + list(state.of("db").certificates)
    return any(told(certificate, state.of("dbx")) is False for certificate in certificates)


def firmware(component: Component, state: State) -> Judgement:
    """All signatures in their order; the first that is forbidden ends it, whatever the others are."""
    db, dbx = state.of("db"), state.of("dbx")
    if not component.is_signed:
        if listed(component, dbx):
            return Judgement(False, "its digest is in dbx", "dbx")
        return Judgement(True, "its digest is in db") if listed(component, db) else Judgement(False, "no signature, and its digest is not in db")
    found: List[str] = []
    unknown = ""
    for signature in component.signatures:
        if signature is None or not signature.code_algorithm:
            continue
        if _is_dated(signature, state):
            return Judgement(None, "a revocation with a date and a list of time stamps (dbt): time stamps are not read")
        fitting = fits(component, signature)
        forbidden = _forbids(signature, fitting, dbx)
        if forbidden:
            return Judgement(False, forbidden, "dbx")
        trusted = _trusted_by_db(signature, db, dbx) if fitting else ""
        if forbidden is None or trusted is None:
            unknown = "a certificate whose kind of key is not read"
        found += [trusted] if trusted else []
        digest = (signature.code_algorithm, component.digest(signature.code_algorithm))
        if digest in dbx.digests:
            return Judgement(False, "its digest is in dbx", "dbx")
        found += ["its digest is in db"] if not found and digest in db.digests else []
    if not component.table_fits:
        return Judgement(False, "its table of signatures does not end where it says")
    if unknown:
        return Judgement(None, unknown)
    return Judgement(True, found[0]) if found else Judgement(False, "no signature by a certificate in db")


def _trusted_by_db(signature: Signature, db: Lists, dbx: Lists) -> Optional[str]:
    """By whom; '' where by nobody. The first certificate that it leads to decides: where dbx names that one, the signature counts for nothing."""
    unknown = False
    for certificate in db.certificates:
        chains = pkcs7.chains_to(signature, certificate)
        if chains:
            return "signed by %s in db" % name(certificate) if told(certificate, dbx) is None else ""
        unknown = unknown or chains is None
    return None if unknown else ""


def shim(component: Component, state: State, loader: Component, more: Tuple[x509.Certificate, ...] = ()) -> Judgement:
    """Shim's rule without generations: a forbidden signature is passed over, another may still be good. ``loader`` is shim itself."""
    vendor, vendor_dbx = loader.carried.vendor, loader.carried.vendor_dbx
    forbidding = (("vendor_dbx", vendor_dbx), ("dbx", state.of("dbx")), ("mokx", state.of("MokListXRT")))
    trusting = [("db", state.of("db"))] * (not state.ignores_db) + [("shim's own list", vendor), ("MokListRT", state.of("MokListRT"))]
    for by, lists in forbidding:
        if _shim_lists(component, lists):
            return Judgement(False, "its digest is in %s" % by, by)
    for where, lists in trusting:
        if _shim_lists(component, lists):
            return Judgement(True, "its digest is in %s" % where)
    if not component.is_signed:
        return Judgement(False, "no signature")
    unknown, forbidden = False, ""
    for signature in component.signatures:
        if signature is None or not fits(component, signature):
            continue
        by = next((by for by, lists in forbidding if any(pkcs7.chains_to(signature, each) for each in lists.first)), "")
        if by:
            forbidden = by
            continue
        for certificate in [each for _where, lists in trusting for each in lists.first if MODULES_ONLY not in each.uses] + list(more):
            chains = pkcs7.chains_to(signature, certificate)
            if chains:
                return Judgement(True, "signed by %s" % name(certificate))
            unknown = unknown or chains is None
    if unknown:
        return Judgement(None, "a certificate whose kind of key is not read")
    if forbidden:
        return Judgement(False, "each signature is forbidden by %s or by nobody known" % forbidden, forbidden)
    return Judgement(False, "no signature by a certificate in db, MokListRT or shim's own")


def _shim_lists(component: Component, lists: Lists) -> bool:
    wanted = Lists((), (), tuple(pair for pair in lists.digests if pair[0] in _SHIM_DIGESTS), (), 0)
    return bool(wanted.digests) and listed(component, wanted)
