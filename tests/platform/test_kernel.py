# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels: the one in force, the one that the next boot gives, and those that are installed."""

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import blocked, kernels


@promise("kernel.running")
def test_the_promised_kernel_runs(proof: Proof, wanted: Wanted) -> None:
    version = kernels.running_version(proof) if wanted.form == "rule" else None
    kernels.hold_release(proof, wanted, kernels.running_release(proof), version, "runs kernel")


@promise("kernel.running_version")
def test_the_promised_version_of_the_kernel_runs(proof: Proof, wanted: Wanted) -> None:
    version = kernels.running_version(proof)
    right = proof.compare(version, str(wanted.target)) >= 0 if wanted.form == "minimum" else version in wanted.accepted
    hold(right, f"{proof.host} runs version {version} of its kernel; the standard promises {wanted}")


@promise("kernel.default_boot")
def test_the_next_boot_gives_the_promised_kernel(proof: Proof, wanted: Wanted) -> None:
    kernels.hold_release(proof, wanted, kernels.default_release(proof), None, "boots by default kernel")


@promise("kernel.flavour")
def test_the_kernel_is_of_the_promised_flavour(proof: Proof, wanted: Wanted) -> None:
    seen = kernels.running_flavour(proof)
    hold(not {seen, kernels.line_of(seen)}.isdisjoint(wanted.accepted),
         f"{proof.host} runs a kernel of the flavour {seen}; the standard promises {wanted}")


@promise("kernel.reboot_pending")
def test_no_kernel_waits_for_a_reboot(proof: Proof, wanted: Wanted) -> None:
    """What the next boot gives is what runs, and in the version that is installed of it."""
    release, default = kernels.running_release(proof), kernels.default_release(proof)
    hold(default == release, f"{proof.host} runs kernel {release}, but its next boot gives {default}; the standard forbids that")
    version = kernels.running_version(proof)
    newer = [kernel for kernel in kernels.installed(proof) if kernel.release == release and proof.compare(kernel.version, version) > 0]
    hold(not newer, f"{proof.host} runs kernel {release} ({version}) while {release} ({newer[0].version if newer else ''}) is installed and waits "
                    "for a reboot; the standard forbids that")


@promise("kernel.update_available")
def test_no_newer_kernel_is_offered(proof: Proof, wanted: Wanted) -> None:
    newest, offered = kernels.newest_installed(proof), kernels.offered_version(proof)
    hold(proof.compare(newest.version, offered) >= 0 or kernels.comes_with_the_next_root(proof, offered),
         f"{proof.host} has kernel {newest.version} installed while its package manager offers {offered}; the standard forbids that")


@promise("kernel.one_shot")
def test_no_entry_is_set_for_the_next_boot_only(proof: Proof, wanted: Wanted) -> None:
    entry = kernels.one_shot(proof)
    hold(not entry, f"{proof.host} boots '{entry}' the next time only; the standard forbids that")


@promise("kernel.held")
def test_no_kernel_package_is_held_back(proof: Proof, wanted: Wanted) -> None:
    found = kernels.held(proof)
    hold(not found, f"{proof.host} holds kernels back: {'; '.join(found)}; the standard forbids that")


@promise("kernel.flavours_mixed")
def test_all_installed_kernels_are_of_one_flavour(proof: Proof, wanted: Wanted) -> None:
    seen = sorted({kernels.line_of(kernels.flavour(kernel.release, kernel.package)) for kernel in kernels.installed(proof)})
    allowed = Wanted("kernel.flavour", proof.promises().get("kernel.flavour", [])).accepted
    hold(len(seen) < 2 or set(seen) <= {kernels.line_of(name) for name in allowed},
         f"{proof.host} has kernels of the flavours {', '.join(seen)} installed; the standard forbids a mix")


@promise("kernel.image_missing")
def test_every_installed_kernel_has_its_image(proof: Proof, wanted: Wanted) -> None:
    gone = [f"{kernel.image} of {kernel.package}" for kernel in kernels.installed(proof) if kernel.state == "missing"]
    hold(not gone, f"{proof.host} lacks the kernel image {', '.join(gone)}; the standard forbids that")


@promise("kernel.unmanaged")
def test_the_running_kernel_belongs_to_a_package(proof: Proof, wanted: Wanted) -> None:
    release = kernels.running_release(proof)
    known = [kernel for kernel in kernels.installed(proof) if kernel.release == release]
    hold(bool(known), f"{proof.host} runs kernel {release}, which no installed package brought; the standard forbids that")


@promise("kernel.unmanaged")
def test_kernel_images_are_those_of_their_packages(proof: Proof, wanted: Wanted) -> None:
    """A replaced image boots as the packaged one's name."""
    said = {"changed": "that is not the file its package brought", "unknown": "of which no list says what its package brought"}
    found = [f"{kernel.image} of {kernel.package} {said[kernel.state]}" for kernel in kernels.installed(proof) if kernel.state in said]
    hold(not found, f"{proof.host} has a kernel image: {', '.join(found)}")


@promise("kernel.incomplete")
def test_every_installed_kernel_would_come_up(proof: Proof, wanted: Wanted) -> None:
    found = proof.says("incomplete").splitlines()
    hold(not found, f"{proof.host} has kernels that would not come up: {'; '.join(found)}; the standard forbids that")


@promise("kernel.modules_missing")
def test_the_next_boots_kernel_has_the_modules_that_are_loaded(proof: Proof, wanted: Wanted) -> None:
    foreign = kernels.foreign_modules(proof)
    following = kernels.default_release(proof) if foreign else "any kernel"
    lost = [name for name in foreign if following not in kernels.kernels_with(proof, name)]
    hold(not lost, f"{proof.host} boots {following} next, which lacks the modules {', '.join(lost)} that are loaded now; the standard forbids that")


@promise("kernel.modules_replaced")
def test_loaded_modules_are_those_on_disk(proof: Proof, wanted: Wanted) -> None:
    other = [name for name, (loaded, on_disk) in kernels.foreign_modules(proof).items() if not loaded or loaded != on_disk]
    hold(not other, f"{proof.host} has modules loaded that are not known to be those on disk: {', '.join(other)}; the standard forbids that")


@promise("kernel.modules_blocked")
def test_modules_with_a_hole_neither_run_nor_can_be_loaded(proof: Proof, wanted: Wanted) -> None:
    told = [f"{name} {how}" for name, how in sorted(blocked.running_or_loadable(proof).items())]
    hold(not told, f"{proof.host}: {', '.join(told)}; the standard wants {wanted} blocked")


@promise("kernel.stray_images")
def test_every_kernel_image_belongs_to_a_package(proof: Proof, wanted: Wanted) -> None:
    found = proof.says("stray").split()
    hold(not found, f"{proof.host} has kernel images that no package brought: {', '.join(found)}; the standard forbids that")


@promise("kernel.managers")
def test_nobody_else_changes_kernels(proof: Proof, wanted: Wanted) -> None:
    others = sorted({name for name in proof.says("managers").split() if name not in wanted.accepted})
    hold(not others, f"{proof.host} lets {', '.join(others)} change its kernels; the standard allows {wanted}")


@promise("kernel.cache_age_hours", finding="kernel.cache_age")
def test_the_package_cache_is_fresh(proof: Proof, wanted: Wanted) -> None:
    hours = kernels.cache_hours(proof)
    hold(hours is not None and hours <= wanted.target,
         f"{proof.host} last looked for packages {hours} hours ago; the standard promises {wanted}")
