# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first functions of what is built into the kernel, by its own table of symbols: the only names that ``initcall_blacklist=`` takes.

Since 5.10 the symbol of each such call names its module (include/linux/init.h: __initcall__kmod_MODULE__COUNTER_LINE_FUNCTION, then its level).
Where the table has no such symbols, a function called MODULE_init is taken for the first, as module_init() is nearly always used.
"""

import re
from typing import List

_LEVEL = r"(?:early|rootfs|con|[0-7]s?)$"


def first_functions(symbols: str, module: str) -> List[str]:
    """The functions that start a built-in module, sorted; [] where the table does not tell."""
    name = re.escape(module)
    named = re.findall(r"(?m)^\S+ \S __initcall__kmod_%s__[0-9]+_[0-9]+_(\S+?)%s" % (name, _LEVEL), symbols)
    return sorted(set(named or re.findall(r"(?m)^\S+ [tT] (%s_init)$" % name, symbols)))


def is_started(symbols: str, name: str) -> bool:
    """Whether the kernel starts a part of this name, module or not."""
    return " __initcall__kmod_%s__" % name in symbols
