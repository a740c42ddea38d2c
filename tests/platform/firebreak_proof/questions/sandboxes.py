# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The question about living sandboxes of Kata's: what their processes are, what these hold open, and what lies at all those paths by now."""

from __future__ import annotations

from ..asking import Question
from .carried import MOUNT_OF
from .processes import PROCESSES

# place PATH: the path, the file at the end of all links, what names that file, the second in which it came to be there, of a program that jailers
# copy its digest, the second in which its inode was changed, and whether its birth is told. An archive gives a file the time that it had there, and
# an owner or a link changes the inode: its birth is when it came, of which coreutils before 8.31 and some file systems say nothing.
PLACES = r"""
        identity_of() { stat -L -c %d:%i "$1" 2>/dev/null; }
        place() {
          real=$(readlink -f "$1"); digest=
          case ${real##*/} in firecracker*) [ -f "$real" ] && digest=$(md5sum <"$real" | cut -d' ' -f 1) ;; esac
          set -- "$1" $(stat -c '%d:%i %Y %W %Z' "${real:-/none}" 2>/dev/null); born=yes
          case $4 in ''|0|*[!0-9]*) born=no; written=$3 ;; *) written=$4; [ "$3" -gt "$4" ] && written=$3 ;; esac
          printf 'place\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$real" "$2" "$written" "$digest" "$5" "$born"
        }"""

SANDBOXES = Question("sandboxes", ("kata.stale_sandboxes", "kata.guest_kernel"), MOUNT_OF + PROCESSES + PLACES + r"""
        booted=$(awk -v now="$(date +%s.%N)" '{ printf "%.2f", now - $1 }' /proc/uptime)
        option() { tr '\0' '\n' <"/proc/$pid/cmdline" | sed -nE "/^--?$1\$/{n;p;}; s/^--?$1=//p" | head -n 1; }
        # A handler may name any program as its shim: then it was told the name of a sandbox of which there are files or words of Kata's.
        served=$(links_of_all exe | sed -n 's|^\([0-9]*\) .*/containerd-shim-kata[^/]*$|\1|p' | while read -r pid; do option id; done)
        unserved=$({ find /run/vc/sbs /run/vc/vm /run/kata -mindepth 1 -maxdepth 1 2>/dev/null
            printf '%s\n' /proc/[0-9]*/cmdline | xargs cat 2>/dev/null | tr '\0' '\n' |
              grep -aoE '(^sandbox-|/run/(vc/(vm|sbs|firecracker)|kata)/|/shared/sandboxes/)[0-9A-Za-z][0-9A-Za-z_.-]*' | sed 's/^sandbox-//'
          } | sed 's|.*/||' | sort -u | { [ -n "$served" ] && grep -vxF "$served" || cat; })
        others=$([ -n "$unserved" ] &&
          printf '%s\n' /proc/[0-9]*/cmdline | xargs grep -lzxE -- '--?id' 2>/dev/null | while read -r file; do
          pid=${file%/cmdline}; pid=${pid##*/}; name=$(option id)
          [ -n "$name" ] && [ -n "$(option namespace)" ] && printf '%s\n' "$unserved" | grep -qxF -- "$name" && echo "other $pid"
        done)
        # Shims of root's own that see the host's root, and all that they started (0: no shim did). A jailer starts its monitor apart, and a shim that
        # was killed leaves one.
        told=$( { printf '%s\n' "$others"; links_of_all exe | sed 's/^/exe /'; status_of_all '^(Pid|PPid|Uid):'; } | awk '
          $1 == "other" { is_told[$2] = 1 }
          $1 == "exe" { pid = $2; sub(/^exe [0-9]+ /, ""); sub(/ [(]deleted[)]$/, ""); sub(/.*\//, ""); called[pid] = $0 }
          $1 == "Pid:" { its = $2 } $1 == "PPid:" { parent[its] = $2 } $1 == "Uid:" { user[its] = $2 }
          END {
            for (pid in called) {
              above = pid
              for (step = 0; step < 64 && (above in called) && !(called[above] ~ /^containerd-shim-kata/ || above in is_told); step++)
                above = parent[above]
              if (above in called && user[above] == 0) print pid, above, user[pid]
              else if (called[pid] ~ /^(firecracker|qemu-|cloud-hypervisor|openvmm|stratovirt)/) print pid, 0, user[pid]
            }
          }' | sort -n | while read -r pid shim user; do
          [ "$shim" = 0 ] || sees_the_host "$shim" || continue
          link=$(readlink -n "/proc/$pid/exe" | tr '\000-\037\177' '?'); program=${link% (deleted)}; name=; jail=
          # It stands in paths, and who starts a firecracker may call it what he likes.
          case $pid:${program##*/} in "$shim":*|*:firecracker*) name=$(option id | grep -xE '[A-Za-z0-9][A-Za-z0-9_.-]*') ;; esac
          case ${program##*/} in firecracker*)
            for folder in "/run/vc/firecracker/$name/root" "/run/kata/firecracker/$name/root" "/run/kata/$name/root"; do
              [ -n "$name" ] && [ "$(identity_of "/proc/$pid/root")" = "$(identity_of "$folder")" ] && jail=yes
            done ;;
          esac
          # One that no shim started is root's own, on the host; what another user calls so is no monitor.
          [ "$shim" != 0 ] || [ -n "$jail" ] || { [ "$user" = 0 ] && sees_the_host "$pid"; } || continue
          own=$(identity_of "/proc/$pid/exe"); [ "$link" != "$program" ] && [ "$own" = "$(identity_of "$link")" ] && program=$link
          # What is not the file at its path was replaced, unless the path is one of a container's.
          if [ "$own" = "$(identity_of "$program")" ]; then state=same
          elif sees_the_host "$pid"; then state=other
          elif mount=$(mount_of "/proc/$pid/exe") && [ "$mount" = "$(mount_of "${program%/*}")" ]; then state=other
          else state=unknown; fi 2>/dev/null
          # What serves a guest its files has those open that the guest asks for, of names that the guest chose.
          held=; machine=no; digest=; [ -r "/proc/$pid/fd" ] || machine=unknown
          case ${program##*/} in virtiofsd*) ;; *) held=$(ls -lN "/proc/$pid/fd" 2>/dev/null) ;; esac
          printf '%s\n' "$held" | grep -qE -- '^[^>]*-> anon_inode:(kvm-vm|mshv_partition)' && machine=yes
          [ -n "$jail" ] && digest=$(md5sum <"/proc/$pid/exe" | cut -d' ' -f 1)
          words=$(tr '\0\t\n' '\037??' <"/proc/$pid/cmdline")
          began=$(awk -v booted="$booted" '{ sub(/^.*[)] /, ""); printf "%d", booted + $20 / 100 }' "/proc/$pid/stat")
          # It may have ended meanwhile: then none of this is true of it.
          [ -e "/proc/$pid/exe" ] || continue
          printf 'process\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
            "$pid" "$shim" "$user" "$program" "$own" "$state" "$machine" "$began" "$digest" "$words"
          printf '%s\n' "$held" | sed -nE 's#^[^>]* ([0-9]+) -> (/[^ ].*)$#\1 \2#p' | grep -vE '^[0-9]+ /(dev|proc|sys|memfd:)' |
            while read -r number path; do
            file=${path% (deleted)}; its=$(identity_of "/proc/$pid/fd/$number"); state=other
            [ -n "$its" ] && [ "$its" = "$(identity_of "$file")" ] && state=same
            printf 'held\t%s\t%s\t%s\t%s\n' "$pid" "$(printf %s "$file" | tr '\000-\037\177' '?')" "$its" "$state"
          done
          case $words in *-kernel*|*-initrd*)
            printf '%s' "$words" | tr '\037' '\n' | awk 'wanted { print "asked\t" $0; wanted = 0 } /^--?(kernel|initrd)$/ { wanted = 1 }' ;;
          esac
          [ "$pid" = "$shim" ] || continue
          space=$(option namespace); bundle=no; kept=no
          for folder in "$(readlink "/proc/$pid/cwd")" /run/containerd/*/"$space/$name" /run/*/containerd/*/"$space/$name" \
              /run/*/containerd/daemon/*/"$space/$name" /var/snap/microk8s/common/run/containerd/*/"$space/$name"; do
            [ -e "$folder/config.json" ] && bundle=yes
          done
          for folder in "/run/vc/sbs/$name" "/run/vc/vm/$name" "/run/kata/$name"; do [ -e "$folder" ] && kept=yes; done
          printf 'shim\t%s\t%s\t%s\t%s\n' "$pid" "$name" "$bundle" "$kept"
          # What a monitor was told through a socket, its shim wrote down, and whether the machine is another host's.
          noted=$(cat "/run/vc/sbs/$name/persist.json" "/run/kata/$name/state.json" 2>/dev/null); machine=here
          [ -n "$noted" ] || continue
          printf '%s\n' "$noted" | grep -qE '"(Type|hypervisor_type)": *"remote"' && machine=remote
          printf 'told\t%s\tmachine\t%s\n' "$pid" "$machine"
          printf '%s\n' "$noted" |
            grep -oE '"(KernelPath|ImagePath|InitrdPath|kernel|image|initrd)": *"/[^"]+"' | tr -d '" ' | sed 's/:/ /' | while read -r key path; do
            printf 'told\t%s\t%s\t%s\nasked\t%s\n' "$pid" "$key" "$path" "$path"
          done
        done)
        printf '%s\n' "$told" | grep -v '^asked'
        # Most sandboxes have the same kernel.
        printf '%s\n' "$told" | awk -F '\t' '$1 == "asked" && !seen[$2]++ { print $2 }' | while read -r path; do place "$path"; done; true""", 120)
