# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets live patches of a vendor, what its tool must say first, and the configuration that is written."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.firebreak.fleet.plugins.filter.live_patch_offer import offer
from ansible_collections.firebreak.fleet.plugins.filter.live_patch_words import words
from ansible_collections.firebreak.fleet.plugins.filter.plan_live_patching import planned
from ansible_collections.firebreak.fleet.plugins.filter.with_settings import settled
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan import vendors
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.settings import with_settings
from hypothesis import given
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[2] / "module_utils/_live_patch/fixtures"
EL9 = "5.14.0-427.13.1.el9_4.x86_64"


def scan(id_: str = "rhel", version: str = "9.4", release: str = EL9, flavour: str = "standard", **os: Any) -> dict[str, Any]:
    system = {"id": id_, "version_id": version, "architecture": "x86_64", "container": "none", "image_based": False, "image_tool": "none", **os}
    kernel = {"running": {"release": release, "flavour": flavour}}
    section = {"kernel": {"release": release, "livepatch_capable": True}, "provider": {"id": "none"}, "inhibitors": [], "patches": []}
    return {"record": {"record": {"os": system, "kernel": kernel, "live_patch": section}}, "standard": None}


def plan(host: dict[str, Any], **wish: Any) -> dict[str, Any]:
    return planned(host, "web1", **wish)


@pytest.mark.parametrize(("host", "provider", "packages"), [
    (scan(), "kpatch", ["kpatch-patch-5_14_0-427_13_1"]),
    (scan("amzn", "2023", "6.1.134-150.224.amzn2023.x86_64"), "amazon", ["kernel-livepatch-6.1.134-150.224"]),
    (scan("ubuntu", "24.04", "6.8.0-45-generic", "generic"), "canonical", []),
    (scan("ol", "9.4", "5.15.0-208.159.3.el9uek.x86_64", "uek"), "ksplice", ["ksplice", "uptrack"]),
    (scan("ol", "10.0", "6.12.0-100.28.2.el10uek.x86_64", "uek"), "ksplice", ["ksplice"]),
    (scan("sles", "15.5", "5.14.21-150500.55.12-default", "default"), "suse", ["kernel-livepatch-5_14_21-150500_55_12-default"])])
def test_the_distributions_own_vendor(host: dict[str, Any], provider: str, packages: list[str]) -> None:
    made = plan(host)
    assert (made["refusal"], made.get("provider"), made.get("packages")) == (None, provider, packages)


def test_the_offline_client_of_ksplice() -> None:
    host = scan("ol", "8.10", "5.15.0-208.159.3.el8uek.x86_64", "uek")
    assert plan(host, offline=True, pin="5.15.0-1")["packages"] == ["ksplice", "ksplice-offline", "uptrack-offline"]
    assert "only the offline client" in plan(host, pin="5.15.0-1")["refusal"]


@pytest.mark.parametrize(("host", "provider", "seen", "wanted"), [
    (scan("almalinux"), "kpatch", "almalinux", "kernelcare"), (scan("debian", "12", "6.1.0-40-amd64", "amd64"), "kpatch", "debian 12", "self_built"),
    (scan(flavour="rt"), "kpatch", "(rt)", "kernel-core"), (scan(architecture="aarch64"), "kpatch", "aarch64", "ppc64le"),
    (scan(image_based=True, image_tool="bootc"), "kpatch", "bootc", "one by one"),
    (scan("debian", "12", image_based=True), "kernelcare", "image", "one by one"), (scan(architecture="s390x"), "kernelcare", "s390x", "x86_64"),
    (scan("amzn", "2", "5.10.102-99.473.amzn2.x86_64"), "amazon", "Amazon Linux 2", "Amazon Linux 2023"),
    (scan("ubuntu", "25.10", "6.17.0-5-generic", "generic"), "canonical", "25.10", "24.04"),
    (scan("ubuntu", "20.04", "5.4.0-1100-kvm", "kvm"), "canonical", "kvm", "generic"),
    (scan("ubuntu", "22.04", "5.15.0-1050-realtime", "realtime"), "canonical", "realtime", "generic"),
    (scan("ol", "9.4", EL9, architecture="aarch64"), "ksplice", EL9, "kernel-uek"),
    (scan("sles", "15.5", "5.14.21-150500.55.12-azure", "azure"), "suse", "azure", "kernel-default"),
    (scan("opensuse-leap", "15.6", "6.4.0-1-default", "default"), "suse", "opensuse-leap 15.6", "sles")])
def test_a_host_that_gets_none_is_told_what_would(host: dict[str, Any], provider: str, seen: str, wanted: str) -> None:
    refusal = plan(host, provider=provider)["refusal"]
    assert refusal.startswith("web1: ") and "wanted: " in refusal
    assert seen in refusal and wanted in refusal


@pytest.mark.parametrize(("host", "provider"), [
    # Covered with the service fips-updates, not with the certified one: the name is the same, and Ubuntu Pro's client is asked.
    (scan("ubuntu", "22.04", "5.15.0-73-fips", "fips"), "canonical"), (scan("ubuntu", "22.04", "5.15.0-1073-aws-fips", "aws-fips"), "canonical"),
    (scan("ubuntu", "26.04", "7.0.0-29-generic", "generic", architecture="aarch64"), "canonical"),
    (scan("ubuntu", "24.04", "6.8.0-45-generic", "generic", architecture="s390x"), "canonical"),
    (scan("rhel", "10.2", "6.12.0-211.16.1.el10_2.x86_64"), "kpatch"), (scan("amzn", "2023", "6.18.51-120.163.amzn2023.x86_64"), "amazon"),
    (scan("sles_sap", "15.6", "6.4.0-150600.23.7-default", "default"), "suse"), (scan("sles", "16.0", "6.12.0-160000.5-rt", "rt"), "suse")])
def test_who_gets_them_by_the_vendors_own_documents(host: dict[str, Any], provider: str) -> None:
    made = plan(host)
    assert (made["refusal"], made["provider"]) == (None, provider)


@pytest.mark.parametrize(("host", "seen", "wanted"), [
    # supported-kernels.md of Canonical's documentation, 2026-06.
    (scan("ubuntu", "24.04", "6.8.0-45-generic", "generic", architecture="aarch64"), "ubuntu 24.04 on aarch64", "26.04 or later"),
    (scan("ubuntu", "26.04", "7.0.0-29-generic", "generic", architecture="s390x"), "ubuntu 26.04 on s390x", "22.04 or 24.04"),
    (scan("ubuntu", "24.04", "6.17.0-5-generic", "generic", architecture="s390x"), "6.17.0-5-generic", "the release's first, 6.8"),
    (scan("ubuntu", "24.04", "6.8.0-45-lowlatency", "lowlatency", architecture="s390x"), "lowlatency", "generic"),
    # Red Hat's documentation of RHEL 10: the first kernel is that of 10.2.
    (scan("rhel", "10.1", "6.12.0-124.8.1.el10_1.x86_64"), "6.12.0-124.8.1.el10_1.x86_64", "6.12.0-211.16.1.el10_2 or later"),
    (scan("rhel", "8.0", "4.18.0-80.el8.x86_64"), "rhel 8.0", "rhel 8.1 or later"),
    # SLES 12 has another module and kgr in the place of klp.
    (scan("sles", "12.5", "4.12.14-122.250-default", "default"), "sles 12.5", "sles 15 or later"),
    (scan("sl-micro", "6.2", "6.12.0-160000.5-default", "default", image_based=True, image_tool="transactional-update"), "sl-micro 6.2",
     "transactional-update pkg install kernel-livepatch-6_12_0-160000_5-default"),
    (scan("ubuntu", "rolling", "6.8.0-45-generic", "generic"), "rolling", "long-term")])
def test_who_gets_none_by_the_vendors_own_documents(host: dict[str, Any], seen: str, wanted: str) -> None:
    refusal = plan(host)["refusal"]
    assert seen in refusal and wanted in refusal


def test_a_refusal_by_what_a_document_says_names_its_day_and_place() -> None:
    refusal = plan(scan("ubuntu", "24.04", "6.8.0-45-generic", "generic", architecture="aarch64"))["refusal"]
    assert "(as of 2026-06-18, https://ubuntu.com/security/livepatch/docs/kernels)" in refusal


def test_every_vendors_facts_have_a_day_and_a_source() -> None:
    assert set(vendors.FACTS) == {"kpatch", "amazon", "canonical", "ksplice", "suse", "kernelcare"}
    for facts in vendors.FACTS.values():
        assert date.fromisoformat(facts["as_of"]) and len(facts["source"]) > 10 and facts["architectures"]


@pytest.mark.parametrize(("version", "release", "module", "pattern"), [
    # openQA's lib/klp.pm: from SLES 16 on there is no module, and the pattern has another name.
    ("15.6", "6.4.0-150600.23.7-default", "sle-module-live-patching/15.6/x86_64", "lp_sles"),
    ("16.0", "6.12.0-160000.5-default", "", "kernel_livepatching"), ("17.0", "6.18.0-170000.5-default", "", "kernel_livepatching")])
def test_what_brings_suses_patches(version: str, release: str, module: str, pattern: str) -> None:
    made = plan(scan("sles", version, release, "default"))
    assert (made["module"], made["pattern"]) == (module, pattern)
    assert made["packages"] == ["kernel-livepatch-" + release.removesuffix("-default").replace(".", "_") + "-default"]


def test_the_patches_of_the_other_installed_kernels() -> None:
    """dnf kpatch auto of kpatch-dnf 0.5 installs them for every installed kernel-core."""
    host = scan()
    host["record"]["record"]["kernel"]["installed"] = [{"release": EL9, "package_version": "x"}, {"release": "5.14.0-427.16.1.el9_4.x86_64"},
                                                       {"release": "6.1.0-elrepo"}]
    for image in host["record"]["record"]["kernel"]["installed"]:
        image.setdefault("package_version", None)
    assert plan(host)["others"] == {"5.14.0-427.16.1.el9_4.x86_64": "kpatch-patch-5_14_0-427_16_1"}


@pytest.mark.parametrize(("kernel", "signed_only"), [
    ({}, False), ({"lockdown": "none", "signature_required": False}, False), ({"lockdown": "integrity"}, True), ({"signature_required": True}, True)])
def test_a_kernel_that_takes_only_signed_modules(kernel: dict[str, Any], signed_only: bool) -> None:
    host = scan("almalinux")
    host["record"]["record"]["live_patch"]["kernel"].update(kernel)
    assert plan(host, provider="kernelcare")["signed_only"] is signed_only


def test_a_delay_for_a_provider_that_knows_none() -> None:
    assert "kpatch cannot wait" in plan(scan(), delay="2w")["refusal"]
    assert plan(scan("almalinux"), provider="kernelcare", delay="48h")["refusal"] is None


@pytest.mark.parametrize("host", [scan("almalinux"), scan("amzn", "2", "5.10.102-99.473.amzn2.x86_64")])
def test_taking_away_asks_nothing_of_the_host(host: dict[str, Any]) -> None:
    assert plan(host, provider="kpatch", state="absent", pin="x")["refusal"] is None


def test_a_pin_for_a_provider_that_knows_none() -> None:
    assert "kpatch cannot be held at a level" in plan(scan(), pin="1-4")["refusal"]


KPP = "kernel-uname-r = 5.14.0-427.13.1.el9_4.x86_64\nkernel-uname-r = 5.14.0-570.12.1.el9_6.x86_64\nkernel-uname-r = 5.14.0-9.el9.x86_64\n/bin/sh\n"
PRO = '{"attached": %s, "services": [{"name": "esm-infra"}, {"name": "livepatch", "entitled": "%s", "status": "%s", "available": "yes"}]}'
SCC = '[{"identifier":"SLES","version":"15.5","arch":"x86_64","status":"%s"}%s]'
MODULE = ',{"identifier":"sle-module-live-patching","version":"15.5","arch":"x86_64","status":"Registered"}'


@pytest.mark.parametrize(("provider", "stdout", "secret", "says"), [
    ("kpatch", KPP, True, None), ("kpatch", "", True, "BaseOS"), ("kpatch", KPP.replace("427.13.1", "427.31.1"), True, "eligible: 5.14.0-9.el9"),
    ("amazon", (FIXTURES / "amazon_support_al2023.txt").read_text(encoding="utf-8"), True, None),
    ("amazon", "Reboot into the latest kernel version to get a continued stream of live patches.", True, "after a reboot"),
    ("amazon", "", True, "does not say"),
    ("canonical", PRO % ("true", "yes", "enabled"), False, None), ("canonical", PRO % ("false", "yes", "disabled"), True, None),
    ("canonical", PRO % ("false", "yes", "disabled"), False, "live_patching_token_file"), ("canonical", "", True, "no answer"),
    ("canonical", PRO % ("true", "no", "disabled"), False, "includes no Livepatch"), ("canonical", PRO % ("true", "yes", "n/a"), False, "eligible"),
    ("canonical", "[]", True, "no answer"), ("canonical", '{"attached": true, "services": null}', False, None),
    ("ksplice", "ksplice\nuptrack\n", True, None), ("ksplice", "", True, "Unbreakable"), ("ksplice", "ksplice\n", False, "live_patching_token_file"),
    ("suse", SCC % ("Registered", MODULE), False, None), ("suse", SCC % ("Registered", ""), True, None),
    ("suse", SCC % ("Registered", ""), False, "sle-module-live-patching"), ("suse", SCC % ("Not Registered", ""), True, "not registered"),
    ("suse", "", True, "no answer"), ("suse", "[1]", True, "not registered"),
    ("kernelcare", "server_id=xyz\n", False, None), ("kernelcare", "", True, None), ("kernelcare", "", False, "kcarectl --register")])
def test_what_the_vendors_tool_says_first(provider: str, stdout: str, secret: bool, says: str | None) -> None:
    reason = offer({"stdout": stdout, "stderr": "", "rc": 0}, provider, "web1", EL9, secret)["refusal"]
    assert (reason is None) if says is None else (reason is not None and reason.startswith("web1: ") and says in reason)


def service(**row: Any) -> str:
    usual: dict[str, Any] = {"available": "yes", "blocked_by": [], "description": "Canonical Livepatch service",
                             "description_override": None, "entitled": "yes", "name": "livepatch", "status": "disabled", "warning": None}
    return json.dumps({"attached": "entitled" not in row, "services": [{"name": "esm-infra"}, {**usual, **row}]})


NOT_COVERED = "Current kernel is not covered by livepatch"
WARNING = {"code": "livepatch-kernel-not-supported", "message": "The current kernel (6.11.0-1011-oem, x86_64) is not covered by livepatch."}
FIPS = {"name": "fips", "reason": "Livepatch cannot be enabled while running the official FIPS certified kernel.",
        "reason_code": "livepatch-invalidates-fips"}


@pytest.mark.parametrize(("row", "says"), [
    # The words of ubuntu-pro-client 37 (features/livepatch.feature, uaclient/messages) for a host that is attached, one that is not, and one in FIPS.
    ({"description_override": NOT_COVERED}, NOT_COVERED), ({"description_override": "Der laufende Kernel wird nicht abgedeckt"}, "Kernel wird nicht"),
    ({"status": "warning", "description_override": NOT_COVERED, "warning": WARNING}, "6.11.0-1011-oem"),
    ({"entitled": None, "status": None, "description_override": NOT_COVERED}, NOT_COVERED),
    ({"blocked_by": [FIPS]}, "livepatch-invalidates-fips"), ({"status": "n/a"}, "not available"), ({"available": "no"}, "not available"),
    ({"status": "enabled"}, None), ({}, None), ({"blocked_by": "x", "warning": "y"}, None),
    ({"status": "warning", "warning": {"code": "livepatch-client-failure-warning", "message": "x"}}, None)])
def test_what_ubuntu_pro_says_of_the_running_kernel(row: dict[str, Any], says: str | None) -> None:
    reason = offer({"stdout": service(**row), "stderr": "", "rc": 0}, "canonical", "web1", "6.11.0-1011-oem", True)["refusal"]
    assert reason is None if says is None else (says in reason and "eligible: the kernels at https://" in reason)


def test_suse_16_has_no_module_to_register() -> None:
    sixteen = SCC.replace("15.5", "16.0")
    assert offer({"stdout": sixteen % ("Registered", ""), "rc": 0}, "suse", "web1", EL9)["refusal"] is None
    assert "not registered with SUSE" in offer({"stdout": sixteen % ("Not Registered", ""), "rc": 0}, "suse", "web1", EL9)["refusal"]


def test_the_kernels_that_red_hat_has_patches_for() -> None:
    assert offer({"stdout": KPP, "rc": 0}, "kpatch", "web1", EL9)["kernels"] == [
        "5.14.0-9.el9.x86_64", EL9, "5.14.0-570.12.1.el9_6.x86_64"]


def test_the_tools_own_complaint_is_part_of_the_refusal() -> None:
    refusal = offer({"msg": "[Errno 2] No such file or directory: b'dnf'"}, "kpatch", "web1", EL9)["refusal"]
    assert refusal and "No such file or directory" in refusal
    with pytest.raises(AnsibleFilterError, match="result"):
        offer([], "kpatch", "web1", EL9)  # type: ignore[arg-type]
    with pytest.raises(AnsibleFilterError, match="knows"):
        offer({}, "acme", "web1", EL9)


UPTRACK = """[Auth]
accesskey = INSERT_ACCESS_KEY

[Network]
# Proxy to use when accessing the Uptrack server
# https_proxy =

[Settings]
install_on_reboot = yes
#autoinstall = yes
upgrade_on_reboot=yes
"""


def test_uptrack_conf() -> None:
    wanted = {"Auth": {"accesskey": "0123abcd"}, "Network": {"https_proxy": "http://proxy:3128"},
              "Settings": {"install_on_reboot": "yes", "upgrade_on_reboot": "yes", "autoinstall": "no", "effective_version": ""}}
    assert with_settings(UPTRACK, wanted) == """[Auth]
accesskey = 0123abcd

[Network]
# Proxy to use when accessing the Uptrack server
# https_proxy =
https_proxy = http://proxy:3128

[Settings]
install_on_reboot = yes
#autoinstall = yes
upgrade_on_reboot=yes
autoinstall = no
"""


def test_kcare_conf() -> None:
    text = (FIXTURES / "kcare_conf_proxy.txt").read_text(encoding="utf-8")
    wanted = {"": {"AUTO_UPDATE": "False", "PATCH_SERVER": "https://eportal.example.net/", "HTTPS_PROXY": "", "STICKY_PATCHSET": "K20260908_02"}}
    assert settled(text, wanted, spaced=False) == (
        "AUTO_UPDATE=False\nPATCH_SERVER=https://eportal.example.net/\nSTICKY_PATCHSET=K20260908_02\n")


def test_kpatch_conf_that_is_not_there_yet_and_a_key_that_stands_there_twice() -> None:
    wanted = {"main": {"autoupdate": "True", "autofilter": "False"}}
    assert settled("", wanted, spaced=False) == "[main]\nautoupdate=True\nautofilter=False\n"
    assert settled("[main]\nautoupdate=False\nautoupdate=False\n", wanted, spaced=False) == "[main]\nautoupdate=True\nautofilter=False\n"
    assert settled("[other]\nautoupdate=False\n", wanted, spaced=False) == "[other]\nautoupdate=False\n\n[main]\nautoupdate=True\nautofilter=False\n"
    with pytest.raises(AnsibleFilterError, match="sections"):
        settled("", {"main": "x"})  # type: ignore[dict-item]


KEYS = st.sampled_from(["a", "B", "c-d"])
TEXTS = st.lists(st.sampled_from(["[s]", "[t]", "a = 1", "a=1", "# a = 3", "B=2", "c-d=", "", "x = y", "  a =  9 "]), max_size=12)


@given(TEXTS, st.dictionaries(st.sampled_from(["", "s", "t"]), st.dictionaries(KEYS, st.sampled_from(["", "1", "7"]), max_size=3), max_size=3))
def test_a_second_time_changes_nothing_and_comments_stay(lines: list[str], wanted: dict[str, dict[str, str]]) -> None:
    once = with_settings("\n".join(lines), wanted)
    assert with_settings(once, wanted) == once
    assert [line for line in once.splitlines() if line.startswith("#")] == [line for line in lines if line.startswith("#")]


def test_canonicals_configuration() -> None:
    current = "check-interval: 60\nremote-server: https://livepatch.canonical.com\nhttp-proxy: \"\"\n"
    assert words(current, {"check-interval": 60, "remote-server": "https://livepatch.canonical.com", "http-proxy": "", "cutoff-date": ""}) == []
    assert words(current, {"check-interval": "0", "cutoff-date": "2026-10-01T00:00:00Z"}) == ["check-interval=0", "cutoff-date=2026-10-01T00:00:00Z"]
    with pytest.raises(AnsibleFilterError, match="mapping"):
        words(None, {})  # type: ignore[arg-type]
