# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the running kernel was built without: only what a whole configuration says in words."""

from __future__ import annotations

from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.built import not_built, put_built
from recorded_host import RecordedHost

WHOLE = "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.12.57 Kernel Configuration\n#\n" + "".join(
    f"CONFIG_OPTION_{number}=y\n" for number in range(800)) + "CONFIG_NET=y\nCONFIG_XFS_FS=m\n"
WHOLE += "# CONFIG_AF_RXRPC is not set\n# CONFIG_TIPC is not set\n"


def facts(files: dict[str, str]) -> tuple[object, object]:
    section = Section("kernel")
    put_built(RecordedHost({"uname": ["Linux", "h", "6.12.57-cloud", "#1", "x86_64"], "read": files}), section)
    return section.facts["configuration"], section.facts["not_built"]


def test_a_symbol_that_is_not_named_may_be_unknown_to_this_kernel() -> None:
    """A kernel before SMBFS builds the same source by CIFS: what its configuration does not name proves nothing."""
    assert not_built(WHOLE) == ["AF_RXRPC", "TIPC"]


def test_what_is_cut_short_or_something_else_proves_nothing() -> None:
    assert not_built(WHOLE[:2000]) is None
    assert not_built(WHOLE.replace("Kernel Configuration", "")) is None
    assert not_built(WHOLE.replace("CONFIG_NET=y\n", "")) is None
    assert not_built("") is None


def test_the_file_of_the_running_release_is_read() -> None:
    assert facts({"/boot/config-6.12.57-cloud": WHOLE}) == ("/boot/config-6.12.57-cloud", ["AF_RXRPC", "TIPC"])
    assert facts({"/lib/modules/6.12.57-cloud/config": WHOLE}) == ("/lib/modules/6.12.57-cloud/config", ["AF_RXRPC", "TIPC"])
    assert facts({"/boot/config-6.1.0-41": WHOLE}) == (None, None)
    assert facts({"/boot/config-6.12.57-cloud": "x"}) == (None, None)
