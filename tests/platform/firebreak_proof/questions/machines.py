# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""More questions: the processor, and what runs virtual machines."""

from __future__ import annotations

from ..asking import Question
from .processes import PROCESSES

CPU = (
    Question("vulnerabilities", ("cpu.vulnerabilities.*",), """
        for path in /sys/devices/system/cpu/vulnerabilities/*; do [ -r "$path" ] && echo "${path##*/} $(cat "$path")"; done"""),
    Question("threads", ("cpu.smt",), """
        echo "active $(cat /sys/devices/system/cpu/smt/active)"
        echo "siblings $(cat /sys/devices/system/cpu/cpu*/topology/thread_siblings_list | grep -c '[,-]')" """),
    Question("microcode", ("cpu.microcode", "cpu.microcode_of.*", "cpu.microcode_mixed", "cpu.vulnerabilities.*"), """
        sed -n 's/^microcode[[:space:]]*: /cpuinfo /p; s/^cpu family[[:space:]]*: /family /p' /proc/cpuinfo | sort -u
        awk -F '[[:space:]]*: ' '$1 == "cpu family" { f = $2 } $1 == "model" { m = $2 } $1 == "stepping" { s = $2 }
          $1 == "microcode" { printf "%02x-%02x-%02x %s\\n", f, m, s, $2 }' /proc/cpuinfo | sort -u
        cat /sys/devices/system/cpu/cpu*/microcode/version 2>/dev/null | sort -u | sed 's/^/sysfs /'"""),
)

_PROGRAMS = "/usr/bin/qemu-system-* /usr/bin/qemu-kvm /usr/libexec/qemu-kvm /usr/sbin/libvirtd /usr/sbin/virtqemud /usr/libexec/virtiofsd " \
    "/usr/lib/qemu/virtiofsd /usr/bin/virtiofsd /usr/bin/cloud-hypervisor /usr/bin/firecracker /usr/local/bin/qemu-system-* " \
    "/usr/local/bin/virtiofsd /usr/local/bin/cloud-hypervisor /usr/local/bin/firecracker " \
    "/usr/bin/crosvm /usr/bin/openvmm /usr/bin/stratovirt /usr/bin/lkvm /usr/local/bin/crosvm /usr/local/bin/openvmm " \
    "/usr/local/bin/stratovirt /usr/local/bin/lkvm " \
    "/usr/libexec/xen-qemu-system-* /usr/lib*/xen/bin/qemu-system-* /snap/lxd/current/bin/qemu-system-* " \
    "/usr/bin/swtpm /usr/share/OVMF/OVMF_CODE*.fd /usr/share/AAVMF/AAVMF_CODE*.fd /usr/share/edk2/*/OVMF_CODE*.fd " \
    "/usr/share/ovmf/OVMF*.fd /usr/share/edk2/*/QEMU_EFI*.fd /usr/share/qemu/edk2-*-code.fd /usr/share/qemu/*vmf-*-code.bin " \
    "/usr/share/pve-edk2-firmware/*VMF_CODE*.fd /boot/xen-[0-9]*.gz"

HYPERVISOR = (
    # component, path, package, version: by the files that are there and the packages that own them
    Question("programs", ("hypervisor.*",), rf"""
        for path in {_PROGRAMS}; do
          [ -e "$path" ] || continue
          case ${{path##*/}} in qemu*|xen-qemu*) kind=qemu ;; OVMF*|AAVMF*|QEMU_EFI*|edk2-*|ovmf-*|aavmf-*) kind=ovmf ;;
            libvirtd|virtqemud) kind=libvirt ;; xen*) kind=xen ;; lkvm) kind=kvmtool ;; *) kind=${{path##*/}} ;; esac
          if command -v dpkg-query >/dev/null; then
            owner=$(dpkg-query -S "$path" 2>/dev/null | grep -v '^diversion' | head -n 1 | sed 's/:.*//')
            version=; [ -n "$owner" ] && version=$(dpkg-query -W -f '${{Version}}' "$owner")
          else
            owner=$(rpm -qf --qf '%{{NAME}}' "$path" 2>/dev/null) || owner=
            version=; [ -n "$owner" ] && version=$(rpm -q --qf '%|EPOCH?{{%{{EPOCH}}:}}|%{{VERSION}}-%{{RELEASE}}' "$owner")
          fi
          printf '%s\t%s\t%s\t%s\n' "$kind" "$path" "$owner" "$version"
        done; true"""),
    # component, process, program, whether it runs the file that is there now, the machine types on its command line
    Question("monitors", ("hypervisor.*",), PROCESSES + r"""
        told=
        is() { [ "$(stat -L -c '%d:%i' "$1" 2>/dev/null)" = "$(stat -L -c '%d:%i' "$2" 2>/dev/null)" ]; }
        same() { # PROCESS FILE: whether it runs that file or one of the same content, which is read once for all processes of one program
          [ -f "$2" ] || return 1
          is "/proc/$1/exe" "$2" && return 0
          [ "$(stat -L -c %u "/proc/$1/exe")" = 0 ] || return 1
          pair="$(stat -L -c '%d:%i' "/proc/$1/exe") $(stat -L -c '%d:%i' "$2")"
          case $told in *"|$pair yes|"*) return 0 ;; *"|$pair no|"*) return 1 ;; esac
          if cmp -s "/proc/$1/exe" "$2"; then told="$told|$pair yes|"; else told="$told|$pair no|"; return 1; fi
        }
        daemons=$(links_of_all exe | sed -nE 's#^([0-9]+) .*/(libvirtd|virtqemud)( [(]deleted[)])?$#\1#p')
        there() { # PROCESS PROGRAM: what the libvirt daemon of a container would start now; apart where there is none to ask
          answer=apart
          for daemon in $daemons; do
            is "/proc/$daemon/root" / || [ "$(stat -L -c %u "/proc/$daemon/exe")" != 0 ] || [ ! -f "/proc/$daemon/root$2" ] && continue
            if same "$1" "/proc/$daemon/root$2"; then answer=installed; break; else answer=replaced; fi
          done
          echo $answer
        }
        links_of_all exe | while read -r pid path; do
          # rpm moves what it replaces aside for a while.
          program=$(printf %s "${path% (deleted)}" | sed 's/;[0-9a-f]\{8\}$//')
          case ${program##*/} in
            qemu-system-*|qemu-kvm|xen-qemu-system-*) kind=qemu ;; libvirtd|virtqemud) kind=libvirt ;;
            virtiofsd|cloud-hypervisor|firecracker|swtpm|crosvm|openvmm|stratovirt) kind=${program##*/} ;; lkvm) kind=kvmtool ;; *) continue ;;
          esac
          # A user may call a program of his own as he likes.
          [ "$(stat -L -c %u "/proc/$pid/exe")" = 0 ] || [ "$(stat -c %u "/proc/$pid")" = 0 ] || continue
          snap=$(printf %s "$program" | sed -n 's|^\(/snap/[^/]*/\)\([^/]*\)/.*|\1 \2|p')
          if [ -n "$snap" ]; then
            if is "${snap% *}current" "${snap% *}${snap#* }"; then state=installed; else state=replaced; fi
          elif is "/proc/$pid/exe" "$program"; then state=installed
          elif ! is "/proc/$pid/root" / && [ "$(stat -L -c %d "/proc/$pid/exe")" != "$(stat -L -c %d "${program%/*}" 2>/dev/null)" ]; then
            state=$(there "$pid" "$program")
          elif same "$pid" "/proc/$pid/root$program" || same "$pid" "$program"; then state=installed
          else state=replaced; fi
          machine=$(tr '\0' '\n' <"/proc/$pid/cmdline" |
            awk 'wanted { sub(/^type=/, ""); sub(/,.*/, ""); print; exit } { wanted = /^--?(machine|M)$/ }')
          printf '%s\t%s\t%s\t%s\t%s\n' "$kind" "$pid" "$program" "$state" "$(printf %s "$machine" | tr '\000-\037\177' '?')"
          [ $kind = qemu ] && [ "$(stat -L -c %u "/proc/$pid/exe")" = 0 ] || continue
          # The firmware that its guest was booted with is still open: code of OVMF and its sisters, no variables.
          ls -lqN "/proc/$pid/fd" | sed -n 's|^.* \([0-9][0-9]*\) -> \(/.*\)$|\1 \2|p' | while read -r number path; do
            file=${path% (deleted)}
            case ${file##*/} in *[Vv][Aa][Rr][Ss]*) continue ;;
              OVMF*|AAVMF*|QEMU_EFI*|RISCV_VIRT*|LOONGARCH_VIRT*|edk2-*-code.fd|ovmf-*|aavmf-*) ;; *) continue ;; esac
            [ "$(stat -L -c %u "/proc/$pid/fd/$number")" = 0 ] || continue
            if [ "$(stat -L -c '%d:%i' "/proc/$pid/fd/$number")" = "$(stat -L -c '%d:%i' "$file" 2>/dev/null)" ]; then state=installed
            else state=replaced; fi
            printf 'ovmf\t%s\t%s\t%s\t\n' "$pid" "$file" "$state"
          done
        done; true"""),
    # What the installed QEMU has: "has NAME", "deprecated NAME", "default NAME", "alias q35 NAME".
    Question("machine_types", ("hypervisor.machine_types", "hypervisor.deprecated_machine_types", "hypervisor.removed_machine_types"), r"""
        for program in /usr/bin/qemu-system-x86_64 /usr/libexec/qemu-kvm /usr/bin/qemu-system-aarch64; do
          [ -x "$program" ] || continue
          "$program" -machine help | awk 'NR > 1 { print "has " $1 }
            /deprecated/ { print "deprecated " $1 }
            / \(default\)/ { print "default " $1 }
            match($0, /\(alias of [^)]*\)/) { print "alias " $1 " " substr($0, RSTART + 10, RLENGTH - 11) }'
          exit
        done; true"""),
    # What libvirt starts its guests with the next time, and what their saved memory needs: the document stands at the beginning of the file.
    Question("machines_defined", ("hypervisor.machine_types", "hypervisor.deprecated_machine_types", "hypervisor.removed_machine_types"), r"""
        for path in /etc/libvirt/qemu/*.xml /run/libvirt/qemu/*.xml /var/lib/libvirt/qemu/save/*.save; do
          [ -f "$path" ] && head -c 65536 "$path" | grep -aoE "<type [^<>]*machine=['\"][^'\"]+" | sed "s/.*machine=.//"
        done | sort -u; true"""),
    Question("xen", ("hypervisor.xen.*",), r"""
        [ "$(cat /sys/hypervisor/type 2>/dev/null)" = xen ] || exit 0
        cd /sys/hypervisor/version && echo "version $(cat major).$(cat minor)$(cat extra)"
        booted=$(sed -n 's/^btime //p' /proc/stat)
        for path in /boot/xen-[0-9]*.gz; do
          [ -e "$path" ] || continue
          # A package's file has the time of its build: its birth is when it came, and where that is not told, the inode's own time.
          came=$(stat -L -c '%Y %W %Z' "$path" | awk '{ print ($2 + 0 > 0 ? ($1 > $2 ? $1 : $2) : $3) }')
          [ "$came" -gt "$booted" ] && echo "replaced $path"
        done; true"""),
    Question("kvm", ("hypervisor.kvm.*",), """
        for path in /sys/module/kvm*/parameters/*; do
          [ -r "$path" ] || continue
          module=${path#/sys/module/}; printf '%s\t%s\n' "${module%%/*}.${path##*/}" "$(cat "$path")"
        done; true"""),
    Question("ladder", ("hypervisor.ladder", "hypervisor.is_host"), """
        grep -qwE 'vmx|svm' /proc/cpuinfo && echo flags
        [ "$(uname -m)" = aarch64 ] && [ -c /dev/kvm ] && echo flags
        # A device is KVM's by the number that the kernel gave it, whatever its node is called.
        own=$(awk '$2 == "kvm" { printf "a:%x", $1 }' /proc/misc)
        [ -d /sys/module/kvm ] && [ -c /dev/kvm ] && [ "$(stat -c %t:%T /dev/kvm)" = "$own" ] && ( : <>/dev/kvm ) 2>/dev/null && echo device
        grep -qs control_d /proc/xen/capabilities && echo xen
        # Each machine holds a reference to the module that makes it; other modules that do are named beside the count.
        awk '$1 ~ /^(kvm_intel|kvm_amd|kvm_hv|kvm_pr|kvm_pvm|mshv_root|vboxdrv|vmmon)$/ && $3 + 0 > ($4 == "-" ? 0 : gsub(",", "", $4)) {
          print "held"; exit }' /proc/modules 2>/dev/null
        true"""),
    # A virtual machine is made only where one is promised. Its firmware says who it is (port 0x402) once a virtual processor runs it, finds
    # nothing to boot, and ends the machine by a reboot.
    Question("virtual_machine", ("hypervisor.ladder",), """
        case " $* " in *" vm "*|*" vcpu "*) ;; *) exit 0 ;; esac
        for program in /usr/bin/qemu-system-x86_64 /usr/libexec/qemu-kvm /usr/bin/qemu-system-aarch64; do
          [ -x "$program" ] || continue
          echo quit | "$program" -accel kvm -machine none -S -nodefaults -display none -monitor stdio >/dev/null && echo vm
          case " $* " in *" vcpu "*) ;; *) exit 0 ;; esac
          [ "$(uname -m)" = x86_64 ] || { echo "no firmware is known to try a virtual processor with on $(uname -m)" >&2; exit 3; }
          timeout 20 "$program" -accel kvm -machine q35 -m 32 -nodefaults -display none -monitor none -no-reboot -boot reboot-timeout=0 \
            -chardev stdio,id=said -device isa-debugcon,iobase=0x402,chardev=said | grep -q '^SeaBIOS (version' && echo vcpu
          exit
        done
        echo "there is no QEMU to try it with" >&2; exit 3""", given="hypervisor.ladder"),
    Question("under", ("hypervisor.under", "cpu.microcode", "cpu.microcode_of.*"), """
        systemd-detect-virt --vm || true
        # Monitors that write no DMI are told from plain KVM by the maker of their ACPI tables alone, which are root's to read.
        for table in /sys/firmware/acpi/tables/*; do
          [ -f "$table" ] || continue
          maker=$(head -c 16 "$table" 2>/dev/null | tail -c 6 | tr -cd A-Z0-9)
          if [ -n "$maker" ]; then echo "maker $maker"; elif [ ! -e /sys/class/dmi/id/sys_vendor ]; then echo "maker hidden"; fi
        done | sort -u"""),
)
