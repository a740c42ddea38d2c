# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions about kernels, as shell that runs on the host."""

from __future__ import annotations

from ..asking import Question
from .digests import RPM_DIGESTS
from .mitigations import LOOK

_KERNELS = ("mitigations", "kernel.*", "live_patch.*")

# dpkg and rpm may be mere tools on a host that another manager keeps: then they know neither a kernel nor the system's own os-release.
_KEPT = """
        kept() {
          for file in /usr/lib/os-release /etc/os-release; do
            { dpkg-query -S "$file" || rpm -qf "$file"; } >/dev/null 2>&1 && return
          done
          echo "neither dpkg nor rpm keeps the packages of this host" >&2; exit 3
        }"""

KERNEL = (
    Question("running", ("kernel.*", "live_patch.*", "mitigations"), """
        release=$(uname -r); echo "uname $release"; echo "proc $(cat /proc/sys/kernel/osrelease)"; echo "banner $(cat /proc/version)"
        # A live patch may change what /proc/version says; what uname says is cut after 64 characters.
        echo "build $(uname -v)"
        # An x86 image says in its header which build it is.
        image=/boot/vmlinuz-$release
        if [ "$(od -An -c -j514 -N4 "$image" 2>/dev/null | tr -d ' ')" = HdrS ]; then
          at=$(od -An -tu2 -j526 -N2 "$image")
          echo "header $(tail -c "+$((at + 513))" "$image" | head -c 512 | tr '\\0' '\\n' | head -n 1)"
        fi
        [ -r /proc/version_signature ] && echo "signature $(cat /proc/version_signature)"
        for path in "/boot/vmlinuz-$release" "/usr/lib/linux/efi/kernel.efi-$release" "/lib/modules/$release/vmlinuz" \\
          "/usr/lib/modules/$release/vmlinuz" "/lib/modules/$release/kernel"; do
          [ -e "$path" ] || continue
          if command -v dpkg-query >/dev/null; then owner=$(dpkg-query -S "$path" 2>/dev/null | sed -n '/^diversion /!s/[:,].*//p' | head -n 1)
          else owner=$(rpm -qf --qf '%{NAME}' "$path" 2>/dev/null) || owner=; fi
          [ -n "$owner" ] && echo "owner $owner" && exit
        done; true"""),
    Question("stray", ("kernel.stray_images",), _KEPT + """
        owned=
        for path in /boot/vmlinuz-* /boot/vmlinux-[0-9]* /boot/Image-* /boot/zImage-* /boot/bzImage-* /boot/uImage-*; do
          case $path in *\\**|*rescue*) continue ;; esac
          release=${path#/boot/*-}; modules=lib/modules/$release
          if command -v dpkg-query >/dev/null; then
            # The image in /boot may be a copy that a hook made of the one that the package brought.
            owner=$(dpkg-query -S "$path" "/$modules/vmlinu[xz]" "/usr/$modules/vmlinu[xz]" 2>/dev/null |
              sed -n '/^diversion /!s/[:,].*//p' | head -n 1)
            # dpkg remembers the files of a package whose configuration it keeps.
            [ -n "$owner" ] && dpkg-query -W -f '${db:Status-Status}' "$owner" | grep -qE '^(installed|unpacked|half-configured|triggers)'
          else rpm -qf "$path" >/dev/null 2>&1 || rpm -qf "/$modules/vmlinuz" >/dev/null 2>&1; fi && owned=yes || echo "$path"
        done
        [ -n "$owned" ] || kept"""),
    # name, version, release, image, whether the image is there and as packaged
    Question("installed", _KERNELS, _KEPT + RPM_DIGESTS + r"""
        # Without a kernel of a package it matters who keeps them.
        known=$(dpkg-query -S '/boot/vmlinu[xz]-[0-9]*' '/boot/Image-[0-9]*' '*/lib/modules/[0-9]*/modules.builtin' 2>/dev/null
          rpm -qa 'kernel*' linux 'linux-*' 'vzkernel*' 2>/dev/null)
        [ -n "$known" ] || kept
        judge() { # PACKAGE VERSION RELEASE IMAGE PACKAGED-DIGEST TOOL
          if [ ! -s "$4" ]; then state=missing
          elif [ -z "$5" ] || [ -z "$6" ]; then state=unknown
          elif [ "$(digest_of "$6" "$4")" = "$5" ]; then state=packaged
          else state=changed; fi
          printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$state"
        }
        digest() { # PACKAGE FILE
          cat "/var/lib/dpkg/info/$1.md5sums" "/var/lib/dpkg/info/$1:"*.md5sums 2>/dev/null | awk -v file="${2#/}" '$2 == file { print $1; exit }'
        }
        if command -v dpkg-query >/dev/null; then
          # Whose a kernel is, dpkg knows by its files; the links of a merged /usr are in none of its lists.
          dpkg-query -S '/boot/vmlinu[xz]-[0-9]*' '/boot/Image-[0-9]*' '/lib/modules/[0-9]*/vmlinu[xz]' '/usr/lib/modules/[0-9]*/vmlinu[xz]' \
            '/usr/lib/linux/efi/kernel.efi-[0-9]*' 2>/dev/null | grep -v '^diversion ' |
          while read -r line; do
            file=/${line#*: /}; package=${line%%: /*}; package=${package%%,*}; package=${package%%:*}
            case $file in
              /boot/*) release=${file#/boot/*-} ;; */kernel.efi-*) release=${file##*/kernel.efi-} ;; *) release=${file%/*}; release=${release##*/} ;;
            esac
            set -- $(dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$package" | head -n 1)
            case $1 in installed|unpacked|half-configured|triggers-*) ;; *) continue ;; esac
            image=/boot/vmlinuz-$release; [ -e "$image" ] || image=$file
            judge "$package" "$2" "$release" "$image" "$(digest "$package" "$file")" md5sum
          done
        elif command -v rpm >/dev/null; then
          rpm -qa --qf '%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{VERSION}-%{RELEASE}.%{ARCH}\n' 'kernel*' linux 'linux-*' 'vzkernel*' |
          while IFS="	" read -r package version nvr; do
            image=$(rpm -ql "$package-$nvr" | grep -E '^(/usr)?/lib/modules/[^/]+/(vmlinuz|Image)$|^/boot/(vmlinuz|Image)-' | head -n 1)
            [ -n "$image" ] || continue
            case $image in /boot/*) release=${image#/boot/*-} ;; *) release=${image%/*}; release=${release##*/} ;; esac
            packaged=$(rpm -q --qf '[%{FILENAMES}\t%{FILEDIGESTS}\n]' "$package-$nvr" | awk -F'\t' -v path="$image" '$1 == path { print $2 }')
            judge "$package" "$version" "$release" "$image" "$packaged" "$(tool_of "$(rpm -q --qf '%{FILEDIGESTALGO}' "$package-$nvr")")"
          done
        fi""", 60),
    Question("offered", ("kernel.running", "kernel.default_boot", "kernel.update_available"), r"""
        release=$(uname -r)
        if command -v apt-cache >/dev/null; then
          # The meta package of the line is named for the end of the release: the longest end that one is installed for.
          rest=$release; meta=
          while [ -z "$meta" ] && [ "$rest" != "${rest#*-}" ]; do
            rest=${rest#*-}; dpkg-query -W "linux-image-$rest" >/dev/null 2>&1 && meta=linux-image-$rest
          done
          case $release in *-pve) meta=proxmox-default-kernel ;; esac
          [ -n "$meta" ] || meta=linux-image-$(echo "$release" | sed -E 's/^[0-9][^-]*(-[0-9]+)?-//')
          image=$(apt-cache depends --recurse --important "$meta" |
            sed -nE 's/^ *\|?Depends: ((linux-image-(unsigned-)?|proxmox-kernel-)[0-9]+\.[0-9]+[.~+-][^ ]*).*/\1/p' | head -n 1)
          [ -n "$image" ] || { echo "apt knows no package $meta that leads to a kernel" >&2; exit 3; }
          printf '%s\t%s\n' "$image" "$(apt-cache policy "$image" | sed -n 's/^  Candidate: //p')"
          # A kernel from backports gets no update by stable's meta package: what else of such names is on offer.
          line=-${meta#linux-image-}
          apt-cache policy $(apt-cache pkgnames linux-image- | awk -v line="$line" '
            $0 ~ /^linux-image-[0-9]/ && substr($0, length($0) - length(line) + 1) == line') </dev/null | awk '
            /^linux-image-/ { name = $1; sub(":$", "", name) } $1 == "Candidate:" && $2 != "(none)" { print name "\t" $2 }'
        elif command -v dnf >/dev/null; then
          name=$(rpm -qf --qf '%{NAME}' "/lib/modules/$release/vmlinuz") || exit 3
          # dnf5 prints a backslash and a t for \t.
          dnf -C -q repoquery --latest-limit=1 --qf "%{name}$(printf '\t')%{evr}\n" "$name" | tail -n 1
        elif command -v zypper >/dev/null; then
          name=$(rpm -qf --qf '%{NAME}' "/boot/vmlinuz-$release") || exit 3
          zypper --no-refresh -q search -s --match-exact -t package "$name" |
            awk -F' *[|] *' -v name="$name" '$2 == name { print name "\t" $4; exit }'
        else exit 3; fi""", 60),
    # A time stamp is anybody's to touch; the dates in the archives' Release files are signed.
    Question("cache_age", ("kernel.cache_age_hours",), """
        for path in /var/lib/apt/lists/*Release; do
          [ -r "$path" ] && head -n 60 "$path" | sed -n 's/^Date: */made /p; s/^Valid-Until: */until /p'
        done
        newest=
        for path in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/lists/partial /var/lib/apt/lists; do
          [ -e "$path" ] && newest=$(stat -c %Y "$path") && break
        done
        [ -n "$newest" ] || newest=$(
          find /var/cache/dnf /var/cache/libdnf5 /var/cache/zypp/raw -name repomd.xml -exec stat -c %Y {} + 2>/dev/null | sort -n | tail -n 1)
        echo "now $(date +%s)"; [ -n "$newest" ] && echo "stamp $newest" """),
    # Loaded modules from outside of the kernel's tree: the kernels that have them, and whether the running one's file is what is loaded.
    Question("modules", ("kernel.modules_*",), r"""
        running=$(uname -r)
        sed -nE '/\([A-Z+-]*K[A-Z+-]*\)$/d; s/^([^ ]+) .*\([A-Z]*O[A-Z+-]*\)$/\1/p' /proc/modules | while read -r name; do
          for folder in /lib/modules/*/; do
            release=${folder%/}; release=${release##*/}
            modinfo -k "$release" -F filename "$name" >/dev/null 2>&1 && printf 'has\t%s\t%s\n' "$name" "$release"
          done
          printf 'build\t%s\t%s\t%s\n' "$name" "$(cat "/sys/module/$name/srcversion" 2>/dev/null)" \
            "$(modinfo -k "$running" -F srcversion "$name" 2>/dev/null)"
        done; true"""),
    # Kernels whose installation broke off, and those that need an initrd to reach the root and have none.
    Question("incomplete", ("kernel.incomplete",), r"""
        type=$(findmnt -no FSTYPE / | tail -n 1); root=$(tr ' ' '\n' </proc/cmdline | sed -n 's/^root=//p' | tail -n 1)
        for path in /boot/vmlinuz-* /boot/vmlinux-[0-9]*; do
          release=${path#/boot/vmlinu?-}
          case $release in \**|*rescue*) continue ;; esac
          [ -d "/lib/modules/$release" ] || continue
          for initrd in /boot/init*; do
            case ${initrd#/boot/} in initrd.img-"$release"|initramfs-"$release"|initrd-"$release"|initrd-"$release".gz|init*-"$release".img)
              [ -s "$initrd" ] && continue 2 ;; esac
          done
          needs=
          case $root in UUID=*|LABEL=*|ZFS=*|zfs:*|nfs*:*|iscsi:*|live:*|/dev/*/*|/dev/md*|/dev/dm-*) needs="root=$root" ;; esac
          # modinfo says (builtin) of what is part of the image.
          case $(modinfo -k "$release" -F filename "$type" 2>/dev/null) in /*) needs="the module $type" ;; esac
          [ -n "$needs" ] && echo "$release has no initrd, and needs one for $needs"
        done
        if command -v dpkg-query >/dev/null; then
          dpkg-query -S '/boot/vmlinu[xz]-[0-9]*' '/lib/modules/[0-9]*/vmlinu[xz]' '/usr/lib/modules/[0-9]*/vmlinu[xz]' 2>/dev/null |
            sed -n '/^diversion /!s/[:,].*//p' | sort -u | while read -r package; do
            state=$(dpkg-query -W -f '${db:Status-Status}' "$package")
            case $state in half-installed|unpacked|half-configured) echo "$package is $state" ;; esac
          done
        fi; true"""),
    Question("holds", ("kernel.held",), r"""
        if command -v dpkg >/dev/null; then
          dpkg --get-selections | awk '$2 == "hold" { print $1 " is on hold" }'
          apt-cache policy 2>/dev/null | sed -n '/^Pinned packages:/,$p' |
            sed -n 's/^ *\(.*\) -> \(.*\) with priority \(-.*\)$/\1 is pinned away by priority \3/p'
        fi
        # What apt would take with its preferences, and what without: where the two differ, kernels are kept by them.
        kernels=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'linux-image*' 'proxmox-*kernel*' 'pve-kernel*' 2>/dev/null |
          sed -n 's/^installed //p')
        if [ -n "$kernels" ] && command -v apt-cache >/dev/null; then
          taken() { apt-cache "$@" policy $kernels 2>/dev/null | awk '/^[^ ]/ { name = $1 } $1 == "Candidate:" { print name, $2 }'; }
          { taken -o APT::Acquire::Retries=0
            taken -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o APT::Default-Release=; } |
            sort | uniq -u | sed -n 's/^\([^:]*\): .*/\1 is kept by the preferences of apt/p' | sort -u
        fi
        # dnf5 lists its locks in words; its file says what each of them lets through.
        case $(readlink -f "$(command -v dnf)") in ''|*/dnf5) ;; *)
          dnf -C -q versionlock list 2>/dev/null | sed -n 's/^\([^#].*\)/\1 is locked by versionlock/p' ;;
        esac
        [ -s /etc/dnf/versionlock.toml ] && echo "versionlock.toml $(base64 -w0 </etc/dnf/versionlock.toml)"
        # What dnf's files say of packages is read whole, and only where one of them names some.
        folders=$(sed -nE 's/^reposdir[[:space:]]*[=:]//p' /etc/dnf/dnf.conf /etc/yum.conf 2>/dev/null | tr -s ', \t' '\n')
        set -- /etc/dnf/dnf.conf /etc/yum.conf /usr/share/dnf5/libdnf.conf.d/*.conf /etc/dnf/libdnf5.conf.d/*.conf \
          /usr/share/dnf5/repos.override.d/*.repo /etc/dnf/repos.override.d/*.repo
        for folder in /etc/yum.repos.d /etc/distro.repos.d /usr/share/dnf5/repos.d $folders; do set -- "$@" "${folder%/}"/*.repo; done
        if grep -qsE '^(exclude|excludepkgs|includepkgs)[[:space:]]*[=:]' "$@"; then
          for path; do [ -f "$path" ] && echo "dnf $(base64 -w0 <"$path") $path"; done
        fi
        # zypper lists its locks in words of many kinds; what they come to is the mark that it sets at each version.
        if command -v zypper >/dev/null; then
          zypper --no-refresh -q locks 2>/dev/null | awk -F' *[|] *' '$1 ~ /^[0-9]/ { print "zypper lock " $2 }'
          names=$(rpm -qf --qf '%{NAME}\n' /boot/vmlinuz-* /lib/modules/*/vmlinuz /usr/lib/modules/*/vmlinuz 2>/dev/null | grep -v ' ' | sort -u)
          [ -z "$names" ] || zypper --no-refresh -q search -s --match-exact -t package $names |
            awk -F'|' '$3 ~ /package/ { gsub(/ /, ""); print "zypper row " $1 "|" $2 "|" $4 }'
        fi
        true"""),
    Question("watched_modules", ("kernel.modules_blocked",), LOOK + r"""
        for name; do
          name=$(printf %s "$name" | tr - _)
          look "$name"
          printf 'asked\t%s\n' "$name"
        done
        sed 's/^/line\t/' /proc/cmdline""", given="kernel.modules_blocked"),
    Question("managers", ("kernel.managers",), r"""
        if [ -x /usr/bin/unattended-upgrade ]; then
          eval "$(apt-config shell RUNS APT::Periodic::Unattended-Upgrade ENABLED APT::Periodic::Enable)"
          case $(systemctl is-enabled apt-daily-upgrade.timer 2>/dev/null) in masked|disabled) RUNS=0 ;; esac
          [ "${RUNS:-0}" != 0 ] && [ "${ENABLED:-1}" != 0 ] && echo unattended-upgrades
        fi
        on() { systemctl is-enabled "$1" 2>/dev/null | grep -qx enabled; }
        on dnf-automatic-install.timer && echo dnf-automatic
        on dnf-automatic.timer &&
          grep -qsiE '^[[:space:]]*apply_updates[[:space:]]*=[[:space:]]*(yes|true|1|on)' /etc/dnf/automatic.conf && echo dnf-automatic
        for pair in dnf5-automatic:dnf5-automatic.timer transactional-update:transactional-update.timer landscape:landscape-client.service \
            spacewalk:rhnsd.service; do
          on "${pair#*:}" && echo "${pair%%:*}"
        done; true"""),
)
