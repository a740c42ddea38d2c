# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mitigations: in force in what runs until the fix is, and gone then."""

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import mitigated


@promise("mitigations", finding="mitigations.absent")
def test_each_hole_is_closed_by_its_mitigation_or_its_fix(proof: Proof, wanted: Wanted) -> None:
    said = [f"{', '.join(mitigated.ids(entry))}: {'; '.join(open_)}" for entry in wanted.target
            if not mitigated.fixed(proof, entry) and (open_ := mitigated.left_open(proof, entry))]
    hold(not said, f"{proof.host} is not mitigated: {' | '.join(said)}")


@promise("mitigations", finding="mitigations.needless")
def test_nothing_is_left_of_a_mitigation_whose_fix_is_in_force(proof: Proof, wanted: Wanted) -> None:
    found = mitigated.left_over(proof, wanted.target)
    hold(not found, f"{proof.host} still has the mitigations of {'; '.join(found)}, which are needless")
