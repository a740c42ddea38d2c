# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processor: its weaknesses, its microcode and its threads."""

from collections.abc import Mapping
from datetime import date

from firebreak_proof.promises import Wanted, hold, hold_or_waived, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import command_line, monitors, processor


@promise("cpu.vulnerabilities.*", finding="cpu.vulnerability.*")
def test_processor_vulnerabilities_are_closed(proof: Proof, wanted: Wanted) -> None:
    """By the kernel's own words for each, as far as the standard's views go."""
    said = proof.fields("vulnerabilities")
    name = wanted.key.rpartition(".")[2]
    hold(bool(said) and (name == "all" or name in said), f"{proof.host}'s kernel says nothing of the vulnerability {name}, so nobody can tell")
    own = {key.rpartition(".")[2] for key in proof.standard.values(proof.platform()) if key.startswith("cpu.vulnerabilities.")}
    today = date.fromisoformat(proof.fields("clock")["now"][:10])
    judged = {name: said[name]} if name != "all" else {known: text for known, text in said.items() if known not in own}
    views = proof.setting("cpu.vulnerability_views", ["host", "guest_to_host", "smt"])
    family = processor.family(proof)
    open_ones = {known: text for known, text in judged.items() if not processor.is_closed(known, text, views, wanted.value, family)}
    answered = {known: waiver for known in open_ones if (waiver := proof.waiver(f"cpu.vulnerability.{known}", today))}
    hold_or_waived(_open(proof, wanted, {known: text for known, text in open_ones.items() if known not in answered}),
                   _open(proof, wanted, {known: open_ones[known] for known in answered}), answered.values())


def _open(proof: Proof, wanted: Wanted, found: Mapping[str, str]) -> str:
    """The sentence about weaknesses that are open, or '' where none is."""
    told = "; ".join(f"{known} ({text})" for known, text in found.items())
    return f"{proof.host} is open to {told}; the standard promises {str(wanted).replace('_', ' ')}" if told else ""


@promise("cpu.smt")
def test_threads_of_a_core_are_as_promised(proof: Proof, wanted: Wanted) -> None:
    said = proof.fields("threads")
    state = "active" if said.get("active") == "1" else "inactive"
    hold((int(said.get("siblings", "0")) > 0) == (state == "active"),
         f"{proof.host} contradicts itself: multithreading is {state}, but {said.get('siblings')} processors have siblings")
    hold(state == wanted.value, f"{proof.host} runs with multithreading {state}; the standard promises {wanted}")


def _hold_revisions(proof: Proof, wanted: Wanted, revisions: list[int]) -> None:
    __tracebackhide__ = True
    seen = monitors.under(proof)
    hold(seen == "none", f"{proof.host} runs under {seen}, which tells it what microcode it likes, so nobody can tell")
    hold(bool(revisions) and 0xFFFFFFFF not in revisions, f"{proof.host} does not say which microcode it runs")
    numbers = [int(str(value), 16) for value in wanted.accepted]
    wrong = [hex(one) for one in revisions if not (processor.is_at_least(one, numbers[0]) if wanted.form == "minimum" else one in numbers)]
    hold(not wrong, f"{proof.host} runs microcode {', '.join(wrong)}; the standard promises {wanted}")


@promise("cpu.microcode")
def test_the_microcode_is_the_promised_one(proof: Proof, wanted: Wanted) -> None:
    _hold_revisions(proof, wanted, processor.revisions(proof))


@promise("cpu.microcode_of.*", finding="cpu.microcode")
def test_each_kind_of_processor_has_its_microcode(proof: Proof, wanted: Wanted) -> None:
    kind = wanted.key.rpartition(".")[2].lower()
    revisions = processor.revisions(proof, kind)
    if revisions:
        _hold_revisions(proof, wanted, revisions)


@promise("cpu.microcode_mixed")
def test_all_processors_have_one_microcode(proof: Proof, wanted: Wanted) -> None:
    revisions = [hex(one) for one in processor.revisions(proof)]
    hold(len(revisions) == 1, f"{proof.host} runs {'no known' if not revisions else 'different'} microcode on its processors: {', '.join(revisions)}")


@promise("cpu.mitigations_disabled")
def test_no_option_switches_a_mitigation_off(proof: Proof, wanted: Wanted) -> None:
    found = command_line.weakening(proof.says("cmdline"))
    hold(not found, f"{proof.host} was booted with {' '.join(found)}, which switches mitigations off; the standard forbids that")
