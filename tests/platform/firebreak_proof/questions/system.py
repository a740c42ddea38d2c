# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every question that a host may be asked, as shell that runs on it. Nothing here changes a host, and nothing reads a secret."""

from __future__ import annotations

from ..asking import Question
from .digests import RPM_DIGESTS

_BOOT = ("kernel.default_boot", "kernel.reboot_pending", "kernel.update_available", "kernel.one_shot", "live_patch.next_kernel",
         "live_patch.lost_on_reboot", "boot.cmdline_*")

GENERAL = (
    Question("clock", ("*",), 'date -u +"now %Y-%m-%dT%H:%M:%SZ"; echo "user $(id -u)"; echo "boot $(cat /proc/sys/kernel/random/boot_id)"'),
    Question("os_release", ("*",), "cat /etc/os-release"),
    Question("machine", ("*",), """
        echo "uname $(uname -m)"
        [ -r /proc/sys/kernel/arch ] && echo "proc $(cat /proc/sys/kernel/arch)"
        if command -v dpkg >/dev/null; then echo "packages $(dpkg --print-architecture)"
        elif command -v rpm >/dev/null; then echo "packages $(rpm --eval %_host_cpu)"; fi"""),
    Question("os_release_origin", ("os.id", "os.version_id", "os.version_codename"), RPM_DIGESTS + r"""
        path=$(readlink -f /etc/os-release); echo "path $path"
        if command -v dpkg-query >/dev/null; then
          owner=$(dpkg-query -S "$path" | sed 's/:.*//'); echo "owner $owner"
          echo "owner_version $(dpkg-query -W -f '${Version}' "$owner")"
          echo "packaged $(sed -n "s|^\([0-9a-f]*\)  ${path#/}\$|\1|p" "/var/lib/dpkg/info/$owner.md5sums")"
          echo "present $(md5sum <"$path" | cut -d' ' -f1)"
        elif command -v rpm >/dev/null; then
          echo "owner $(rpm -qf --qf '%{NAME}' "$path")"; echo "owner_version $(rpm -qf --qf '%{VERSION}' "$path")"
          packaged=$(rpm -qf --qf '[%{FILENAMES}\t%{FILEDIGESTS}\n]' "$path" | awk -F'\t' -v path="$path" '$1 == path { print $2 }')
          tool=$(tool_of "$(rpm -qf --qf '%{FILEDIGESTALGO}' "$path")")
          # Where no tool of the host's can make such a digest, nobody vouches for the file.
          [ -n "$tool" ] && echo "packaged $packaged" && echo "present $(digest_of "$tool" "$path")"
        fi"""),
    # The image that runs and the one that comes next, by the tools that deploy images.
    Question("image", ("os.image.*",), r"""
        said=$(bootc status --format json 2>/dev/null | tr -d '\n') && [ -n "$said" ] && echo "bootc $said"
        said=$(rpm-ostree status --json 2>/dev/null | tr '\n' ' ') && [ -n "$said" ] && echo "rpm-ostree $said"
        if grep -qE '(^| )composefs=[?]?[0-9a-f]{64}' /proc/cmdline; then echo "deployed bootc"; fi
        if [ -e /run/ostree-booted ]; then
          echo "deployed ostree"
          ostree admin status | sed 's/^/ostree /'
          for path in /ostree/deploy/*/deploy/*.origin; do
            sed -nE "s#^ *(container-image-reference|refspec) *= *#origin ${path##*/} #p" "$path"
          done
        fi
        sed -nE 's/^(IMAGE_VERSION|OSTREE_VERSION|VERSION_ID|ID|VARIANT_ID)="?([^"]*)"?$/\1 \2/p' /etc/os-release
        sed -n 's/^GROUP=/GROUP /p' /etc/flatcar/update.conf /usr/share/flatcar/update.conf 2>/dev/null | head -n 1
        update_engine_client -status 2>/dev/null | sed -nE 's/^(CURRENT_OP|NEW_VERSION)=/\1 /p'
        true"""),
    Question("firmware", ("os.firmware_*",), r"""
        cd /sys/class/dmi/id 2>/dev/null || exit 0
        echo "version $(cat bios_version)"
        sed -nE 's|^([01][0-9])/([0-3][0-9])/([0-9]{4})$|date \3-\1-\2|p' bios_date"""),
    # The kernel asks the controller anew, and one that hangs keeps whoever reads.
    Question("controller", ("os.bmc_version",), """
        for path in /sys/devices/platform/ipmi_bmc.*/firmware_revision; do
          [ -e "$path" ] && echo "version $(timeout -k 1 5 cat "$path")"; break
        done; true"""),
    # The tools and files that every other answer rests on: what really runs under each name, and the package that has it. A name may be a link to a
    # program of another name and another package (uutils, alternatives), and a script is run by another program. One that no package vouches for is
    # named as well: nobody can tell what it is.
    Question("altered", ("os.altered_files",), r"""
        really() { # NAME...: the files that run when they are called
          for name in "$@"; do command -v "$name"; done | tr '\n' '\0' | xargs -0 readlink -f | sort -u | while read -r path; do
            printf '%s\n' "$path"
            case $(head -c 2 "$path" | tr -d '\0') in '#!') readlink -f "$(sed -n '1s|^#! *\([^ ]*\).*|\1|p' "$path")" ;; esac
          done | sort -u
        }
        names="uname dpkg dpkg-query apt-cache systemctl cat stat readlink cut head tr sort date md5sum sha256sum grep sed awk sh rpm dnf zypper"
        if command -v dpkg >/dev/null; then
          # Only programs and os-release: what else the packages hold says nothing here, and takes its time to be read.
          for package in base-files coreutils gnu-coreutils coreutils-from-uutils rust-coreutils dpkg apt systemd kmod grub2-common linux-base \
              dash mawk gawk grep sed; do
            sed -nE '/  (.*\/)?s?bin\/|os-release$/p' "/var/lib/dpkg/info/$package.md5sums" 2>/dev/null
          done | ( cd / && md5sum --check --quiet 2>/dev/null ) | sed -n 's|^\(.*\): FAILED.*|??5?????? /\1|p'
          present=$(really $names | tr '\n' '\0' | xargs -0 md5sum | sed 's|  /|  |; s|  usr/|  |')
          wanted=$(printf '%s\n' "$present" | sed 's/^[^ ]*  //' | tr '\n' '|')
          { grep -hsE "  (usr/)?(${wanted%|})\$" /var/lib/dpkg/info/*.md5sums | sed 's|  usr/|  |'; echo; printf '%s\n' "$present"; } |
            awk '!NF { seen = 1; next } !seen { known[$0] = 1 } seen && !($0 in known) { print "??5?????? /usr/" $2 }'
        else
          owners=$(really $names | xargs rpm -qf --qf '%{NAME}\n' | grep -v ' ' | sort -u)
          rpm -V --nomtime --nouser --nogroup --nomode kmod bash $owners "$(rpm -qf --qf '%{NAME}' "$(readlink -f /etc/os-release)")"
          really $names | while read -r path; do rpm -qf "$path" >/dev/null 2>&1 || echo "missing $path"; done
        fi | awk '($1 ~ /^..5/ || $1 == "missing") && $NF ~ /\/s?bin\/|os-release$|^\/(usr\/local|home|opt|root|run|srv|tmp)\// { print $NF }'
        # What is loaded into programs before their own libraries decides what each of them sees.
        vouched() { # LIBRARY: whether a package has it as it is
          case $1 in */*) real=$(readlink -f "$1") ;; *) real=$(ldconfig -p | sed -n "s|.* => \(/.*/$1\)\$|\1|p" | head -n 1) ;; esac
          name=${real#/}
          if command -v dpkg >/dev/null; then
            sum=$(md5sum <"$real" | cut -d' ' -f1)
            grep -qshFx -e "$sum  $name" -e "$sum  ${name#usr/}" /var/lib/dpkg/info/*.md5sums
          else rpm -qf "$real" >/dev/null 2>&1 && [ -z "$(rpm -V --nomtime -f "$real" | awk -v path="$real" '$1 ~ /^..5/ && $NF == path')" ]; fi
        }
        for file in /etc/ld.so.preload /etc/environment /etc/systemd/system.conf /run/systemd/system.conf /usr/local/lib/systemd/system.conf \
            /usr/lib/systemd/system.conf /etc/systemd/system.conf.d/*.conf /run/systemd/system.conf.d/*.conf \
            /usr/local/lib/systemd/system.conf.d/*.conf /usr/lib/systemd/system.conf.d/*.conf /etc/systemd/system*/service.d/*.conf \
            /run/systemd/*/service.d/*.conf /usr/local/lib/systemd/system/service.d/*.conf /usr/lib/systemd/system/service.d/*.conf; do
          [ -f "$file" ] || continue
          if [ "$file" = /etc/ld.so.preload ]; then sed 's/#.*//' "$file"
          else
            sed "/^[[:space:]]*[#;]/d; s/[\"']//g" "$file" | sed -nE 's/^(.*[^A-Za-z_])?LD_(PRELOAD|AUDIT)=//; T; s/ [A-Za-z_]+=.*//p'
            sed "/^[[:space:]]*[#;]/d; s/[\"']//g" "$file" | sed -nE 's/^(.*[^A-Za-z_])?LD_(PRELOAD|AUDIT)=([^=]*)$/\3/p'
          fi | tr -s ': \t' '\n' | grep . | while read -r library; do vouched "$library" || echo "$file"; done
        done
        # So does what is made for processors like this one, and what the generators of systemd's own environment print.
        ldconfig -p | sed -n 's|.* => \(/.*/glibc-hwcaps/.*\)$|\1|p' | sort -u | while read -r library; do
          vouched "$library" || echo "$library"
        done
        for folder in /run /etc /usr/local/lib /usr/lib; do
          for file in "$folder"/systemd/system-environment-generators/*; do
            [ -e "$file" ] && [ "$(readlink -f "$file")" != /dev/null ] && ! vouched "$file" && echo "$file"
          done
        done
        # What is mounted over the kernel's own words, or over files that others of these answers are read from. Engines do so to containers.
        systemd-detect-virt --container --quiet 2>/dev/null || findmnt -rn -o TARGET,FSROOT,FSTYPE | while read -r target part kind; do
          case $target:$kind in
            /proc/*:proc) [ "$part" = "${target#/proc}" ] || echo "$target" ;;
            /sys/*:sysfs) [ "$part" = "${target#/sys}" ] || echo "$target" ;;
            /sys/fs/cgroup:tmpfs) ;;
            /proc/*|/sys/*) case $kind in autofs|binfmt_misc|bpf|cgroup|cgroup2|configfs|debugfs|devtmpfs|efivarfs|fusectl|hugetlbfs|nfsd|pstore|\
resctrl|rpc_pipefs|securityfs|selinuxfs|smackfs|tracefs|xenfs) ;; *) echo "$target" ;; esac ;;
            /etc/hostname:*|/etc/hosts:*|/etc/machine-id:*|/etc/resolv.conf:*) ;;
            /boot/*:tmpfs|/etc/*:tmpfs|/usr/*:tmpfs|/boot/*:ramfs|/etc/*:ramfs|/usr/*:ramfs) echo "$target" ;;
            /boot/grub*|/boot/loader*) case $part:$kind in /:*|*:btrfs|*:zfs|*:bcachefs|*:overlay) [ -f "$target" ] ;; esac && echo "$target" ;;
            /boot/*|/efi/*|/etc/*|/usr/*|/bin/*|/sbin/*|/lib/*|/lib64/*|/var/lib/apt/*|/var/lib/dpkg/*|/var/lib/rpm/*|/var/lib/kpatch/*)
              [ -f "$target" ] && echo "$target" ;;
          esac
        done
        cmp -s /etc/os-release /usr/lib/os-release || echo /etc/os-release""", 120),
    Question("shadowed", ("os.shadowed_programs",), r"""
        # The search paths that logins, sudo and systemd give, as far as they come before the system's own folders.
        {
          sed -nE 's/^ *(export +)?PATH=//p' /etc/environment
          sed -nE 's/^ENV_(SU)?PATH[[:space:]]+(PATH=)?//p' /etc/login.defs
          sed -nE 's/^Defaults.*secure_path *\+?= *//p' /etc/sudoers /etc/sudoers.d/*
          sed -nE 's/^ *(Default|Manager)?Environment=(.*[[:space:]"])?PATH=([^[:space:]"]*).*/\3/p' /etc/systemd/system.conf \
            /run/systemd/system.conf /usr/local/lib/systemd/system.conf /etc/systemd/system.conf.d/* /run/systemd/system.conf.d/* \
            /usr/local/lib/systemd/system.conf.d/* /etc/systemd/system*/service.d/* /run/systemd/*/service.d/* \
            /usr/local/lib/systemd/system/service.d/*
        } 2>/dev/null | tr -d "\"'" | while read -r path; do
          case ":$path:" in *:/usr/bin:*|*:/bin:*|*:/usr/sbin:*|*:/sbin:*) ;; *) continue ;; esac
          printf '%s\n' "$path" | tr ':' '\n' | sed -n '/^\/usr\/s\{0,1\}bin\/*$/q; /^\/s\{0,1\}bin\/*$/q; /^\//p'
        done | sort -u | { cat; echo /usr/local/sbin; echo /usr/local/bin; } | sort -u | while read -r before; do
          for path in "$before"/*; do
            [ -f "$path" ] && [ -x "$path" ] || continue
            for folder in /usr/sbin /usr/bin /sbin /bin; do [ -e "$folder/${path##*/}" ] && echo "$path" && break; done
          done
        done
        # The linker takes the first library of a name that its cache has.
        ldconfig -p 2>/dev/null | awk -F' => ' 'NF == 2 {
          if ($2 !~ /^(\/usr)?\/lib(32|64|x32)?\//) { if (!($1 in first)) first[$1] = $2 }
          else if ($1 in first) found[first[$1]] = 1
        } END { for (path in found) print path }'; true"""),
)

BOOT = (
    Question("reboot_signs", ("boot.reboot_required",), """
        for path in /run/reboot-required /var/run/reboot-required /run/reboot-needed /boot/do_purge_kernels; do
          [ -e "$path" ] && [ "$path" != /boot/do_purge_kernels ] && echo "$path exists"
        done
        if command -v needs-restarting >/dev/null; then needs-restarting -r >/dev/null || echo "needs-restarting -r says so"; fi
        if command -v zypper >/dev/null; then zypper needs-rebooting >/dev/null 2>&1; [ $? -eq 102 ] && echo "zypper needs-rebooting says so"; fi
        true"""),
    Question("uptime", ("boot.uptime_days",), "echo \"uptime $(cut -d. -f1 /proc/uptime)\"; sed -n 's/^btime /booted /p' /proc/stat; date +'now %s'"),
    Question("secure_boot", ("boot.secure_boot",), """
        if [ -d /sys/firmware/efi ]; then echo "firmware efi"; else echo "firmware bios"; fi
        for path in /sys/firmware/efi/efivars/SecureBoot-*; do [ -r "$path" ] && echo "variable $(od -An -tu1 -j4 -N1 "$path")"; done
        command -v mokutil >/dev/null && echo "mokutil $(mokutil --sb-state 2>&1 | head -n 1)"; true"""),
    Question("kexec", ("boot.kexec_loaded",), """
        for path in /sys/kernel/kexec_loaded /sys/kernel/kexec/loaded; do [ -e "$path" ] && { cat "$path"; exit; }; done
        # A kernel that was built without kexec has no file, and no function of this name.
        grep -q ' [Tt] kernel_restart$' /proc/kallsyms || { echo "no file says it, and the kernel does not list its functions" >&2; exit 3; }
        grep -q ' [Tt] kernel_kexec$' /proc/kallsyms && { echo "the kernel has kexec, and no file says whether one is loaded" >&2; exit 3; }
        echo 0"""),
    # Variables as they are, each on a line: its name, its bytes in base64 without the four of its attributes.
    Question("efi_variables", ("boot.trust.*",), """
        [ -d /sys/firmware/efi ] || { echo "firmware other"; exit 0; }
        echo "firmware efi"
        cd /sys/firmware/efi/efivars || exit 3
        for name in SecureBoot SetupMode PK db dbx MokSBStateRT SbatLevelRT; do
          for path in "$name"-*; do [ -e "$path" ] && echo "$name $(tail -c +5 "$path" | base64 | tr -d '\\n')"; done
        done
        for path in Mok* SbatPolicy* SSPPolicy*; do
          case ${path%-????????-????-????-????-????????????} in
            MokNew|MokDel|MokSB|MokPW|MokDB|MokAuth|MokXNew|MokXDel|MokXAuth|MokListTrustedNew|SbatPolicy|SSPPolicy) echo "asks ${path%%-*}" ;;
          esac
        done
        # The first bit asks for the firmware's own setup.
        for path in OsIndications-*; do [ -e "$path" ] && [ $(($(od -An -tu1 -j4 -N1 "$path") % 2)) = 1 ] && echo "asks OsIndications"; done
        command -v mokutil >/dev/null && echo "mokutil $(mokutil --sb-state 2>&1 | head -n 1)"; true"""),
    Question("boot_copies", ("boot.trust.stale_components",), """
        [ -d /sys/firmware/efi ] || { echo "firmware other"; exit 0; }
        findmnt -rn -t vfat -o TARGET | while read -r root; do
          [ -d "$root/EFI" ] && ls "$root"/EFI/* >/dev/null && echo "partition $root"
        done | grep . || exit 3
        for copy in /usr/lib/shim/shim*.efi.signed /usr/lib/shim/mm*.efi.signed /usr/lib/grub/*-signed/grub[a-z]*[0-9].efi.signed; do
          [ -e "$copy" ] || continue
          name=$(basename "$copy" .signed)
          findmnt -rn -t vfat -o TARGET | while read -r root; do
            for path in "$root"/EFI/debian/"$name" "$root"/EFI/ubuntu/"$name"; do
              [ -e "$path" ] && { cmp -s "$path" "$copy" || echo "differs $path"; }
            done
          done
        done; true"""),
    Question("cmdline", ("boot.cmdline_*", "cpu.mitigations_disabled", "live_patch.lost_on_reboot"), "cat /proc/cmdline"),
    Question("grub_env", _BOOT, """
        for tool in grub-editenv grub2-editenv; do
          if command -v "$tool" >/dev/null; then "$tool" - list; exit; fi
        done; exit 3"""),
    Question("grub_menu", _BOOT, """
        # SUSE's GRUB reads from the default subvolume of btrfs, which need not be the one that runs.
        root=
        if [ "$(stat -f -c %T /)" = btrfs ]; then
          next=$(btrfs subvolume get-default / | sed -n 's|.* path \\(.*\\.snapshots/[0-9]*/snapshot\\)$|\\1|p')
          [ -z "$next" ] || [ "/${next#/}" = "$(findmnt -no FSROOT /)" ] || root=/.snapshots/${next#*.snapshots/}
        fi
        for folder in "$root/boot/grub" "$root/boot/grub2"; do
          [ -e "$folder/grub.cfg" ] || continue
          cat "$folder/grub.cfg" || exit
          [ ! -e "$folder/custom.cfg" ] || cat "$folder/custom.cfg"
          exit
        done; echo "there is no grub.cfg in /boot/grub or /boot/grub2" >&2; exit 3"""),
    # What else the menu reads, by the path that stands there.
    Question("grub_files", _BOOT, r"""
        for folder in /boot/grub /boot/grub2; do
          [ -e "$folder/grub.cfg" ] || continue
          sed -nE 's/^(.*[[:space:];])?(source|configfile|\.)[[:space:]]+([^[:space:];]+).*$/\3/p' "$folder/grub.cfg" |
            tr -d "\"'" | sort -u | while read -r path; do
            path=$(printf %s "$path" | sed -E 's/^\$\{?(prefix|config_directory)\}?/$prefix/; s/^\([^)]*\)//; s/^\$\{?root\}?//')
            case $path in '$prefix'/*) file=$folder${path#?prefix} ;; *) file=$path; mountpoint -q /boot && file=/boot$path ;; esac
            [ -f "$file" ] && { printf '=%s\n' "$path"; sed 's/^/|/' "$file"; }
          done
          exit 0
        done; exit 3"""),
    # GRUB's own blscfg is a part of its module blsuki, and has the order of sort -V.
    Question("boot_entries", _BOOT, """
        cd /boot/loader/entries 2>/dev/null || exit 3
        set -- *.conf; [ -e "$1" ] || exit 3
        set -- /boot/grub*/*/blsuki.mod; [ -e "$1" ] && [ ! -e "${1%blsuki.mod}blscfg.mod" ] && echo upstream
        printf '%s\\n' *.conf | sort -rV | while read -r path; do echo "=$path"; cat "$path"; echo; done"""),
    # The firmware's own order, and the releases of the kernels that it, or a loader, may start as one file with their initrd.
    Question("boot_order", _BOOT, r"""
        [ -d /sys/firmware/efi ] || { echo "firmware other"; exit 0; }
        command -v efibootmgr >/dev/null && efibootmgr -v
        for path in /boot/efi/EFI/Linux/*.efi /efi/EFI/Linux/*.efi /boot/EFI/Linux/*.efi; do
          [ -e "$path" ] || continue
          release=$(bootctl kernel-inspect "$path" 2>/dev/null | sed -n 's/^ *Version: *//p')
          [ -n "$release" ] || release=$(objcopy -O binary --only-section=.uname "$path" /dev/stdout 2>/dev/null | tr -d '\0')
          printf 'unified %s %s\n' "${path##*/}" "$release"
        done; true"""),
    Question("boot_tools", _BOOT, """
        # kexec-tools: with LOAD_KEXEC a reboot starts a kernel at once.
        if [ -e /etc/init.d/kexec-load ] && command -v kexec >/dev/null; then
          for path in /etc/default/kexec /etc/default/kexec.d/*; do
            case ${path##*/} in *.*) continue ;; esac
            sed -nE "s/^ *(LOAD_KEXEC|KERNEL_IMAGE|USE_GRUB_CONFIG)=[\\"']?([^\\"' ]*).*/kexec_\\1 \\2/p
              s/^ *APPEND=[\\"']?([^\\"']*).*/kexec_APPEND \\1/p" "$path" 2>/dev/null
          done
        fi
        # U-Boot's menu, what it includes in its place: an include that is not there ends it. A kernel that is not there is passed over.
        extlinux() { # FILE
          awk -v top="$1" 'function show(file,   line, words, at, got) {
              if (reading[file]++) { print "include"; return }
              while ((got = (getline line < file)) > 0) {
                split(line, words); at = tolower(words[1]) == "menu" ? 2 : 1
                if (tolower(words[at]) != "include") print line
                else show(words[at + 1] ~ "^/" ? words[at + 1] : folder words[at + 1])
              }
              if (got < 0) print "include"
              close(file); reading[file] = 0
            }
            BEGIN { folder = top; sub("[^/]*$", "", folder); show(top) }' |
          # The last default counts, wherever it stands; an entry's last kernel too.
          awk '{ key = tolower($1); sub(/#.*/, "", $2) } key == "default" || key == "ontimeout" { wanted = $2 }
            key == "include" { more = 1 }
            key == "label" { name = $2; names[++count] = name }
            key == "menu" && tolower($2) == "default" && count && !marked { marked = name }
            key ~ /^(linux|kernel|fit)$/ && count { image[name] = $2 }
            END { if (more || !count) exit
              chosen = wanted in image ? wanted : marked ? marked : names[1]; print image[chosen]
              for (at = 1; at <= count; at++) if (names[at] != chosen && names[at] in image) print image[names[at]] }' | {
            first=
            while read -r image; do
              [ -n "$first" ] || first=$image
              for file in "$image" "/boot$image" "${1%/*}/$image"; do [ -n "$image" ] && [ -f "$file" ] && break 2; done
              image=; case $(uname -m) in aarch64|arm*|riscv*) ;; *) break ;; esac
            done
            echo "extlinux ${image:-$first}" | grep " ."
          }
        }
        # Where no GRUB can be what starts.
        if [ ! -d /sys/firmware/efi ]; then
          case $(uname -m) in aarch64|arm*|riscv*) ;; *) [ ! -e /boot/grub/grub.cfg ] && [ ! -e /boot/grub2/grub.cfg ] ;; esac &&
          for path in /boot/extlinux/extlinux.conf /extlinux/extlinux.conf /boot/firmware/extlinux/extlinux.conf /boot/extlinux.conf \\
            /boot/syslinux/extlinux.conf /boot/syslinux/syslinux.cfg /boot/syslinux.cfg; do
            [ -e "$path" ] || continue
            extlinux "$path"
            break
          done
        fi
        # zipl's on IBM Z, of which SUSE's only starts a GRUB. What was changed after it ran does not count.
        if [ "$(uname -m)" = s390x ] && [ ! -e /boot/zipl/config ]; then
          for path in /run/zipl/zipl.conf /etc/zipl.conf /lib/s390-tools/zipl.conf; do [ -e "$path" ] && break; done
          if [ -e "$path" ]; then
            next=/sys/firmware/reipl/$(cat /sys/firmware/reipl/reipl_type) this=/sys/firmware/ipl
            echo "zipl_conf $(base64 -w0 "$path")"
            echo "zipl_number $(cat "$next/loadparm" "$next/bootprog" 2>/dev/null | tr '\n' ' ')"
            for name in device wwpn lun fid; do
              [ ! -e "$next/$name" ] || cmp -s "$next/$name" "$this/$name" || echo "zipl_doubt another disk comes next"
            done
            [ -e /boot/bootmap ] || echo "zipl_doubt there is no /boot/bootmap"
            for entry in "$path" /boot/loader/entries/*.conf /boot/vmlinuz*; do
              [ -e "$entry" ] || continue
              [ "$(find "$entry" -newer /boot/bootmap -o -cnewer /boot/bootmap)" ] && echo "zipl_doubt $entry is newer"
              case $entry in *.conf) [ "$entry" = "$path" ] || echo "zipl_entry ${entry##*/} $(base64 -w0 "$entry")" ;; esac
            done
            for path in /boot/vmlinuz /boot/vmlinuz.old; do [ -L "$path" ] && echo "link $path $(readlink -f "$path")"; done
          fi
        fi
        [ -d /sys/firmware/opal ] && echo "petitboot yes"
        # Where nothing says of itself that it started this boot, files of two loaders contradict each other.
        rivals="limine.conf limine/limine.conf EFI/BOOT/limine.conf limine.cfg limine/limine.cfg EFI/BOOT/limine.cfg"
        if [ -d /sys/firmware/efi ]; then
          rivals="$rivals EFI/refind/refind.conf elilo.conf EFI/ZBM etc/zfsbootmenu/config.yaml"
          for path in /sys/firmware/efi/efivars/LoaderInfo-*; do [ -e "$path" ] && rivals=; done
        else rivals="$rivals etc/lilo.conf"; fi
        for folder in / /boot/ /efi/ /boot/efi/; do
          for name in $rivals; do [ -e "$folder$name" ] && echo "rival $folder$name"; done
        done
        command -v grubby >/dev/null && echo "grubby $(grubby --default-kernel)"
        command -v bootctl >/dev/null && [ -d /boot/loader/entries -o -d /efi/loader/entries -o -d /boot/efi/loader/entries ] &&
          bootctl --no-pager list 2>/dev/null | awk '/\\(default\\)/ { chosen = 1 } chosen && $1 == "linux:" { print "bootctl " $2; exit }
            /^ *$/ { chosen = 0 }'
        for path in /sys/firmware/efi/efivars/LoaderEntryOneShot-* /sys/firmware/efi/efivars/BootNext-*; do
          [ -e "$path" ] && echo "one_shot $path"
        done
        # Another root comes next: of ostree's that are staged no loader has an entry yet.
        # One whose finalization is locked is fetched alone: no shutdown makes it the first.
        first=$(ostree admin status 2>/dev/null | sed '/(finalization locked)/d' | grep -E -m 1 '^[* -] [^ ]+ [0-9a-f]{64}[.][0-9]+')
        staged=$(echo "$first" | sed -n 's/^  *[^ ]* \\([0-9a-f]*[.][0-9]*\\) (staged).*/\\1/p')
        for image in /ostree/deploy/*/deploy/"${staged:-none}"/usr/lib/modules/*/vmlinuz; do [ -e "$image" ] && echo "staged $image"; done
        case $first in '* '*) ;; *) [ ! -e /run/ostree-booted ] || echo "other_root ostree" ;; esac
        if [ "$(stat -f -c %T /)" = btrfs ]; then
          next=$(btrfs subvolume get-default / | sed -n 's|.* path \\(.*\\.snapshots/[0-9]*/snapshot\\)$|\\1|p')
          [ -z "$next" ] || [ "/${next#/}" = "$(findmnt -no FSROOT /)" ] || echo "other_root $next"
        fi
        # An x86 image says in its header which kernel it is, whatever it is called.
        told() {
          [ "$(od -An -c -j514 -N4 "$1" 2>/dev/null | tr -d ' ')" = HdrS ] || return 1
          at=$(od -An -tu2 -j526 -N2 "$1")
          tail -c "+$((at + 513))" "$1" | head -c 128 | tr '\\0\\n' '  ' | cut -d' ' -f1
        }
        for path in /boot/vmlinuz-*; do release=$(told "$path") && echo "names ${path##*/} $release"; done
        # Of bootc's images without ostree the kernel's command line names the one that runs, and the options of its entry each other.
        own=$(tr ' ' '\\n' </proc/cmdline | sed -nE 's/^composefs=[?]?([0-9a-f]{64,128})$/\\1/p' | tail -n 1)
        if [ -n "$own" ] && [ ! -e /run/ostree-booted ]; then
          echo "composefs $own"
          echo "bootc $(bootc status --format json 2>/dev/null | tr -d '\\n')"
          for path in /boot/loader/entries*/*.conf /efi/loader/entries*/*.conf /boot/efi/loader/entries*/*.conf; do
            [ -e "$path" ] || continue
            image=$(sed -nE 's/^(linux|efi|uki)[[:space:]]+//p' "$path" | head -n 1)
            digest=$(grep -oE '(composefs=[?]?|bootc_composefs-)[0-9a-f]{64,128}' "$path" | sort -r | head -n 1 | sed 's/.*[-=?]//')
            for image in "${path%/loader/*}/${image#/}" "${path%/loader/*}/../${image#/}"; do
              case $image in
                *.efi) release=$(bootctl kernel-inspect "$image" 2>/dev/null | sed -n 's/^ *Version: *//p') ;;
                *) release=$(told "$image") ;;
              esac
              [ -n "$release" ] && echo "entry $digest $release" && break
            done
          done
        fi
        # proxmox-boot-tool copies kernels to partitions that are not mounted: its own files say which of them boots.
        pinned() { sed -n '1s/^\\([0-9][^ ]*\\) *$/\\1/p' "/etc/kernel/$1" 2>/dev/null; }
        next=$(pinned next-boot-pin)
        if [ -n "$next" ] || [ -s /etc/kernel/proxmox-boot-uuids ]; then
          pin=$(pinned proxmox-boot-pin)
          # It copies its own kernels, those that were added by hand and the running one, where they have an initrd.
          echo "proxmox ${pin:-$(
            { ls /boot | sed -n 's/^vmlinuz-\\([0-9].*-pve\\)$/\\1/p'; cat /etc/kernel/proxmox-boot-manual-kernels 2>/dev/null; uname -r; } |
            while read -r one; do [ -e "/boot/vmlinuz-$one" ] && [ -e "/boot/initrd.img-$one" ] && echo "$one"; done | sort -V | tail -n 1)}"
          [ -n "$next" ] && echo "one_shot $next"
        fi; true"""),
)
