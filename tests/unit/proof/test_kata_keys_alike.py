# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of drop-ins by the shims' own structures (config.go, kata-types of 3.20.0 to 4.1.0): scan and proof are held against one table of them."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._kata import config
from firebreak_proof.views import hardening
from firebreak_proof.views.configurations import Configuration, DropIn

GO = '[hypervisor.qemu]\npath = "/x"\ndefault_memory = 2048\nenable_annotations = []\n# msize_9p = 8192\n[agent.kata]\ndial_timeout = 45\n' \
     "[runtime]\nenable_debug = false\n"
RUST = '[hypervisor.clh]\npath = "/x"\ndefault_memory = 2048\nkubelet_root_dir = "/x"\n[agent.kata]\ncreate_container_timeout = 30\n' \
       '[runtime]\nhypervisor_name = "clh"\nkubelet_root_dir = "/x"\n'

# template, drop-in, whether the shim of 4.1.0 reads it
KEYS = {
    "mentioned": (GO, "[hypervisor.qemu]\ndefault_memory = 512\n", True),
    "mentioned in a comment": (GO, "[hypervisor.qemu]\nmsize_9p = 4096\n", True),
    "a typo": (GO, "[hypervisor.qemu]\nenable_anotations = []\n", False),
    "of another type": (GO, '[hypervisor.qemu]\ndefault_memory = "512"\n', False),
    "of another monitor": (GO, "[hypervisor.clh]\ndefault_memory = 512\n", False),
    "initrd": (GO, '[hypervisor.qemu]\ninitrd = "/x"\n', True),
    "initrd of another type": (GO, "[hypervisor.qemu]\ninitrd = 7\n", False),
    "guest_extension_images": (GO, '[[hypervisor.qemu.guest_extension_images]]\nname = "coco"\n', True),
    "guest_extension_images, a word": (GO, '[hypervisor.qemu]\nguest_extension_images = "coco"\n', False),
    "hypervisor_loglevel": (GO, "[hypervisor.qemu]\nhypervisor_loglevel = 1\n", True),
    "jailer_path": (GO, '[hypervisor.qemu]\njailer_path = "/j"\n', True),
    "disk limits": (GO, "[hypervisor.qemu]\ndisk_rate_limiter_bw_max_rate = 1\n", True),
    "factory": (GO, "[factory]\nenable_template = true\n", True),
    "log_level, of rust's alone": (GO, '[hypervisor.qemu]\nlog_level = "info"\n', False),
    "disable_nested_virtualization, of rust's alone": (GO, "[hypervisor.qemu]\ndisable_nested_virtualization = true\n", False),
    "rust, initrd": (RUST, '[hypervisor.clh]\ninitrd = "/x"\n', True),
    "rust, guest_extension_images": (RUST, '[[hypervisor.clh.guest_extension_images]]\nname = "coco"\n', True),
    "rust, log_level": (RUST, '[hypervisor.clh]\nlog_level = "info"\n', True),
    "rust, disable_nested_virtualization": (RUST, "[hypervisor.clh]\ndisable_nested_virtualization = true\n", True),
    "rust, extra_monitor_socket": (RUST, '[hypervisor.clh]\nextra_monitor_socket = "x"\n', True),
    "rust, disable_selinux": (RUST, "[hypervisor.clh]\ndisable_selinux = true\n", True),
    "rust, mem_agent": (RUST, "[agent.kata.mem_agent]\nmem_agent_enable = true\n", True),
    "rust, a typo in mem_agent": (RUST, "[agent.kata.mem_agent]\nmem_agent_enabled = true\n", False),
    "rust, in vain in runtime": (RUST, '[runtime]\nkubelet_root_dir = "/y"\n', False),
    "rust, in vain in hypervisor": (RUST, '[hypervisor.clh]\nkubelet_root_dir = "/y"\n', False),
    "rust, in vain since no structure has it": (RUST, "[hypervisor.clh]\nuse_legacy_serial = true\n", False),
    "rust, create_container_timeout": (RUST, "[agent.kata]\ncreate_container_timeout = 60\n", True),
}


@pytest.mark.parametrize(("shipped", "drop_in", "is_read"), KEYS.values(), ids=list(KEYS))
def test_a_key_that_a_shim_reads(shipped: str, drop_in: str, is_read: bool) -> None:
    assert (config.unknown_keys(drop_in, "/d.toml", config.read_shipped(shipped, "/c.toml", "4.1.0")) == []) is is_read
    assert (hardening.passed_over(Configuration("/c.toml", shipped, (DropIn("/d.toml", drop_in, ""),))) == []) is is_read
