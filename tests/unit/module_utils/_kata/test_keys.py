# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What shims read by their structures, where templates say less or more: kata-containers' config.go and kata-types of 3.20.0 to 4.1.0."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._kata import config, hardening, keys

GO = '[hypervisor.qemu]\npath = "/x"\nenable_annotations = []\n[agent.kata]\n[runtime]\nenable_debug = false\n'
RUST = '[hypervisor.clh]\npath = "/x"\nenable_annotations = []\nkubelet_root_dir = "/x"\n[agent.kata]\ncreate_container_timeout = 30\n' \
       '[runtime]\nhypervisor_name = "clh"\nkubelet_root_dir = "/x"\n'


def unknown(shipped: str, drop_in: str, version: str = "4.1.0") -> list[str]:
    return config.unknown_keys(drop_in, "d.toml", config.read_shipped(shipped, "c.toml", version))


@pytest.mark.parametrize(("shipped", "drop_in"), [
    (GO, '[hypervisor.qemu]\ninitrd = ""\n'), (GO, "[hypervisor.qemu]\nhypervisor_loglevel = 1\n"), (GO, '[hypervisor.qemu]\njailer_path = "/j"\n'),
    (GO, '[[hypervisor.qemu.guest_extension_images]]\nname = "coco"\npath = "/x"\nverity_params = ""\n'), (GO, "[factory]\nenable_template = true\n"),
    (RUST, '[hypervisor.clh]\nlog_level = "info"\ninitrd = ""\n'), (RUST, "[hypervisor.clh]\ndisk_rate_limiter_bw_max_rate = 1\n"),
    (RUST, "[agent.kata.mem_agent]\nmem_agent_enable = true\n"),
])
def test_what_no_template_mentions_and_the_shim_reads(shipped: str, drop_in: str) -> None:
    assert unknown(shipped, drop_in) == []


@pytest.mark.parametrize(("shipped", "drop_in"), [
    (RUST, '[runtime]\nkubelet_root_dir = "/x"\n'), (RUST, '[hypervisor.clh]\nfirmware_volume = "/x"\n'),
    (RUST, "[hypervisor.clh]\nuse_legacy_serial = true\n"),
    (GO, "[hypervisor.qemu]\ndisable_nested_virtualization = true\n"), (GO, "[hypervisor.qemu]\nenable_anotations = []\n"),
    (GO, '[hypervisor.qemu]\nguest_extension_images = "x"\n'),
])
def test_what_a_shim_passes_over_whatever_a_template_mentions(shipped: str, drop_in: str) -> None:
    assert len(unknown(shipped, drop_in)) == 1


@pytest.mark.parametrize(("version", "count"), [("3.29.0", 1), ("4.0.0", 0), ("", 0)])
def test_a_key_has_a_first_release(version: str, count: int) -> None:
    assert len(unknown(GO, "[[hypervisor.qemu.guest_extension_images]]\n", version)) == count


def test_a_setting_that_the_template_does_not_mention_may_be_set_wrongly() -> None:
    """clh and firecracker honour disable_selinux (ch/inner_hypervisor.rs)."""
    shipped = config.read_shipped(RUST, "c.toml", "4.1.0")
    values = config.effective(shipped, ["[hypervisor.clh]\ndisable_selinux = true\n"])
    assert hardening.unmet("baseline", shipped, values, {}) == ["hypervisor.clh.disable_selinux is true, wanted false"]


@pytest.mark.parametrize(("allowed", "unmet"), [('["cc_init_data"]', 0), ("[]", 0), ('["cc_init_data", "kernel_params"]', 1)])
def test_the_profile_confidential_lets_initdata_through(allowed: str, unmet: int) -> None:
    """Without it a shim refuses each pod that has io.katacontainers.config.hypervisor.cc_init_data."""
    text = f"[hypervisor.qemu]\nenable_annotations = {allowed}\nconfidential_guest = true\nshared_fs = 'none'\n"
    shipped = config.read_shipped(text, "c.toml", "4.1.0")
    assert len([line for line in hardening.unmet("confidential", shipped, shipped.values, {}) if "enable_annotations" in line]) == unmet
    assert hardening.profile_tables("confidential", shipped)[0]["hypervisor.qemu"]["enable_annotations"] == ["cc_init_data"]


def test_the_data_has_a_source_and_a_date() -> None:
    assert keys.SOURCE and keys.AS_OF == "2026-08-21"
    assert keys.of("go", "4.1.0")["hypervisor"]["initrd"] == "string" and "file_mem_backend" not in keys.of("go", "4.1.0")["hypervisor"]
