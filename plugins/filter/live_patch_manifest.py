# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.live_patch_manifest``: a bundle's manifest with one more patch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._host.errors import Refused
from ..module_utils._live_patch.bundle.manifest import FORMAT, parse_manifest

DOCUMENTATION = r"""
name: live_patch_manifest
short_description: Add a patch to a bundle's manifest
version_added: 0.1.0
description:
  - Takes the text of a bundle's C(manifest.json), which may be empty, and returns that of one which holds the patch too.
  - A bundle holds one patch for each kernel release; the new one takes the place of the one that is there.
options:
  _input:
    description: The manifest's text; an empty one begins a manifest.
    type: str
    required: true
  patch:
    description: The patch's entry, with C(kernel), C(module), C(sha256), C(cves), C(cumulative) and C(built_at).
    type: dict
    required: true
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Begin a manifest
  ansible.builtin.copy:
    dest: bundle/manifest.json
    content: "{{ '' | firebreak.fleet.live_patch_manifest(patch) }}"
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The manifest's text.
  type: str
"""


def add_patch(text: str, patch: Mapping[str, Any]) -> str:
    """The manifest with the patch in it, by kernel release; an error where either is not understood."""
    entry = json.loads(json.dumps(patch))
    try:
        rows = json.loads(text)["patches"] if text.strip() and parse_manifest(text) is not None else []
        manifest = {"format": FORMAT, "patches": sorted([row for row in rows if row["kernel"]["release"] != entry["kernel"]["release"]] + [entry],
                                                        key=lambda row: str(row["kernel"]["release"]))}
        made = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
        parse_manifest(made)
    except (Refused, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"live_patch_manifest: {error}") from error
    return made


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"live_patch_manifest": add_patch}
