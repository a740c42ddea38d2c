# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live patches in force, each by more than one witness."""

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import kernels, patches


@promise("live_patch.protection")
def test_live_patches_are_in_force(proof: Proof, wanted: Wanted) -> None:
    """By sysfs, by the taint of the kernel and of the module, and by who says that they fix something."""
    found, outside = patches.loaded(proof), patches.outside(proof)
    if not found and not outside and set(wanted.accepted) & {"not_applicable", "unprotected"}:
        hold("not_applicable" not in wanted.accepted or "unprotected" in wanted.accepted or not patches.clients(proof),
             f"{proof.host} has a live-patching client ({', '.join(patches.clients(proof))}) and no patch in force; the standard promises {wanted}")
        return
    known = patches.known_fixes(proof)
    if not known and patches.has_nothing_to_load(proof):
        return
    hold(bool(found or outside), f"{proof.host} has no live patch loaded; the standard promises {wanted}")
    dormant = [patch.name for patch in found if not patch.enabled]
    hold(bool(outside) or len(dormant) < len(found),
         f"{proof.host} has live patches loaded, but none in force: {', '.join(dormant)}; the standard promises {wanted}")
    hold(bool(known), f"{proof.host} has in force {', '.join([*(patch.name for patch in found if patch.enabled), *outside])}, "
         f"and nobody says that it fixes anything; the standard promises {wanted}")
    if not found:
        return
    hold(patches.kernel_is_tainted(proof), f"{proof.host} lists live patches, but its kernel does not say that it is patched (taint K)")
    untainted = [patch.name for patch in found if "K" not in patch.taint]
    hold(not untainted, f"{proof.host} lists {', '.join(untainted)} as live patches, but those modules do not patch anything (no taint K)")


@promise("live_patch.transition")
def test_no_live_patch_is_in_transition(proof: Proof, wanted: Wanted) -> None:
    moving = [patch.name for patch in patches.loaded(proof) if patch.moving]
    hold(not moving, f"{proof.host} is still moving threads to {', '.join(moving)}; the standard forbids that")
    threads = patches.threads_in_transition(proof)
    hold(threads == 0, f"{proof.host} has {threads} threads between old and new code (/proc/<pid>/patch_state); the standard forbids that")


@promise("live_patch.provider")
def test_the_promised_provider_brings_them(proof: Proof, wanted: Wanted) -> None:
    """The client is there; amazon's patches and self-built ones may come by kpatch's."""
    names = {"amazon": "kpatch", "self_built": "kpatch"}
    clients = patches.clients(proof)
    if "none" in wanted.accepted and not clients:
        return
    hold(bool(clients), f"{proof.host} has no client for live patches; the standard promises {wanted}")
    accepted = {*wanted.accepted, *(names.get(name, name) for name in wanted.accepted)}
    hold(bool(accepted & clients.keys()), f"{proof.host} gets live patches by {', '.join(clients)}; the standard promises {wanted}")


@promise("live_patch.level")
def test_the_promised_level_of_patches_is_in_force(proof: Proof, wanted: Wanted) -> None:
    names = patches.levels(proof)
    hold(any(name == str(level) or patches.is_named_for(name, str(level)) for level in wanted.accepted for name in names),
         f"{proof.host} has in force {', '.join(names) or 'no live patch'}, none of which is named for the level; the standard promises {wanted}")


@promise("live_patch.other_providers")
def test_one_client_for_live_patches_at_most(proof: Proof, wanted: Wanted) -> None:
    names = sorted(patches.clients(proof))
    hold(len(names) < 2, f"{proof.host} has more than one client for live patches: {', '.join(names)}; the standard forbids that")


@promise("live_patch.inhibited")
def test_nothing_keeps_live_patches_out(proof: Proof, wanted: Wanted) -> None:
    hold("modules_disabled" not in proof.says("patch_files").split(),
         f"{proof.host} loads no modules any more, so no live patch (kernel.modules_disabled)")
    mode = patches.mode(proof) if "canonical" in patches.clients(proof) else "normal"
    hold(mode == "normal", f"{proof.host}'s daemon of Canonical Livepatch is told to start in the mode {mode}; the standard forbids that")
    masked = [name for name, state in patches.clients(proof).items() if state.startswith("masked")]
    hold(not masked, f"{proof.host}'s service for live patches is masked: {', '.join(masked)}; the standard forbids that")


@promise("live_patch.not_loaded")
def test_live_patches_on_disk_are_loaded(proof: Proof, wanted: Wanted) -> None:
    names = {patch.name for patch in patches.loaded(proof)}
    waiting = [path for path in patches.files(proof, kernels.running_release(proof)) if patches.module_name(path) not in names]
    hold(not waiting, f"{proof.host} has {', '.join(waiting)} on its disk for the running kernel, not loaded; the standard forbids that")


@promise("live_patch.lost_on_reboot")
def test_live_patches_come_back_after_a_reboot(proof: Proof, wanted: Wanted) -> None:
    if not patches.loaded(proof) and not patches.outside(proof):
        return
    hold("canonical" not in patches.clients(proof) or patches.mode(proof) not in ("no-apply", "stop"),
         f"{proof.host} loses its live patches at a reboot: Canonical's daemon will start in the mode {patches.mode(proof)}; "
         "the standard forbids that")
    release, clients = kernels.running_release(proof), patches.clients(proof)
    kept = release in patches.releases_on_disk(proof) or bool(clients.keys() & {"canonical", "ksplice", "kernelcare"})
    enabled = any(state in patches.ENABLED for state in clients.values())
    hold(kept and enabled, f"{proof.host} loses its live patches at a reboot: "
         + ("no service that loads them is enabled" if kept else f"none is on its disk for kernel {release}") + "; the standard forbids that")
    hindered = patches.kept_from_loading(proof)
    hold(not hindered, f"{proof.host} loses its live patches at a reboot: {hindered}; the standard forbids that")


@promise("live_patch.next_kernel")
def test_the_next_kernel_has_live_patches_too(proof: Proof, wanted: Wanted) -> None:
    if not patches.loaded(proof):
        return
    default = kernels.default_release(proof)
    hold(default == kernels.running_release(proof) or default in patches.releases_on_disk(proof),
         f"{proof.host} boots kernel {default} by default, for which it has no live patch, while the running one is patched; "
         "the standard forbids that")
