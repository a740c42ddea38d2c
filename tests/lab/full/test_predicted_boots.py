# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scan predicts of the next boot from files is what the serial console then shows: Debian's signed programs under OVMF.

Each case is a file of variables and a disk, both new. The prediction is made first, from what a running system of that machine would show.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import virtual_firmware
from boot_world import SHA256, TBS_SHA256, authenticode, certificates, key, level, signature_list
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from secure_boot import ENABLE, SEEN, VENDOR, Debian, Given, whole

MENU = "linux /vmlinuz console=ttyS0,115200\ninitrd /initrd\nboot\n"


@pytest.fixture(scope="module")
def debian() -> Debian:
    return Debian()


@pytest.fixture(scope="module")
def initrd(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return virtual_firmware.initrd(tmp_path_factory.mktemp("initrd"))


def forbidden(program: bytes) -> bytes:
    """A list with the program's digest."""
    return signature_list(SHA256, authenticode(program))


def tbs(certificate: x509.Certificate) -> bytes:
    """A list that forbids a certificate by what is signed of it, without a date."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate.tbs_certificate_bytes)
    return signature_list(TBS_SHA256, digest.finalize() + bytes(16))


def unsigned(program: bytes) -> bytes:
    """The program without its signatures."""
    entry = struct.unpack_from("<I", program, 0x3C)[0] + 24 + 112 + 32
    begin, = struct.unpack_from("<I", program, entry)
    return program[:entry] + bytes(8) + program[entry + 8:begin]


def asked(given: Given) -> Given:
    """With a key that waits for a person at MokManager."""
    return given.set("MokNew", certificates(key("Own key")), attributes=SEEN).set("MokAuth", bytes(32), attributes=SEEN)


# Machines by what is special about them.
CASES: dict[str, Callable[[Debian], Given]] = {
    "both certificates trusted": whole,
    "only the certificate of 2023 trusted, shim of 2011": lambda debian: whole(debian).trusts(debian.ca_2023).has("shimx64.efi", debian.old_shim),
    "only the certificate of 2023 trusted, shim signed by both": lambda debian: whole(debian).trusts(debian.ca_2023),
    "only the certificate of 2011 trusted, shim signed by both": lambda debian: whole(debian).trusts(debian.ca_2011),
    "certificate of 2011 forbidden": lambda debian: whole(debian).forbids(certificates(debian.ca_2011.public_bytes(Encoding.DER))),
    "certificate of 2011 forbidden by what is signed of it": lambda debian: whole(debian).forbids(tbs(debian.ca_2011)),
    "the same, shim of 2011":
        lambda debian: whole(debian).forbids(tbs(debian.ca_2011)).has("shimx64.efi", debian.old_shim).has("grubx64.efi", debian.old_grub),
    "shim forbidden": lambda debian: whole(debian).forbids(forbidden(debian.shim)),
    "GRUB forbidden": lambda debian: whole(debian).forbids(forbidden(debian.grub)),
    "kernel forbidden": lambda debian: whole(debian).forbids(forbidden(debian.kernel)),
    "GRUB below the level that the new shim brings": lambda debian: whole(debian).has("grubx64.efi", debian.old_grub),
    "old shim, whose level the old GRUB has": lambda debian: whole(debian).has("shimx64.efi", debian.old_shim).has("grubx64.efi", debian.old_grub),
    "level above shim's own generation": lambda debian: whole(debian).set("SbatLevel", level("2029010100", "shim,9")),
    "kernel in the place of GRUB": lambda debian: whole(debian).has("grubx64.efi", debian.kernel),
    "unsigned kernel": lambda debian: whole(debian).has("/vmlinuz", unsigned(debian.kernel)),
    "unsigned kernel, Secure Boot off": lambda debian: whole(debian).has("/vmlinuz", unsigned(debian.kernel)).set("SecureBootEnable", b"\0", ENABLE),
    "unsigned kernel, shim told not to judge": lambda debian: whole(debian).has("/vmlinuz", unsigned(debian.kernel)).set("MokSBState", b"\1"),
    "a key waits": lambda debian: asked(whole(debian)),
    "a key waits without a time limit": lambda debian: asked(whole(debian)).set("MokTimeout", b"\xff\xff", attributes=SEEN),
    "a key waits, MokManager is not there": lambda debian: asked(whole(debian)).lacks("mmx64.efi"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_console_shows_what_was_predicted(debian: Debian, initrd: bytes, name: str, tmp_path: Path) -> None:
    given = CASES[name](debian)
    predicted = given.predicted()
    given.write(debian.firmware, tmp_path, {"/initrd": initrd, f"/{VENDOR}/grub.cfg": MENU.encode()})
    booted = virtual_firmware.boot(tmp_path)
    assert booted.sign is not None, booted.console[-4000:]
    assert booted.sign.verdict == predicted, booted.console[-4000:]
    assert booted.sign.ending in ("", booted.ended), booted.console[-4000:]
