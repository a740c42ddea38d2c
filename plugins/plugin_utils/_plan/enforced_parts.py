# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the roles that not every host needs a host gets: by the standard in force for it, overrides and platform blocks included, or as asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .._standard.in_force import promises

# Variables of the role hypervisor that ask for something of their own.
HYPERVISOR_ASKED = frozenset({
    "hypervisor_versions", "hypervisor_kvm_parameters", "hypervisor_replace_guests", "hypervisor_machine_types"})
_HYPERVISOR = "hypervisor."
_KATA = "kata.version"


def parts(standard: Mapping[str, Any] | None, variables: Collection[str]) -> dict[str, Any]:
    """``hypervisor`` and ``kata`` say whether the role is for this host, ``kata_version`` is what only the standard names, ``left`` is to be said."""
    promised = promises(standard or {})
    hypervisor = any(key.startswith(_HYPERVISOR) for key in promised) or bool(HYPERVISOR_ASKED.intersection(variables))
    made: dict[str, Any] = {"hypervisor": hypervisor, "kata": "kata_version" in variables, "kata_version": None, "left": []}
    version = promised.get(_KATA)
    if version is not None and not made["kata"]:
        if version.form == "exact":
            made.update(kata=True, kata_version=str(version.value))
        else:
            made["left"].append(f"the standard promises {version} of {_KATA}, and kata_version does not say which one: "
                                "Kata Containers is left as it is")
    return made
