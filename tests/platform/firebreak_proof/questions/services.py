# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about services: which processes run on files that are not there any more, and which units run."""

from __future__ import annotations

from ..asking import Question

# What programs that carry containers or guests are called, and control groups that hold one of these each, with all that serves it. Regular
# expressions both to awk and to Python.
CARRIERS = ("containerd-shim(-.+)?|(crio-)?conmon(rs)?|qemu-.+|kvm|lkvm|virtiofsd|cloud-hypervisor|firecracker|crosvm|openvmm|stratovirt|libvirt_lxc|"
            "vmware-vmx|VBox(Headless|SDL)|VirtualBoxVM|vhost-(user|device)-.+|swtpm|pass?ta?([.].+)?|slirp4netns|rootless(port|kit)|aardvark-dns|"
            "fuse-overlayfs|systemd-nspawn|lxc-start")
CARRYING = "/machine[.]slice/|/machine-[^/]+[.]scope|/qemu[.]slice/|/machine/[^/]+[.]libvirt-|/lxc[.]monitor|/kata_overhead/|/systemd-nspawn@"
SESSIONS = "/user-[0-9]+[.]slice/|/user@[0-9]+[.]service|/session-[^/]+[.]scope"
REBOOTED = "dbus[.]service|dbus-broker[.]service|elogind[.]service"

# How each process would be replaced, by its number, its program and its control group.
KINDS_OF = rf"""
        kinds_of() {{ awk '
          function kind(pid, name, group,    part, count, at, unit) {{
            if (pid == 1) return name == "systemd" ? "manager" : "until_reboot"
            if (name ~ "^({CARRIERS})$" || group ~ "{CARRYING}") return "carrier"
            if (group ~ "{SESSIONS}") return "session"
            count = split(group, part, "/")
            for (at = 1; at <= count && unit == ""; at++) if (part[at] ~ /.[.](service|scope|mount)$/) unit = part[at]
            if (unit ~ /[.]scope$/) return unit == "init.scope" ? "until_reboot" : "scope"
            return unit ~ "^({REBOOTED})$" ? "until_reboot" : "service"
          }}
          /^exe\t/ {{ split($0, cell, "\t"); path = cell[3]; sub(/ [(]deleted[)]$/, "", path); sub(/.*\//, "", path); program[cell[2]] = path; next }}
          /^pid\t/ {{ split($0, cell, "\t"); pids[cell[2]]; next }}
          {{
            pid = $0; sub(/^\/proc\//, "", pid); sub(/\/.*/, "", pid)
            path = $0; sub(/^\/proc\/[0-9]+\/cgroup:/, "", path)
            if (sub(/^0::/, "", path)) {{ if (path != "" && path != "/") own[pid] = path }}
            else {{ sub(/^[0-9]+:name=systemd:/, "", path); other[pid] = path }}
          }}
          END {{ for (pid in pids) print kind(pid, program[pid], pid in own ? own[pid] : other[pid]) "\t" pid }}'; }}"""

# The processes of each kind are gone through by themselves, few before many, in half of the time that is left and within bounds: what a user
# makes of his own processes, however many, with however many files of whatever names, costs what is known of their kind and of no other.
_EACH_KIND = r"""
        ends=$(($(date +%s) + 80))
        listed=$(ls /proc | grep -xE '[0-9]+')
        paths() { echo "$1" | sed "s|.*|/proc/&/$2|"; }
        kinds=$( {
          echo "$listed" | awk '{ print "pid\t" $1 }'
          paths "$listed" cgroup | xargs -r grep -asHE '^0::|^[0-9]+:name=systemd:'
          paths "$listed" exe | xargs -r ls -lqN 2>/dev/null | sed -n 's|^[^/]* /proc/\([0-9]*\)/exe -> \(/.*\)$|exe\t\1\t\2|p'
        } | kinds_of)
        order=$(echo "$kinds" | cut -f 1 | sort | uniq -c | sort -n | awk '$2 != "" { print $2 }')
        if [ -z "$order" ]; then echo "no process can be seen" >&2; exit 3; fi
        for kind in $order; do
          pids=$(echo "$kinds" | awk -v kind="$kind" '$1 == kind { print $2 }')
          left=$(((ends - $(date +%s)) / 2)); until=$(($(date +%s) + left))
          if [ "$left" -lt 1 ] || [ "$(echo "$pids" | wc -l)" -gt 20000 ]; then printf 'unread\t-\t%s\n' "$kind"; continue; fi
          gather
          if [ "$has_all" = no ]; then printf 'unread\t-\t%s\n' "$kind"; continue; fi
          { tell; [ "$(date +%s)" -le "$until" ] && echo 'all told'; } | head -c 600000 |
            awk -v kind="$kind" '$0 == "all told" { whole = 1; next } { print } END { if (!whole) print "unread\t-\t" kind }'
        done; true"""

# One grep and one stat for all processes of a kind: a host has a thousand processes, which map the same two hundred files. What a process sees at a
# path is asked in its own mounts: of one process for each set of mounts, and not of those who made their own users, who may mount what never answers.
_EVERY_MAPPED_FILE = r"""
        spaces=$( { paths "$pids" ns/mnt; paths "$pids" ns/user; printf '/proc/self/ns/%s\n' mnt user; } | xargs ls -lqN 2>/dev/null |
          sed -n 's|^[^/]* /proc/\([0-9a-z]*\)/ns/\([a-z]*\) -> \(.*\)$|space\t\1\t\2\t\3|p')
        everything=$( { printf '%s\n' "$spaces"
          { paths "$pids" maps | timeout "$left" xargs grep -aHE '^[0-9a-f]+-[0-9a-f]+ ..x' 2>&1; [ $? -lt 124 ] && echo 'all read'; } |
            head -c 134217728; } | awk '
          $0 == "all read" { print "whole"; next }
          /^space\t/ { split($0, cell, "\t"); space[cell[2], cell[3]] = cell[4]; next }
          /^grep: / { if (/Permission denied/) { split($2, part, "/"); print "unread\t" part[3] } next }
          $5 != 0 {
            pid = $1; sub(/^\/proc\//, "", pid); sub(/\/.*/, "", pid)
            path = $0; sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +/, "", path)
            # A user chooses this name: a tab in it would end the cell.
            gsub(/[[:cntrl:]]/, "?", path)
            view = "unknown"
            if (space[pid, "mnt"] != "" && space[pid, "mnt"] == space["self", "mnt"]) view = "host"
            else if (space[pid, "mnt"] != "" && space[pid, "user"] == space["self", "user"]) view = space[pid, "mnt"]
            key = $4 "\t" $5 "\t" path "\t" view
            if (path ~ /^\// && last[key] != pid) { pids[key] = pids[key] " " pid; last[key] = pid }
          }
          END { for (key in pids) print "mapped\t" key "\t" pids[key] }')
        programs=$(paths "$pids" exe | xargs ls -lqN 2>/dev/null |
          sed -n 's|^[^/]* /proc/\([0-9]*\)/exe -> \(/.*\)$|exe\t\1\t\2|p' | grep -E ' \(deleted\)$|/\.(nfs|fuse_hidden|__afs)[0-9a-fA-F]+$')
        there=$(printf '%s\n' "$everything" | awk -F '\t' -v root="$root" '
          $1 == "mapped" && $4 ~ /^\/(usr|bin|sbin|lib|lib64|opt|nix\/store)\// && $4 !~ / \(deleted\)$/ && $5 != "unknown" {
            split($6, pid, " ")
            if ($5 == "host") print $4; else print "/proc/" pid[1] "/root" $4
          }' | sort -u | xargs -r -d '\n' stat -L -c "$(printf 'there\t%%D\t%%i\t%%n')" 2>/dev/null)"""

# process, file, deleted or other, inode
_CANDIDATES = r"""
        candidates=$(printf '%s\n' "$there" "$everything" "$programs" | awk -F '\t' '
          function plain(path) { sub(/ \(deleted\)$/, "", path); sub(/;[0-9A-Fa-f]+$/, "", path); sub(/\.dpkg-(new|tmp)$/, "", path); return path }
          function passing(path) {
            return path ~ /^\/(dev|proc|sys|tmp|var\/tmp|run|var\/run|snap|var\/lib\/snapd)\// ||
              path ~ /^\/(memfd:|SYSV|\[aio\]|drm|i915|anon_hugepage)/ || path ~ /\/(#[0-9]+|jna[^\/]*\.tmp|orcexec\.[^\/]*|ffi[A-Za-z0-9]+)$/ ||
              path ~ /\/\.cache\//
          }
          function installed(path) { return path ~ /^\/(usr|bin|sbin|lib|lib64|opt|nix\/store)\// }
          # What network and FUSE file systems call a file that is deleted while it is used.
          function silly(path) { return path ~ /\/\.(nfs|fuse_hidden|__afs)[0-9a-fA-F]+$/ }
          $1 == "there" { device[$4] = $2; inode[$4] = $3 }
          $1 == "unread" { print "unread\t" $2 }
          $1 == "whole" { whole = 1 }
          $1 == "exe" && !passing(plain($3)) { print $2 "\t" plain($3) "\tdeleted" }
          $1 == "mapped" && !passing(plain($4)) && (installed($4) || silly(plain($4)) || plain($4) ~ /\.(so(\.[^\/]*)?|node|cmxs|eln|dll)$/) {
            split($2, numbers, ":"); how = ""; count = split($6, pid, " ")
            place = $5 == "host" ? $4 : "/proc/" pid[1] "/root" $4
            if ($4 ~ / \(deleted\)$/ || plain($4) != $4 || silly($4)) how = "deleted"
            else if ((place in inode) && inode[place] != $3) {
              # stat has a device as one number in hexadecimal: the low 8 bits of the minor, 12 of the major, the other 12 of the minor.
              whole = "00000000" device[place]; end = length(whole)
              major = substr(whole, end - 4, 3); minor = substr(whole, end - 7, 3) substr(whole, end - 1, 2)
              sub(/^0+/, "", major); sub(/^0+/, "", minor); sub(/^0+/, "", numbers[1]); sub(/^0+/, "", numbers[2])
              if (major == numbers[1] && minor == numbers[2]) how = "other"
            }
            for (at = 1; how != "" && at <= count; at++) print pid[at] "\t" plain($4) "\t" how "\t" $3
          }
          $1 == "mapped" { seen = 1 }
          END { if (whole && seen) print "whole" }' | sort -u)
        has_all=yes
        if ! printf '%s\n' "$candidates" | grep -qx whole; then
          # Those of which nothing is mapped may all have ended meanwhile, or be the kernel's own.
          for pid in $pids; do if readlink "/proc/$pid/exe" >/dev/null; then has_all=no; break; fi; done
        fi"""

# Whether a file without a name was made by the process itself: changed after its start, by its own user, where no package puts anything, and on a
# file system of this machine's, which answers. Hundredths of seconds are whole numbers here: awk counts no further.
_OWN_MAKING = r"""
        booted=$(awk -v now="$(date +%s.%N)" '{ printf "%.2f", now - $1 }' /proc/uptime)
        local=$(awk '{ for (at = 7; at <= NF; at++) if ($at == "-") kind = $(at + 1)
          if (kind ~ /^(ext[234]|xfs|btrfs|f2fs|bcachefs|zfs|overlay|tmpfs|ramfs|squashfs|erofs|jfs)$/) print $3 }' /proc/self/mountinfo)
        range_of() { # PID INODE: where the file is in memory, as map_files says it
          sed -nE "s/^0*([0-9a-f]+)-0*([0-9a-f]+) ..x. [0-9a-f]+ [0-9a-f:]+ $2 .*/\1-\2/p" "/proc/$1/maps" | head -n 1
        }
        is_local() { # PID INODE
          numbers=$(sed -nE "s/^[0-9a-f-]+ ..x. [0-9a-f]+ ([0-9a-f]+):([0-9a-f]+) $2 .*/\1 \2/p" "/proc/$1/maps" | head -n 1)
          [ -n "$numbers" ] && printf '%s\n' "$local" | grep -qx "$(printf '%d:%d' "0x${numbers% *}" "0x${numbers#* }")"
        }
        is_own_making() { # PID PATH INODE
          case $2 in
            /usr/bin/*|/usr/sbin/*|/usr/lib/*|/usr/lib32/*|/usr/lib64/*|/usr/libexec/*|/bin/*|/sbin/*|/lib/*|/lib64/*|/nix/store/*) return 1 ;;
          esac
          is_local "$1" "$3" || return 1
          user=$(awk '$1 == "Uid:" { print $3 }' "/proc/$1/status")
          ticks=$(sed 's/^.*) //' "/proc/$1/stat" | cut -d' ' -f 20)
          find -L "/proc/$1/map_files/$(range_of "$1" "$3")" -maxdepth 0 -printf '%T@ %U\n' 2>/dev/null |
            awk -v booted="$booted" -v ticks="$ticks" -v user="$user" '
              NF == 2 && $2 == user && $1 >= booted + ticks / 100 { own = 1 } END { exit !own }'
        }"""

# process, program, control group, file, deleted or replaced, where: host, apart (a root of its own) or container, name
_ROWS = r"""
        printf '%s\n' "$candidates" | while IFS="$(printf '\t')" read -r pid path how inode; do
          [ "$pid" = whole ] && continue
          [ "$(date +%s)" -gt "$until" ] && break
          if [ "$pid" = unread ]; then
            of=$kind; [ -n "$(readlink "/proc/$path/exe")" ] || of=any
            [ -e "/proc/$path/cgroup" ] && printf 'unread\t%s\t%s\n' "$path" "$of"; continue
          fi
          program=$(readlink -n "/proc/$pid/exe" | tr '\000-\037\177' '?'); [ -n "$program" ] || continue
          seen=; mounts=$(readlink "/proc/$pid/ns/mnt"); users=$(readlink "/proc/$pid/ns/user")
          [ "$mounts" != "$(readlink /proc/self/ns/mnt)" ] && [ "$users" = "$(readlink /proc/self/ns/user)" ] && seen=/proc/$pid/root
          case $path in
            */.nfs*|*/.fuse_hidden*|*/.__afs*) now= ;;
            /usr/*|/bin/*|/sbin/*|/lib/*|/lib64/*|/opt/*|/nix/store/*) now=$(stat -L -c %d:%i "$seen$path" 2>/dev/null)
              [ "$(stat -L -c %i "$seen$path (deleted)" 2>/dev/null)" = "${inode:-none}" ] && continue ;;
            *) now= ;;
          esac
          if [ -n "$inode" ]; then held=/proc/$pid/map_files/$(range_of "$pid" "$inode"); else held=/proc/$pid/exe; fi
          is=$(stat -L -c %d:%i "$held" 2>/dev/null); [ -n "$now" ] && [ "$is" = "$now" ] && continue
          # On the kernel's very first file systems lies what the initrd brought and nothing else, unless the whole host runs from it.
          case ${is%%:*} in [123]) [ "${root%%:*}" -gt 3 ] && continue ;; esac
          [ "$how" = deleted ] && [ -z "$now" ] && [ -n "$inode" ] && is_own_making "$pid" "$path" "$inode" && continue
          where=host
          if [ "$(stat -L -c %d:%i "/proc/$pid/root/.")" != "$root" ] && [ "$mounts" != "$(readlink /proc/self/ns/mnt)" ]; then
            where=container; [ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] && where=apart
          fi
          group=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
          case $group in ''|/) group=$(sed -n 's/^[0-9]*:name=systemd://p' "/proc/$pid/cgroup") ;; esac
          group=$(printf %s "$group" | tr '\000-\037\177' '?'); state=deleted; [ -n "$now" ] && state=replaced
          comm=$(printf %s "$(cat "/proc/$pid/comm")" | tr '\000-\037\177' '?')
          printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$pid" "${program% (deleted)}" "$group" "$path" "$state" "$where" "$comm"
        done"""

_STALE = f"""{KINDS_OF}
        root=$(stat -L -c %d:%i /){_OWN_MAKING}
        gather() {{{_EVERY_MAPPED_FILE}{_CANDIDATES}
        }}
        tell() {{{_ROWS}
        }}{_EACH_KIND}"""

SERVICES = (
    Question("stale", ("services.stale", "services.stale_*"), _STALE, 90),
    # systemctl lists a unit by one of its names only; each may be promised.
    Question("unit_names", ("services.required",), r"""
        for unit in "$@"; do printf '%s	%s
' "$unit" "$(systemctl show --property=Id --value -- "$unit")"; done""", given="services.required"),
    # Not list-unit-files, which reads every unit there is and takes seconds: a mask is a link to nothing, or an empty file.
    Question("units", ("services.required", "services.failed"), r"""
        listed=$(systemctl list-units --all --plain --no-legend --no-pager --full) || exit 3
        printf '%s\n' "$listed" | awk '
          { sub(/^[^A-Za-z0-9_-]+/, "") }
          $3 ~ /^(active|reloading|refreshing)$/ { print "active\t" $1 }
          $3 == "failed" { print "failed\t" $1 }
          $2 == "masked" { print "masked\t" $1 }'
        before=
        for folder in /etc/systemd/system.control /run/systemd/system.control /run/systemd/transient /run/systemd/generator.early \
            /etc/systemd/system /etc/systemd/system.attached /run/systemd/system /run/systemd/system.attached /run/systemd/generator \
            /usr/local/lib/systemd/system; do
          find "$folder" -maxdepth 1 -name '*.*' \( -type l -o -type f -empty \) 2>/dev/null | while read -r path; do
            name=${path##*/}
            [ "$(readlink -f "$path")" = /dev/null ] || { [ -f "$path" ] && ! [ -s "$path" ]; } || continue
            for first in $before; do if [ -e "$first/$name" ] || [ -L "$first/$name" ]; then continue 2; fi; done
            printf 'masked\t%s\n' "$name"
          done
          before="$before $folder"
        done; true"""),
)
