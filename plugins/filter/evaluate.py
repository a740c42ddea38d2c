# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.evaluate``: judges a record that is already here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._judge.evaluate import evaluate
from ..plugin_utils._standard.in_force import effective
from ..plugin_utils._standard.moment import moment
from ..plugin_utils._standard.validation import StandardError, plain

DOCUMENTATION = r"""
name: evaluate
short_description: Judge the record of a host by a standard
version_added: 0.1.0
description:
  - Compares a record of M(firebreak.fleet.platform_info) with a standard and returns the verdict and the findings.
  - It needs no host, so it serves to try a new standard on the records of yesterday's report.
options:
  _input:
    description: The record.
    type: dict
    required: true
  standard:
    description: The standard, as in the variable C(firebreak_standard). Without it the verdict is V(unknown).
    type: dict
  overrides:
    description: Overrides, as in the variable C(firebreak_standard_overrides).
    type: list
    elements: dict
  waivers:
    description: Waivers, as in the variable C(firebreak_waivers).
    type: list
    elements: dict
  now:
    description: The moment to judge at, as an ISO 8601 time; now, if left out. It decides on waivers and on the end of support.
    type: str
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Try a new standard on a record of the last report
  ansible.builtin.debug:
    msg: "{{ (lookup('ansible.builtin.file', 'reports/latest/records/web1.json') | from_json).record
          | firebreak.fleet.evaluate(standard={'kernel': {'running': {'rule': 'newest_installed'}}}) }}"
"""

RETURN = r"""
_value:
  description: The verdict, the reasons of an unknown verdict, the findings and the waived findings.
  type: dict
  sample: {verdict: compliant, reasons: [], findings: [], waived: []}
"""


def judged(record: Any, standard: Any = None, overrides: Any = None, waivers: Any = None, now: str | None = None) -> dict[str, Any]:
    """The evaluation of one record as plain data."""
    variables = {"firebreak_standard": standard, "firebreak_standard_overrides": overrides, "firebreak_waivers": waivers}
    try:
        return evaluate(plain(record, "record") if record else None, effective(variables), moment(now)).as_data()
    except StandardError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"evaluate": judged}
