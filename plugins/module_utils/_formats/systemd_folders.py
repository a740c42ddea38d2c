# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where systemd looks for units and for its own configuration, in its order (systemd.unit(5), systemd-system.conf(5), systemd 252 to 259)."""

# Of two files of one name the first counts.
CONFIGURATION = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")
# What is not a package's: an administrator's, and what tools and generators make.
OWN_UNITS = ("/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/run/systemd/generator.early",
             "/etc/systemd/system", "/etc/systemd/system.attached", "/run/systemd/system", "/run/systemd/system.attached",
             "/run/systemd/generator", "/usr/local/lib/systemd/system")
UNITS = OWN_UNITS + ("/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late")
