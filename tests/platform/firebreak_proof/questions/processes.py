# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How questions go through all processes of a host, of which there may be more than a command takes arguments: then it says nothing at all."""

from __future__ import annotations

# links_of_all LINK: process and target of that link of each, such as exe and ns/user.
# status_of_all PATTERN: these lines of the status of each, of which the kernel puts Pid before PPid, Uid and NSpid.
# started_by_root PID: anyone else may name a process, and tell it, what he likes, also one that becomes root by itself (su).
# sees_the_host PID: its root is the host's own.
PROCESSES = r"""
        links_of_all() {
          printf '%s\n' /proc/[0-9]*/$1 | xargs ls -lqN 2>/dev/null | sed -n "s|^[^/]* /proc/\([0-9]*\)/$1 -> \(.*\)$|\1 \2|p"
        }
        status_of_all() { printf '%s\n' /proc/[0-9]*/status | xargs grep -hE "$1" 2>/dev/null; }
        started_by_root() { [ "$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$1/status" 2>/dev/null)" = 0 ]; }
        sees_the_host() { [ "$(stat -L -c %d:%i "/proc/$1/root" 2>/dev/null)" = "$(stat -L -c %d:%i /)" ]; }"""
