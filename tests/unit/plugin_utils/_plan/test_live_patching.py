# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose live patches a host gets, and what is refused before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.live_patching import Wish, choose, plan

BUNDLE = Wish(bundle="/srv/bundle")
STOPPED = {"code": "modules_disabled", "source": "/proc/sys/kernel/modules_disabled", "stops": "updates"}


PIN = "5" * 64


def host(os: str = "debian", provider: str = "none", container: str = "none", **section: Any) -> dict[str, Any]:
    """What of a record the plan looks at: by default a Debian host that nothing patches."""
    kernel = {"release": "6.1.0-50-cloud-amd64", "livepatch_capable": section.pop("capable", True)}
    return {"os": {"id": os, "version_id": "9", "architecture": "x86_64", "container": container},
            "kernel": {"running": {"release": kernel["release"], "flavour": "cloud-amd64"}},
            "live_patch": {"kernel": kernel, "provider": {"id": provider}, "patches": [], "inhibitors": [], **section}}


def test_a_bundle_makes_it_self_built() -> None:
    assert plan(host(), BUNDLE)["provider"] == "self_built"


@pytest.mark.parametrize(("distribution", "provider"), [
    ("rhel", "kpatch"), ("ubuntu", "canonical"), ("ol", "ksplice"), ("amzn", "amazon"), ("sles", "suse")])
def test_each_distribution_has_its_own_provider(distribution: str, provider: str) -> None:
    assert choose(host(distribution), Wish()) == provider


def test_the_provider_that_is_there_comes_before_the_distributions() -> None:
    assert plan(host("ubuntu", "kernelcare"), Wish())["provider"] == "kernelcare"


def test_the_provider_set_by_hand_comes_first() -> None:
    assert plan(host("ubuntu"), Wish("kernelcare", bundle="/srv/bundle"))["provider"] == "kernelcare"


@pytest.mark.parametrize(("changes", "wish", "said"), [
    ({}, Wish(), "no vendor makes live patches for debian; wanted: a bundle of your own"),
    ({}, Wish("self_built"), "live_patching_bundle is empty"),
    ({}, Wish("kgraft"), "live_patching_provider is kgraft; wanted: auto or one of kpatch"),
    ({"container": "docker"}, BUNDLE, "this is a container"),
    ({"capable": False}, BUNDLE, "wanted: one with CONFIG_LIVEPATCH=y"),
    ({"inhibitors": [STOPPED]}, BUNDLE, r"modules_disabled \(/proc/sys/kernel/modules_disabled\)"),
    ({"provider": "kpatch", "patches": [{"id": "kpatch_5_14"}]}, BUNDLE, r"kpatch patches this kernel already \(kpatch_5_14\)"),
])
def test_refused(changes: dict[str, Any], wish: Wish, said: str) -> None:
    with pytest.raises(Refused, match=said):
        plan(host(**changes), wish)


# What comes from a server is loaded into the kernel: whatever the protocol, only by its digest (ansible's get_url follows redirects).
@pytest.mark.parametrize(("bundle", "sha256", "is_refused"), [
    ("http://mirror/b.tar.gz", "", True), ("https://mirror/b.tar.gz", "", True), ("ftp://mirror/b", "", True), ("HTTP://mirror/b", "", True),
    ("https://mirror/b.tar.gz", "5" * 63, True), ("https://mirror/b.tar.gz", "A" * 64, True),
    ("https://mirror/b.tar.gz", PIN + "\n", True), ("https://mirror/b.tar.gz", "sha256:" + PIN, True),
    ("https://mirror/b.tar.gz", PIN, False), ("/srv/b.tar.gz", "", False), ("file:///srv/b.tar.gz", "", False), ("/srv/b.tar.gz", PIN, False)])
def test_what_a_server_sends_is_pinned(bundle: str, sha256: str, is_refused: bool) -> None:
    wish = Wish(bundle=bundle, bundle_sha256=sha256)
    if is_refused:
        with pytest.raises(Refused, match="is a URL without its live_patching_bundle_sha256"):
            plan(host(), wish)
    else:
        assert plan(host(), wish)["provider"] == "self_built"


# What each client reads its proxy from: pro and canonical-livepatch are told by arguments, uptrack.conf and kcare.conf are files.
@pytest.mark.parametrize(("distribution", "provider", "is_refused"), [
    ("ubuntu", "canonical", True), ("ol", "ksplice", False), ("almalinux", "kernelcare", False)])
def test_a_login_stands_on_no_command_line(distribution: str, provider: str, is_refused: bool) -> None:
    wish = Wish(provider, proxy="http://me:S3CRET@proxy:3128")
    if is_refused:
        with pytest.raises(Refused, match="holds a login") as refused:
            plan({**host(distribution), "os": {**host(distribution)["os"], "version_id": "22.04"}}, wish)
        assert "S3CRET" not in str(refused.value)
    else:
        assert plan(host(distribution), wish)["provider"] == provider


def test_ksplice_needs_no_live_patching_of_the_kernels_own() -> None:
    assert plan(host("ol", capable=False), Wish())["provider"] == "ksplice"


def test_a_provider_can_be_taken_away_where_it_could_not_be_had() -> None:
    gone = plan(host(capable=False), Wish("self_built", "absent"))
    assert (gone["provider"], gone["state"]) == ("self_built", "absent")


def test_the_plan_knows_the_kernels_that_a_bundle_may_have_patches_for() -> None:
    installed = [{"release": "6.1.0-50-cloud-amd64", "package_version": "6.1.177-1"}, {"release": "6.1.0-56-cloud-amd64", "package_version": None}]
    record = {**host(), "kernel": {"installed": installed, "running": {"package_version": "6.1.176-1"}}}
    assert plan(record, BUNDLE)["kernels"] == {"6.1.0-50-cloud-amd64": "6.1.176-1", "6.1.0-56-cloud-amd64": ""}
