# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about mitigations: what the kernel, kmod, KVM, sysctl and systemd themselves say of each thing that one changes."""

from __future__ import annotations

from ..asking import Question

# What the kernel and kmod say of a module. An install line hides from kmod's answer that the module is part of the kernel, and kmod knows nothing of
# parts that can be no module.
LOOK = r"""
        kmod=$(command -v modprobe || echo /sbin/modprobe)
        look() {
          [ -x "$kmod" ] || { echo "there is no modprobe to ask" >&2; exit 3; }
          [ -e "/sys/module/$1/initstate" ] && printf 'runs\t%s\n' "$1"
          grep -qsx 1 /proc/sys/kernel/modules_disabled && printf 'locked\t%s\n' "$1"
          "$kmod" --dry-run --show-depends "$1" 2>/dev/null | sed "s/^/does\t$1\t/"
          "$kmod" --dry-run --ignore-install --show-depends "$1" 2>/dev/null | grep -q '^builtin ' ||
            grep -q " __initcall__kmod_${1}__" /proc/kallsyms ||
            { [ -d "/sys/module/$1" ] && [ ! -e "/sys/module/$1/initstate" ]; } || return 0
          printf 'part\t%s\n' "$1"
          sed -n "s/^.* __initcall__kmod_${1}__[0-9]*_[0-9]*_//p" /proc/kallsyms |
            sed -E "s/(early|rootfs|con|[0-7]s?)\$//; s/^/starts\t$1\t/"
        }"""

MITIGATIONS: tuple[Question, ...] = (
    # Arguments are module:NAME, kvm:MODULE.PARAMETER, sysctl:NAME and unit:NAME.
    Question("mitigations", ("mitigations",), LOOK + r"""
        for word; do
          name=${word#*:}
          case ${word%%:*} in
            module) look "$name" ;;
            kvm) printf 'kvm\t%s\t%s\t%s\n' "$name" "$(cat "/sys/module/${name%%.*}/parameters/${name#*.}" 2>/dev/null)" \
              "$([ -d "/sys/module/${name%%.*}" ] && echo loaded)" ;;
            sysctl) printf 'sysctl\t%s\t%s\n' "$name" "$(sysctl -n "$name" 2>/dev/null || cat "/proc/sys/$(printf %s "$name" | tr . /)")" ;;
            unit) printf 'unit\t%s\t%s\t%s\n' "$name" "$(systemctl show -p ActiveState --value "$name" </dev/null)" \
              "$(systemctl show -p LoadState --value "$name" </dev/null)" ;;
          esac
        done
        ls /sys/module/kvm_* -d 2>/dev/null | sed 's|.*/|has\t|'
        sed 's/^/line\t/' /proc/cmdline
        [ -e /var/lib/firebreak/mitigations.json ] && printf 'note\t%s\n' "$(tr -d '\n\t' </var/lib/firebreak/mitigations.json)"
        true""", given="mitigations"),
    # The ids that a live patch in force is said to fix: by the manifest beside it, the changelog of the package that owns it, or its client.
    Question("patched_holes", ("mitigations",), r"""
        ids() { grep -oE 'CVE-[0-9]{4}-[0-9]{4,}' | sort -u | sed 's/^/fixes\t/'; }
        for folder in /sys/kernel/livepatch/*/; do
          [ "$(cat "$folder/enabled" 2>/dev/null)" = 1 ] && [ "$(cat "$folder/transition")" = 0 ] || continue
          name=${folder%/}; name=${name##*/}
          [ -r "/var/lib/kpatch/$(uname -r)/$name.json" ] && ids <"/var/lib/kpatch/$(uname -r)/$name.json"
          command -v rpm >/dev/null && for file in "/lib/modules/$(uname -r)"/*/"$name".ko* "/usr/lib/kpatch/$(uname -r)/$name.ko" \
              "/var/lib/kpatch/$(uname -r)/$name.ko"; do
            [ -e "$file" ] && rpm -qf --changelog "$file" 2>/dev/null | ids
          done
        done
        [ -e /snap/bin/canonical-livepatch ] && ls -d /sys/kernel/livepatch/*/ >/dev/null 2>&1 &&
          /snap/bin/canonical-livepatch status --format json 2>/dev/null | ids
        [ -r /proc/kcare/cvelist ] && ids </proc/kcare/cvelist
        true"""),
)
