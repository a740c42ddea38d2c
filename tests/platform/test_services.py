# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services: none runs on files that are not there any more, and those that must run do."""

from collections.abc import Sequence
from datetime import datetime, timezone

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import services

_SHOWN = 5
_KINDS = {"services.stale": "service", "services.stale_scopes": "scope", "services.stale_manager": "manager",
          "services.stale_until_reboot": "until_reboot", "services.stale_sessions": "session", "services.stale_carriers": "carrier"}


@promise("services.stale", "services.stale_scopes", "services.stale_manager", "services.stale_until_reboot", "services.stale_sessions",
         "services.stale_carriers")
def test_nothing_runs_on_files_that_were_deleted_or_replaced(proof: Proof, wanted: Wanted) -> None:
    kind = _KINDS[wanted.key]
    _none_of([one for one in services.stale(proof, kind, datetime.now(timezone.utc).date()) if kind != "service" or not services.cuts_off(one.unit)],
             proof)


@promise("services.stale", finding="services.stale_disruptive")
def test_nothing_whose_restart_cuts_others_off_runs_on_such_files(proof: Proof, wanted: Wanted) -> None:
    """A waiver of the one finding is none of the other."""
    _none_of([one for one in services.stale(proof, "service", datetime.now(timezone.utc).date()) if services.cuts_off(one.unit)], proof)


def _none_of(found: Sequence[services.Stale], proof: Proof) -> None:
    __tracebackhide__ = True
    hold(not found, f"{proof.host} runs {'; '.join(str(one) for one in found[:_SHOWN])}{'; ...' if len(found) > _SHOWN else ''}; "
                    f"the standard forbids that")


@promise("services.required")
def test_required_units_run_and_are_not_masked(proof: Proof, wanted: Wanted) -> None:
    active, masked = services.units(proof, "active"), services.units(proof, "masked")
    names = {unit: {unit, services.own_name(proof, unit)} for unit in wanted.accepted}
    wrong = [f"{unit}, which is {'masked' if names[unit] & active else 'not active'}" for unit in names
             if not names[unit] & active or names[unit] & masked]
    hold(not wrong, f"{proof.host} does not do as promised with {', '.join(wrong)}; the standard requires {wanted}")


@promise("services.failed")
def test_no_unit_failed(proof: Proof, wanted: Wanted) -> None:
    failed = sorted(unit for unit in services.units(proof, "failed") if unit.endswith((".service", ".socket", ".timer")))
    hold(not failed, f"{proof.host} has failed units: {', '.join(failed[:_SHOWN])}; the standard forbids that")
