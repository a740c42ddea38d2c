# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that the next boot's kernel will not load, since no keyring of it will hold their signer: by serial and issuer in the module itself."""

import re
import zlib
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..._formats import kernel_module, pkcs7, x509
from ..._formats.signature_lists import Lists
from ..target import NoAnswerError
from .next_kernel import Kernel
from .variables import State

_TAIL = 65536
_COMPRESSED, _WHOLE = 8 << 20, 64 << 20
_LIST_BYTES = 16 << 20
# Kernels of these look into .platform (db, and what shim hands over) for modules; others into .machine alone, since 5.18.
_PLATFORM_FAMILIES = ("debian", "redhat")
_MACHINE_SINCE = (5, 18)

# signer: how its certificate is told: (issuer, serial) or a key's id, None for no signature; name: for people.
Signed = NamedTuple("Signed", [("signers", Optional[Tuple[pkcs7.Signer, ...]]), ("name", str)])


def signature_of(tail: bytes) -> Signed:
    """The signature at a module's end; ValueError where it is of another form."""
    mark = kernel_module.SIGNATURE_MARK
    if not tail.endswith(mark):
        return Signed(None, "")
    head = tail[-len(mark) - 12:-len(mark)]
    length = int.from_bytes(head[8:12], "big")
    if len(head) < 12 or head[2] != 2 or not 0 < length <= len(tail) - len(mark) - 12:
        raise ValueError("a module's signature that is no PKCS#7")
    signature = pkcs7.parse(tail[-len(mark) - 12 - length:-len(mark) - 12])
    first = signature.signers[0] if signature.signers else None
    return Signed(signature.signers, (x509.common_name(first.issuer) or first.key_id) if first is not None else "")


def is_by(signer: pkcs7.Signer, certificate: x509.Certificate) -> bool:
    """Whether a module's signer is this certificate."""
    if signer.key_id:
        return signer.key_id in certificate.der.hex()
    return signer.serial == certificate.serial and signer.issuer == certificate.issuer


def refused(signed: Signed, kernel: Kernel, state: Optional[State], own: Tuple[pkcs7.Signer, ...]) -> Optional[bool]:
    """Whether a kernel that asks for signatures refuses a module; None where its keyrings are not known.

    ``own``: signers of a module of the kernel's own.
    """
    if not signed.signers:
        return True
    signer = signed.signers[0]
    if any((each.issuer, each.serial, each.key_id) == (signer.issuer, signer.serial, signer.key_id) for each in own):
        return False
    if state is None:
        return True
    if _within(signer, state.of("dbx")) or _within(signer, state.of("MokListXRT")):
        return True
    if kernel.keeps_mok and _within(signer, state.of("MokListRT")):
        into_machine = state.trusts_mok and _version(kernel.release) >= _MACHINE_SINCE
        return False if into_machine or kernel.family in _PLATFORM_FAMILIES else None
    if kernel.keeps_db and _within(signer, state.of("db")):
        return False if kernel.family in _PLATFORM_FAMILIES else None
    return True


def _within(signer: pkcs7.Signer, lists: Lists) -> bool:
    return any(is_by(signer, certificate) for certificate in lists.certificates)


def _version(release: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", release)[:2])


def files(host: Any, release: str) -> Dict[str, str]:
    """{name as lsmod says it: path} of a kernel's modules. Raises NoAnswerError."""
    folder = "/lib/modules/%s" % release
    answer = host.read(folder + "/modules.dep", _LIST_BYTES)
    if answer.problem:
        raise NoAnswerError(answer.problem, "%s/modules.dep: %s" % (folder, answer.detail))
    found: Dict[str, str] = {}
    for path in re.findall(r"^(\S+?\.ko(?:\.\w+)?):", answer.value, re.MULTILINE):
        name = path.rsplit("/", 1)[-1].split(".ko")[0].replace("-", "_")
        found.setdefault(name, path if path.startswith("/") else "%s/%s" % (folder, path))
    return found


def tail(host: Any, path: str) -> bytes:
    """The end of a module's file, unpacked. Raises NoAnswerError."""
    found = host.stat(path)
    if found.problem:
        raise NoAnswerError(found.problem, "%s: %s" % (path, found.detail))
    size = found.value.size
    packed = path.rsplit(".", 1)[-1]
    if packed == "ko":
        return _read(host, path, min(size, _TAIL), max(size - _TAIL, 0))
    if packed not in ("xz", "gz"):
        raise NoAnswerError("unsupported", "%s: compressed in a way that Python of this host does not read; modinfo -F signer would tell" % path)
    if size > _COMPRESSED:
        raise NoAnswerError("too_large", "%s: %d bytes, compressed" % (path, size))
    try:
        return _unpacked(packed, _read(host, path, size, 0))[-_TAIL:]
    except (ImportError, ValueError, EOFError, MemoryError) as error:
        raise NoAnswerError("unparsable", "%s: %s" % (path, error)) from error


def _unpacked(packed: str, data: bytes) -> bytes:
    """The content; ValueError, ImportError or EOFError where it cannot be had."""
    if packed == "xz":
        # Not every Python was built with it.
        import lzma
        try:
            return lzma.LZMADecompressor(memlimit=2 * _WHOLE).decompress(data, _WHOLE)
        except lzma.LZMAError as error:
            raise ValueError(str(error)) from error
    try:
        return zlib.decompressobj(31).decompress(data, _WHOLE)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _read(host: Any, path: str, size: int, offset: int) -> bytes:
    answer = host.read_bytes(path, size, offset)
    if answer.problem:
        raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    return bytes(answer.value)


def judge(host: Any, kernel: Kernel, state: Optional[State], modules: List[str]) -> Tuple[List[Dict[str, Any]], Dict[str, str]]:
    """(rows of the modules that are refused, why it cannot be told of others, by name). A module that the kernel lacks is another matter."""
    if not kernel.enforces:
        return [], {}
    there = files(host, kernel.release)
    own = _own_signers(host, there)
    rows: List[Dict[str, Any]] = []
    unknown: Dict[str, str] = {}
    for module in [name for name in modules if name in there]:
        try:
            signed = signature_of(tail(host, there[module]))
            answer = refused(signed, kernel, state, own)
        except (NoAnswerError, ValueError) as error:
            unknown[module] = str(error)
            continue
        if answer:
            rows.append({"module": module, "kernel": kernel.release, "signer": signed.name or None})
        elif answer is None:
            unknown[module] = "%s: signed by %s; which keyrings this distribution's kernel asks for modules is not known" % (module, signed.name)
    return rows, unknown


def _own_signers(host: Any, there: Dict[str, str]) -> Tuple[pkcs7.Signer, ...]:
    """The signers of a module of the kernel's own tree, whose key is built in."""
    for path in [path for path in there.values() if "/kernel/" in path][:3]:
        try:
            signers = signature_of(tail(host, path)).signers
        except (NoAnswerError, ValueError):
            continue
        if signers:
            return signers
    return ()
