# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about living containers: what the engines' tools list, what only the parents of processes tell, and what nothing explains."""

from __future__ import annotations

from ..asking import Question
from .processes import PROCESSES

# The mount that a file is on: what was run from a mount of the host's own is the host's, also once it was replaced.
MOUNT_OF = """mount_of() { sed -n 's/^mnt_id:[[:space:]]*//p' /proc/self/fdinfo/9 9<"$1"; }"""

# look PID: sets $program, $file (host: the host's own program), $machine and $mounts (empty for the host's own).
_LOOK = MOUNT_OF + PROCESSES + r"""
        same() { [ -n "$1" ] && [ "$1" = "$2" ]; }
        identity_of() { stat -L -c %d:%i "$1" 2>/dev/null; }
        option() {
          tr '\0\t' '\n?' <"/proc/$1/cmdline" | awk -v names="$2" '
            BEGIN { split(names, list, " "); for (i in list) { wanted["-" list[i]] = 1; wanted["--" list[i]] = 1 } }
            $0 == "--exit-command" { exit } found { print; exit } $0 in wanted { found = 1; next }
            { at = index($0, "="); if (at && substr($0, 1, at - 1) in wanted) { print substr($0, at + 1); exit } }'
        }
        # It stands in paths, and who starts a process may tell it what he likes.
        identity_in() { option "$1" id | grep -xE '[A-Za-z0-9][A-Za-z0-9_.-]*'; }
        holds_a_machine() { ls -lN "/proc/$1/fd" 2>/dev/null | grep -qE -- '-> anon_inode:(kvm-vm|mshv_partition)'; }
        host_mounts=$(readlink /proc/1/ns/mnt || readlink /proc/self/ns/mnt)
        look() {
          link=$(readlink -n "/proc/$1/exe" | tr '\000-\037\177' '?'); program=${link% (deleted)}; file=other
          if same "$(identity_of "/proc/$1/exe")" "$(identity_of "$program")"; then file=host
          elif [ "$link" != "$program" ]; then
            mount=$(mount_of "/proc/$1/exe" 2>/dev/null); [ -n "$mount" ] || file=unknown
            same "$mount" "$(mount_of "${program%/*}" 2>/dev/null)" && file=host
          fi
          machine=no; holds_a_machine "$1" && machine=yes
          case $program in *containerd-shim*kata*)
            sandbox=$(identity_in "$1")
            # Of a peer pod the machine is another host's.
            grep -qsE '"(Type|hypervisor_type)": *"remote"' "/run/vc/sbs/$sandbox/persist.json" "/run/kata/$sandbox/state.json" && machine=elsewhere
          esac
          # A jailer starts a copy of a monitor, in a folder of the shim's that is all it sees.
          case ${program##*/} in firecracker*)
            named=$(identity_in "$1")
            for jail in "/run/vc/firecracker/$named/root" "/run/kata/firecracker/$named/root" "/run/kata/$named/root"; do
              [ -n "$named" ] && same "$(identity_of "/proc/$1/root")" "$(identity_of "$jail")" && file=host
            done
          esac
          mounts=$(readlink "/proc/$1/ns/mnt"); [ "$mounts" = "$host_mounts" ] && mounts=
        }"""

# What of a container is seen from the host: PID KIND ENGINE NAMESPACE ID IMAGE RUNTIME NAME.
_DESCRIBE = _LOOK + r"""
        own=$(readlink /proc/1/ns/pid || readlink /proc/self/ns/pid); full=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/1/status)
        users=$(readlink /proc/1/ns/user || readlink /proc/self/ns/user)
        # All that root may, and nothing of /proc hidden: what engines make of "privileged". Root of a user namespace is none of the host's.
        is_privileged() {
          bounding=$(sed -n 's/^CapBnd:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null); bounding=${bounding:-0}
          [ "$bounding" = "$full" ] || [ $((0x$bounding >> 16 & 0x$bounding >> 21 & 1)) = 1 ] || return 1
          [ "$(readlink "/proc/$1/ns/user")" = "$users" ] || return 1
          ! grep -qsE ' /proc/(kcore|keys|timer_list|sched_debug) ' "/proc/$1/mountinfo"
        }
        # crun-vm's monitor is somewhere below the first process, in the same process namespace.
        holds_within() {
          space=$(readlink "/proc/$1/ns/pid")
          for one in /proc/[0-9]*; do
            [ "$(readlink "$one/ns/pid")" = "$space" ] && ls -lN "$one/fd" 2>/dev/null | grep -q -- '-> anon_inode:kvm-vm' && return 0
          done
          return 1
        }
        pauses() {
          case "$(tr '\0' ' ' <"/proc/$1/cmdline")" in
            '/pause '|'/usr/bin/pod '|/catatonit' -P '|/usr/libexec/catatonit/catatonit' -P '|/usr/libexec/podman/catatonit' -P ') return 0 ;;
          esac
          return 1
        }
        # runc of io.containerd.runc.v2, and of the path of a shim.
        short() {
          runtime=${1##*/}; runtime=${runtime%[-.]v[0-9]*}
          case $runtime in *containerd-shim*) runtime=${runtime#*containerd-shim}; runtime=${runtime#-}; echo "${runtime:-runc}" ;;
            *) echo "${runtime##*.}" ;; esac
        }
        in_group() { grep -qE "[/:-]$2(\.scope)?(/|$)" "/proc/$1/cgroup" 2>/dev/null; }
        is_below_a_shim() {
          one=$1
          while [ "${one:-0}" -gt 1 ]; do
            about=$(sed -nE 's/^(Name|PPid):[[:space:]]*//p' "/proc/$one/status" 2>/dev/null)
            case $about in containerd-shim*|docker-containe*|balena-engine-c*) return 0 ;; esac
            one=$(printf '%s\n' "$about" | sed -n 2p)
          done
          return 1
        }
        # first_of PID ID SANDBOX: what of the host's processes a container is. Where a daemon serves it instead of a shim (a sandboxer, as Kuasar's),
        # containerd has the number that it has within its machine, which any process of the host may have: then the monitor of its sandbox, or none.
        first_of() {
          if is_below_a_shim "$1" || in_group "$1" "$2" || holds_a_machine "$1"; then echo "$1"; return; fi
          [ -n "$3" ] && links_of_all exe | sed -nE 's#^([0-9]+) .*/(qemu-|cloud-hypervisor|stratovirt|firecracker)[^/]*$#\1#p' |
            while read -r monitor; do
              started_by_root "$monitor" && tr '\0' '\n' <"/proc/$monitor/cmdline" | grep -qE "(/|^sandbox-)$3([/,]|$)" && echo "$monitor" && break
            done | grep . || echo 0
        }
        describe() {
          pid=$1; kind=$2; look "$1"; shift 2
          processes=own; [ "$(readlink "/proc/$pid/ns/pid")" = "$own" ] && processes=host
          privileged=no; is_privileged "$pid" && privileged=yes
          case $5 in *crun-vm*) file=other; machine=no; holds_within "$pid" && file=host && machine=yes ;; esac
          printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
            "$1" "$2" "$3" "$4" "$5" "$6" "$program" "$processes" "$privileged" "$kind" "$pid" "$file" "$machine" "$mounts"
        }"""

CARRIED = (
    # engine, namespace, id, image, runtime, name, program of its first process, process namespace, privileged, sandbox or container, process,
    # whose file the program is, whether the process holds a machine, mounts
    Question("containers", ("containers.*",), _DESCRIBE + r"""
        if command -v podman >/dev/null; then
          ids=$(podman ps -q --no-trunc)
          [ -n "$ids" ] && podman inspect --type container --format \
              '{{.State.Pid}} {{.IsInfra}} {{.Id}} {{if .OCIRuntime}}{{.OCIRuntime}}{{else}}-{{end}} {{.Name}} {{.ImageName}}' $ids |
            while read -r pid infra id runtime name image; do
            kind=container; [ "$infra" = true ] && kind=sandbox
            # What keeps the pods of a file that a unit plays is no infra container, and does as little.
            pauses "$pid" && printf '%s:%s\n' "$name" "$image" | grep -qE '^[0-9a-f]{12}-service:|:localhost/podman-pause:' && kind=sandbox
            describe "$pid" "$kind" podman "" "$id" "$image" "${runtime##*/}" "$name"
          done
        fi
        docker=$(command -v docker); [ -z "$docker" ] && [ -x /snap/bin/docker ] && docker=/snap/bin/docker
        if [ -n "$docker" ]; then
          ids=$(timeout 10 "$docker" ps -q --no-trunc 2>/dev/null)
          [ -n "$ids" ] && "$docker" inspect --type container --format \
              '{{.State.Pid}} {{.Id}} {{.HostConfig.Runtime}} {{.Name}} {{.Config.Image}} {{index .Config.Labels "io.kubernetes.docker.type"}}' $ids |
            while read -r pid id runtime name image type; do
            kind=container; [ "$type" = podsandbox ] && case $name in /k8s_POD_*) kind=sandbox ;; esac
            describe "$pid" "$kind" docker moby "$id" "$image" "$(short "$runtime")" "${name#/}"
          done
        fi
        ctr=$(command -v ctr)
        for path in /usr/local/bin/ctr /var/lib/rancher/rke2/bin/ctr /var/lib/rancher/k3s/data/current/bin/ctr /snap/microk8s/current/bin/ctr \
            /snap/docker/current/bin/ctr; do
          [ -z "$ctr" ] && [ -x "$path" ] && ctr=$path
        done
        answered=
        for socket in /run/containerd/containerd.sock /run/k3s/containerd/containerd.sock /run/k0s/containerd.sock \
            /var/snap/microk8s/common/run/containerd.sock /run/docker/containerd/containerd.sock /run/snap.docker/containerd/containerd.sock; do
          [ -n "$ctr" ] && [ -S "$socket" ] && names=$(timeout 10 "$ctr" -a "$socket" namespaces ls -q) || continue
          answered=yes
          for space in $names; do
            asked() { "$ctr" -a "$socket" -n "$space" "$@"; }
            engine=containerd; [ "$space" = moby ] && engine=docker
            pods=$(asked containers ls -q 'labels."io.cri-containerd.kind"==sandbox')
            all=$(asked containers ls)
            asked tasks ls | awk 'NR > 1 && $3 != "STOPPED" { print $1, $2 }' | while read -r id pid; do
              kind=container; printf '%s\n' "$pods" | grep -qx -- "$id" && kind=sandbox
              described=$(printf '%s\n' "$all" | awk -v id="$id" '$1 == id { print $2, $3 }')
              labels=$(asked containers info "$id" 2>/dev/null)
              label() { printf '%s\n' "$labels" | sed -n "s|^[[:space:]]*\"$1\": \"\([^\"]*\)\".*|\1|p" | head -n 1; }
              name=$(label io.kubernetes.container.name); name=${name:-$(label nerdctl/name)}; name=${name:-$(label io.kubernetes.pod.name)}
              group=$(label io.kubernetes.pod.namespace)
              pid=$(first_of "$pid" "$id" "$(label SandboxID)")
              describe "$pid" "$kind" "$engine" "$space" "$id" "${described% *}" "$(short "${described#* }")" "${group:+$group/}${name:-$id}"
            done
          done
        done
        # Of what runs in a machine of its own only the engine can tell; what runs on this kernel is seen by who started it.
        shims=$(links_of_all exe | sed -n 's|^\([0-9]*\) .*/containerd-shim-kata.*|\1|p' | while read -r pid; do
          started_by_root "$pid" && sees_the_host "$pid" && echo "$pid"
        done)
        if [ -n "$ctr" ] && [ -z "$answered" ] && [ -n "$shims" ]; then
          echo "containerd does not answer, and sandboxes of it live" >&2; exit 3
        fi
        if command -v lxc-ls >/dev/null; then
          for name in $(lxc-ls --running -1); do describe "$(lxc-info -n "$name" -p -H)" container lxc "" "$name" "" lxc-start "$name"; done
        fi
        for tool in incus lxc; do
          lists=$(command -v "$tool"); [ -z "$lists" ] && [ -x "/snap/bin/$tool" ] && lists=/snap/bin/$tool
          [ -n "$lists" ] && "$lists" list -f csv -c np status=running type=container 2>/dev/null |
            while IFS=, read -r name pid _; do
            engine=$tool; [ "$tool" = lxc ] && engine=lxd
            describe "$pid" container "$engine" "" "$name" "" "$engine" "$name"
          done
        done
        if command -v machinectl >/dev/null; then
          machinectl list --no-legend 2>/dev/null | awk '$2 == "container" { print $1, $3 }' | while read -r name service; do
            engine=nspawn; [ "$service" = libvirt-lxc ] && engine=libvirt_lxc
            describe "$(machinectl show -p Leader --value "$name")" container "$engine" "" "$name" "" "$engine" "$name"
          done
        fi; true""", 120),
    # The same of each process that sees other mounts than the shim or monitor that started it, whichever engine that belongs to: those of a snap or
    # of another user, and those inside of containers, are in no list of a tool's. What was executed in a container later sees the same mounts, and is
    # no first process of a namespace.
    Question("carried", ("containers.*",), _DESCRIBE + r"""
        status_of_all '^(Name|Pid|PPid|NSpid):' | awk '
          /^Name:/ { name = $2 } /^Pid:/ { pid = $2; called[pid] = name } /^PPid:/ { parent[pid] = $2 }
          /^NSpid:/ { later[pid] = !(NF > 2 && $NF == 1) }
          END {
            for (pid in parent) {
              above = called[parent[pid]]
              if (above !~ /^(containerd-shim|docker-containe|balena-engine-c|conmon|crio-conmon|systemd-nspawn$|starter(-suid)?$)/ &&
                  above !~ /^(lxc-start|lxc-execute|lxc-autostart|libvirt_lxc|incusd|lxd)$/) continue
              print later[pid] + 0, pid, parent[pid], above, called[pid]
            }
          }' | sort -k1,1n -k2,2n | {
        seen=" "
        while read -r _ pid parent above name; do
          space=$(readlink "/proc/$pid/ns/mnt") && [ "$space" != "$(readlink "/proc/$parent/ns/mnt")" ] || continue
          case $seen in *" $space "*) continue ;; esac
          look "$pid"
          # A monitor of a sandbox is no container, and neither are its helpers: they are the host's own programs.
          [ "$file" = host ] && case $(readlink "/proc/$parent/exe"):${program##*/} in *-kata*|*:qemu-*|*:virtiofsd) continue ;; esac
          # A pod begins with its pause; what calls itself so later is another program.
          kind=container; [ "$name" = pause ] && case $seen in *" $parent "*) ;; *) kind=sandbox ;; esac
          seen="$seen$space $parent "
          group=; engine=$above; runtime=
          case $above in
            containerd-shim*|docker-containe|balena-engine-c)
              group=$(option "$parent" namespace); engine=containerd; [ "$group" = moby ] && engine=docker
              runtime=$(short "$(readlink "/proc/$parent/exe")") ;;
            *conmon*)
              engine=podman; tr '\0' '\n' <"/proc/$parent/cmdline" | sed '/^--exit-command$/q' | grep -q /crio && engine=crio
              case $above in *conmonrs|crio-*) engine=crio ;; esac
              runtime=$(option "$parent" 'r runtime'); runtime=${runtime##*/} ;;
            systemd-nspawn) engine=nspawn ;; starter*) engine=apptainer ;; lxc-*) engine=lxc ;; incusd) engine=incus ;;
          esac
          # Monitors of LXC's and instances of Apptainer's write over their command lines.
          title=$(tr '\0\001-\037\177' ' ?' <"/proc/$parent/cmdline")
          case $title in '[lxc monitor] '*/incus*) engine=incus ;; '[lxc monitor] '*/lxd*) engine=lxd ;; esac
          called=$(printf '%s\n' "$title" | sed -nE 's/^\[lxc monitor\] [^ ]+ ([^ ]+).*/\1/p; s/^.* forkstart ([^ ]+) .*/\1/p
            s/^(Apptainer|Singularity) instance: .* \[([^]]+)\].*/\2/p')
          identity=$(option "$parent" 'id c cid'); [ -n "$identity" ] || { identity=$(option "$parent" workdir); identity=${identity##*/}; }
          label=$(option "$parent" 'n name M machine'); label=${label:-$called}
          [ -n "$label$identity" ] || { label=$(option "$parent" 'D directory i image'); label=${label%/}; label=${label##*/}; }
          describe "$pid" "$kind" "$engine" "$group" "$identity" "" "${runtime:-$above}" "${label:-$identity}"
        done; }; true""", 120),
    # process, name, user: the first process of a process namespace of its own, or what is alone in another user namespace than its parent
    # (Charliecloud, Enroot), behind another root than its parent's, that no engine carries.
    Question("unexplained", ("containers.shared_kernel",), _LOOK + r"""
        { status_of_all '^(Name|Pid|PPid|Uid|NSpid):'; links_of_all ns/user | sed 's/^/Space: /'
          echo "Own: $(readlink /proc/1/ns/user || readlink /proc/self/ns/user)"; } 2>/dev/null | awk '
          function carries(name) { return name ~ /^(containerd-shim|docker-containe|balena-engine-c|conmon|crio-conmon)/ }
          function has_systems(name) { return name ~ /^(systemd-nspawn|starter(-suid)?|lxc-start|lxc-execute|lxc-autostart|libvirt_lxc|incusd|lxd)$/ }
          /^Name:/ { name = $2 } /^Pid:/ { pid = $2; called[pid] = name } /^Uid:/ { user[pid] = $2 } /^Space:/ { space[$2] = $3 } /^Own:/ { own = $2 }
          /^PPid:/ { parent[pid] = $2; below[$2] = below[$2] " " pid }
          /^NSpid:/ { depth[pid] = NF - 1; is_init[pid] = NF > 2 && $NF == 1 }
          END {
            for (pid in parent) {
              alone = depth[pid] < 2 && space[pid] != "" && space[pid] != own && space[pid] != space[parent[pid]]
              if (!(is_init[pid] || alone) || has_systems(called[parent[pid]])) continue
              # The child of a carrier that this one descends from.
              above = pid
              for (step = 0; step < 64 && (above in parent) && !carries(called[parent[above]]); step++) above = parent[above]
              carrier = (above in parent) && carries(called[parent[above]]) ? parent[above] : 0
              if (carrier && above == pid) continue
              started = ""; pending = below[pid]
              while (split(pending, list, " ") && length(started) < 2000) {
                started = started list[1] ","; sub(/^ *[0-9]+/, "", pending); pending = pending below[list[1]]
              }
              print pid, parent[pid], user[pid], carrier, above, started ".", called[pid]
            }
          }' | while read -r pid parent user carrier above started name; do
          root=$(identity_of "/proc/$pid/root") && [ "$root" != "$(identity_of "/proc/$parent/root")" ] || continue
          # What a carrier started in its own mounts is a helper of it, and so is what that started.
          [ "$carrier" != 0 ] && [ "$(readlink "/proc/$above/ns/mnt")" = "$(readlink "/proc/$carrier/ns/mnt")" ] && continue
          look "$pid"
          [ "$file" = host ] && case ${program##*/} in virtiofsd|qemu-*|firecracker*|cloud-hypervisor*) continue ;; esac
          # A program of the host's that shut itself in: nothing is mounted that it could see, and all that it started are such programs too.
          if [ "$(wc -l <"/proc/$pid/mountinfo")" -le 1 ]; then
            others=
            for one in "$pid" $(printf %s "${started%.}" | tr , ' '); do look "$one"; [ "$file" = host ] || others=yes; done
            [ -z "$others" ] && continue
          fi
          printf '%s\t%s\t%s\n' "$pid" "$name" "$user"
        done; true""", 60),
)
