# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package manager keeps a host's packages, and what its words mean."""

from typing import Any, Optional

DPKG_STATUS = "/var/lib/dpkg/status"
# dpkg's own words for a package whose files are in place.
_IN_PLACE = ("installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending")

# Each manager's database, asked only where it exists: a Debian host may carry rpm as a mere tool.
_DATABASES = (("dpkg", DPKG_STATUS), ("rpm", "/usr/lib/sysimage/rpm"), ("rpm", "/var/lib/rpm"))


# Systems that another manager keeps, on which dpkg and rpm are tools for packages of others.
_KEPT_BY_OTHERS = ("/etc/arch-release", "/etc/alpine-release", "/etc/gentoo-release", "/etc/NIXOS", "/etc/slackware-version")


def manager(host: Any) -> Optional[str]:
    """'dpkg', 'rpm' or None where neither keeps the packages of this host."""
    if any(not host.stat(path).problem for path in _KEPT_BY_OTHERS):
        return None
    return next((name for name, path in _DATABASES if not host.stat(path).problem), None)


def query_failed(status: int, out: str, err: str) -> bool:
    """Whether a query of several packages failed, rather than ended with the number of packages that are not installed.

    An rpm that cannot open its database says that nothing is installed; only its 'error:' tells.
    """
    return status != 0 and (status < 0 or not out or "error:" in err)


def is_in_place(status: str) -> bool:
    """Whether dpkg's Status says that a package's files are there."""
    return status.split()[-1:] != [] and status.split()[-1] in _IN_PLACE
