# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module streams (modularity) of Enterprise Linux 8 and its relatives: virt:rhel, virt:kvm_utils2, container-tools:4.0.

One package is built once for each of them, in one repository, and their versions have no order: 15:7.2.0 of Oracle's virt:kvm_utils2 may have the
hole that 15:6.2.0-49 of virt:ol closed. An advisory is about the modules that it names alone (libsolv's "modular updateinfo.xml data").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .told import Placed

# 1:1.1.12-1.module+el8.9.0+21243+a586538b of Red Hat's, .module_el8.9.0+3698+8da1e4c4 of AlmaLinux's
_BUILD = re.compile(r"\.module[+_]")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,99}:[A-Za-z0-9][A-Za-z0-9+._-]{0,99}")
_TITLED = re.compile(rf"(?<!\S){_NAME.pattern}(?=[\s,]|\Z)")


def is_build(version: str) -> bool:
    """Whether a version says that a module's package has it."""
    return bool(_BUILD.search(version))


def module_of(text: object) -> str:
    """The name and stream of a module (virt:rhel) in words that go on with its version and context; '' in any other text."""
    found = _NAME.match(text) if isinstance(text, str) else None
    return found[0] if found else ""


def of_title(text: object) -> str:
    """The modules that an advisory names in its title ("Important: virt:rhel and virt-devel:rhel security update"), as a row's ``modules``."""
    return " ".join(sorted(set(_TITLED.findall(text[:300])))) if isinstance(text, str) else ""


def of_part(part: Mapping[str, Any], version: str | None) -> str | None:
    """The module that a part of a record is a build of; '' where it is of none, None where nobody says."""
    told = module_of(part.get("module"))
    return told or (None if version and is_build(version) else "")


def about(rows: Sequence[Placed], module: str | None) -> list[Placed]:
    """The rows that are about a build of this module, and name none any more; all as they are where nobody knows the module."""
    if module is None:
        return list(rows)
    return [(place, row._replace(modules="") if row.modules else row) for place, row in rows if not row.modules or module in row.modules.split()]


def apart(rows: Sequence[Placed]) -> list[list[Placed]]:
    """The rows by which a build of each module that they name is judged, and at the end those, maybe none, that are about one of any other."""
    named = sorted({name for _place, row in rows if row.modules for name in row.modules.split()})
    return [[(place, row) for place, row in rows if not row.modules or name in row.modules.split()] for name in (*named, "")]
