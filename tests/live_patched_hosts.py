# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded hosts with live patches in their kernel, and what the section ``live_patch`` says of them."""

from __future__ import annotations

from typing import Any

from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch import section as live_patch_section
from recorded_host import RecordedHost

ROOT = "/sys/kernel/livepatch/"
RELEASE = "6.1.0-40-amd64"
LINK = ["link", 511, 0, 0, 0, 0, 0, 1, 1]


def patch(name: str, enabled: str = "1", transition: str = "0", function: bool = True) -> dict[str, Any]:
    """What sysfs shows of one patch."""
    read = {f"{ROOT}{name}/enabled": enabled + "\n", f"{ROOT}{name}/transition": transition + "\n"}
    return {"read": read, "listdir": {f"{ROOT}{name}/vmlinux": ["cmdline_proc_show,1", "patched"] if function else ["patched"]}}


def host(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A recording of a Debian host with these parts; ``more`` takes the place of whole questions."""
    recording: dict[str, Any] = {"uname": ["Linux", "h", RELEASE, "#1", "x86_64"], "read": {"/etc/os-release": "ID=debian\n"},
                                 "listdir": {"/sys/kernel": ["livepatch"], "/sys/kernel/livepatch": []}, **more}
    for part in parts:
        for question, answers in part.items():
            recording.setdefault(question, {}).update(answers)
    names = sorted({key[len(ROOT):].split("/")[0] for key in recording["read"] if key.startswith(ROOT)})
    recording["listdir"]["/sys/kernel/livepatch"] = names
    return recording


def running(release: str) -> list[str]:
    """The answer of uname."""
    return ["Linux", "h", release, "#1", "x86_64"]


def scan(recording: dict[str, Any]) -> Section:
    """The section of a host."""
    section = Section("live_patch")
    live_patch_section.collect(RecordedHost(recording), section, {})
    return section


def protection(section: Section) -> tuple[str, list[str]]:
    """The verdict and its reasons."""
    return section.facts["protection"], section.facts["reasons"]
