# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How questions ask every containerd of a host for its configuration: the host's own, and those of the distributions of Kubernetes."""

from __future__ import annotations

from .processes import PROCESSES

# containerds: program, configuration, search path and process of each (-: it does not run).
# dumps: what each makes of its own, after a line that says whether it serves CRI.
# crio_pid: the CRI-O that runs; crio_told: what it was told; crio_places: all files that it reads; crios: their text. They fail where what it was
# told cannot be read. crio_finds NAME: the program of a name that it finds; crio_sought: the names of runtimes without a path that it looks for.
# dockers: the runtimes of each of Docker's files as JSON, and dockers_words the shims and configurations in them.
DUMPS = PROCESSES + r"""
        containerds() {
          links_of_all exe | while read -r pid program; do
            program=${program% (deleted)}
            # k3s is several programs: its first word says which, and beside it is a link that is called so.
            case ${program##*/} in containerd) ;; k3s|microk8s)
              [ "$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n '1s|.*/||;1p')" = containerd ] || continue; program=${program%/*}/containerd ;;
              *) continue ;; esac
            started_by_root "$pid" && sees_the_host "$pid" || continue
            config=$(tr '\0' '\n' <"/proc/$pid/cmdline" |
              awk 'wanted { print; exit } { wanted = /^--?c(onfig)?$/ } sub(/^--?c(onfig)?=/, "") { print; exit }')
            searched=$(tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | sed -n 's/^PATH=//p')
            printf '%s\t%s\t%s\t%s\n' "$program" "${config:-/etc/containerd/config.toml}" "$searched:${program%/*}" "$pid"
          done
          usual=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
          printf "%s\t%s\t$usual\t-\n" "$(command -v containerd)" /etc/containerd/config.toml \
            /var/lib/rancher/k3s/data/current/bin/containerd /var/lib/rancher/k3s/agent/etc/containerd/config.toml \
            /var/lib/rancher/rke2/bin/containerd /var/lib/rancher/rke2/agent/etc/containerd/config.toml \
            /var/lib/k0s/bin/containerd /etc/k0s/containerd.toml \
            /snap/microk8s/current/bin/containerd /var/snap/microk8s/current/args/containerd.toml
        }
        dumps() {
          # What is below /run is Docker's own, which serves no handlers.
          containerds | awk -F '\t' '$1 != "" && $2 !~ /^(\/var)?\/run\//' | while read -r program config searched; do
            [ -x "$program" ] && file=$(readlink -f "$config") && [ -e "$file" ] && printf '%s\t%s\t%s\n' "$program" "$config" "$file"
          done | awk -F '\t' '!seen[$3]++' | while read -r program config _; do
            dump=$(timeout 20 "$program" --config "$config" config dump) || exit 3
            said='CRI is served'
            printf '%s\n' "$dump" | grep -E '^[[:space:]]*disabled_plugins' |
              grep -qE "[\"'](cri|io\.containerd\.grpc\.v1\.cri|io\.containerd\.cri\.v1\.runtime)[\"']" && said='CRI is disabled'
            printf '# %s\n%s\n' "$said" "$dump"
          done
        }
        crio_pid() {
          links_of_all exe | sed -n 's|^\([0-9]*\) .*/crio$|\1|p' | while read -r one; do started_by_root "$one" && echo "$one" && break; done
        }
        # What CRI-O has for an option of two names, else for a variable, else the usual; nothing where it was told that.
        crio_told() {
          [ -n "$crio" ] || { printf '%s\n' "$4"; return; }
          words=$(tr '\0' '\n' <"/proc/$crio/cmdline") || return 3
          if printf '%s\n' "$words" | grep -qE "^--?($1|$2)(=|\$)"; then
            printf '%s\n' "$words" | sed -nE "/^--?($1|$2)\$/{n;p;}; s/^--?($1|$2)=//p" | tail -n 1
            return
          fi
          words=$(tr '\0' '\n' <"/proc/$crio/environ") || return 3
          if printf '%s\n' "$words" | grep -q "^$3="; then printf '%s\n' "$words" | sed -n "s/^$3=//p" | head -n 1
          else printf '%s\n' "$4"; fi
        }
        # All that CRI-O reads, in its order: its own file, and all below its folder.
        crio_places() {
          crio=$(crio_pid)
          main=$(crio_told c config CONTAINER_CONFIG /etc/crio/crio.conf) &&
            folder=$(crio_told d config-dir CONTAINER_CONFIG_DIR /etc/crio/crio.conf.d) || return 3
          case $main: in /*|:) ;; *) return 3 ;; esac
          case $folder: in /*|:) ;; *) return 3 ;; esac
          { printf '%s\n' "$main"; [ -z "$folder" ] || find "$folder" ! -type d 2>/dev/null | LC_ALL=C sort; } |
            while read -r file; do [ ! -f "$file" ] || printf '%s\n' "$file"; done
        }
        crios() {
          crios_files=$(crio_places) || return 3
          printf '%s\n' "$crios_files" | while read -r file; do [ -z "$file" ] || { cat "$file"; echo; }; done
          crios_options
        }
        # Runtimes that it was told by options or variables outrank those in files.
        crios_options() {
          crio=$(crio_pid); [ -n "$crio" ] || return 0
          crio_all runtimes CONTAINER_RUNTIMES | tr ',' '\n' | tr -d ' \t' | awk -F: 'NF >= 3 && NF <= 7 {
            printf "[crio.runtime.runtimes.%s]\nruntime_path = \"%s\"\nruntime_type = \"%s\"\n", $1, $2, $4
            if ($6 != "") printf "runtime_config_path = \"%s\"\n", $6
          }'
          crio_all default-runtime CONTAINER_DEFAULT_RUNTIME | tail -n 1 | sed -n 's/^..*$/default_runtime = "&"/p'
        }
        # All values of an option, else of a variable.
        crio_all() {
          said=$(tr '\0' '\n' <"/proc/$crio/cmdline" | sed -nE "/^--?$1\$/{n;p;}; s/^--?$1=//p")
          [ -n "$said" ] || said=$(tr '\0' '\n' <"/proc/$crio/environ" 2>/dev/null | sed -n "s/^$2=//p" | head -n 1)
          printf '%s\n' "$said"
        }
        crio_finds() {
          crio=$(crio_pid); searched=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
          [ -z "$crio" ] || searched=$(tr '\0' '\n' <"/proc/$crio/environ" | sed -n 's/^PATH=//p' | head -n 1)
          printf '%s\n' "$searched" | tr ':' '\n' | while read -r folder; do
            case $folder in /*) [ -x "$folder/$1" ] && [ ! -d "$folder/$1" ] && echo "$folder/$1" && break ;; esac
          done
        }
        crio_sought() { for_machines | awk -F '\t' '$2 == "" { print $1 }'; }
        # Name, shim and configuration of each runtime for virtual machines in CRI-O's words, of which a later one replaces an earlier one.
        for_machines() {
          runtimes | awk -F'"' '
            { gsub(/\047/, "\"") }
            /^[[:space:]]*\[/ { name = $0; gsub(/^.*runtimes\.|\].*$|[" \t]/, "", name); kind[name] = path[name] = config[name] = "" }
            /^[[:space:]]*runtime_type[[:space:]]*=/ { kind[name] = $2 } /^[[:space:]]*runtime_path[[:space:]]*=/ { path[name] = $2 }
            /^[[:space:]]*runtime_config_path[[:space:]]*=/ { config[name] = $2 }
            END { for (name in kind) if (kind[name] == "vm") print name "\t" path[name] "\t" config[name] }' | sort
        }
        # has_all NOW WANTED: whether each of the wanted runtimes is among those that are now. Without a path CRI-O says the one that it found.
        has_all() {
          printf '%s\n\n%s\n' "$1" "$2" | awk -F'\t' '
            $0 == "" { compares = 1; next }
            !compares { known[$1] = 1; path[$1] = $2; config[$1] = $3; next }
            !($1 in known) || config[$1] != $3 || ($2 != "" && path[$1] != $2) { differs = 1 }
            END { exit differs }'
        }
        # Of Docker's file the runtimes alone: others of its settings may be secret.
        dockers() {
          told=$(links_of_all exe | sed -n 's|^\([0-9]*\) .*/dockerd$|\1|p' | while read -r pid; do
            started_by_root "$pid" || continue
            tr '\0' '\n' <"/proc/$pid/cmdline" | sed -nE '/^--config-file$/{n;p;}; s/^--config-file=//p'
          done)
          for file in /etc/docker/daemon.json /var/snap/docker/current/config/daemon.json $told; do
            [ -f "$file" ] && tr -d '\n' <"$file" | sed -n 's/.*"runtimes"[[:space:]]*:[[:space:]]*{/{/p' | awk '{
              for (at = 1; at <= length($0); at++) {
                depth += (substr($0, at, 1) == "{") - (substr($0, at, 1) == "}"); if (depth == 0) { print substr($0, 1, at); exit }
              } }'
          done
        }
        dockers_words() {
          dockers | grep -oE '"(runtimeType|ConfigPath)"[[:space:]]*:[[:space:]]*"[^"]+"' |
            sed -E 's/^"runtimeType"[^:]*: */runtime_type = /; s/^"ConfigPath"[^:]*: */ConfigPath = /'
        }
        # Only the sections about runtimes: others may hold the passwords of registries.
        runtimes() {
          awk '/^# CRI is / { print; next } /^[[:space:]]*\[/ { wanted = /runtimes\./ } wanted || /^[[:space:]]*default_runtime[[:space:]]*=/'
        }"""
