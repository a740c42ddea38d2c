# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firmware trusts, and what shim is asked to do at the next boot."""

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import boot_trust
from firebreak_proof.views.boot_trust import Variables


def variables(proof: Proof) -> Variables:
    """The firmware's variables; a machine without SecureBoot among them does not say."""
    return boot_trust.read(proof.says("efi_variables"))


@promise("boot.trust.mode")
def test_who_judges_what_is_started_is_as_promised(proof: Proof, wanted: Wanted) -> None:
    seen = variables(proof)
    mode = seen.mode()
    enabled = mode in ("enforced", "insecure")
    hold("SecureBoot" not in seen.mokutil or ("enabled" in seen.mokutil) == enabled,
         f"{proof.host} contradicts itself: its firmware says {mode}, mokutil says '{seen.mokutil}'")
    hold(mode in wanted.accepted, f"{proof.host} was booted with {mode.replace('_', ' ')}; the standard promises {wanted}")


@promise("boot.trust.certificates")
def test_the_firmware_trusts_the_promised_certificates(proof: Proof, wanted: Wanted) -> None:
    held = variables(proof).certificates("db")
    missing = [name for name in wanted.accepted if boot_trust.NAMED.get(name, name) not in held]
    hold(not missing, f"{proof.host} has a firmware that does not trust {', '.join(missing)}; the standard promises that it does")


@promise("boot.trust.sbat_level")
def test_the_level_in_force_is_as_promised(proof: Proof, wanted: Wanted) -> None:
    seen = variables(proof)
    hold(seen.mode() == "enforced", f"{proof.host} has no level of SBAT in force: shim does not judge ({seen.mode()})")
    said = seen.values.get("SbatLevelRT", b"").decode("ascii", "replace").split("\n")[0].split(",")
    hold(len(said) == 3 and said[2].isdigit(), f"{proof.host} does not say which level of SBAT is in force")
    hold(said[2] >= str(wanted.target), f"{proof.host} has the level of SBAT {said[2]} in force; the standard promises {wanted}")


@promise("boot.trust.ready_for_2023_shim")
def test_the_firmware_takes_a_shim_of_2023(proof: Proof, wanted: Wanted) -> None:
    seen = variables(proof)
    ready = not seen.efi or boot_trust.trusts(seen, boot_trust.NAMED["microsoft_uefi_ca_2023"])
    hold(not seen.efi or ready is wanted.value,
         f"{proof.host} {'trusts' if ready else 'does not trust'} Microsoft's UEFI CA 2023; the standard promises otherwise")


@promise("boot.trust.stale_components")
def test_boot_programs_are_as_their_packages_have_them(proof: Proof, wanted: Wanted) -> None:
    lines = proof.says("boot_copies").splitlines()
    stale = [line.partition(" ")[2] for line in lines if line.startswith("differs ")]
    hold(not stale, f"{proof.host} starts what is not as its package has it: {', '.join(stale)}; the standard forbids that")


@promise("boot.trust.pending")
def test_no_request_waits_for_the_next_boot(proof: Proof, wanted: Wanted) -> None:
    asks = variables(proof).asks
    hold(not asks, f"{proof.host} has requests that wait for the next boot: {', '.join(asks)}; the standard forbids that")


@promise("boot.trust.pk_test_key")
def test_the_owner_s_key_is_no_test_key(proof: Proof, wanted: Wanted) -> None:
    key = variables(proof).values.get("PK", b"").upper()
    hold(b"DO NOT TRUST" not in key and b"DO NOT SHIP" not in key, f"{proof.host} has a test key as its firmware's owner's key")
