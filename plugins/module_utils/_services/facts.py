# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the section ``services`` can say: all that is needed of it where a record is judged."""

from .._host.record import Fact

FACTS = [
    Fact("stale", "list", "units, and processes outside of units, that run on programs or libraries that are not those at their paths any more"),
    Fact("stale[].unit", "str", "the unit by its control group, null for a process outside of units"),
    Fact("stale[].kind", "str", "how it is replaced: service (a restart), scope (ended, and started anew by what started it), manager (systemd "
         "itself), until_reboot (D-Bus), session (a user's, or a user's manager), or carrier (of a container or guest: shims, conmon, machine "
         "monitors and what serves them)"),
    Fact("stale[].remedy", "str", "the command that ends its old processes, and starts new ones where systemd can; null where there is none"),
    Fact("stale[].restart", "str", "what a restart of a service does: works, refused (the unit cannot be stopped by hand) or leaves_processes "
         "(those of an old start go on running); null for other kinds, and where systemctl does not say"),
    Fact("stale[].user", "int", "the user whose session or manager it belongs to; null for the system's own"),
    Fact("stale[].program", "str", "the binary of its oldest such process"),
    Fact("stale[].names", "list", "what its processes are called, up to 20: programs that are many in one binary are told apart by it"),
    Fact("stale[].pid", "int", "the process id of that one"),
    Fact("stale[].started_at", "str", "its start in UTC"),
    Fact("stale[].processes", "int", "how many processes of it do"),
    Fact("stale[].replaced", "list", "files of which other ones stand at their paths now, up to 20"),
    Fact("stale[].deleted", "list", "files that are gone, up to 20"),
    Fact("unread", "list", "processes of which that cannot be said, up to 100"),
    Fact("unread[].pid", "int", "process id"),
    Fact("unread[].program", "str", "its binary, null where that may not be read"),
    Fact("unread[].reason", "str", "why, in the words of the nulls"),
    Fact("unread[].kind", "str", "how it would be replaced, in the words of stale[].kind; null where its program or its unit is not known"),
    Fact("unread[].user", "int", "the user whose session or manager it belongs to; null for the system's own"),
    Fact("examined", "int", "processes that were examined"),
    Fact("in_containers", "int", "processes in containers that run on deleted files: their images' business, not judged here"),
    Fact("active", "list", "services, sockets and timers that are active"),
    Fact("failed", "list", "services, sockets and timers that failed"),
    Fact("masked", "list", "services, sockets and timers that are masked, now or at their next start"),
    Fact("aliases", "mapping", "other names of services, sockets and timers, with the unit that each stands for"),
    Fact("aliases{}", "str", "the unit that the name stands for"),
]
