# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about services: which processes run on files that are not there any more, and which units run."""

from __future__ import annotations

from ..asking import Question

# One grep and one stat for all processes: a host has a thousand processes, which map the same two hundred files.
_EVERY_MAPPED_FILE = r"""
        everything=$(grep -aE '^[0-9a-f]+-[0-9a-f]+ ..x' /proc/[0-9]*/maps 2>&1 | awk '
          /^grep: / { if (/Permission denied/) { split($2, part, "/"); print "unread\t" part[3] } next }
          $5 != 0 {
            pid = $1; sub(/^\/proc\//, "", pid); sub(/\/.*/, "", pid)
            path = $0; sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +/, "", path)
            key = $4 "\t" $5 "\t" path
            if (path ~ /^\// && last[key] != pid) { pids[key] = pids[key] " " pid; last[key] = pid }
          }
          END { for (key in pids) print "mapped\t" key "\t" pids[key] }')
        programs=$(ls -l /proc/[0-9]*/exe 2>/dev/null | sed -n 's|^.* /proc/\([0-9]*\)/exe -> \(/.*\) (deleted)$|exe\t\1\t\2 (deleted)|p')
        there=$(printf '%s\n' "$everything" | cut -f 4 | grep -E '^/(usr|bin|sbin|lib|lib64|opt|nix/store)/' | grep -v ' (deleted)$' | sort -u |
          xargs -r -d '\n' stat -L --printf='there\t%D\t%i\t%n\n' 2>/dev/null)"""

# process, file, deleted or other
_CANDIDATES = r"""
        candidates=$(printf '%s\n' "$there" "$everything" "$programs" | awk -F '\t' '
          function plain(path) { sub(/ \(deleted\)$/, "", path); sub(/;[0-9A-Fa-f]+$/, "", path); sub(/\.dpkg-(new|tmp)$/, "", path); return path }
          function passing(path) {
            return path ~ /^\/(dev|proc|sys|tmp|var\/tmp|run|var\/run|snap|var\/lib\/snapd)\// ||
              path ~ /^\/(memfd:|SYSV|\[aio\]|drm|i915|anon_hugepage)/ || path ~ /\/(#[0-9]+|jna[^\/]*\.tmp|orcexec\.[^\/]*|ffi[A-Za-z0-9]+)$/ ||
              path ~ /\/\.cache\//
          }
          function installed(path) { return path ~ /^\/(usr|bin|sbin|lib|lib64|opt|nix\/store)\// }
          $1 == "there" { device[$4] = $2; inode[$4] = $3 }
          $1 == "unread" { print "unread\t" $2 }
          $1 == "exe" && !passing(plain($3)) { print $2 "\t" plain($3) "\tdeleted" }
          $1 == "mapped" && !passing(plain($4)) && (installed($4) || plain($4) ~ /\.so(\.[^\/]*)?$/) {
            split($2, numbers, ":"); how = ""
            if ($4 ~ / \(deleted\)$/ || plain($4) != $4) how = "deleted"
            else if (($4 in inode) && inode[$4] != $3) {
              # stat has a device as one number in hexadecimal: the low 8 bits of the minor, 12 of the major, the other 12 of the minor.
              whole = "00000000" device[$4]; end = length(whole)
              major = substr(whole, end - 4, 3); minor = substr(whole, end - 7, 3) substr(whole, end - 1, 2)
              sub(/^0+/, "", major); sub(/^0+/, "", minor); sub(/^0+/, "", numbers[1]); sub(/^0+/, "", numbers[2])
              if (major == numbers[1] && minor == numbers[2]) how = "other"
            }
            count = how == "" ? 0 : split($5, pid, " ")
            for (place = 1; place <= count; place++) print pid[place] "\t" plain($4) "\t" how "\t" $3
          }
          $1 == "mapped" { seen = 1 }
          END { if (seen) print "whole" }' | sort -u)
        if ! printf '%s\n' "$candidates" | grep -qx whole; then echo "the mapped files could not be gone through" >&2; exit 3; fi"""

# process, program, control group, file, deleted or replaced, where: host, apart (a root of its own) or container
_ROWS = r"""
        root=$(stat -L -c %d:%i /)
        printf '%s\n' "$candidates" | while IFS="$(printf '\t')" read -r pid path how inode; do
          [ "$pid" = whole ] && continue
          if [ "$pid" = unread ]; then [ -e "/proc/$path/cgroup" ] && printf 'unread\t%s\n' "$path"; continue; fi
          program=$(readlink "/proc/$pid/exe") || continue
          [ "$(stat -L -c %i "$path (deleted)" 2>/dev/null)" = "${inode:-none}" ] && continue
          where=host
          if [ "$(stat -L -c %d:%i "/proc/$pid/root/.")" != "$root" ]; then
            if [ "$how" = other ]; then continue; fi
            if [ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]; then
              where=container; [ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] && where=apart
            fi
          fi
          group=$(sed -n 's/^[0-9]*:name=systemd://p' "/proc/$pid/cgroup"); [ -n "$group" ] || group=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
          state=deleted; [ -e "$path" ] && state=replaced
          printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$pid" "${program% (deleted)}" "$group" "$path" "$state" "$where"
        done; true"""

SERVICES = (
    Question("stale", ("services.stale", "services.stale_*"), _EVERY_MAPPED_FILE + _CANDIDATES + _ROWS, 60),
    # Not list-unit-files, which reads every unit there is and takes seconds: a mask is a link to nothing, or an empty file.
    Question("units", ("services.required", "services.failed"), r"""
        listed=$(systemctl list-units --all --plain --no-legend --no-pager --full) || exit 3
        printf '%s\n' "$listed" | awk '
          { sub(/^[^A-Za-z0-9_-]+/, "") }
          $3 ~ /^(active|reloading|refreshing)$/ { print "active\t" $1 }
          $3 == "failed" { print "failed\t" $1 }
          $2 == "masked" { print "masked\t" $1 }'
        for folder in /etc/systemd/system /run/systemd/system; do
          find "$folder" -maxdepth 1 -name '*.*' \( -lname /dev/null -o -type f -empty \) 2>/dev/null | while read -r path; do
            name=${path##*/}
            if [ "$folder" = /etc/systemd/system ] || ! [ -e "/etc/systemd/system/$name" ]; then printf 'masked\t%s\n' "$name"; fi
          done
        done; true"""),
)
