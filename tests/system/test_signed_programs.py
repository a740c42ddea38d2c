# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signed boot programs of three releases of Debian's, read by the scan and by sbverify, binutils and pesign: the same signers and digests.

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
from debian_archive import Archive

RELEASES = ("bullseye", "bookworm", "trixie")
PACKAGES = ("shim-signed", "shim-helpers-amd64-signed", "grub-efi-amd64-signed")
KERNEL = r"^linux-image-[0-9.]+(-[0-9]+|\+deb[0-9]+)-cloud-amd64$"
FILES = {"shim": "usr/lib/shim/shimx64.efi.signed", "manager": "usr/lib/shim/mmx64.efi.signed", "fallback": "usr/lib/shim/fbx64.efi.signed",
         "grub": "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"}
WITH_GENERATIONS = tuple(FILES)
PROGRAMS = (*FILES, "kernel")

Release = dict[str, Path]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signed")


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest, place: Path) -> Release:
    """The signed programs of a release of Debian's, by what they are."""
    archive = Archive(place, request.param)
    roots = [archive.unpack(package) for package in PACKAGES]
    found = {name: root / path for name, path in FILES.items() for root in roots if (root / path).exists()}
    kernel, = (archive.unpack(archive.newest(KERNEL)) / "boot").glob("vmlinuz-*")
    return {**found, "kernel": kernel}


def component(path: Path) -> Component:
    data = path.read_bytes()
    return Component(str(path), lambda offset, size: data[offset:offset + size], len(data))


def said(*argv: object) -> str:
    return subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_signers_are_those_that_sbverify_lists(release: Release, name: str) -> None:
    listed = said("sbverify", "--list", release[name])
    names = [re.sub(r".*/CN=", "", line).split("/")[0] for line in re.findall(r"subject: (.*)", listed)]
    issuers = [re.sub(r".*/CN=", "", line).split("/")[0] for line in re.findall(r"issuer: +(.*)", listed)]
    carried = [each for signature in component(release[name]).signatures if signature is not None for each in signature.certificates]
    assert [each.name for each in carried] == names
    assert [x509.common_name(each.issuer) for each in carried] == issuers
    assert len(component(release[name]).signatures) == len(re.findall(r"^signature \d+", listed, re.MULTILINE))


@pytest.mark.parametrize("name", WITH_GENERATIONS)
def test_sections_and_generations_are_those_that_binutils_shows(release: Release, tmp_path: Path, name: str) -> None:
    seen = component(release[name])
    rows = re.findall(r"^ *\d+ (\S+) +([0-9a-f]{8})  ", said("objdump", "-h", release[name]), re.MULTILINE)
    assert [(place.name, place.used) for place in seen.program.sections] == [(row[0], int(row[1], 16)) for row in rows]
    said("objcopy", "-O", "binary", "--only-section=.sbat", release[name], tmp_path / "sbat")
    lines = (tmp_path / "sbat").read_bytes().split(b"\0")[0].decode().split("\n")
    wanted = [tuple(line.split(",")[:2]) for line in lines if line]
    assert [(row.component, str(row.generation)) for row in seen.rows] == wanted


def test_levels_are_those_that_binutils_shows(release: Release, tmp_path: Path) -> None:
    said("objcopy", "-O", "binary", "--only-section=.sbatlevel", release["shim"], tmp_path / "level")
    texts = [text.decode().split() for text in re.findall(rb"sbat,1,[^\0]+", (tmp_path / "level").read_bytes())]
    levels = component(release["shim"]).carried.levels
    assert levels is not None
    assert {str(each) for each in levels} == {" ".join([lines[0].split(",")[2], *lines[1:]]) for lines in texts}


@pytest.mark.parametrize("name", PROGRAMS)
def test_digests_and_signers_are_those_that_pesign_prints(release: Release, name: str) -> None:
    seen = component(release[name])
    digest = said("pesign", "--hash", "--in", release[name]).split()
    assert seen.digest("sha256").hex() in digest
    listed = said("pesign", "--show-signature", "--in", release[name])
    assert [each.name for each in seen.signers()] == re.findall(r"common name is (.*)", listed)


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_signature_is_over_the_file_and_a_changed_one_is_not(release: Release, name: str) -> None:
    seen = component(release[name])
    for signature in seen.signatures:
        assert signature is not None
        assert rules.fits(seen, signature)
        assert [pkcs7.is_intact(signature, signer) for signer in signature.signers] == [True]
    data = bytearray((release[name]).read_bytes())
    data[seen.program.sections[0].begin + 64] ^= 1
    damaged = Component("damaged", lambda offset, size: bytes(data[offset:offset + size]), len(data))
    assert not any(rules.fits(damaged, signature) for signature in damaged.signatures if signature is not None)


def test_shim_brings_its_vendor_s_certificate_and_a_level_that_its_grub_meets(release: Release) -> None:
    shim, grub = component(release["shim"]), component(release["grub"])
    assert {name: component(path).role for name, path in release.items()} == {
        "shim": "shim", "grub": "grub", "manager": "mok_manager", "fallback": "fallback", "kernel": "kernel"}
    vendor = shim.carried.vendor.certificates[0]
    assert rules.name(vendor) == "debian_secure_boot_ca"
    assert all(pkcs7.chains_to(signature, vendor) for signature in grub.signatures if signature is not None)
    levels = shim.carried.levels
    assert levels is not None
    least = dict(levels[0].least)
    assert all(row.generation >= least.get(row.component, 0) for row in grub.rows)


def test_templates_of_variables_are_read(place: Path) -> None:
    folder = Archive(place, "bookworm").unpack("ovmf") / "usr/share/OVMF"
    found = {path.name: variable_file.read(LiveHost(), str(path), 1 << 20) for path in sorted(folder.glob("OVMF_VARS_4M*.fd"))}
    assert {name: row["mode"] for name, row in found.items()} == {
        "OVMF_VARS_4M.fd": "setup", "OVMF_VARS_4M.ms.fd": "enforced", "OVMF_VARS_4M.snakeoil.fd": "enforced"}
    assert "microsoft_uefi_ca_2011" in found["OVMF_VARS_4M.ms.fd"]["certificates"]
