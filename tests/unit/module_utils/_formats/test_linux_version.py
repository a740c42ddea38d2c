# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of Linux in names and in what a kernel says of itself."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats.linux_version import kernel_version, same_kernel


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("vmlinux-6.18.35-202", "6.18.35"),
        ("vmlinuz-6.18.35-202-confidential", "6.18.35"),
        ("vmlinuz-6.18.35-202-nvidia-gpu", "6.18.35"),
        ("vmlinux-6.12-rc3-150", "6.12-rc3"),
        ("vmlinux.container", None),
        ("vmlinux-", None),
    ],
)
def test_kernel_version(name: str, version: str | None) -> None:
    """The version of Linux without that of its configuration, and nothing made up."""
    assert kernel_version(name) == version


def test_same_kernel() -> None:
    """A suffix of the same version is the same, a longer number is not."""
    assert [same_kernel(release, "6.18.35") for release in ("6.18.35", "6.18.35-nvidia-gpu", "6.18.35+", "6.18.350", "6.18.3", "")] == [
        True, True, True, False, False, False]
