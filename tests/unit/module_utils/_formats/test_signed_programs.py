# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of signed programs: what the specifications say, and that no damaged byte gets out of them as another error than their own.

``FIREBREAK_FUZZ_SECONDS=600 pytest -k damaged`` goes on for as long as it says.
"""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import firmware
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.trust import module_keys
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.trust.components import Component
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import efi_store, pe, pkcs7, sbat, signature_lists, x509
from boot_world import (
    IMAGE_SECURITY,
    SHA256,
    X509,
    authenticode,
    carried,
    certificates,
    debian_shim,
    grub,
    key,
    level,
    option,
    program,
    shim,
    sign,
    signature_list,
    signed_module,
    stored,
    tbs_digest,
)

SHIM = debian_shim()
GLOBAL, SHIM_VENDOR = "8be4df61-93ca-11d2-aa0d-00e098032b8c", "605dab50-e046-4300-abb6-3dd810dd8b23"
LISTS = certificates(key("UEFI CA 2011"), key("UEFI CA 2023")) + signature_list(SHA256, b"\1" * 32, b"\2" * 32) + tbs_digest(key("UEFI CA 2011"))


def reader(data: bytes) -> pe.Read:
    return lambda offset, size: data[offset:offset + size]


def signatures(data: bytes) -> list[bytes]:
    return pe.signatures(reader(data), pe.parse(reader(data), len(data)))[0]


def everything(data: bytes) -> Any:
    """All that the scan reads of a program."""
    component = Component("/boot/efi/EFI/x/x.efi", reader(data), len(data))
    return component.rows, component.carried, component.signers(), component.issuers(), component.digest("sha256")


def test_names_of_more_than_eight_bytes_are_found() -> None:
    found = pe.parse(reader(SHIM), len(SHIM))
    assert [place.name for place in found.sections] == [".text", ".sbatlevel", ".vendor_cert", ".sbat"]
    assert [str(each) for each in sbat.parse_carried(pe.content(reader(SHIM), found, ".sbatlevel", 4096))] == [
        "2025021800 shim,4 grub,5", "2025051000 shim,4 grub,5 grub.proxmox,2"]


def test_the_digest_is_not_that_of_the_file() -> None:
    component = Component("x", reader(SHIM), len(SHIM))
    told = [each.code_digest for each in component.signatures if each is not None]
    assert told == [component.digest("sha256")] * 2 == [authenticode(SHIM)] * 2
    assert component.digest("sha256") != hashlib.sha256(SHIM).digest()


def test_signatures_come_in_the_order_of_the_table() -> None:
    component = Component("x", reader(SHIM), len(SHIM))
    assert component.issuers() == ["UEFI CA 2011", "UEFI CA 2023"]
    first, second = [each for each in component.signatures if each is not None]
    ca_2011, ca_2023 = (x509.parse(key(name).der) for name in ("UEFI CA 2011", "UEFI CA 2023"))
    assert [pkcs7.chains_to(first, ca_2011), pkcs7.chains_to(first, ca_2023), pkcs7.chains_to(second, ca_2023)] == [True, False, True]


def test_a_name_alone_makes_no_chain() -> None:
    """Another key that calls itself the same: issuer names play no part."""
    impostor = type(key("x"))("UEFI CA 2011")
    signature = pkcs7.parse(signatures(SHIM)[0])
    assert pkcs7.chains_to(signature, x509.parse(impostor.der)) is False


def test_a_signer_is_its_own_anchor() -> None:
    own = key("Own db")
    data = sign(program({}), own)
    assert pkcs7.chains_to(pkcs7.parse(signatures(data)[0]), x509.parse(own.der)) is True


def test_lists_tell_first_certificates_digests_and_certificates_by_digest() -> None:
    two = key("UEFI CA 2011").der
    found = signature_lists.parse(LISTS + signature_list(X509, two, two))
    assert (len(found.certificates), len(found.first), len(found.digests), found.other) == (4, 3, 2, 0)
    assert [entry.always for entry in found.certificate_digests] == [True]
    assert signature_lists.parse(signature_list(X509, b"NULL signature")).other == 1
    assert signature_lists.parse(b"") == signature_lists.EMPTY


@pytest.mark.parametrize("data", [
    b"\0" * 10, signature_list(X509, b"x" * 20)[:-1], signature_list(X509, b"x" * 20)[:24] + b"\0\0\0\0" + b"x" * 36],
    ids=["cut", "shorter than it says", "signatures of no size"])
def test_lists_that_do_not_fit_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="signature list"):
        signature_lists.parse(data)


@pytest.mark.parametrize(("text", "right"), [
    (b"sbat,1,2021030218\n", "2021030218"), (b"sbat,1,2025021800\nshim,4\ngrub,5\n\0\0\0", "2025021800 shim,4 grub,5"), (b"", None),
    (b"sbat,1\n", None),
    (b"grub,3\n", None), (b"sbat,1,2025021800\ngrub\n", None), (b"sbat,1,2025021800\ngrub,x\n", None),
])
def test_levels(text: bytes, right: str | None) -> None:
    if right is None:
        with pytest.raises(ValueError, match=r"level|generation"):
            sbat.parse_level(text)
    else:
        assert str(sbat.parse_level(text)) == right


def test_a_signature_table_that_is_cut_is_said() -> None:
    found = pe.parse(reader(SHIM), len(SHIM))
    begin, size = found.table
    damaged = SHIM[:begin] + (size + 8).to_bytes(4, "little") + SHIM[begin + 4:]
    assert pe.signatures(reader(damaged), pe.parse(reader(damaged), len(damaged)))[1] is False


BLOBS: list[tuple[str, bytes, Callable[[bytes], Any]]] = [
    ("shim", SHIM, everything),
    ("grub", grub("grub,5"), everything),
    ("signature", signatures(SHIM)[0], pkcs7.parse),
    ("certificate", key("UEFI CA 2011").der, x509.parse),
    ("lists", LISTS, signature_lists.parse),
    ("levels", carried(level("2025021800", "shim,4"), level("2025051000", "grub,5")), sbat.parse_carried),
    ("level", level("2025021800", "shim,4", "grub,5"), sbat.parse_level),
    ("a guest's variables", stored({("PK", GLOBAL): LISTS[:900], ("db", IMAGE_SECURITY): LISTS, ("SbatLevel", SHIM_VENDOR): b"sbat,1,2025021800\n"}),
     efi_store.parse),
    ("the firmware's entry", b"\7\0\0\0" + option("\\EFI\\debian\\shimx64.efi", "\\fwupdx64.efi\0"),
     lambda data: firmware.parse_option("Boot0001", data)),
    ("a module's signature", signed_module(key("DKMS module signing key")), module_keys.signature_of),
]


def damage(data: bytes, chance: random.Random) -> bytes:
    """The same with a few bytes changed, left out, doubled or cut."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(out) or 1)
        kind = chance.randrange(5)
        if kind == 0:
            out[at:at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            out[at:at + 4] = chance.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\x80"])
        elif kind == 2:
            del out[at:at + chance.randint(1, 40)]
        elif kind == 3:
            out[at:at] = out[at:at + chance.randint(1, 40)]
        else:
            del out[chance.randrange(len(out) + 1):]
    return bytes(out)


@pytest.mark.parametrize(("data", "read"), [blob[1:] for blob in BLOBS], ids=[blob[0] for blob in BLOBS])
def test_damaged_bytes_end_in_the_reader_s_own_error(data: bytes, read: Callable[[bytes], Any]) -> None:
    seconds = float(os.environ.get("FIREBREAK_FUZZ_SECONDS", "0")) / len(BLOBS)
    end, seed = time.monotonic() + seconds, 0
    while seed < 150 or time.monotonic() < end:
        damaged = damage(data, random.Random(seed))
        try:
            read(damaged)
        except ValueError:
            pass
        except Exception as error:
            pytest.fail(f"seed {seed}: {error!r}")
        seed += 1


def test_what_is_read_of_a_hostile_program_is_bounded() -> None:
    """Sections that claim the same megabytes again and again are not counted again and again."""
    data = shim(key("Vendor CA").der, b"")
    asked: list[int] = []

    def read(offset: int, size: int) -> bytes:
        asked.append(size)
        return data[offset:offset + size]

    component = Component("x", read, len(data))
    component.digest("sha256")
    assert sum(asked) < 3 * len(data) + 200_000
