# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a kernel's source can run on a host: every proof, and everything that proves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.symbols import SYMBOLS
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import reach
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.seen import Reach

INTEL = Reach("x86_64", "GenuineIntel", "/boot/config-6.1.0-41-amd64", ("AF_RXRPC", "CRYPTO_USER_API_AEAD", "INFINIBAND"))
COPY_FAIL = ["crypto/af_alg.c", "crypto/algif_aead.c", "crypto/algif_skcipher.c", "include/crypto/if_alg.h"]


@pytest.mark.parametrize(("files", "seen", "words"), [
    (["net/rxrpc/call_object.c", "net/rxrpc/key.c"], INTEL, "net/rxrpc is not built: CONFIG_AF_RXRPC is not set in /boot/config"),
    (["net/rxrpc/key.c", "include/net/af_rxrpc.h"], INTEL, "net/rxrpc is not built"),
    (["drivers/infiniband/hw/mlx5/qp.c"], INTEL, "drivers/infiniband is not built"),
    (["crypto/algif_aead.c"], INTEL, "crypto/algif_aead.c is not built"),
    (["arch/s390/kvm/gaccess.c"], INTEL, "arch/s390 is not built for x86_64"),
    (["arch/x86/kvm/svm/nested.c"], INTEL, "kvm_amd does not load on a processor of Intel's"),
    (["arch/x86/kvm/vmx/nested.c"], INTEL._replace(vendor="AuthenticAMD"), "kvm_intel does not load on a processor of AMD's"),
    (["arch/x86/kvm/vmx/nested.c"], Reach("aarch64"), "arch/x86 is not built for aarch64"),
    (["net/ipv4/esp4.c"], INTEL._replace(absent=("esp4",)), "the module esp4 is not there for the running kernel"),
])
def test_proofs(files: list[str], seen: Reach, words: str) -> None:
    assert words in reach.proof(files, seen)


@pytest.mark.parametrize(("files", "seen"), [
    ([], INTEL),
    (COPY_FAIL, INTEL),
    (["include/net/af_rxrpc.h"], INTEL),
    (["net/rxrpc/key.c", "net/core/skbuff.c"], INTEL),
    (["net/rxrpc/key.c"], INTEL._replace(source="")),
    (["net/rxrpc/key.c"], INTEL._replace(not_built=())),
    (["net/rxrpcfoo/key.c"], INTEL),
    (["arch/x86/kvm/mmu/mmu.c"], INTEL),
    (["arch/x86/kvm/vmx/nested.c"], INTEL),
    (["arch/x86/kvm/svm/nested.c"], INTEL._replace(vendor="")),
    (["arch/x86/kvm/vmx/nested.c"], INTEL._replace(vendor="CentaurHauls")),
    (["arch/arm/xen/enlighten.c"], Reach("aarch64")),
    (["arch/s390/kvm/gaccess.c"], Reach("")),
    (["kernel/fork.c"], INTEL),
])
def test_what_is_not_proved_is_reachable(files: list[str], seen: Reach) -> None:
    """Copy Fail's own list has a module that is built; headers prove nothing; one file that may run is enough."""
    assert reach.proof(files, seen) == ""


def record(**kernel: Any) -> dict[str, Any]:
    mine = {"release": "6.1.0-41-amd64", "package_version": "6.1.158-1"}
    return {"os": {"architecture": "x86_64"}, "cpu": {"vendor": "GenuineIntel"}, "kernel": {
        "running": mine, "installed": [mine], "configuration": "/boot/config-6.1.0-41-amd64", "not_built": ["AF_RXRPC"],
        "watched_modules": [{"name": "esp4", "state": "absent"}, {"name": "esp6", "state": "loadable"}], **kernel}}


def test_the_configuration_of_a_newer_build_says_nothing_of_the_one_that_runs() -> None:
    assert reach.of_record(record()) == Reach("x86_64", "GenuineIntel", "/boot/config-6.1.0-41-amd64", ("AF_RXRPC",), ("esp4",))
    replaced = record(running={"release": "6.1.0-41-amd64", "package_version": "6.1.153-1"})
    assert reach.of_record(replaced)[2:4] == ("", ())
    assert reach.of_record(record(installed=[]))[2:4] == ("", ())
    own = record(running={"release": "6.1.0-41-amd64", "package_version": None}, configuration="/proc/config.gz")
    assert reach.of_record(own)[2:4] == ("/proc/config.gz", ("AF_RXRPC",))


def test_the_scan_reads_every_symbol_of_the_table_and_no_other() -> None:
    document = json.loads(reach.TABLE.read_text())
    assert {symbol for symbols, _module in document["paths"].values() for symbol in symbols.split()} == set(SYMBOLS)
    assert all(path.endswith(("/", ".c")) for path in document["paths"])
