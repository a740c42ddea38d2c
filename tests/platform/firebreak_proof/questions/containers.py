# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about containers, their engines, and Kata Containers."""

from __future__ import annotations

from ..asking import Question
from .carried import CARRIED
from .dumps import DUMPS
from .processes import PROCESSES
from .sandboxes import SANDBOXES

# What is said of configurations needs to know which ones the handlers name.
CONFIGURED = ("kata.hardening", "kata.drop_ins", "kata.stray_drop_ins", "kata.unknown_keys", "kata.stale_sandboxes", "kata.guest_kernel")

CONTAINERS = (
    # engine, path, package, version
    Question("engines", ("containers.*",), r"""
        for path in /usr/bin/containerd /usr/sbin/containerd \
            /usr/local/bin/containerd /usr/bin/dockerd /usr/sbin/dockerd /usr/local/bin/dockerd /usr/bin/crio \
            /usr/local/bin/crio /usr/bin/podman /usr/local/bin/podman; do
          [ -e "$path" ] || continue
          kind=${path##*/}; [ "$kind" = dockerd ] && kind=docker
          if command -v dpkg-query >/dev/null; then
            owner=$(dpkg-query -S "$path" 2>/dev/null | head -n 1 | sed 's/:.*//')
            version=; [ -n "$owner" ] && version=$(dpkg-query -W -f '${Version}' "$owner")
          else
            owner=$(rpm -qf --qf '%{NAME}' "$path" 2>/dev/null) || owner=
            version=; [ -n "$owner" ] && version=$(rpm -q --qf '%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}' "$owner")
          fi
          printf '%s\t%s\t%s\t%s\n' "$kind" "$path" "$owner" "$version"
        done; true"""),
    # engine, process, program, whether it runs the file that is there now
    Question("daemons", ("containers.engine_stale",), PROCESSES + r"""
        links_of_all exe | while read -r pid path; do
          program=${path% (deleted)}
          case ${program##*/} in containerd|crio|podman) kind=${program##*/} ;; dockerd) kind=docker ;;
            # k3s is several programs: its first word says which.
            k3s) [ "$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n '1s|.*/||;1p')" = containerd ] || continue; kind=containerd ;;
            *) continue ;; esac
          started_by_root "$pid" || continue
          if [ "$(stat -L -c '%d:%i' "/proc/$pid/exe")" = "$(stat -L -c '%d:%i' "$program" 2>/dev/null)" ]; then state=installed
          # One in a container has files of its own. A snap's sees another root too, and the very file at its path.
          elif ! sees_the_host "$pid"; then continue
          # Another file that holds the same is what was there before.
          elif [ -r "$program" ] && [ "$(md5sum <"/proc/$pid/exe")" = "$(md5sum <"$program")" ]; then state=installed
          else state=replaced; fi
          # A snap keeps the files of its former revision.
          case $program in /snap/*/*/*)
            of=${program#/snap/}; of=${of%%/*}
            case $program in "$(readlink -f "/snap/$of/current")"/*) ;; *) state=replaced ;; esac
          esac
          printf '%s\t%s\t%s\t%s\n' "$kind" "$pid" "$program" "$state"
        done; true"""),
    *CARRIED,
)

KATA = (
    Question("kata", ("kata.*",), """
        [ -L /opt/kata ] && echo "link $(readlink -f /opt/kata)"
        if [ -r /opt/kata/VERSION ]; then echo "version $(head -n 1 /opt/kata/VERSION)"
        else
          for path in /opt/kata/runtime-rs/bin/containerd-shim-kata-v2 /opt/kata/bin/containerd-shim-kata-v2; do
            [ -x "$path" ] && "$path" --version 2>/dev/null | sed -n 's/.*version: \\([0-9][0-9A-Za-z.+~-]*\\).*/version \\1/p' | head -n 1 && break
          done
        fi
        for path in /opt/kata/bin/containerd-shim-kata-v2 /opt/kata/runtime-rs/bin/containerd-shim-kata-v2 /usr/bin/containerd-shim-kata-v2 \\
            /usr/local/bin/containerd-shim-kata-v2 /opt/kata-*/bin/containerd-shim-kata-v2; do
          [ -e "$path" ] && echo "shim $path" && break
        done
        for path in /opt/kata-*; do [ -d "$path" ] && echo "tree $path"; done; true"""),
    SANDBOXES,
    Question("handlers", ("kata.handlers", "kata.dead_handlers", "kata.unloaded_handlers", *CONFIGURED), DUMPS + r"""
        dumped=$(dumps) && read_by_crio=$(crios) || exit 3
        printf '%s\n# CRI is served\n' "$dumped" | runtimes
        printf '%s\n' "$read_by_crio" | runtimes"""),
    # there or absent, and a path; there and a type whose shim the engine finds, or the name of a runtime of CRI-O's whose program CRI-O finds
    Question("handler_files", ("kata.dead_handlers",), DUMPS + r"""
        read_by_crio=$(crios) || exit 3
        printf '%s\n' "$read_by_crio" | crio_sought | while read -r name; do [ -n "$(crio_finds "$name")" ] && echo "there $name"; done
        said=$({ dumps; printf '%s\n' "$read_by_crio"; } | runtimes; dockers_words)
        printf '%s\n' "$said" |
          sed -nE 's/^[[:space:]]*(runtime_path|runtime_type|ConfigPath|runtime_config_path) = ["'"'"'](\/[^"'"'"']+)["'"'"'].*/\2/p' | sort -u |
          while read -r path; do if [ -e "$path" ]; then echo "there $path"; else echo "absent $path"; fi; done
        printf '%s\n' "$said" | sed -nE 's/^[[:space:]]*runtime_type = ["'"'"']([^"'"'"'\/]+\.[^"'"'"'\/]+)["'"'"'].*/\1/p' | sort -u |
          while read -r type; do
            name=${type%.*}; name=containerd-shim-${name##*.}-${type##*.}
            containerds | cut -f 3 | tr ':' '\n' | sort -u | while read -r folder; do
              [ -n "$folder" ] && [ -x "$folder/$name" ] && echo "there $type" && break
            done
          done; true"""),
    # engine, and its configuration where that is not the usual one, or Docker's runtime, and what became of the handlers that are written there.
    # The inode's own time: a file may be put there with the time that it had elsewhere.
    Question("engine_state", ("kata.unloaded_handlers",), DUMPS + r"""
        others=$(containerds | awk -F '\t' '$2 != "/etc/containerd/config.toml" && $2 !~ /^(\/var)?\/run\// { print $4, $2 }')
        printf '%s\n' "$others" | while read -r pid config; do
          [ -n "$config" ] && cat "$config" "${config%/*}"/*.d/* 2>/dev/null | grep -q kata || continue
          if [ "$pid" = - ]; then
            printf '%s\n' "$others" | while read -r one other; do
              [ "$one" != - ] && [ "$(readlink -f "$other")" = "$(readlink -f "$config")" ] && echo runs
            done | grep -q runs || echo "containerd:$config inactive"
            continue
          fi
          ticks=$(sed 's/^.*) //' "/proc/$pid/stat" | cut -d' ' -f 20)
          began=$(awk -v now="$(date +%s.%N)" -v ticks="$ticks" '{ printf "%d", now - $1 + ticks / 100 }' /proc/uptime)
          changed=$(stat -c %Z "$config" "${config%/*}"/*.d/*.toml 2>/dev/null | sort -n | tail -n 1)
          # A distribution writes the file anew right before each start.
          if [ "${changed:-0}" -gt $((began + 1)) ]; then echo "containerd:$config changed"; else echo "containerd:$config loaded"; fi
        done
        # By numbers: a date in words names a time zone, and what an abbreviation of one means differs from tool to tool.
        began() {
          ticks=$(sed 's/^.*) //' "/proc/$1/stat" | cut -d' ' -f 20)
          awk -v now="$(date +%s.%N)" -v ticks="$ticks" '{ printf "%d", now - $1 + ticks / 100 }' /proc/uptime
        }
        in_containerd() {
          grep -rqs kata /etc/containerd && { [ -x /usr/bin/containerd ] || [ -x /usr/local/bin/containerd ]; } || return
          pid=$(systemctl show -p MainPID --value containerd)
          if [ "${pid:-0}" = 0 ]; then echo "containerd inactive"; return; fi
          other=$(tr '\0' '\n' <"/proc/$pid/cmdline" |
            awk 'wanted { print; exit } { wanted = /^--?c(onfig)?$/ } sub(/^--?c(onfig)?=/, "") { print; exit }')
          if [ "${other:-/etc/containerd/config.toml}" != /etc/containerd/config.toml ]; then echo "containerd elsewhere"; return; fi
          changed=$(stat -c %Z /etc/containerd/*.toml /etc/containerd/*.d/*.toml 2>/dev/null | sort -n | tail -n 1)
          if [ "${changed:-0}" -gt "$(began "$pid")" ]; then echo "containerd changed"; else echo "containerd loaded"; fi
        }
        in_containerd
        # CRI-O reads its files anew when it is told to reload, and says what it has.
        in_crio() {
          read_by_crio=$(crios) || exit 3
          wanted=$(printf '%s\n' "$read_by_crio" | for_machines); pid=$(crio_pid)
          case $wanted in *kata*) ;; *) return ;; esac
          if [ -z "$pid" ]; then command -v crio >/dev/null && echo "crio inactive"; return; fi
          changed=$(crio_places | while read -r file; do stat -c %Z "$file"; done | sort -n | tail -n 1)
          if [ "${changed:-0}" -gt "$(began "$pid")" ]; then
            now=$(timeout 10 crio status config 2>/dev/null | for_machines)
            [ -n "$now" ] && has_all "$now" "$wanted" || { echo "crio changed"; return; }
          fi
          echo "crio loaded"
        }
        in_crio
        if dockers_words | grep -q kata; then
          docker=$(command -v docker); [ -z "$docker" ] && [ -x /snap/bin/docker ] && docker=/snap/bin/docker
          known=$([ -n "$docker" ] && timeout 10 "$docker" info --format '{{range $name, $_ := .Runtimes}}{{println $name}}{{end}}' 2>/dev/null) ||
            echo "docker inactive"
          printf '%s\n' "$known" | while read -r name; do [ -n "$name" ] && echo "docker:$name loaded"; done
        fi; true"""),
    Question("kata_others", ("kata.other_installers",), DUMPS + r"""
        for path in /etc/containerd/conf.d/*kata-deploy* /etc/containerd/containerd.d/*kata-deploy* /etc/k0s/containerd.d/*kata-deploy* \
            /etc/crio/crio.conf.d/99-kata-deploy* /opt/kata*/containerd/config.d/*kata-deploy* /etc/containerd/*.kata-deploy-created \
            /var/lib/rancher/*/agent/etc/containerd/config*.toml.d/*kata-deploy* /var/lib/rancher/*/agent/etc/containerd/*.kata-deploy-created \
            /var/snap/microk8s/current/args/*.kata-deploy-created /var/snap/microk8s/current/args/containerd-template.toml.bak; do
          [ -e "$path" ] && echo "$path"
        done
        # Where it writes into the file itself, it copies what was there aside.
        { containerds | cut -f 2; printf '%s\n' /etc/containerd/config.toml /var/lib/rancher/*/agent/etc/containerd/config*.toml.tmpl; } | sort -u |
          while read -r file; do
          [ -f "$file.bak" ] && ! grep -q kata "$file.bak" && [ -f "$file" ] &&
            sed '/^# BEGIN handlers of the role kata/,/^# END handlers of the role kata/d' "$file" | grep -q kata && echo "$file.bak"
        done
        for name in kata-runtime kata-containers; do
          if command -v dpkg-query >/dev/null; then dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$name" 2>/dev/null | sed -n 's/^.i. //p'
          else rpm -q --qf '%{NAME}\n' "$name" 2>/dev/null | grep -v 'not installed'; fi
        done; true"""),
)
