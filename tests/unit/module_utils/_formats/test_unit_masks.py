# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that lead to nothing, made as files and links: systemctl --root=... is-enabled of systemd 252 says of each whether it is masked."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import systemd_folders, unit_masks
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost

OWN, RUN, CONTROL, PACKAGE, LINKED = "etc/systemd/system", "run/systemd/system", "etc/systemd/system.control", "usr/lib/systemd/system", "opt"
UNIT = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
# (files by folder: a text, or where a link leads, with the root of the tree for @), whether the unit is masked.
TREES: list[tuple[dict[str, str], bool]] = [
    ({}, False), ({OWN: UNIT}, False), ({OWN: "-> /dev/null"}, True), ({OWN: "-> ../../../../../../../../../../../dev/null"}, True),
    ({OWN: ""}, True),
    ({OWN: f"-> @/{LINKED}/x.service", LINKED: "-> /dev/null"}, True), ({OWN: f"-> @/{LINKED}/x.service", LINKED: ""}, True),
    ({OWN: f"-> @/{LINKED}/x.service", LINKED: UNIT}, False), ({RUN: "-> /dev/null"}, True), ({CONTROL: "-> /dev/null"}, True),
    ({OWN: UNIT, RUN: "-> /dev/null"}, False), ({CONTROL: "-> /dev/null", OWN: UNIT}, True),
]


def tree(root: Path, files: dict[str, str]) -> None:
    for folder in (OWN, RUN, CONTROL, PACKAGE, LINKED):
        (root / folder).mkdir(parents=True)
    for folder, text in {PACKAGE: UNIT, **files}.items():
        path = root / folder / "x.service"
        if text.startswith("-> "):
            path.symlink_to(text[3:].replace("@", str(root)))
        else:
            path.write_text(text)


@pytest.mark.parametrize(("files", "masked"), TREES, ids=range(len(TREES)))
def test_a_unit_is_masked_by_whatever_leads_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], masked: bool
) -> None:
    tree(tmp_path, files)
    monkeypatch.setattr(systemd_folders, "OWN_UNITS", tuple(str(tmp_path) + folder for folder in systemd_folders.OWN_UNITS))
    assert bool(unit_masks.mask_of(LiveHost(), "x.service")) is masked
