# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about containers, their engines, and Kata Containers."""

from __future__ import annotations

from ..asking import Question

# What is said of configurations needs to know which ones the handlers name.
CONFIGURED = ("kata.hardening", "kata.drop_ins", "kata.stray_drop_ins", "kata.unknown_keys")

# What of a container is seen from the host: PID KIND ENGINE NAMESPACE ID IMAGE RUNTIME NAME.
_DESCRIBE = r"""
        own=$(readlink /proc/1/ns/pid || readlink /proc/self/ns/pid); full=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/1/status)
        describe() {
          pid=$1; kind=$2; shift 2
          program=$(readlink -n "/proc/$pid/exe" | tr '\000-\037\177' '?')
          processes=own; [ "$(readlink "/proc/$pid/ns/pid")" = "$own" ] && processes=host
          privileged=no; [ "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)" = "$full" ] && privileged=yes
          printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
            "$1" "$2" "$3" "$4" "$5" "$6" "${program% (deleted)}" "$processes" "$privileged" "$kind" "$pid"
        }"""

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
    Question("daemons", ("containers.engine_stale",), r"""
        ls -lq /proc/[0-9]*/exe 2>/dev/null | sed -n 's|^[^/]* /proc/\([0-9]*\)/exe -> \(.*\)$|\1 \2|p' | while read -r pid path; do
          program=${path% (deleted)}
          case ${program##*/} in containerd|crio|podman) kind=${program##*/} ;; dockerd) kind=docker ;;
            # k3s is several programs: its first word says which.
            k3s) [ "$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n '1s|.*/||;1p')" = containerd ] || continue; kind=containerd ;;
            *) continue ;; esac
          [ "$(readlink "/proc/$pid/root")" = / ] || continue
          if [ "$(stat -L -c '%d:%i' "/proc/$pid/exe")" = "$(stat -L -c '%d:%i' "$program" 2>/dev/null)" ]; then state=installed
          # Another file that holds the same is what was there before.
          elif [ -r "$program" ] && [ "$(md5sum <"/proc/$pid/exe")" = "$(md5sum <"$program")" ]; then state=installed
          else state=replaced; fi
          printf '%s\t%s\t%s\t%s\n' "$kind" "$pid" "$program" "$state"
        done; true"""),
    # engine, namespace, id, image, runtime, name, program of its first process, process namespace, privileged, sandbox or container, process
    Question("containers", ("containers.*",), _DESCRIBE + r"""
        ctr=$(command -v ctr)
        for path in /usr/local/bin/ctr /var/lib/rancher/rke2/bin/ctr /snap/docker/current/bin/ctr; do
          [ -z "$ctr" ] && [ -x "$path" ] && ctr=$path
        done
        answered=
        for socket in /run/containerd/containerd.sock /run/k3s/containerd/containerd.sock /run/k0s/containerd.sock \
            /var/snap/microk8s/common/run/containerd.sock /run/docker/containerd/containerd.sock /run/snap.docker/containerd/containerd.sock; do
          [ -n "$ctr" ] && [ -S "$socket" ] && names=$(timeout 10 "$ctr" -a "$socket" namespaces ls -q) || continue
          answered=yes
          for space in $names; do
            asked() { "$ctr" -a "$socket" -n "$space" "$@"; }
            pods=$(asked containers ls -q 'labels."io.cri-containerd.kind"==sandbox')
            all=$(asked containers ls)
            asked tasks ls | awk 'NR > 1 && $3 != "STOPPED" { print $1, $2 }' | while read -r id pid; do
              kind=container; printf '%s\n' "$pods" | grep -qx -- "$id" && kind=sandbox
              described=$(printf '%s\n' "$all" | awk -v id="$id" '$1 == id { print $2, $3 }')
              describe "$pid" "$kind" containerd "$space" "$id" "${described% *}" "${described#* }" "$id"
            done
          done
        done
        # Of what runs in a machine of its own only the engine can tell; what runs on this kernel is seen by who started it.
        shims=$(ls -lq /proc/[0-9]*/exe 2>/dev/null | sed -n 's|^[^/]* /proc/\([0-9]*\)/exe -> .*/containerd-shim-kata.*|\1|p' | while read -r pid; do
          [ "$(stat -L -c %d:%i "/proc/$pid/root")" = "$(stat -L -c %d:%i /)" ] && echo "$pid"
        done)
        if [ -n "$ctr" ] && [ -z "$answered" ] && [ -n "$shims" ]; then
          echo "containerd does not answer, and sandboxes of it live" >&2; exit 3
        fi
        if command -v podman >/dev/null; then
          podman ps --format '{{.IsInfra}} {{.Pid}} {{.ID}} {{.Image}} {{.Names}}' | while read -r infra pid id image name; do
            kind=container; [ "$infra" = true ] && kind=sandbox
            describe "$pid" "$kind" podman "" "$id" "$image" "" "$name"
          done
        fi
        if command -v lxc-ls >/dev/null; then
          for name in $(lxc-ls --running -1); do describe "$(lxc-info -n "$name" -p -H)" container lxc "" "$name" "" lxc "$name"; done
        fi
        for tool in incus lxc; do
          command -v "$tool" >/dev/null && "$tool" list -f csv -c np status=running type=container 2>/dev/null |
            while IFS=, read -r name pid _; do
            describe "$pid" container "$tool" "" "$name" "" "$tool" "$name"
          done
        done
        if command -v machinectl >/dev/null; then
          machinectl list --no-legend 2>/dev/null | awk '$2 == "container" { print $1 }' | while read -r name; do
            describe "$(machinectl show -p Leader --value "$name")" container nspawn "" "$name" "" nspawn "$name"
          done
        fi; true""", 60),
    # The same of each process that sees other mounts than the shim or monitor that started it, whichever engine that belongs to: those of a snap or
    # of another user, and those inside of containers, are in no list of a tool's. What was executed in a container later sees the same mounts.
    Question("carried", ("containers.*",), _DESCRIBE + r"""
        grep -h -E '^(Name|Pid|PPid):' /proc/[0-9]*/status 2>/dev/null | awk '
          /^Name:/ { name = $2 } /^Pid:/ { pid = $2; called[pid] = name } /^PPid:/ { parent[pid] = $2 }
          END {
            for (pid in parent) {
              above = called[parent[pid]]
              if (above ~ /^(containerd-shim|docker-containe|conmon|conmonrs|crio-conmon)/) engine = above ~ /conmon/ ? "podman" : "containerd"
              else if (above == "systemd-nspawn") engine = "nspawn"
              else if (above ~ /^starter(-suid)?$/) engine = "apptainer"
              else if (above ~ /^(lxc-start|lxc-execute|libvirt_lxc|incusd|lxd)$/) engine = "lxc"
              else continue
              print pid, parent[pid], engine, called[pid]
            }
          }' | sort -n | {
        seen=" "
        while read -r pid parent engine name; do
          # The machine monitor of a sandbox is no container, and neither are its helpers.
          case $(readlink "/proc/$parent/exe") in *-kata*) continue ;; esac
          case $name in qemu*|virtiofsd) continue ;; esac
          mounts=$(readlink "/proc/$pid/ns/mnt") && [ "$mounts" != "$(readlink "/proc/$parent/ns/mnt")" ] || continue
          case $seen in *" $mounts "*) continue ;; esac
          seen="$seen$mounts "
          identity=$(tr '\0' '\n' <"/proc/$parent/cmdline" | tr '\t' '?' | awk 'wanted { print; exit }
            /^(-id|-c|--cid|-n|--name|-M|--machine)$/ { wanted = 1 } sub(/^--?(id|cid|name|machine)=/, "") { print; exit }')
          kind=container; [ "$name" = pause ] && kind=sandbox
          describe "$pid" "$kind" "$engine" "" "$identity" "" "" "$identity"
        done; }; true""", 60),
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
    # program, process, whether it is of the release in force, and the guest kernel on its command line
    Question("sandboxes", ("kata.stale_sandboxes", "kata.guest_kernel"), r"""
        named=$({ command -v containerd >/dev/null && containerd config dump; cat /etc/crio/crio.conf /etc/crio/crio.conf.d/*; } 2>/dev/null |
          sed -nE 's/^[[:space:]]*(runtime_path|ConfigPath|runtime_config_path) = ["'"'"'](\/[^"'"'"']+)["'"'"'].*/\2/p' | sort -u |
          while read -r path; do readlink -f "$path"; done)
        trees=" $(readlink -f /opt/kata) $(printf '%s\n' "$named" | sed -nE 's|^(/opt/kata[^/]*)/.*|\1|p' | sort -u | tr '\n' ' ')"
        # What a new sandbox would get, by every configuration that a handler names and what lies beside it.
        kernels=$(printf '%s\n' "$named" | grep '[.]toml$' | while read -r path; do cat "$path" "${path%/*}"/config.d/* 2>/dev/null; done |
          sed -nE 's/^[[:space:]]*kernel[[:space:]]*=[[:space:]]*"([^"]+)".*/\1/p' | while read -r path; do readlink -f "$path"; done)
        ls -lq /proc/[0-9]*/exe 2>/dev/null | sed -n 's|^[^/]* /proc/\([0-9]*\)/exe -> \(/opt/kata.*\)$|\1 \2|p' | while read -r pid path; do
          program=${path% (deleted)}
          if [ "$path" != "$program" ]; then state=replaced
          else
            own=${program#/opt/}; own=/opt/${own%%/*}
            case $trees in *" $own "*) state=current ;; *) state=former ;; esac
          fi
          # A guest's image that is held open, by the machine monitor or by the shim that is one, and was replaced since.
          ls -l "/proc/$pid/fd" 2>/dev/null | grep -q -- '-> /opt/kata.* (deleted)$' && state=replaced
          kernel=$(tr '\0' '\n' <"/proc/$pid/cmdline" | awk 'wanted { print; exit } { wanted = /^--?kernel$/ }')
          resolved=$(readlink -f "$kernel") && kernel=$resolved
          if [ -n "$kernel" ] && [ -n "$kernels" ] && [ "$state" = current ]; then
            printf '%s\n' "$kernels" | grep -qxF -- "$kernel" || state=former
          fi
          # A kernel is read once. An archive gives a file the time that it had there; its birth is when it came.
          written=$(stat -c '%Y %W' "${kernel:-/}" 2>/dev/null | awk '{ print ($1 > $2 ? $1 : $2) }')
          ticks=$(sed 's/^.*) //' "/proc/$pid/stat" | cut -d' ' -f 20)
          began=$(awk -v now="$(date +%s.%N)" -v ticks="$ticks" '{ printf "%d", now - $1 + ticks / 100 }' /proc/uptime)
          [ -n "$kernel" ] && [ "${written:-0}" -gt $((began + 1)) ] && state=replaced
          printf '%s\t%s\t%s\t%s\n' "$program" "$pid" "$state" "$(printf %s "${kernel##*/}" | tr '\000-\037\177' '?')"
        done; true"""),
    # Only the sections about runtimes: others may hold the passwords of registries.
    Question("handlers", ("kata.handlers", "kata.dead_handlers", "kata.unloaded_handlers", *CONFIGURED), r"""
        runtimes() { awk '/^[[:space:]]*\[/ { wanted = /runtimes\./ } wanted'; }
        if command -v containerd >/dev/null; then containerd config dump | runtimes; fi
        cat /etc/crio/crio.conf /etc/crio/crio.conf.d/* /usr/share/containers/crio.conf.d/* 2>/dev/null | runtimes"""),
    Question("handler_files", ("kata.dead_handlers",), r"""
        { command -v containerd >/dev/null && containerd config dump; cat /etc/crio/crio.conf.d/* 2>/dev/null; } |
          awk '/^[[:space:]]*\[/ { wanted = /runtimes\./ } wanted' |
          sed -nE 's/^[[:space:]]*(runtime_path|ConfigPath|runtime_config_path) = ["'"'"'](\/[^"'"'"']+)["'"'"'].*/\2/p' | sort -u |
          while read -r path; do if [ -e "$path" ]; then echo "there $path"; else echo "absent $path"; fi; done
        command -v containerd-shim-kata-v2 >/dev/null && echo "there containerd-shim-kata-v2"; true"""),
    Question("engine_state", ("kata.unloaded_handlers",), r"""
        for engine in containerd crio; do
          [ -x "/usr/bin/$engine" ] || [ -x "/usr/local/bin/$engine" ] || continue
          pid=$(systemctl show -p MainPID --value "$engine")
          if [ "${pid:-0}" = 0 ]; then echo "$engine inactive"; continue; fi
          other=$(tr '\0' '\n' <"/proc/$pid/cmdline" |
            awk 'wanted { print; exit } { wanted = /^--?c(onfig)?$/ } sub(/^--?c(onfig)?=/, "") { print; exit }')
          if [ "$engine" = containerd ] && [ "${other:-/etc/containerd/config.toml}" != /etc/containerd/config.toml ]; then
            echo "$engine elsewhere"; continue
          fi
          # By numbers: a date in words names a time zone, and what an abbreviation of one means differs from tool to tool.
          ticks=$(sed 's/^.*) //' "/proc/$pid/stat" | cut -d' ' -f 20)
          began=$(awk -v now="$(date +%s.%N)" -v ticks="$ticks" '{ printf "%d", now - $1 + ticks / 100 }' /proc/uptime)
          changed=$(stat -c %Y "/etc/$engine"/*.toml "/etc/$engine"/*.conf "/etc/$engine"/*.d/*.toml "/etc/$engine"/*.conf.d/* 2>/dev/null |
            sort -n | tail -n 1)
          if [ "${changed:-0}" -gt "${began:-0}" ]; then echo "$engine changed"; else echo "$engine loaded"; fi
        done; true"""),
    Question("kata_others", ("kata.other_installers",), r"""
        for path in /etc/containerd/conf.d/*kata-deploy* /etc/containerd/containerd.d/*kata-deploy* /etc/k0s/containerd.d/*kata-deploy* \
            /etc/crio/crio.conf.d/99-kata-deploy* /opt/kata*/containerd/config.d/*kata-deploy* /etc/containerd/*.kata-deploy-created \
            /var/lib/rancher/*/agent/etc/containerd/config*.toml.d/*kata-deploy*; do [ -e "$path" ] && echo "$path"; done
        for name in kata-runtime kata-containers; do
          if command -v dpkg-query >/dev/null; then dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$name" 2>/dev/null | sed -n 's/^.i. //p'
          else rpm -q --qf '%{NAME}\n' "$name" 2>/dev/null | grep -v 'not installed'; fi
        done; true"""),
)
