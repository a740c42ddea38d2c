# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host itself: it answers, and it is the operating system that the standard names."""

from firebreak_proof.promises import Wanted, hold, is_known, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import images


def test_the_host_answers(proof: Proof) -> None:
    """A host that cannot be asked is not proven, whatever it was yesterday."""
    hold(not proof.problem, f"{proof.host} {proof.problem}; nothing about it is proven")
    user = proof.fields("clock").get("user")
    hold(user == "0", f"{proof.host} was asked as user {user}; wanted root (ansible_become, or ansible_user: root), who alone sees everything")


def test_every_promise_is_known_to_this_suite(proof: Proof) -> None:
    """What the standard promises and no test looks at must not pass for proven."""
    unknown = [] if proof.problem else [key for key in proof.promises() if not is_known(key)]
    hold(not unknown, f"{proof.host} is promised {', '.join(unknown)}, which this suite does not know; wanted a newer suite")


@promise("os.id", "os.version_codename", finding="os.release")
def test_the_operating_system_is_the_promised_one(proof: Proof, wanted: Wanted) -> None:
    seen = proof.os_release().get({"os.id": "ID", "os.version_codename": "VERSION_CODENAME"}[wanted.key], "")
    hold(seen in wanted.accepted, f"{proof.host} is {seen or 'of no name'}; the standard promises {wanted}")


@promise("os.version_id", finding="os.release")
def test_the_release_is_the_promised_one(proof: Proof, wanted: Wanted) -> None:
    seen = proof.os_release().get("VERSION_ID", "")
    right = proof.compare(seen, str(wanted.target)) >= 0 if wanted.form == "minimum" and seen else seen in wanted.accepted
    hold(right, f"{proof.host} is release {seen or 'without a number'}; the standard promises {wanted}")


@promise("os.id", "os.version_id", "os.version_codename", finding="os.release")
def test_the_release_file_is_the_packages_own(proof: Proof, wanted: Wanted) -> None:
    """The second witness: who edits os-release does not thereby change the system."""
    said = proof.fields("os_release_origin")
    hold(bool(said.get("packaged")), f"{proof.host}: no package vouches for {said.get('path')}")
    hold(said.get("packaged") == said.get("present"),
         f"{proof.host}: {said.get('path')} is not the file that the package {said.get('owner')} {said.get('owner_version')} brought")
    version, major = said.get("owner_version", ""), proof.os_release().get("VERSION_ID", "").split(".")[0]
    if proof.os_release().get("ID") == "debian" and major:
        hold(version.split(".")[0] == major, f"{proof.host} says it is Debian {major}, but its package {said.get('owner')} is {version}")


@promise("os.image.booted", finding="os.image")
def test_the_promised_image_runs(proof: Proof, wanted: Wanted) -> None:
    booted = images.of(proof).booted
    hold(images.is_named(booted, wanted.accepted), f"{proof.host} runs the image {booted}; the standard promises {wanted}")


@promise("os.image.reference", finding="os.image")
def test_the_image_is_from_the_promised_place(proof: Proof, wanted: Wanted) -> None:
    reference = images.of(proof).reference
    hold(reference in wanted.accepted, f"{proof.host} has its image from {reference or 'nobody knows where'}; the standard promises {wanted}")


@promise("os.image.version", finding="os.image")
def test_the_image_is_of_the_promised_version(proof: Proof, wanted: Wanted) -> None:
    version = images.of(proof).version
    right = bool(version) and proof.compare(version, str(wanted.target)) >= 0 if wanted.form == "minimum" else version in wanted.accepted
    hold(right, f"{proof.host} runs its image in version {version or 'of no name'}; the standard promises {wanted}")


@promise("os.image.pending", finding="os.image_pending")
def test_no_other_image_waits_for_the_next_boot(proof: Proof, wanted: Wanted) -> None:
    image = images.read(proof)
    if image is None:
        return
    hold(bool(image.following), f"{proof.host} does not say which image its next boot takes")
    hold(image.following == image.booted, f"{proof.host} runs the image {image.booted}, and its next boot takes {image.following}")


@promise("os.firmware_version", finding="os.firmware")
def test_the_firmware_is_the_promised_one(proof: Proof, wanted: Wanted) -> None:
    version = proof.fields("firmware").get("version", "")
    hold(bool(version), f"{proof.host} does not say which firmware it has")
    hold(version in wanted.accepted, f"{proof.host} has firmware {version}; the standard promises {wanted}")


@promise("os.bmc_version", finding="os.bmc")
def test_the_controllers_firmware_is_the_promised_one(proof: Proof, wanted: Wanted) -> None:
    version = proof.fields("controller").get("version", "")
    hold(bool(version), f"{proof.host} does not say which firmware its management controller has")
    hold(version in wanted.accepted, f"{proof.host} has a management controller with firmware {version}; the standard promises {wanted}")


@promise("os.firmware_date", finding="os.firmware")
def test_the_firmware_is_as_new_as_promised(proof: Proof, wanted: Wanted) -> None:
    date = proof.fields("firmware").get("date", "")
    hold(bool(date), f"{proof.host} does not say of which day its firmware is")
    is_met = date >= str(wanted.target) if wanted.form == "minimum" else date in wanted.accepted
    hold(is_met, f"{proof.host} has firmware of {date}; the standard promises {wanted}")


@promise("os.altered_files")
def test_the_tools_that_answer_are_their_packages_own(proof: Proof, wanted: Wanted) -> None:
    """Who replaces uname, dpkg or os-release makes every other answer worthless."""
    found = sorted(set(proof.says("altered").split()))
    hold(not found, f"{proof.host}: not as their packages brought them are {', '.join(found)}; the standard forbids that")


@promise("os.shadowed_programs")
def test_no_program_stands_before_the_systems_own(proof: Proof, wanted: Wanted) -> None:
    found = proof.says("shadowed").split()
    hold(not found, f"{proof.host} has {', '.join(found)}, which whoever works there starts in place of the system's own; the standard forbids that")


@promise("os.architecture")
def test_the_architecture_is_the_promised_one(proof: Proof, wanted: Wanted) -> None:
    said = proof.fields("machine")
    seen = said.get("proc") or said.get("uname", "")
    hold(seen == said.get("uname"), f"{proof.host} contradicts itself: uname says {said.get('uname')}, the kernel {seen}")
    hold(seen in wanted.accepted, f"{proof.host} is a machine of the kind {seen}; the standard promises {wanted}")
