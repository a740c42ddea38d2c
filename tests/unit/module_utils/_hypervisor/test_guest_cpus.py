# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processors of guests: the shapes of libvirt's documents, and who may run guests of its own."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor.guest_cpus import Cpu, may_nest, parse

# docs: https://libvirt.org/formatdomain.html#cpu-model-and-topology
PASSTHROUGH = "<domain type='kvm'><cpu mode='host-passthrough' check='none' migratable='on'/></domain>"
WITHOUT = "<domain type='kvm'><cpu mode='host-passthrough'><feature policy='disable' name='vmx'/></cpu></domain>"
CUSTOM = """<domstatus state='running' pid='9'><domain type='kvm'><cpu mode='custom' match='exact' check='full'>
  <model fallback='forbid'>Cascadelake-Server</model><vendor>Intel</vendor>
  <feature policy='require' name='vmx'/><feature policy='disable' name='hle'/><feature name='ss'/></cpu></domain></domstatus>"""
MODEL = "<domain type=\"kvm\"><cpu mode=\"custom\"><model>EPYC-Milan</model></cpu></domain>"
EMULATED = "<domain type='qemu'><cpu mode='maximum'/></domain>"
NONE = "<domain type='kvm'><name>x</name></domain>"


@pytest.mark.parametrize(("text", "wanted"), [
    (PASSTHROUGH, Cpu("host-passthrough")), (WITHOUT, Cpu("host-passthrough", None, ["-vmx"])),
    (CUSTOM, Cpu("custom", "Cascadelake-Server", ["-hle", "ss", "vmx"])), (MODEL, Cpu("custom", "EPYC-Milan")),
    (EMULATED, Cpu("maximum", emulated=True)), (NONE, Cpu()),
])
def test_a_documents_processor(text: str, wanted: Cpu) -> None:
    assert parse(text) == wanted


@pytest.mark.parametrize(("text", "allowed", "wanted"), [
    (PASSTHROUGH, True, True), (PASSTHROUGH, False, False), (PASSTHROUGH, None, None), (WITHOUT, True, False),
    (CUSTOM, True, True), (CUSTOM, False, False), (CUSTOM, None, None), (MODEL, True, None), (MODEL, False, False),
    (EMULATED, True, False), (NONE, True, None),
])
def test_who_may_run_guests_of_its_own(text: str, allowed: bool | None, wanted: bool | None) -> None:
    assert may_nest(parse(text), allowed) is wanted
