# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node as k3s configures it, with this machine's own containerd: what the role writes loses nothing, and what would is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import containerd_node
import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused

CONTAINERD = shutil.which("containerd") or ""


def test_a_nodes_configuration_of_cri_is_kept(tmp_path: Path) -> None:
    containerd_node.keep_everything_but_the_handler(tmp_path, CONTAINERD)


def test_a_block_in_the_operators_own_file_keeps_all_of_it(tmp_path: Path) -> None:
    containerd_node.keep_all_of_the_operators_own_file(tmp_path, CONTAINERD)


def test_what_several_files_lose_is_told(tmp_path: Path) -> None:
    containerd_node.lose_what_is_said_to_be_lost(tmp_path, CONTAINERD)


def test_a_refused_registration_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """With containerd 2.x it depends on what the operator has: tests/lab/full/test_other_containerds.py goes through that."""
    containerd_node.refuse_and_leave_everything(tmp_path, CONTAINERD, "a later file has the last word")


def test_what_no_containerd_could_try_out_is_not_written(tmp_path: Path) -> None:
    made = containerd_node.Node(containerd_node.node(tmp_path, CONTAINERD).folder, "")
    there = made.all_there_is()
    with pytest.raises(Refused):
        made.register()
    assert made.all_there_is() == there
