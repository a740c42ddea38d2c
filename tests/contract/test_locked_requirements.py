# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock names each library that is asked for, in a version that will do, with its digests (``make lock`` writes it)."""

from __future__ import annotations

import re

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from workshop import REPOSITORY

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_DIGESTS = r"((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)(?: *; *([^\\]+?))? *\\\n" + _DIGESTS, re.MULTILINE)


def _asked(name: str) -> list[Requirement]:
    found = []
    for line in (REPOSITORY / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found += _asked(line.split()[1])
        elif line and not line.startswith("#"):
            found.append(Requirement(line))
    return found


def _environment(python: str) -> dict[str, str]:
    return {"python_version": python, "python_full_version": f"{python}.1"}


def _locked(name: str, python: str) -> dict[str, str]:
    environment = _environment(python)
    pins = _PIN.findall((REPOSITORY / name).read_text(encoding="utf-8"))
    return {library.lower(): version for library, version, marker, _hashes in pins if not marker or Marker(marker).evaluate(environment)}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_asked_for_is_locked(name: str, python: str) -> None:
    locked = _locked(f"{name}.lock", python)
    wanted = [asked for asked in _asked(f"{name}.txt") if asked.marker is None or asked.marker.evaluate(_environment(python))]
    assert [str(asked) for asked in wanted if not asked.specifier.contains(locked.get(asked.name.lower(), "0"), prereleases=True)] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_nothing_is_locked_without_its_digests(name: str) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    assert len(_PIN.findall(text)) == len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE)) > 3
