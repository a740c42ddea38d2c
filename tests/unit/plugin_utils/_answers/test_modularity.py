# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module streams: how each form of a feed names them, and that none is judged by the fix of another."""

from __future__ import annotations

import io
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import answer as judging
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import csaf, modularity, of_record, osv, updateinfo
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import NOT_AFFECTED, Advisory, Row

CVE = "CVE-2024-3446"
# ELSA-2024-12605 is about virt:kvm_utils2 of Oracle Linux 8, whose QEMU is 7.2; virt:ol of the same repository has 6.2.
OL, UTILS = "15:6.2.0-49.module+el8.10.0+90398+c7c96f7d", "15:7.2.0-15.module+el8.10.0+90383+0cf8d6b6"
OLDER_OL, OLDER_UTILS = "15:6.2.0-40.module+el8.9.0+90104+12f4a5a1", "15:7.2.0-11.module+el8.10.0+90290+d5c8c1a4"


def rows(*said: tuple[str, str]) -> Advisory:
    """An advisory about qemu-kvm: (modules, first version without the hole; '' for none yet)."""
    return Advisory("ELSA-1", (CVE,), tuple(Row("oracle:8", "qemu-kvm", "binary", fixed=fixed or None, modules=modules) for modules, fixed in said))


def asked(version: str, module: str | None, *advisories: Advisory) -> judging.Answer:
    component = {"name": "qemu", "package": "qemu-kvm-core", "version": version, **({"module": module} if module else {})}
    seen = {"os": {"id": "ol", "version_id": "8.10"}, "kernel": {"version_order": "rpm"},
            "hypervisor": {"components": [component], "processes": []}}
    return judging.worst(of_record.answers(CVE, advisories, seen, {"oracle:8"}))


@pytest.mark.parametrize(("version", "module", "said", "wanted", "words"), [
    (UTILS, "virt:kvm_utils2", [("virt:ol virt-devel:ol", OL)], "unknown", "told of oracle:8 virt:ol virt-devel:ol, not of oracle:8 virt:kvm_utils2"),
    (OLDER_UTILS, "virt:kvm_utils2", [("virt:ol", OL), ("virt:kvm_utils2", UTILS)], "exposed", "fixed in 15:7.2.0-15"),
    (OL, "virt:ol", [("virt:ol", OL), ("virt:kvm_utils2", UTILS)], "fixed_in_force", "fixed in 15:6.2.0-49"),
    (OL, "virt:ol", [("virt-devel:ol virt:ol", OL), ("virt:kvm_utils2", "")], "fixed_in_force", "fixed in 15:6.2.0-49"),
    (UTILS, "virt:kvm_utils2", [("virt:ol", OL), ("virt:kvm_utils2", "")], "exposed", "no fix yet"),
    # Records of before the fact was there.
    (OL, None, [("virt:ol", OL), ("virt:kvm_utils2", UTILS)], "unknown", "does not tell of which it is a build"),
    # It may be a build of a module that nobody names.
    (UTILS, None, [("virt:ol", OL), ("virt:kvm_utils2", UTILS)], "unknown", "does not tell of which it is a build"),
    (OLDER_OL, None, [("virt:ol", OL), ("virt:kvm_utils2", UTILS)], "unknown", "does not tell of which it is a build"),
    (OL, None, [("virt:ol", OL)], "unknown", "does not tell of which it is a build"),
    (OL, None, [("", OL)], "fixed_in_force", "runs, fixed in"),
    # A package of no module, by an advisory about modules; and one of a module, by an advisory that names none.
    ("15:6.2.0-50.el8", None, [("virt:ol", OL)], "unknown", "not of oracle:8"),
    (OL, "virt:ol", [("", OL)], "fixed_in_force", "runs, fixed in"),
])
def test_a_build_is_judged_by_its_own_module(version: str, module: str | None, said: list[tuple[str, str]], wanted: str, words: str) -> None:
    found = asked(version, module, rows(*said))
    assert (found.answer, words in found.reason) == (wanted, True), found


def vex(given: dict[str, Any], module: dict[str, Any] | None = None) -> tuple[Row, ...]:
    """The rows of a document of Red Hat's about one product, in a module that is a product of its own where one is given."""
    platform = {"product_id": "AppStream-8", "product_identification_helper": {"cpe": "cpe:/a:redhat:enterprise_linux:8::appstream"}}
    parts = [("AppStream-8", "AppStream-8:m", module["product_id"]), ("AppStream-8:m", "whole", given["product_id"])] if module else [
        ("AppStream-8", "whole", given["product_id"])]
    tree = {"full_product_names": [platform, given, *([module] if module else [])], "relationships": [
        {"full_product_name": {"product_id": name}, "product_reference": part, "relates_to_product_reference": whole} for whole, name, part in parts]}
    (advisory,) = csaf.parse({"document": {"csaf_version": "2.0"}, "product_tree": tree, "vulnerabilities": [
        {"cve": CVE, "product_status": {"known_not_affected": ["whole"]}}]})
    return advisory.rows


def product(name: str, purl: str = "") -> dict[str, Any]:
    return {"product_id": name, **({"product_identification_helper": {"purl": purl}} if purl else {})}


MODULE = product("virt:rhel:8100020240704072441:489197e6", "pkg:rpmmod/redhat/virt@rhel:8100020240704072441:489197e6")
BUILD = "pkg:rpm/redhat/qemu-kvm@6.2.0-53.module%2Bel8.10.0%2B22375%2Bb5c4bd9b?arch=src&epoch=15"
NONE = Row("redhat:8", "qemu-kvm", state=NOT_AFFECTED, modules="virt:rhel")


# As they stand in Red Hat's VEX feed of 2024 to 2026; the qualifier came with the change of its purls (SECDATA-1115).
@pytest.mark.parametrize(("given", "module"), [
    (product("qemu-kvm-15:6.2.0-53.module+el8.10.0+22375+b5c4bd9b.src", BUILD), MODULE),
    (product("x", BUILD), product("virt:rhel", "pkg:rpmmod/redhat/virt@rhel%3A8100020240704072441%3A489197e6?arch=x86_64")),
    (product("qemu-kvm-15:6.2.0.src::virt:rhel", f"{BUILD}&rpmmod=virt:rhel:8100020240704072441:489197e6"), None),
    (product("virt:rhel/qemu-kvm", "pkg:rpmmod/redhat/virt:rhel/qemu-kvm"), None),
    (product("virt:rhel/qemu-kvm", "pkg:rpm/redhat/qemu-kvm?arch=src&rpmmod=virt:rhel"), None),
    (product("virt:rhel/qemu-kvm"), None),
])
def test_csaf_names_the_module_of_a_package(given: dict[str, Any], module: dict[str, Any] | None) -> None:
    assert vex(given, module) == (NONE,)


def test_a_name_that_is_no_modules_names_no_package() -> None:
    assert vex(product("registry/qemu-kvm")) == ()
    assert vex(MODULE) == ()


# libsolv, "modular updateinfo.xml data": there may be several, before the packages or behind them.
@pytest.mark.parametrize("place", ["{0}<name>ol8</name>{1}", "<name>ol8</name>{1}{0}"])
def test_updateinfo_names_modules_in_a_collection(place: str) -> None:
    module = '<module name="virt" stream="ol" version="8100020240704" context="4b1b1c5f" arch="x86_64"/><module name="virt-devel" stream="ol"/>'
    package = '<package name="qemu-kvm" epoch="15" version="6.2.0" release="49.module+el8.10.0+90398+c7c96f7d" arch="x86_64"/>'
    plain = '<collection><package name="runc" epoch="1" version="1.1.12" release="1.el8" arch="x86_64"/></collection>'
    text = (f'<updates><update type="security"><id>ELSA-1</id><references><reference type="cve" id="{CVE}"/></references>'
            f"<pkglist><collection>{place.format(module, package)}</collection>{plain}</pkglist></update></updates>")
    (advisory,) = updateinfo.parse("oracle:8", io.BytesIO(text.encode()))
    assert advisory.rows == (Row("oracle:8", "qemu-kvm", "binary", fixed=OL, modules="virt-devel:ol virt:ol"),
                             Row("oracle:8", "runc", "binary", fixed="1:1.1.12-1.el8"))


# Titles as ALSA-2024:0748, RLSA-2022:7469, RHSA-2023:0099 and ELSA-2021-0711 have them.
@pytest.mark.parametrize(("title", "modules"), [
    ("Important: container-tools:4.0 security update", "container-tools:4.0"),
    ("Moderate: container-tools:rhel8 security, bug fix, and enhancement update", "container-tools:rhel8"),
    ("Red Hat Security Advisory: virt:rhel and virt-devel:rhel security update", "virt-devel:rhel virt:rhel"),
    ("virt:ol and virt-devel:rhel security update", "virt-devel:rhel virt:ol"),
    ("Important: kernel security update", ""), ("qemu-kvm: net/http: CVE-2024-1", ""), (None, ""),
])
def test_osv_names_modules_in_its_title(title: str | None, modules: str) -> None:
    document = {"id": "ALSA-2024:0748", "related": [CVE], **({"summary": title} if title else {}), "affected": [
        {"package": {"ecosystem": "AlmaLinux:8", "name": name}, "ranges": [
            {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}
        for name, fixed in (("runc", "1:1.1.12-1.module_el8.9.0+3698+8da1e4c4"), ("kernel", "4.18.0-553.el8_10"))]}
    advisory = osv.parse(document)
    assert advisory is not None
    assert [row.modules for row in advisory.rows] == [modules, ""]


def test_builds_of_modules_are_told_by_their_versions() -> None:
    assert [modularity.is_build(version) for version in (OL, "1.1.12-1.module_el8.9.0+3698+8da1e4c4", "1.1.12-1.el8", "2.0-1.modules")] == [
        True, True, False, False]
