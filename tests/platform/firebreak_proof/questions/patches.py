# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions on live patches: what is loaded, who brings it, what lies on the disk, and who says what of it is a fix."""

from __future__ import annotations

from ..asking import Question

LIVE_PATCH = (
    Question("patches", ("live_patch.*",), """
        [ -d /sys/kernel/livepatch ] && echo "sysfs livepatch"
        for path in /sys/kernel/livepatch/*; do
          [ -d "$path" ] || continue
          name=${path##*/}
          echo "patch $name $(cat "$path/enabled") $(cat "$path/transition") $(cat "/sys/module/$name/taint" 2>/dev/null)"
        done
        echo "tainted $(cat /proc/sys/kernel/tainted)"
        printf '%s\\n' /proc/[0-9]*/task/[0-9]*/patch_state | xargs cat 2>/dev/null | sort | uniq -c | awk '{ print "threads " $2 " " $1 }'
        true"""),
    Question("patch_clients", ("live_patch.*",), r"""
        state() { # NAME UNIT FILE
          [ -e "$3" ] || return
          echo "$1 $(systemctl is-enabled "$2" 2>/dev/null || true)" | head -n 1
        }
        state kpatch kpatch.service /usr/sbin/kpatch
        # Self-built patches need no client, only a unit that loads them; with kpatch, their manifests tell them from others.
        for path in /var/lib/kpatch/$(uname -r)/*.json; do [ -e "$path" ] && echo "self_built " && break; done
        [ -e /usr/sbin/kpatch ] || state self_built kpatch.service /etc/systemd/system/kpatch.service
        state self_built firebreak-live-patch.service /etc/systemd/system/firebreak-live-patch.service
        state canonical snap.canonical-livepatch.canonical-livepatchd.service /snap/bin/canonical-livepatch
        state ksplice uptrack.service /usr/sbin/uptrack-upgrade
        state kernelcare kcare.service /usr/bin/kcarectl
        for path in /usr/bin/klp /usr/sbin/klp /usr/bin/kgr /usr/sbin/kgr; do [ -e "$path" ] && echo "suse static" && break; done
        true"""),
    # What else a service that loads them at boot is told, by files that are not its own.
    Question("patch_units", ("live_patch.lost_on_reboot",), r"""
        # What lies on the disk counts at the next boot, whether or not systemd has read it meanwhile.
        for name in kpatch firebreak-live-patch snap.canonical-livepatch.canonical-livepatchd uptrack kcare; do
          set -- "$name.service.d" service.d; rest=$name
          while [ "$rest" != "${rest%-*}" ]; do rest=${rest%-*}; set -- "$@" "$rest-.service.d"; done
          for folder in /etc/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system; do
            for own; do
              for path in "$folder/$own"/*.conf; do
                [ -e "$path" ] || continue
                what=$(sed -nE 's/^[[:space:]]*(Exec(Start|Condition)|(Condition|Assert)[A-Za-z0-9]+)[[:space:]]*=.*/\1/p' "$path" | head -n 1)
                [ -n "$what" ] && printf '%s\t%s\t%s\n' "$name.service" "$path" "$what"
              done
            done
          done
        done; true"""),
    Question("patch_files", ("live_patch.*",), r"""
        for path in /var/lib/kpatch/*/*.ko* /usr/lib/kpatch/*/*.ko* /lib/modules/*/livepatch/*.ko*; do
          [ -s "$path" ] || continue
          case $(od -An -tx1 -N4 "$path" | tr -d ' \n') in 7f454c46|fd377a58|28b52ffd|1f8b*) ;; *) continue ;; esac
          folder=${path%/*}; [ "${folder##*/}" = livepatch ] && folder=${folder%/*}
          printf '%s\t%s\n' "${folder##*/}" "$path"
        done
        [ "$(cat /proc/sys/kernel/modules_disabled)" = 1 ] && echo "modules_disabled" ; true"""),
    # A daemon's mode counts from its next start on.
    Question("patch_mode", ("live_patch.*",), r"""
        for word in $(cat /proc/cmdline); do case $word in canonical_livepatch_mode=*) echo "word ${word#*=}" ;; esac; done
        [ -r /var/local/canonical_livepatch_mode ] && sed -n 's/^ *canonical_livepatch_mode *= *//; s/[^a-z-]//g; /./{s/^/file /p;q}' \
          /var/local/canonical_livepatch_mode
        true"""),
    # Who says that a patch is a fix: the manifest beside it, the package that owns its file, or its vendor's client.
    Question("patch_contents", ("live_patch.protection", "live_patch.level", "live_patch.lost_on_reboot", "live_patch.next_kernel"), r"""
        tab=$(printf '\t')
        count() { grep -oE 'CVE-[0-9]{4}-[0-9]{4,}' | sort -u | wc -l | tr -d ' '; }
        for path in /var/lib/kpatch/$(uname -r)/*.json; do
          [ -e "$path" ] || continue
          name=${path##*/}; name=${name%.json}
          told=$(sed -n 's/.*"build_id": *"\([0-9a-f]*\)".*/\1/p' "$path" | head -n 1)
          seen=$(od -An -v -tx1 -j16 "/sys/module/$name/notes/.note.gnu.build-id" 2>/dev/null | tr -d ' \n')
          same=yes; [ -n "$told" ] && [ -n "$seen" ] && [ "$told" != "$seen" ] && same=no
          printf 'manifest\t%s\t%s\t%s\n' "$name" "$same" "$(count <"$path")"
        done
        if command -v rpm >/dev/null; then
          rpm -qa --qf '%{NAME}\t%{VERSION}\t%{RELEASE}\n' 'kpatch-patch-[0-9]*' 'kernel-livepatch-[0-9]*' 'kgraft-patch-[0-9]*' \
            'livepatch-[0-9]*' |
          while IFS="$tab" read -r name version release; do
            printf 'package\t%s\t%s\t%s\t%s\n' "$name" "$version" "$release" "$(rpm -q --changelog "$name" | count)"
            rpm -ql "$name" | sed -n "s|.*/\([^/]*\)\.ko.*|file${tab}$name${tab}\1|p"
            # The first package of a kernel holds no fix; whether there is a later one its repositories' caches know.
            case $name-$version-$release in
              kpatch-patch-*-0.*|kernel-livepatch-*-1.0-0.*)
                newest=$(dnf --cacheonly --quiet repoquery --latest-limit 1 --queryformat '%{release}' "$name") ;;
              kernel-livepatch-*-1-*|kgraft-patch-*-1-*) newest=$(zypper --no-refresh --quiet search --details --match-exact "$name" |
                sed -n 's/.*| package *| *\([0-9]*\)-.*/\1/p' | sort -n | tail -n 1) ;;
              *) continue ;;
            esac 2>/dev/null
            printf 'newest\t%s\t%s\n' "$name" "$newest"
          done
        fi
        [ -e /snap/bin/canonical-livepatch ] && /snap/bin/canonical-livepatch status 2>/dev/null |
          sed -n "s/^ *patch \(state\|version\): */canonical${tab}\1${tab}/p"
        if [ -e /usr/bin/kcarectl ]; then
          /usr/bin/kcarectl --info 2>&1 |
            sed -n "s/^kpatch-\(state\|description\): */kernelcare${tab}\1${tab}/p; s/^This kernel doesn't require.*/kernelcare${tab}none${tab}/p"
          [ -r /proc/kcare/cvelist ] && printf 'kernelcare\tcves\t%s\n' "$(count </proc/kcare/cvelist)"
        fi
        for show in /usr/sbin/uptrack-show /usr/bin/uptrack-show; do
          [ -e "$show" ] || continue
          "$show" | sed -n "s/^ *\[\([a-z0-9]*\)\] */ksplice${tab}\1${tab}/p"
          # Only the offline client knows that without its server.
          grep -qE '^ *(skip_apply_after_pkg_install|effective_version)' /etc/uptrack/uptrack.conf 2>/dev/null &&
            "$show" --available | grep -qx None && printf 'ksplice\tnone\t\n'
          break
        done
        true"""),
)
