# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts around a shim of Kata's that name its configuration by the variable KATA_CONF_FILE. A pure reader; nothing is executed."""

import re
from typing import NamedTuple, Optional

# Given outright, or where the caller has not given it: ${KATA_CONF_FILE:-/etc/...}
_VARIABLE = re.compile(r"^(?![ \t]*#).*?\bKATA_CONF_FILE(?:=[\"']?(?:\$\{KATA_CONF_FILE:?-)?|:?=)(/[^\s\"';}]+)", re.MULTILINE)
# As a word of its own: by its path, or by a name that the shell looks for.
_SHIM = re.compile(r"(?:^|[\s\"'=(])((?:/[^\s\"'#;]*/)?containerd-shim-kata[^\s\"';/]*)(?=[\s\"';)]|\Z)")


class Wrapper(NamedTuple):
    """The configuration that a script names and the shim that it starts, None for what it does not say."""

    variable: Optional[str]
    shim: Optional[str]


def parse_wrapper(text: str) -> Wrapper:
    """What a script says. Of several assignments the last holds."""
    variables = _VARIABLE.findall(text)
    lines = "\n".join(line for line in text.splitlines()[1:] if not line.lstrip().startswith("#"))
    shims = _SHIM.findall(lines)
    return Wrapper(variables[-1] if variables else None, shims[-1] if shims else None)
