# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The question about living sandboxes of Kata's: what their processes are, what these hold open, and what lies at all those paths by now."""

from __future__ import annotations

from ..asking import Question
from .carried import MOUNT_OF

# place PATH: the path, the file at the end of all links, what names that file, the second in which it came to be there, and of a program that jailers
# copy its digest. An archive gives a file the time that it had there; its birth is when it came.
PLACES = r"""
        identity_of() { stat -L -c %d:%i "$1" 2>/dev/null; }
        place() {
          real=$(readlink -f "$1"); digest=
          case ${real##*/} in firecracker*) [ -f "$real" ] && digest=$(md5sum <"$real" | cut -d' ' -f 1) ;; esac
          written=$(stat -c '%Y %W' "${real:-/none}" 2>/dev/null | awk '{ print ($1 > $2 ? $1 : $2) }')
          printf 'place\t%s\t%s\t%s\t%s\t%s\n' "$1" "$real" "$(identity_of "${real:-/none}")" "$written" "$digest"
        }"""

SANDBOXES = Question("sandboxes", ("kata.stale_sandboxes", "kata.guest_kernel"), MOUNT_OF + PLACES + r"""
        # Shims of root's own that see the host's root, and all that they started (0: no shim did). A jailer starts its monitor apart, and a shim that
        # was killed leaves one.
        { ls -lqN /proc/[0-9]*/exe 2>/dev/null | sed -n 's|^[^/]* /proc/\([0-9]*\)/exe -> \(.*\)$|exe \1 \2|p'
          grep -E '^(PPid|Uid):' /proc/[0-9]*/status 2>/dev/null | sed -nE 's|^.*/proc/([0-9]+)/status:([A-Za-z]+):[[:space:]]*([0-9]+).*|\2 \1 \3|p'
        } | awk '
          $1 == "exe" { pid = $2; sub(/^exe [0-9]+ /, ""); sub(/ [(]deleted[)]$/, ""); sub(/.*\//, ""); called[pid] = $0 }
          $1 == "PPid" { parent[$2] = $3 } $1 == "Uid" { user[$2] = $3 }
          END {
            for (pid in called) {
              above = pid
              for (step = 0; step < 64 && (above in called) && !(called[above] ~ /^containerd-shim-kata/); step++) above = parent[above]
              if (above in called && user[above] == 0) print pid, above, user[pid]
              else if (called[pid] ~ /^(firecracker|qemu-|cloud-hypervisor|openvmm|stratovirt)/) print pid, 0, user[pid]
            }
          }' | sort -n | while read -r pid shim user; do
          [ "$shim" = 0 ] || [ "$(identity_of "/proc/$shim/root")" = "$(stat -L -c %d:%i /)" ] || continue
          link=$(readlink -n "/proc/$pid/exe" | tr '\000-\037\177' '?'); program=${link% (deleted)}
          own=$(identity_of "/proc/$pid/exe"); [ "$own" = "$(identity_of "$link")" ] && program=$link
          # What is not the file at its path was replaced, unless the path is one of a container's.
          if [ "$own" = "$(identity_of "$program")" ]; then state=same
          elif [ "$(identity_of "/proc/$pid/root")" = "$(stat -L -c %d:%i /)" ]; then state=other
          elif mount=$(mount_of "/proc/$pid/exe") && [ "$mount" = "$(mount_of "${program%/*}")" ]; then state=other
          else state=unknown; fi 2>/dev/null
          held=$(ls -lN "/proc/$pid/fd" 2>/dev/null); machine=no; digest=
          printf '%s\n' "$held" | grep -qE -- '-> anon_inode:(kvm-vm|mshv_partition)' && machine=yes
          [ -r "/proc/$pid/fd" ] || machine=unknown
          jail=; words=$(tr '\0\t\n' '\037??' <"/proc/$pid/cmdline")
          name=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -nE '/^--?id$/{n;p;}; s/^--?id=//p' | head -n 1)
          case ${program##*/} in firecracker*)
            for folder in "/run/vc/firecracker/$name/root" "/run/kata/firecracker/$name/root" "/run/kata/$name/root"; do
              [ "$(identity_of "/proc/$pid/root")" = "$(identity_of "$folder")" ] && jail=yes
            done
            digest=$(md5sum <"/proc/$pid/exe" | cut -d' ' -f 1) ;;
          esac
          # One that no shim started is root's own, on the host; what another user calls so is no monitor.
          [ "$shim" != 0 ] || [ -n "$jail" ] || { [ "$user" = 0 ] && [ "$(identity_of "/proc/$pid/root")" = "$(stat -L -c %d:%i /)" ]; } || continue
          ticks=$(sed 's/^.*) //' "/proc/$pid/stat" | cut -d' ' -f 20)
          began=$(awk -v now="$(date +%s.%N)" -v ticks="$ticks" '{ printf "%d", now - $1 + ticks / 100 }' /proc/uptime)
          printf 'process\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
            "$pid" "$shim" "$user" "$program" "$own" "$state" "$machine" "$began" "${jail:+$digest}" "$words"
          printf '%s\n' "$held" | sed -nE 's#^.* ([0-9]+) -> (/[^ ].*)$#\1 \2#p' | grep -vE '^[0-9]+ /(dev|proc|sys|memfd:)' |
            while read -r number path; do
            file=${path% (deleted)}; its=$(identity_of "/proc/$pid/fd/$number"); state=other; [ "$its" = "$(identity_of "$file")" ] && state=same
            printf 'held\t%s\t%s\t%s\t%s\n' "$pid" "$(printf %s "$file" | tr '\000-\037\177' '?')" "$its" "$state"
          done
          printf '%s' "$words" | tr '\037' '\n' | awk 'wanted { print; wanted = 0 } /^--?(kernel|initrd)$/ { wanted = 1 }' |
            while read -r path; do place "$path"; done
          [ "$pid" = "$shim" ] || continue
          space=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n '/^-namespace$/{n;p;}'); bundle=no; kept=no
          for folder in "$(readlink "/proc/$pid/cwd")" /run/containerd/*/"$space/$name" /run/*/containerd/*/"$space/$name" \
              /run/*/containerd/daemon/*/"$space/$name" /var/snap/microk8s/common/run/containerd/*/"$space/$name"; do
            [ -e "$folder/config.json" ] && bundle=yes
          done
          for folder in "/run/vc/sbs/$name" "/run/vc/vm/$name" "/run/kata/$name"; do [ -e "$folder" ] && kept=yes; done
          printf 'shim\t%s\t%s\t%s\t%s\n' "$pid" "$name" "$bundle" "$kept"
          # What a monitor was told through a socket, its shim wrote down.
          cat "/run/vc/sbs/$name/persist.json" "/run/kata/$name/state.json" 2>/dev/null |
            grep -oE '"(KernelPath|ImagePath|InitrdPath|kernel|image|initrd)": *"/[^"]+"' | tr -d '" ' | sed 's/:/ /' | while read -r key path; do
            printf 'told\t%s\t%s\t%s\n' "$pid" "$key" "$path"; place "$path"
          done
        done; true""", 60)
