# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of Kata Containers: those of the release by their hashes, and what the shims read as configuration."""

from fnmatch import fnmatchcase

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import configurations, hardening


@promise("kata.files")
def test_files_of_the_release_are_the_promised_ones(proof: Proof, wanted: Wanted) -> None:
    """By the host's own sha256sum."""
    if "shim" not in proof.fields("kata"):
        return
    said = {path: sha256 for sha256, _separator, path in (line.partition("  ") for line in proof.says("kata_files").splitlines())}
    promised = {line[66:]: line[:64] for line in map(str, wanted.accepted)}
    wrong = [f"{path} ({said.get(path, 'not asked')})" for path, sha256 in promised.items() if said.get(path) != sha256]
    hold(not wrong, f"{proof.host} has other files in /opt/kata than the standard promises: {', '.join(wrong[:10])}")


@promise("kata.drop_ins")
def test_only_promised_drop_ins_lie_beside_a_configuration(proof: Proof, wanted: Wanted) -> None:
    others = [one.path for configuration in configurations.used(proof) for one in configuration.drop_ins
              if not any(fnmatchcase(one.path.rpartition("/")[2], pattern) for pattern in wanted.accepted)]
    hold(not others, f"{proof.host} has configuration of Kata's that the standard does not name: {', '.join(others)}; it allows {wanted}")


@promise("kata.stray_drop_ins")
def test_nothing_strays_beside_a_configuration(proof: Proof, wanted: Wanted) -> None:
    strays = [f"{one.path} {one.why_stray}" for configuration in configurations.used(proof) for one in configuration.drop_ins if one.why_stray]
    hold(not strays, f"{proof.host}: in the folders of configuration of Kata's, {', '.join(strays)}; the standard forbids that")


@promise("kata.unknown_keys")
def test_no_setting_is_passed_over(proof: Proof, wanted: Wanted) -> None:
    found = [line for configuration in configurations.used(proof) for line in hardening.passed_over(configuration)]
    hold(not found, f"{proof.host} has settings of Kata's that its shims pass over: {', '.join(found)}; the standard forbids that")


@promise("kata.hardening")
def test_the_configuration_in_effect_is_hardened(proof: Proof, wanted: Wanted) -> None:
    short = [f"{configuration.path}: {line}" for configuration in configurations.used(proof)
             for line in hardening.shortfalls(configuration, str(wanted.value))]
    hold(not short, f"{proof.host} is not hardened by the profile {wanted}: {'; '.join(short)}")
