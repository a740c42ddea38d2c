# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel packages in the data of dpkg and rpm, and what the caches of apt, dnf and zypper offer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import managers
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import apt_conf, apt_pins, available, dnf_files, dpkg, rpm, rpm_locks
from hypothesis import given
from hypothesis import strategies as st

KERNEL = Path(__file__).parents[1] / "_kernel/fixtures"


def _text(name: str) -> str:
    return (KERNEL / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("package", "release", "flavour"),
    [
        ("linux-image-6.1.0-56-cloud-amd64", "6.1.0-56-cloud-amd64", "cloud-amd64"),
        ("linux-image-6.12.100+deb13-amd64", "6.12.100+deb13-amd64", "amd64"),
        ("linux-image-6.1.0-0.deb11.13-amd64", "6.1.0-0.deb11.13-amd64", "amd64"),
        ("linux-image-6.12.6+bpo-amd64", "6.12.6+bpo-amd64", "amd64"),
        ("linux-image-5.10.0-33-rt-amd64", "5.10.0-33-rt-amd64", "rt-amd64"),
        ("linux-image-6.13-rc7-amd64", "6.13-rc7-amd64", "amd64"),
        ("linux-image-unsigned-6.8.0-111-generic", "6.8.0-111-generic", "generic"),
        ("linux-image-5.4.0-1103-aws-fips", "5.4.0-1103-aws-fips", "aws-fips"),
        ("linux-image-6.8.0-1008-nvidia-64k", "6.8.0-1008-nvidia-64k", "nvidia-64k"),
        ("proxmox-kernel-6.8.12-4-pve-signed", "6.8.12-4-pve", "pve"),
        ("linux-image-6.18.2-custom", "6.18.2-custom", "custom"),
    ],
)
def test_the_name_of_an_image_package_holds_release_and_flavour(package: str, release: str, flavour: str) -> None:
    assert dpkg.release_of(package) == release
    assert dpkg.flavour_of(release) == flavour


@pytest.mark.parametrize(
    "package",
    ["linux-image-amd64", "linux-image-virtual", "linux-image-generic-hwe-22.04", "linux-image-6.12-cloud-amd64", "linux-image-amd64-signed-template",
     "linux-image-6.1.0-56-amd64-dbg", "linux-image-unsigned-6.8.0-111-generic-dbgsym", "linux-headers-6.1.0-56-amd64", "linux-libc-dev", "",
     "proxmox-kernel-6.8"],
)
def test_metas_and_debug_symbols_hold_no_image(package: str) -> None:
    assert dpkg.release_of(package) is None


def test_a_real_status_file_gives_its_one_image_and_meta() -> None:
    stanzas = dpkg.parse_kernel_stanzas(_text("debian12.status"))
    assert dpkg.images(stanzas) == [
        dpkg.Image("6.1.0-56-cloud-amd64", "cloud-amd64", "linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", False,
                   parts=("linux-image-6.1.0-56-cloud-amd64",), source="linux")]
    assert dpkg.metas(stanzas, "cloud-amd64") == ["linux-image-cloud-amd64"]
    assert dpkg.metas(stanzas, "amd64") == []
    assert dpkg.held(stanzas) == []


def test_removed_debug_and_meta_packages_are_no_images_and_holds_are_seen() -> None:
    stanzas = dpkg.parse_kernel_stanzas(_text("ubuntu2204.status"))
    assert [(image.release, image.held) for image in dpkg.images(stanzas)] == [
        ("5.15.0-1066-aws", False), ("5.15.0-116-generic", False), ("5.15.0-117-generic", True)]
    assert dpkg.held(stanzas) == ["linux-generic", "linux-image-5.15.0-117-generic"]
    assert dpkg.metas(stanzas, "generic") == ["linux-image-generic"]


def test_images_are_in_dpkgs_order_and_not_in_the_alphabets() -> None:
    versions = ("6.12.100", "6.12.96")
    status = "".join(f"Package: linux-image-{version}+deb13-amd64\nStatus: install ok installed\nVersion: {version}-1\n\n" for version in versions)
    assert [image.package_version for image in dpkg.images(dpkg.parse_kernel_stanzas(status))] == ["6.12.96-1", "6.12.100-1"]


def test_dpkgs_journal_has_the_later_word() -> None:
    stanzas = dpkg.parse_kernel_stanzas(_text("debian12.status"))
    journal = dpkg.parse_stanzas(
        "Package: linux-image-6.1.0-56-cloud-amd64\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 6.1.192-2\n")
    assert dpkg.images(dpkg.merge_updates(stanzas, journal)) == []


def test_a_damaged_status_file_is_an_error_and_not_a_host_without_kernels() -> None:
    for text in ("", "\0\0\0\0", "Versionen: 1\n", "Paquet : linux-image-amd64\n"):
        with pytest.raises(ValueError, match="names no package"):
            dpkg.parse_kernel_stanzas(text)
    cut = _text("ubuntu2204.status")[:700]
    assert [image.release for image in dpkg.images(dpkg.parse_kernel_stanzas(cut))] == ["5.15.0-116-generic"]


def test_el9_keeps_flavours_apart_and_names_the_package_with_the_image() -> None:
    images = rpm.parse_images(_text("rhel9_rpm.txt"))
    assert [(image.flavour, image.package, image.release) for image in images] == [
        ("debug", "kernel-debug-core", "5.14.0-503.11.1.el9_5.x86_64+debug"),
        ("standard", "kernel-core", "5.14.0-70.13.1.el9_0.x86_64"),
        ("standard", "kernel-core", "5.14.0-427.13.1.el9_4.x86_64"),
        ("standard", "kernel-core", "5.14.0-503.11.1.el9_5.x86_64"),
    ]


def test_oracle_has_two_lines_side_by_side_and_old_uek_without_the_provide() -> None:
    images = rpm.parse_images(_text("oracle8_rpm.txt"))
    assert [(image.flavour, image.package, image.release) for image in images] == [
        ("standard", "kernel-core", "4.18.0-553.16.1.el8_10.x86_64"),
        ("uek", "kernel-uek", "5.4.17-2136.335.4.el8uek.x86_64"),
        ("uek", "kernel-uek-core", "5.15.0-305.176.4.el8uek.x86_64"),
    ]


def test_suse_release_is_the_provide_and_not_the_version() -> None:
    images = rpm.parse_images(_text("suse15_rpm.txt"))
    assert [(image.flavour, image.package_version, image.release) for image in images] == [
        ("default", "5.13~rc7-17.1", "5.13.0-rc7-17-default"),
        ("default", "6.4.0-150600.23.7.3", "6.4.0-150600.23.7-default"),
        ("default", "6.4.0-150600.23.14.2", "6.4.0-150600.23.14-default"),
    ]


def test_amazons_branches_are_flavours() -> None:
    assert [(image.flavour, image.package) for image in rpm.parse_images(_text("amazon2023_rpm.txt"))] == [
        ("6.12", "kernel6.12"), ("standard", "kernel")]


def test_rpm_output_in_other_forms_holds_no_images_and_a_broken_version_is_an_error() -> None:
    assert rpm.parse_images("kein Paket bietet kernel-uname-r an\nkernel\tkernel-core\n") == []
    with pytest.raises(ValueError, match="rpm version"):
        rpm.parse_images("kernel\tkernel-core\t0\t(none)\t1\tx86_64\tkernel-uname-r=1 \n")


def test_apt_offers_the_image_that_the_meta_depends_on_and_not_the_highest_number() -> None:
    offer = available.parse_apt_show(_text("debian12_apt_show.txt"), ["linux-image-cloud-amd64"])
    assert offer == available.Offer("6.1.0-56-cloud-amd64", "linux-image-6.1.0-56-cloud-amd64", "6.1.192-2",
                                     "deb.example.org/debian-security bookworm-security/main", False, [])


def test_an_ubuntu_meta_names_the_image_whose_version_is_its_own() -> None:
    offer = available.parse_apt_show(_text("ubuntu2204_apt_show.txt"), ["linux-image-generic"])
    assert (offer.release, offer.package_version, offer.phased) == ("5.15.0-119-generic", "5.15.0-119.129", True)
    assert offer.repository == "mirror.example.org/ubuntu jammy-updates/main"


def test_a_meta_that_is_not_on_offer_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="no candidate of linux-image-rt-amd64"):
        available.parse_apt_show(_text("debian12_apt_show.txt"), ["linux-image-rt-amd64"])


@pytest.mark.parametrize(
    ("sources", "wanted"),
    [
        ("/var/lib/dpkg/status", None),
        ("", None),
        ("/var/lib/dpkg/status\n http://a/b c/main amd64 Packages", "a/b c/main"),
        ("https://u:p@esm.example.org/infra/ubuntu jammy-infra-security/main amd64 Packages",
         "esm.example.org/infra/ubuntu jammy-infra-security/main"),
        ("file:/srv/mirror stable/main amd64 Packages", "/srv/mirror stable/main"),
    ],
)
def test_a_repository_is_named_without_its_password(sources: str, wanted: str | None) -> None:
    assert available.repository_of(sources) == wanted


@pytest.mark.parametrize("flavour", ["", "-o", "amd64;reboot", "a b", "../x", "amd64\n"])
def test_no_strange_flavour_reaches_a_command_line(flavour: str) -> None:
    with pytest.raises(ValueError, match="no package is named"):
        available.apt_command(flavour, [])


def test_dnf_offers_the_newest_visible_kernel_of_the_flavour_and_tells_what_excludes_hide() -> None:
    offer, age = available.parse_dnf_query(_text("rhel9_dnf.txt"), "standard")
    assert offer == available.Offer("5.14.0-427.13.1.el9_4.x86_64", "kernel-core", "5.14.0-427.13.1.el9_4", "baseos", False,
                                     ["kernel-core-5.14.0-503.11.1.el9_5"], [])
    assert age == 7300
    with pytest.raises(ValueError, match="no kernel of flavour uek is on offer"):
        available.parse_dnf_query(_text("rhel9_dnf.txt"), "uek")


def test_dnf_tells_which_kernels_on_offer_have_packages_of_live_patches() -> None:
    text = _text("rhel9_dnf.txt") + "patched\t5.14.0-427.13.1.el9_4.x86_64\npatched\t5.14.0-503.11.1.el9_5.x86_64\npatched\t4.18.0-1.el8.x86_64\n"
    # The second is hidden by an exclude, the third is no kernel here.
    assert available.parse_dnf_query(text, "standard")[0].live_patchable == [
        {"release": "5.14.0-427.13.1.el9_4.x86_64", "package": "kernel-core", "package_version": "5.14.0-427.13.1.el9_4"}]


def test_zypper_offers_the_newest_by_rpms_order_from_a_repository() -> None:
    offer = available.parse_zypper_search(_text("suse_zypper.xml"), "default")
    assert (offer.package_version, offer.repository) == ("6.4.0-150600.23.100.1", "Update & security of SLE")
    assert offer.release == "6.4.0-150600.23.100-default"
    with pytest.raises(ValueError, match="no repository offers kernel-azure"):
        available.parse_zypper_search(_text("suse_zypper.xml"), "azure")


@pytest.mark.parametrize(
    ("edition", "release"),
    [("5.7.8-3.1", "5.7.8-3-default"), ("5.8.1-3.1.g846658e", "5.8.1-3.g846658e-default"), ("6.4.0-150600.23.7.3", "6.4.0-150600.23.7-default"),
     ("6.12.0-160000.9.1", "6.12.0-160000.9-default"), ("5.13~rc7-17.1", None), ("1", None)],
)
def test_suse_drops_the_rebuild_counter(edition: str, release: str | None) -> None:
    assert available.suse_release(edition, "default") == release


def test_apt_conf_is_read_in_both_notations_and_without_comments() -> None:
    text = """// APT::Periodic::Unattended-Upgrade "0";
    APT::Periodic::Unattended-Upgrade "1"; # yes
    /* APT::Periodic::Enable "0"; */
    Unattended-Upgrade { Package-Blacklist { "linux-"; "vim"; }; Automatic-Reboot "true"; };
    Dir::Etc::Parts x;
    """
    values = apt_conf.parse_apt_conf(text)
    assert values["apt::periodic::unattended-upgrade"] == ["1"]
    assert values["unattended-upgrade::package-blacklist"] == ["linux-", "vim"]
    assert values["unattended-upgrade::automatic-reboot"] == ["true"]
    assert "apt::periodic::enable" not in values


def test_the_server_decides_between_the_portal_and_a_satellite() -> None:
    assert managers.subscription_server("[server]\n# comment\nhostname = sat.example.org\n[rhsm]\nhostname=x\n") == "sat.example.org"
    assert managers.subscription_server("[rhsm]\nhostname=x\n") is None
    assert managers.automatic_applies("[commands]\napply_updates = yes\n") is True
    assert managers.automatic_applies("[commands]\n#apply_updates = yes\n") is False


PARSERS: list[Callable[[str], Any]] = [
    lambda text: dpkg.images(dpkg.parse_kernel_stanzas(text)),
    lambda text: dpkg.metas(dpkg.parse_kernel_stanzas(text), "amd64"),
    lambda text: rpm.parse_images(text),
    lambda text: [rpm_locks.locked_by_dnf(text, ["kernel"]), rpm_locks.locked_by_dnf5(text, ["kernel"]), dnf_files.excluded(text)],
    lambda text: [rpm_locks.locked_by_zypper(f"type: package\nmatch_type: {kind}\nsolvable_name: {text}", ["kernel"]) for kind in ("regex", "glob")],
    lambda text: available.parse_apt_show(text, ["linux-image-amd64"]),
    lambda text: [apt_pins.parse_preferences(text), apt_pins.parse_policy(text), available.repository_of(text)],
    lambda text: available.parse_dnf_query(text, "standard"),
    lambda text: available.parse_zypper_search(text, "default"),
    lambda text: available.suse_release(text, "default"),
    lambda text: [apt_conf.parse_apt_conf(text), managers.subscription_server(text), managers.automatic_applies(text)],
]
PIECES = st.lists(
    st.sampled_from(
        ["Package: ", "linux-image-6.1.0-1-amd64", "linux-image-amd64", "\n", "\n\n", "Status: hold ok installed", "Version: ", "1.0-1", ":",
         "Depends: ",
         "kernel\t", "\t", "kernel-core", "kernel-uname-r=", "repository\t", "visible", "<solvable ", "name=\"kernel-default\"", "edition=\"", "\"",
         "/>", "{", "};",
         "#", "/*", "exclude=", " ", "\x00", "é", "²", "(= ", ")", "|", "Pin-Priority: -1"]),
    max_size=40,
).map("".join)


@given(st.sampled_from(PARSERS), st.one_of(st.text(), PIECES))
def test_no_text_makes_a_parser_raise_anything_but_value_error(parse: Callable[[str], Any], text: str) -> None:
    try:
        parse(text)
    except ValueError as error:
        assert str(error)


# Source fields as Debian's and Ubuntu's packages carry them.
@pytest.mark.parametrize(("source", "wanted"), [
    ("linux-signed-amd64 (6.1.153+1)", "linux"),
    ("linux-signed-6.1-amd64 (6.1.153+1~deb11u1)", "linux-6.1"),
    ("linux-signed", "linux"),
    ("linux-signed-aws (6.8.0-1030.32)", "linux-aws"),
    ("linux-signed-hwe-6.11 (6.11.0-26.26~24.04.1)", "linux-hwe-6.11"),
    ("linux", "linux"),
    ("linux-upstream", "linux-upstream"),
    ("", "linux-image-6.1.153-own"),
])
def test_a_signed_kernel_is_of_the_source_that_it_was_built_from(source: str, wanted: str) -> None:
    stanza = {"Package": "linux-image-6.1.153-own", "Architecture": "amd64", **({"Source": source} if source else {})}
    assert dpkg.unsigned_source(stanza) == wanted
