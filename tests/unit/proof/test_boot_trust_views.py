# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof reads the firmware's variables by its own way, and says the same of them as the scan."""

from __future__ import annotations

import base64

import pytest
from boot_world import IMAGE_SECURITY, SHIM, certificates, debian, key, tbs_digest
from firebreak_proof.views import boot_trust


def answer(machine: object, *more: str) -> str:
    """What the question ``efi_variables`` prints of a machine of the tests."""
    variables = {path.rsplit("/", 1)[1][:-37]: data[4:] for path, data in machine.variables.items()}  # type: ignore[attr-defined]
    return "\n".join(["firmware efi", *(f"{name} {base64.b64encode(value).decode()}" for name, value in variables.items()), *more]) + "\n"


@pytest.mark.parametrize(("name", "vendor", "value", "mode"), [
    ("MokSBStateRT", SHIM, b"\0", "enforced"), ("MokSBStateRT", SHIM, b"\1", "insecure"),
    ("SecureBoot", "8be4df61-93ca-11d2-aa0d-00e098032b8c", b"\0", "off"), ("SetupMode", "8be4df61-93ca-11d2-aa0d-00e098032b8c", b"\1", "setup"),
])
def test_modes_are_the_scan_s(name: str, vendor: str, value: bytes, mode: str) -> None:
    machine = debian().variable(name, value, vendor)
    assert boot_trust.read(answer(machine)).mode() == mode == machine.trust()["mode"]


def test_fingerprints_are_the_scan_s() -> None:
    machine = debian()
    assert boot_trust.read(answer(machine)).certificates("db") == {row["sha256"] for row in machine.trust()["certificates"]}


@pytest.mark.parametrize(("forbid", "trusted"), [
    (b"", True), (certificates(key("UEFI CA 2023")), False), (tbs_digest(key("UEFI CA 2023")), False), (tbs_digest(key("UEFI CA 2011")), True)],
    ids=["nothing", "the certificate", "its digest", "another's digest"])
def test_a_certificate_is_trusted_where_dbx_forbids_it_in_neither_way(forbid: bytes, trusted: bool) -> None:
    machine = debian().variable("dbx", forbid, IMAGE_SECURITY)
    fingerprint = machine.trust()["certificates"][1]["sha256"]
    assert boot_trust.trusts(boot_trust.read(answer(machine)), fingerprint) is trusted


def test_requests_and_machines_without_efi() -> None:
    assert boot_trust.read(answer(debian(), "asks MokNew")).asks == ["MokNew"]
    assert boot_trust.read("firmware other\n").mode() == "not_efi"
