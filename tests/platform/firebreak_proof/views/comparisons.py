# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions the promises of a host compare, so that one round trip asks for the order of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..asking import fields, rows
from ..promises import BrokenPromiseError, Wanted
from ..proof import Proof
from . import images, kernels, mitigated, sandboxes

_COMPARING = ("kernel.running", "kernel.default_boot", "kernel.reboot_pending", "kernel.update_available", "kernel.running_version")


def groups(proof: Proof) -> Iterator[set[str]]:
    """Sets of versions, each to be put in order within itself."""
    promises = {key: Wanted(key, value) for key, value in proof.promises().items()}
    minima = {key: str(wanted.target) for key, wanted in promises.items() if wanted.form == "minimum"}
    if any(key in promises for key in _COMPARING):
        yield {*_known(lambda: kernels.running_version(proof)), *_offered(proof), *_installed(proof),
               *(minima.get(key, "") for key in ("kernel.running_version",))}
    for key in ("kernel.running", "kernel.default_boot"):
        if key in minima:
            find = kernels.running_release if key == "kernel.running" else kernels.default_release
            yield {kernels.stem(minima[key]), *map(kernels.stem, _known(lambda find=find: find(proof)))}  # type: ignore[misc]
    if "kernel.held" in promises:
        barred = _barred(proof)
        yield {*barred, *(_installed(proof) if barred else ())}
    if _known(lambda: kernels.boots_another_root(proof)) == {"True"}:
        yield {*map(kernels.stem, (*_known(lambda: kernels.default_release(proof)), *_releases(proof)))}
    if "mitigations" in promises:
        yield mitigated.versions(proof)
    if "os.version_id" in minima:
        yield {minima["os.version_id"], proof.os_release().get("VERSION_ID", "")}
    if "os.image.version" in minima:
        yield {minima["os.image.version"], *_known(lambda: images.of(proof).version)}
    if "kata.version" in minima and "kata" in proof.answers:
        yield {minima["kata.version"], fields(proof.answers["kata"].out).get("version", "")}
    if "kata.guest_kernel" in minima and "sandboxes" in proof.answers:
        yield {minima["kata.guest_kernel"], *_guest_kernels(proof)}
    for key, minimum in minima.items():
        parts = key.split(".")
        if parts[0] == "containers" and parts[-1] == "installed" and "engines" in proof.answers:
            yield {minimum, *(cells[3] for cells in rows(proof.answers["engines"].out) if cells[0] == parts[1] and len(cells) == 4)}
        if parts[0] == "hypervisor" and parts[-1] in ("installed", "running") and "programs" in proof.answers:
            yield {minimum, *(cells[3] for cells in rows(proof.answers["programs"].out) if cells[0] == parts[1] and len(cells) == 4)}


def _known(find: Callable[[], Any]) -> set[str]:
    """A version, or nothing where the host does not say it: the test that needs it will tell."""
    try:
        return {str(find())}
    except BrokenPromiseError:
        return set()


def _barred(proof: Proof) -> set[str]:
    try:
        return kernels.barred_versions(proof)
    except BrokenPromiseError:
        return set()


def _guest_kernels(proof: Proof) -> set[str]:
    try:
        return {one.version for one in sandboxes.judged(proof)}
    except BrokenPromiseError:
        return set()


def _offered(proof: Proof) -> set[str]:
    try:
        first, others = kernels.offered_versions(proof)
    except BrokenPromiseError:
        return set()
    return {first, *others}


def _releases(proof: Proof) -> set[str]:
    try:
        return {kernel.release for kernel in kernels.installed(proof)}
    except BrokenPromiseError:
        return set()


def _installed(proof: Proof) -> set[str]:
    try:
        return {kernel.version for kernel in kernels.installed(proof)}
    except BrokenPromiseError:
        return set()
