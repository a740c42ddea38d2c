# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof names a host's image by the tools that deploy it: bootc, rpm-ostree, ostree, Flatcar's updater."""

from __future__ import annotations

import json
from typing import Any

import pytest
from firebreak_proof.asking import Answer
from firebreak_proof.promises import BrokenPromiseError, Wanted
from firebreak_proof.proof import Proof
from firebreak_proof.standards import Standard
from firebreak_proof.views import comparisons, images, kernels

OLD, NEW = "a" * 64, "b" * 64


def host(said: str, **promised: Any) -> Proof:
    return Proof("web1", Standard(promised, (), ()), {"image": Answer(said, "", 0, 1)})


def slot(digest: str) -> dict[str, Any]:
    return {"image": {"image": {"image": "quay.io/fedora/fedora-bootc:43"}, "version": "43.1", "imageDigest": digest}}


BOOTC = {"booted": slot("sha256:1"), "staged": None, "rollback": slot("sha256:0")}
UNIFIED = {"verity": "e" * 128, "bootType": "Uki", "bootloader": "systemd"}
RPM_OSTREE = {"deployments": [
    {"checksum": NEW, "serial": 0, "booted": False, "staged": True, "version": "43.2", "container-image-reference": "ostree-image-signed:docker://x"},
    {"checksum": OLD, "serial": 1, "booted": True, "version": "43.1", "origin": "fedora:fedora/x86_64/coreos/stable"}]}


@pytest.mark.parametrize(("said", "image"), [
    (f"bootc {json.dumps({'status': BOOTC})}\nID fedora\n", images.Image("sha256:1", "quay.io/fedora/fedora-bootc:43", "43.1", "sha256:1")),
    (f"bootc {json.dumps({'status': {**BOOTC, 'staged': slot('sha256:2')}})}\n",
     images.Image("sha256:1", "quay.io/fedora/fedora-bootc:43", "43.1", "sha256:2")),
    (f"bootc {json.dumps({'status': {**BOOTC, 'rollbackQueued': True}})}\n",
     images.Image("sha256:1", "quay.io/fedora/fedora-bootc:43", "43.1", "sha256:0")),
    # bootc-dev/bootc#2425 and #2405: an image that is fetched alone, and a rollback whose word some versions turn round.
    (f"bootc {json.dumps({'status': {**BOOTC, 'staged': {**slot('sha256:2'), 'downloadOnly': True}}})}\n",
     images.Image("sha256:1", "quay.io/fedora/fedora-bootc:43", "43.1", "sha256:1")),
    (f"bootc {json.dumps({'status': {**BOOTC, 'booted': {**slot('sha256:1'), 'composefs': UNIFIED}, 'rollbackQueued': True}})}\n",
     images.Image("sha256:1", "quay.io/fedora/fedora-bootc:43", "43.1", "")),
    # bootc that is there and did not deploy the system.
    (f"bootc {json.dumps({'status': {'booted': None}})}\nrpm-ostree {json.dumps(RPM_OSTREE)}\nOSTREE_VERSION 43.1\n",
     images.Image(OLD + ".1", "fedora:fedora/x86_64/coreos/stable", "43.1", NEW + ".0")),
    (f"ostree   fedora {NEW}.0 (staged)\nostree     Version: 43.2\nostree * fedora {OLD}.0\nostree     Version: 43.1\n"
     f"origin {OLD}.0.origin fedora:fedora/x86_64/coreos/stable\nOSTREE_VERSION 43.1\n",
     images.Image(OLD + ".0", "fedora:fedora/x86_64/coreos/stable", "43.1", NEW + ".0")),
    # coreos/zincati#1186: what Zincati stages stays locked until it may reboot.
    (f"rpm-ostree {json.dumps({'deployments': [{**RPM_OSTREE['deployments'][0], 'finalization-locked': True}, RPM_OSTREE['deployments'][1]]})}\n",
     images.Image(OLD + ".1", "fedora:fedora/x86_64/coreos/stable", "43.1", OLD + ".1")),
    (f"ostree   fedora {NEW}.0 (finalization locked)\nostree * fedora {OLD}.0\nOSTREE_VERSION 43.1\n",
     images.Image(OLD + ".0", "", "43.1", OLD + ".0")),
    ("ID flatcar\nVERSION_ID 4459.2.0\nGROUP stable\nCURRENT_OP UPDATE_STATUS_IDLE\nNEW_VERSION 0.0.0\n",
     images.Image("4459.2.0", "stable", "4459.2.0", "4459.2.0")),
    ("ID flatcar\nVERSION_ID 4459.2.0\nCURRENT_OP UPDATE_STATUS_UPDATED_NEED_REBOOT\nNEW_VERSION 4593.1.0\n",
     images.Image("4459.2.0", "", "4459.2.0", "4593.1.0")),
    ("ID bottlerocket\nVERSION_ID 1.49.0\nVARIANT_ID aws-k8s-1.34\n", images.Image("1.49.0", "aws-k8s-1.34", "1.49.0", "")),
    ("ID debian\nVERSION_ID 12\n", None),
])
def test_an_image_is_named_by_what_deploys_it(said: str, image: images.Image | None) -> None:
    assert images.read(host(said)) == image


def test_packages_and_unknown_words_are_no_image() -> None:
    with pytest.raises(BrokenPromiseError, match="comes as packages"):
        images.of(host("ID debian\n"))
    with pytest.raises(BrokenPromiseError, match="a form that is not known"):
        images.of(host("bootc {}\n"))
    # A host whose tools are gone, or fail, is none of packages.
    for deployed, said in (("bootc", "ID fedora\n"), ("ostree", f"bootc {json.dumps({'status': {'booted': None}})}\nID fedora\n")):
        with pytest.raises(BrokenPromiseError, match=f"an image of {deployed}'s, and none of its tools"):
            images.read(host(f"deployed {deployed}\n{said}"))


@pytest.mark.parametrize(("name", "accepted", "named"), [
    ("sha256:1", ["sha256:1"], True), (OLD + ".0", [OLD], True), (OLD + ".0", [OLD + ".1"], False), ("4459.2.0", ["4459"], False),
])
def test_a_commit_may_be_named_without_the_number_of_its_deployment(name: str, accepted: list[str], named: bool) -> None:
    assert images.is_named(name, accepted) is named


def test_the_versions_to_compare_are_asked_for() -> None:
    proof = host("ID flatcar\nVERSION_ID 4459.2.0\n", **{"os.image.version": {"minimum": "4230.2.1"}})
    assert list(comparisons.groups(proof)) == [{"4459.2.0", "4230.2.1"}]


@pytest.mark.parametrize(("tools", "order", "holds"), [
    (f"staged /ostree/deploy/fedora/deploy/{NEW}.0/usr/lib/modules/6.18.1-200.fc43.x86_64/vmlinuz\nother_root ostree\n", "lt", True),
    ("other_root @/.snapshots/7/snapshot\ngrubby /boot/vmlinuz-6.18.1-200.fc43.x86_64\n", "lt", True),
    ("other_root @/.snapshots/3/snapshot\ngrubby /boot/vmlinuz-6.18.1-200.fc43.x86_64\n", "gt", False),
    ("grubby /boot/vmlinuz-6.18.1-200.fc43.x86_64\n", "lt", False),
])
def test_the_kernel_of_another_root_must_not_be_older(tools: str, order: str, holds: bool) -> None:
    here, there = "6.17.8-300.fc43.x86_64", "6.18.1-200.fc43.x86_64"
    answers = {"boot_tools": tools, "order": f"{here}\t{there}\t{order}\n",
               "running": f"uname {here}\nproc {here}\nbanner Linux version {here} (x)\nowner kernel-core\n",
               "installed": f"kernel-core\t6.17.8-300.fc43\t{here}\t/lib/modules/{here}/vmlinuz\tpackaged\n"}
    wanted = Wanted("kernel.default_boot", {"rule": "newest_installed"})
    proof = Proof("web1", Standard({wanted.key: wanted.value}, (), ()), {name: Answer(out, "", 0, 1) for name, out in answers.items()})
    assert kernels.default_release(proof) == there
    assert ({here, there} in list(comparisons.groups(proof))) == ("other_root" in tools)
    if holds:
        kernels.hold_release(proof, wanted, there, None, "boots by default kernel")
    else:
        with pytest.raises(BrokenPromiseError, match="the standard promises the newest installed one"):
            kernels.hold_release(proof, wanted, there, None, "boots by default kernel")
