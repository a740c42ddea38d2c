# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's own signed boot programs, read by the scan and by sbverify and objdump: the same signers, sections, generations and digests.

The packages are downloaded and unpacked, never installed: they would change this machine's own boot.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.trust import rules
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.trust.components import Component
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import pkcs7, x509
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import variable_file

PACKAGES = ("shim-signed", "shim-helpers-amd64-signed", "grub-efi-amd64-signed", "ovmf")
FILES = ("usr/lib/shim/shimx64.efi.signed", "usr/lib/shim/mmx64.efi.signed", "usr/lib/shim/fbx64.efi.signed",
         "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages' files."""
    folder = tmp_path_factory.mktemp("signed")
    subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *PACKAGES], cwd=folder, check=True, capture_output=True, timeout=120)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True, timeout=60)
    return folder / "root"


def component(path: Path) -> Component:
    data = path.read_bytes()
    return Component(str(path), lambda offset, size: data[offset:offset + size], len(data))


def said(*argv: object) -> str:
    return subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("name", FILES)
def test_signers_are_those_that_sbverify_lists(unpacked: Path, name: str) -> None:
    listed = said("sbverify", "--list", unpacked / name)
    names = [re.sub(r".*/CN=", "", line).split("/")[0] for line in re.findall(r"subject: (.*)", listed)]
    issuers = [re.sub(r".*/CN=", "", line).split("/")[0] for line in re.findall(r"issuer: +(.*)", listed)]
    carried = [each for signature in component(unpacked / name).signatures if signature is not None for each in signature.certificates]
    assert [each.name for each in carried] == names
    assert [x509.common_name(each.issuer) for each in carried] == issuers
    assert len(component(unpacked / name).signatures) == len(re.findall(r"^signature \d+", listed, re.MULTILINE))


@pytest.mark.parametrize("name", FILES)
def test_sections_and_generations_are_those_that_binutils_shows(unpacked: Path, tmp_path: Path, name: str) -> None:
    seen = component(unpacked / name)
    rows = re.findall(r"^ *\d+ (\S+) +([0-9a-f]{8})  ", said("objdump", "-h", unpacked / name), re.MULTILINE)
    assert [(place.name, place.used) for place in seen.program.sections] == [(row[0], int(row[1], 16)) for row in rows]
    said("objcopy", "-O", "binary", "--only-section=.sbat", unpacked / name, tmp_path / "sbat")
    lines = (tmp_path / "sbat").read_bytes().split(b"\0")[0].decode().split("\n")
    wanted = [tuple(line.split(",")[:2]) for line in lines if line]
    assert [(row.component, str(row.generation)) for row in seen.rows] == wanted


@pytest.mark.parametrize("name", FILES)
def test_each_signature_is_over_the_file_and_a_changed_one_is_not(unpacked: Path, name: str) -> None:
    seen = component(unpacked / name)
    for signature in seen.signatures:
        assert signature is not None
        assert rules.fits(seen, signature)
        assert [pkcs7.is_intact(signature, signer) for signer in signature.signers] == [True]
    data = bytearray((unpacked / name).read_bytes())
    data[seen.program.sections[0].begin + 64] ^= 1
    damaged = Component("damaged", lambda offset, size: bytes(data[offset:offset + size]), len(data))
    assert not any(rules.fits(damaged, signature) for signature in damaged.signatures if signature is not None)


def test_shim_brings_its_vendor_s_certificate_and_a_level_that_its_grub_meets(unpacked: Path) -> None:
    shim, grub = component(unpacked / FILES[0]), component(unpacked / FILES[3])
    assert (shim.role, grub.role, component(unpacked / FILES[1]).role, component(unpacked / FILES[2]).role) == (
        "shim", "grub", "mok_manager", "fallback")
    vendor = shim.carried.vendor.certificates[0]
    assert rules.name(vendor) == "debian_secure_boot_ca"
    assert all(pkcs7.chains_to(signature, vendor) for signature in grub.signatures if signature is not None)
    levels = shim.carried.levels
    assert levels is not None
    least = dict(levels[0].least)
    assert all(row.generation >= least.get(row.component, 0) for row in grub.rows)


def test_templates_of_variables_are_read(unpacked: Path) -> None:
    folder = unpacked / "usr/share/OVMF"
    found = {path.name: variable_file.read(LiveHost(), str(path), 1 << 20) for path in sorted(folder.glob("OVMF_VARS_4M*.fd"))}
    assert {name: row["mode"] for name, row in found.items()} == {
        "OVMF_VARS_4M.fd": "setup", "OVMF_VARS_4M.ms.fd": "enforced", "OVMF_VARS_4M.snakeoil.fd": "enforced"}
    assert "microsoft_uefi_ca_2011" in found["OVMF_VARS_4M.ms.fd"]["certificates"]
