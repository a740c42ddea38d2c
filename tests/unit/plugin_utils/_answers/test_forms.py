# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSAF and VEX of both versions, OpenVEX, the kernel CNA's records, KEV, EPSS and purls, each by the laws of its own documents."""

from __future__ import annotations

import copy
import io
from typing import Any

import packageurl
import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import cna, csaf, documents, exploited, openvex, osv, purls
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import (
    EVERYTHING,
    NOT_AFFECTED,
    UNDER_INVESTIGATION,
    Advisory,
    Exploited,
    FeedError,
    Likelihood,
    Row,
    UnknownFormError,
)

CVE = "CVE-2026-31431"


def _product(name: str, helper: dict[str, Any], category: str = "product_version") -> dict[str, Any]:
    return {"category": category, "name": name, "product": {"name": name, "product_id": name, "product_identification_helper": helper}}


def red_hat(version: str = "2.0") -> dict[str, Any]:
    """The shape of security.access.redhat.com/data/csaf/v2/vex-feed: a platform by CPE, a package by purl, and their composition."""
    platforms = {"BaseOS-9.8.Z": "cpe:/o:redhat:enterprise_linux:9::baseos", "BaseOS-9.4.0.Z.EUS": "cpe:/o:redhat:rhel_eus:9.4::baseos",
                 "red_hat_enterprise_linux_8": "cpe:/o:redhat:enterprise_linux:8", "red_hat_enterprise_linux_7": "cpe:/o:redhat:enterprise_linux:7"}
    packages = {"kernel-core-0:5.14.0-611.54.1.el9_8.x86_64": "pkg:rpm/redhat/kernel-core@5.14.0-611.54.1.el9_8?arch=x86_64",
                "kernel-core-0:5.14.0-427.99.1.el9_4.x86_64": "pkg:rpm/redhat/kernel-core@5.14.0-427.99.1.el9_4?arch=x86_64",
                "kernel": "pkg:rpm/redhat/kernel?arch=src"}
    named = "purl" if version == "2.0" else "purls"
    branches = [_product(name, {"cpe": cpe}, "product_name") for name, cpe in platforms.items()]
    branches += [_product(name, {named: purl if version == "2.0" else [purl]}) for name, purl in packages.items()]
    pairs = [("BaseOS-9.8.Z", "kernel-core-0:5.14.0-611.54.1.el9_8.x86_64"), ("BaseOS-9.4.0.Z.EUS", "kernel-core-0:5.14.0-427.99.1.el9_4.x86_64"),
             ("red_hat_enterprise_linux_8", "kernel"), ("red_hat_enterprise_linux_7", "kernel")]
    ids = [f"{platform}:{package}" for platform, package in pairs]
    full = [{"name": one, "product_id": one} for one in ids]
    tree: dict[str, Any] = {"branches": [{"category": "vendor", "name": "Red Hat", "branches": branches}]}
    if version == "2.0":
        tree["relationships"] = [
            {"category": "default_component_of", "full_product_name": name, "product_reference": package, "relates_to_product_reference": platform}
            for name, (platform, package) in zip(full, pairs, strict=True)]
    else:
        tree["product_paths"] = [
            {"full_product_name": name, "beginning_product_reference": package, "subpaths": [
                {"category": "default_component_of", "next_product_reference": platform}]}
            for name, (platform, package) in zip(full, pairs, strict=True)]
    return {"document": {"category": "csaf_vex", "csaf_version": version, "title": "kernel: algif_aead", "tracking": {
        "id": CVE, "initial_release_date": "2026-04-29T00:00:00+00:00"}}, "product_tree": tree, "vulnerabilities": [{"cve": CVE, "product_status": {
            "fixed": ids[:2], "known_affected": [ids[2], "red_hat_products", "nobody:nothing"], "known_not_affected": [ids[3]]}}]}


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_red_hats_vex_in_both_versions(version: str) -> None:
    """2.1 has product_paths for relationships and a list of purls; a product that is not told of says nothing."""
    assert list(documents.read(red_hat(version), "")) == [Advisory(f"{CVE} (VEX)", (CVE,), (
        Row("redhat:9", "kernel-core", "binary", fixed="0:5.14.0-611.54.1.el9_8"),
        Row("redhat:9.4:eus", "kernel-core", "binary", fixed="0:5.14.0-427.99.1.el9_4"),
        Row("redhat:8", "kernel"), Row("redhat:7", "kernel", state=NOT_AFFECTED)), "kernel: algif_aead", "2026-04-29T00:00:00+00:00")]


def test_a_newer_document_without_the_path_that_it_needs_says_nothing() -> None:
    document = red_hat("2.1")
    del document["product_tree"]["product_paths"]
    assert [advisory.rows for advisory in csaf.parse(document)] == [()]


def test_a_module_between_package_and_platform() -> None:
    """An AppStream module: the package is a component of the module, the module one of the platform."""
    document = red_hat()
    tree, package, module = document["product_tree"], "qemu-kvm-core-17:6.2.0-53.module+el8.10.0+22375.x86_64", "AppStream-8.10:virt:rhel:8100"
    tree["relationships"] = [
        {"full_product_name": {"name": module, "product_id": module}, "product_reference": "virt:rhel:8100",
         "relates_to_product_reference": "red_hat_enterprise_linux_8"},
        {"full_product_name": {"name": "x", "product_id": "composed"}, "product_reference": package, "relates_to_product_reference": module}]
    tree["branches"].append(_product(package, {"purl": "pkg:rpm/redhat/qemu-kvm-core@6.2.0-53.module%2Bel8.10.0%2B22375?arch=x86_64&epoch=17"}))
    document["vulnerabilities"][0]["product_status"] = {"fixed": ["composed"]}
    ((advisory),) = csaf.parse(document)
    assert advisory.rows == (Row("redhat:8", "qemu-kvm-core", "binary", fixed="17:6.2.0-53.module+el8.10.0+22375"),)


def test_suse_names_packages_by_their_ids_and_the_fix_recommended() -> None:
    """The shape of ftp.suse.com/pub/projects/security/csaf-vex: no purl, "recommended" for the fix, live patches beside it."""
    sles, live = "SUSE Linux Enterprise Server 15 SP5", "SUSE Linux Enterprise Live Patching 15 SP5"
    packages = ("kernel-default-5.14.21-150500.55.49.1.x86_64", "kernel-livepatch-5_14_21-150500_55_44-default-4-150500.2.1.x86_64", "kernel-default")
    branches = [_product(sles, {"cpe": "cpe:/o:suse:sles:15:sp5"}, "product_name"),
                _product(live, {"cpe": "cpe:/o:suse:sle-module-live-patching:15:sp5"}, "product_name"),
                _product("SUSE Linux Enterprise Server 15 SP6", {"cpe": "cpe:/o:suse:sles:15:sp6"}, "product_name"),
                *({"category": "product_version", "name": one, "product": {"name": one, "product_id": one}} for one in packages)]
    pairs = ((sles, packages[0]), (live, packages[1]), ("SUSE Linux Enterprise Server 15 SP6", packages[2]))
    document = {"document": {"csaf_version": "2.0", "tracking": {"id": CVE}}, "product_tree": {"branches": branches, "relationships": [
        {"full_product_name": {"product_id": f"{platform}:{package}"}, "product_reference": package, "relates_to_product_reference": platform}
        for platform, package in pairs]}, "vulnerabilities": [{"cve": CVE, "product_status": {
            "recommended": [f"{platform}:{package}" for platform, package in pairs[:2]],
            "under_investigation": [f"{pairs[2][0]}:{pairs[2][1]}"]}}]}
    ((advisory),) = csaf.parse(document)
    assert advisory.rows == (
        Row("suse:15.5", "kernel-default", "binary", fixed="0:5.14.21-150500.55.49.1"),
        Row("suse:15.5:linux_enterprise_live_patching", "kernel-livepatch-5_14_21-150500_55_44-default", "binary", fixed="0:4-150500.2.1"),
        Row("suse:15.6", "kernel-default", state=UNDER_INVESTIGATION))


# https://docs.oasis-open.org/csaf/csaf/v2.1/csaf-v2.1.html, 3.2.4.9: of a release train the last version with the hole; 2.1 has "unknown".
@pytest.mark.parametrize(("status", "wanted"), [
    ("last_affected", Row("redhat:9", "kernel-core", "binary", last="0:5.14.0-611.54.1.el9_8")),
    ("first_affected", Row("redhat:9", "kernel-core", "binary")), ("known_affected", Row("redhat:9", "kernel-core", "binary")),
    ("first_fixed", Row("redhat:9", "kernel-core", "binary", fixed="0:5.14.0-611.54.1.el9_8")),
    ("unknown", Row("redhat:9", "kernel-core", "binary", state=UNDER_INVESTIGATION)),
])
def test_what_a_status_of_a_product_means(status: str, wanted: Row) -> None:
    document = red_hat("2.1")
    products = document["vulnerabilities"][0]["product_status"]["fixed"][:1]
    document["vulnerabilities"][0]["product_status"] = {status: products}
    assert [advisory.rows for advisory in csaf.parse(document)] == [(wanted,)]


# CVE-2024-21613's form: "All currently supported Red Hat products", a product of the vendor alone.
@pytest.mark.parametrize(("cpe", "status", "wanted"), [
    ("cpe:/a:redhat", "known_not_affected", ("7", "8", "9", "10")), ("cpe:/o:redhat", "known_not_affected", ("7", "8", "9", "10")),
    ("cpe:2.3:a:redhat:*:*:*:*:*:*:*:*:*", "known_not_affected", ("7", "8", "9", "10")),
    ("cpe:/a:redhat", "known_affected", ()), ("cpe:/a:redhat:openshift", "known_not_affected", ()), ("cpe:/a:else", "known_not_affected", ())])
def test_all_products_of_a_vendor(cpe: str, status: str, wanted: tuple[str, ...]) -> None:
    document = red_hat()
    document["product_tree"]["branches"].append(_product("red_hat_products", {"cpe": cpe}, "product_name"))
    document["vulnerabilities"][0]["product_status"] = {status: ["red_hat_products"]}
    assert [advisory.rows for advisory in csaf.parse(document)] == [
        tuple(Row(f"redhat:{release}", EVERYTHING, state=NOT_AFFECTED) for release in wanted)]


def test_branches_without_end_are_refused() -> None:
    branch: dict[str, Any] = {}
    for _turn in range(100):
        branch = {"branches": [branch]}
    with pytest.raises(FeedError, match="nested deeper"):
        list(csaf.parse({"document": {"csaf_version": "2.0"}, "product_tree": {"branches": [branch]}}))


def test_relationships_in_a_circle_end() -> None:
    document = red_hat()
    document["product_tree"]["relationships"] = [
        {"full_product_name": {"product_id": "a"}, "product_reference": "b", "relates_to_product_reference": "a"},
        {"full_product_name": {"product_id": "b"}, "product_reference": "a", "relates_to_product_reference": "b"}]
    document["vulnerabilities"][0]["product_status"] = {"fixed": ["a"]}
    assert [advisory.rows for advisory in csaf.parse(document)] == [()]


OPENVEX: dict[str, Any] = {
    "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://github.com/canonical/ubuntu-security-notices/blob/main/vex/cve/x.json",
    "author": "Canonical Ltd.", "timestamp": "2026-05-02T00:00:00Z", "version": 1, "statements": [
        {"vulnerability": {"name": CVE}, "status": "fixed", "products": [
            {"@id": "pkg:deb/ubuntu/linux@6.8.0-111.111?arch=source&distro=noble"},
            {"@id": "pkg:deb/ubuntu/linux-image-6.8.0-111-generic@6.8.0-111.111?arch=amd64&distro=noble"},
            {"@id": "pkg:deb/ubuntu/linux-fips@4.4.0-1120.127?arch=source&distro=fips/xenial"}]},
        {"vulnerability": {"name": CVE}, "status": "affected", "products": [
            {"@id": "pkg:deb/ubuntu/linux@4.4.0-274.308?arch=source&distro=esm-infra/xenial"}]},
        {"vulnerability": CVE, "status": "not_affected", "justification": "vulnerable_code_not_present", "products": [
            "pkg:deb/ubuntu/linux@3.13.0-208.259?arch=source&distro=esm-infra-legacy/trusty"]},
        {"vulnerability": {"name": "x", "aliases": [f"UBUNTU-{CVE}"]}, "status": "under_investigation", "products": [
            {"identifiers": {"purl": "pkg:deb/ubuntu/linux@7.0.0-1.1?arch=source&distro=resolute"}},
            {"@id": "pkg:deb/ubuntu/linux@1?distro=nobody"}, 5]},
        {"vulnerability": {"name": CVE}, "status": "new_word", "products": [{"@id": "pkg:deb/ubuntu/linux@1?arch=source&distro=noble"}]}]}


def test_ubuntus_openvex() -> None:
    """An "affected" statement carries the newest version that has the hole, never a fix."""
    assert list(documents.read(OPENVEX, "")) == [Advisory(f"{CVE} (OpenVEX)", (CVE,), (
        Row("ubuntu:24.04", "linux", fixed="6.8.0-111.111"),
        Row("ubuntu:24.04", "linux-image-6.8.0-111-generic", "binary", fixed="6.8.0-111.111"),
        Row("ubuntu:16.04:fips+pro", "linux-fips", fixed="4.4.0-1120.127"),
        Row("ubuntu:16.04:pro", "linux"), Row("ubuntu:14.04:pro", "linux", state=NOT_AFFECTED),
        Row("ubuntu:26.04", "linux", state=UNDER_INVESTIGATION)), "", "2026-05-02T00:00:00Z")]


# https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md: a later statement about a product takes the place of an earlier one.
@pytest.mark.parametrize(("statements", "wanted"), [
    ([("affected", "2026-05-01T00:00:00Z", "1"), ("not_affected", "2026-05-02T00:00:00Z", "1")], [(None, NOT_AFFECTED)]),
    ([("not_affected", "2026-05-02T00:00:00+00:00", "1"), ("affected", "2026-05-02T03:00:00+02:00", "1")], [(None, "affected")]),
    ([("under_investigation", "2026-05-01T00:00:00Z", "1"), ("fixed", "2026-05-02T18:02:03.647787998-06:00", "2")], [("2", "affected")]),
    ([("fixed", "2026-05-01T00:00:00Z", "2"), ("fixed", "2026-05-03T00:00:00Z", "3")], [("3", "affected")]),
    ([("not_affected", "2026-05-01T00:00:00Z", "1"), ("affected", None, "1")], [(None, "affected")]),
    ([("affected", None, "1"), ("fixed", None, "2")], [(None, "affected"), ("2", "affected")]),
    ([("affected", "yesterday", "1"), ("not_affected", "2026-13-41T00:00:00Z", "1")], [(None, "affected"), (None, NOT_AFFECTED)]),
])
def test_the_latest_statement_of_openvex_counts(statements: list[tuple[str, str | None, str]], wanted: list[tuple[str | None, str]]) -> None:
    document = {**OPENVEX, "statements": [
        {"vulnerability": {"@id": f"https://nvd.nist.gov/vuln/detail/{CVE}"}, "status": status, **({"timestamp": when} if when else {}),
         "products": [{"@id": f"pkg:deb/ubuntu/linux@{version}?arch=source&distro=noble"}]} for status, when, version in statements]}
    ((advisory),) = openvex.parse(document)
    assert [(row.fixed, row.state) for row in advisory.rows] == wanted


# vulns.git, cve/published/2026/CVE-2026-31431.json: the key is cveID, two blocks with opposite defaults, several modules and a header.
COPY_FAIL: dict[str, Any] = {
    "cveMetadata": {"assignerOrgId": "416baaa9-dc9f-4396-8d5f-8c081fb06d67", "cveID": CVE, "state": "PUBLISHED"},
    "containers": {"cna": {"title": "crypto: algif_aead", "affected": [
        {"defaultStatus": "unaffected", "programFiles": [
            "crypto/af_alg.c", "crypto/algif_aead.c", "crypto/algif_skcipher.c", "include/crypto/if_alg.h"],
         "versions": [{"version": "72548b093ee3", "lessThan": "aaaabbbbcccc", "status": "affected", "versionType": "git"}]},
        {"defaultStatus": "affected", "programFiles": ["crypto/af_alg.c", "../../etc/passwd"], "versions": [
            {"version": "4.14", "status": "affected"},
            {"version": "0", "lessThan": "4.14", "status": "unaffected", "versionType": "semver"},
            {"version": "6.12.85", "lessThanOrEqual": "6.12.*", "status": "unaffected", "versionType": "semver"},
            {"version": "6.18.22", "lessThanOrEqual": "6.18.*", "status": "unaffected", "versionType": "semver"},
            {"version": "7.0", "lessThanOrEqual": "*", "status": "unaffected", "versionType": "original_commit_for_fix"}]}],
        "cpeApplicability": [{"nodes": [{"cpeMatch": [{"versionStartIncluding": "4.14", "versionEndExcluding": "7.0"}]}]}]}}}


def _intervals(document: dict[str, Any], where: str = "cve/published/2026/x.json") -> list[tuple[str, str | None]]:
    advisory = cna.parse(document, where)
    assert advisory is not None
    return [(row.introduced, row.fixed) for row in advisory.rows]


def test_the_kernels_own_record() -> None:
    assert _intervals(COPY_FAIL) == [("4.14", "6.12.85"), ("6.13", "6.18.22"), ("6.19", "7.0")]
    advisory = cna.parse(COPY_FAIL)
    assert advisory is not None
    assert advisory.files == ("crypto/af_alg.c", "crypto/algif_aead.c", "crypto/algif_skcipher.c", "include/crypto/if_alg.h")


@pytest.mark.parametrize("where", ["a.zip: cve/rejected/2024/CVE-2024-26794.json", "/srv/vulns/cve/rejected/x.json", "Rejected/x.json",
                                   "a.tar: rejected/2024/CVE-2024-26794.json", "a.tar: ./rejected/2024/CVE-2024-26794.json"])
def test_the_folder_says_what_is_rejected(where: str) -> None:
    """CVE-2024-26794 is rejected and says PUBLISHED."""
    assert cna.parse(COPY_FAIL, where) is None


@pytest.mark.parametrize(("versions", "default", "wanted"), [
    ([{"version": "6.6.24", "lessThan": "6.6.21", "status": "affected", "versionType": "semver"}], "unaffected", []),
    ([{"version": "6.6.5", "lessThan": "6.6.21", "status": "affected", "versionType": "custom"}], "unaffected", [("6.6.5", "6.6.21")]),
    ([{"version": "6.8-rc4", "lessThanOrEqual": "*", "status": "unaffected", "versionType": "original_commit_for_fix"},
      {"version": "5.2", "status": "affected"}], "affected", [("5.2", "6.8~rc4")]),
    ([{"version": "6.1.3", "lessThanOrEqual": "6.1.5", "status": "affected", "versionType": "semver"}], "unaffected", [("6.1.3", "6.1.5.0")]),
    ([{"version": "7.0", "lessThanOrEqual": "*", "status": "unaffected"}], "affected", [("", "7.0")]),
    ([{"version": "not a version", "status": "affected"}], "affected", [("", None)]),
    # The schema of CVE records lets an end with a star stand in either key.
    ([{"version": "5.2", "lessThan": "*", "status": "affected"}], "unaffected", [("5.2", None)]),
    ([{"version": "5.2", "lessThan": "5.10.*", "status": "affected"}], "unaffected", [("5.2", "5.11")]),
    ([{"version": "0", "lessThan": "5.*", "status": "affected"}], "unaffected", [("", "6")]),
    ([{"version": "6.1.70", "lessThan": "6.1.*", "status": "unaffected"}, {"version": "6.7", "lessThan": "*", "status": "unaffected"},
      {"version": "0", "lessThan": "4.19", "status": "unaffected"}], "affected", [("4.19", "6.1.70"), ("6.2", "6.7")]),
    ([], "affected", []),
])
def test_blocks_of_versions(versions: list[dict[str, Any]], default: str, wanted: list[tuple[str, str | None]]) -> None:
    document = copy.deepcopy(COPY_FAIL)
    document["containers"]["cna"]["affected"] = [{"defaultStatus": default, "versions": versions}]
    assert _intervals(document) == wanted


def test_records_of_other_cnas_are_not_of_the_kernel() -> None:
    document = copy.deepcopy(COPY_FAIL)
    document["cveMetadata"]["assignerOrgId"] = "53f830b8-0a3f-465b-8143-3b8a9948e749"
    assert cna.parse(document) is None
    with pytest.raises(FeedError, match="with an id"):
        cna.parse({"cveMetadata": {"cveID": "x"}, "containers": {"cna": {}}})


def test_what_is_exploited_and_how_likely() -> None:
    catalogue = {"catalogVersion": "2026.05.01", "vulnerabilities": [
        {"cveID": CVE, "dueDate": "2026-05-15", "knownRansomwareCampaignUse": "Known"}, {"cveID": "CVE-2026-1", "dueDate": "soon"}, 5]}
    assert list(documents.read(catalogue, "")) == [Exploited(CVE, "2026-05-15", True)]
    table = b"#model_version:v2025.03.14,score_date:2026-11-27T00:00:00+0000\n"
    table += b"cve,epss,percentile\nCVE-2026-31431,0.91,0.99\nx,1,1\nCVE-2026-31432,5,1\n"
    assert list(exploited.scores(io.BytesIO(table))) == [Likelihood(CVE, 0.91)]


@pytest.mark.parametrize("text", [
    "pkg:rpm/redhat/kernel-core@5.14.0-611.54.1.el9_8?arch=x86_64", "pkg:deb/ubuntu/linux@6.8.0-111.111?arch=source&distro=noble",
    "pkg:rpm/redhat/qemu-kvm-core@6.2.0-53.module%2Bel8.10.0%2B22375?arch=x86_64&epoch=17", "pkg:deb/debian/qemu@1:7.2%2Bdfsg-7?arch=source",
    "pkg:rpm/suse/kernel-default", "pkg:deb/ubuntu/php5@5.5.9+dfsg-1ubuntu4.29+esm16?arch=source&distro=esm-infra-legacy/trusty",
])
def test_purls_are_read_as_their_own_library_reads_them(text: str) -> None:
    mine, theirs = purls.parse(text), packageurl.PackageURL.from_string(text)
    assert mine is not None
    assert (mine.kind, mine.namespace, mine.name, mine.qualifiers) == (theirs.type, theirs.namespace, theirs.name, theirs.qualifiers)
    assert mine.version.partition(":")[2] in ("", theirs.version) or mine.version == theirs.version


@pytest.mark.parametrize("text", ["", "pkg:", "pkg:rpm", "pkg:npm/left-pad@1", "rpm/x", 5, None, "pkg:deb/ubuntu/" + "x" * 2000])
def test_other_texts_are_no_purls(text: object) -> None:
    assert purls.parse(text) is None


# The heads of other forms: CycloneDX 1.6 (a VEX), SPDX 2.3, NVD's API 2.0 and one file of its mirrors, an in-toto statement.
@pytest.mark.parametrize("document", [
    {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "vulnerabilities": [{"id": CVE, "analysis": {"state": "not_affected"}}]},
    {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": []},
    {"format": "NVD_CVE", "version": "2.0", "totalResults": 1, "vulnerabilities": [{"cve": {"id": CVE, "vulnStatus": "Analyzed"}}]},
    {"id": CVE, "sourceIdentifier": "416baaa9-dc9f-4396-8d5f-8c081fb06d67", "published": "2026-04-29", "lastModified": "2026-05-01",
     "configurations": [{"nodes": [{"cpeMatch": [{"criteria": "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*", "versionEndExcluding": "6.18.22"}]}]}]},
    {"_type": "https://in-toto.io/Statement/v1", "subject": []},
])
def test_documents_of_other_forms_are_named_as_such(document: dict[str, Any]) -> None:
    with pytest.raises(UnknownFormError):
        list(documents.read(document, "x.json"))


# Ecosystems of https://ossf.github.io/osv-schema/ whose hosts have no stream here.
@pytest.mark.parametrize("ecosystem", ["Chainguard", "Wolfi", "Azure Linux:3", "Photon OS:5.0", "openEuler:24.03-LTS", "Mageia:9", "MinimOS", "Echo",
                                       "BellSoft Hardened Containers:25", "Alpaquita:stream", "Red Hat:insights_proxy:1.5", "SUSE", "Android", ""])
def test_ecosystems_without_a_stream_say_nothing_of_a_release(ecosystem: str) -> None:
    advisory = osv.parse({"id": "X-1", "upstream": [CVE], "affected": [{"package": {"ecosystem": ecosystem, "name": "kernel"}, "ranges": [
        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0:6.6.56.1-5"}]}]}]})
    assert advisory is not None
    assert {row.stream for row in advisory.rows} <= {"redhat:1.5:insights_proxy"}


def test_suse_lists_its_live_patches_among_the_binaries_of_a_source() -> None:
    """SUSE's OSV: the source names an update of the service pack, its binaries the kernel that each is made for."""
    package, binary = "kernel-livepatch-SLE15-SP6_Update_2", "kernel-livepatch-6_4_0-150600_23_14-default"
    advisory = osv.parse({"id": "SUSE-SU-2025:0556-1", "upstream": [CVE], "affected": [{
        "package": {"ecosystem": "SUSE:Linux Enterprise Live Patching 15 SP6", "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "7-150600.13.6.1"}]}],
        "ecosystem_specific": {"binaries": [{binary: "7-150600.13.6.1", "kernel-default": "1-1"}]}}]})
    stream = "suse:15.6:linux_enterprise_live_patching"
    assert advisory is not None
    assert advisory.rows == (Row(stream, package, fixed="7-150600.13.6.1"), Row(stream, binary, "binary", fixed="7-150600.13.6.1"))
