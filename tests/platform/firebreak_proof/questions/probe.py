# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one question that starts something: a short container under each handler that the standard names, of which nothing stays."""

from __future__ import annotations

from ..asking import Question

# The arguments are the names of handlers. It prints the kernels (host, pinned) and for each handler: probe, its name, the engine, what uname -r
# says inside, and the last word of what went wrong. The container is the host's own busybox; nothing is pulled.
_SHELL = r"""
    work=$(mktemp -d /var/tmp/firebreak-proof.XXXXXX) || exit 3
    space=firebreak-proof image=firebreak-proof/probe id='' loaded=''
    end_probe() {
      [ -n "$id" ] || return 0
      if command -v ctr >/dev/null; then
        ctr -n "$space" task kill --signal KILL "$id"; ctr -n "$space" task rm --force "$id"; ctr -n "$space" containers rm "$id"
      fi >/dev/null 2>&1
      [ -z "$loaded" ] || docker rm --force "$id" >/dev/null 2>&1
      id=''
    }
    leave() {
      end_probe
      [ -z "$loaded" ] || docker rmi --force "$image" >/dev/null 2>&1
      command -v ctr >/dev/null && ctr namespaces rm "$space" >/dev/null 2>&1
      rm -rf "$work"
    }
    trap leave EXIT; trap 'exit 3' TERM INT HUP
    root=$work/root
    mkdir -p "$root/bin" "$root/proc" "$root/dev" "$root/sys" "$root/tmp"
    cp "$(command -v busybox)" "$root/bin/busybox" || { echo "there is no busybox to probe with" >&2; exit 3; }
    kernel=$(readlink -f /opt/kata/share/kata-containers/vmlinux.container)
    printf 'host\t%s\npinned\t%s\n' "$(uname -r)" "${kernel##*/}"
    command -v containerd >/dev/null && containerd config dump >"$work/dump"
    value() { # HANDLER KEY: what containerd's own configuration says
      awk -v handler="$1" -v key="$2" '
        /^[[:space:]]*\[/ { table = $0; gsub(/[^A-Za-z0-9._\]-]/, "", table); sub(/^.*[.]runtimes[.]/, "", table)
                            here = table == handler "]" || table == handler ".options]" }
        here && $1 == key { sub(/^[^=]*=[[:space:]]*./, ""); sub(/.[[:space:]]*$/, ""); print; exit }' "$work/dump"
    }
    in_docker() {
      command -v docker >/dev/null && docker info --format '{{range $name, $_ := .Runtimes}}{{println $name}}{{end}}' | grep -qxF -- "$1"
    }
    # What ends at once can lose its words on the way, so it stays a moment.
    inside='/bin/busybox uname -r; /bin/busybox sleep 1'
    for handler; do
      id=firebreak-proof-$$-$handler said='' shim='' engine=none
      if [ -s "$work/dump" ]; then
        shim=$(value "$handler" runtime_path); [ -n "$shim" ] || shim=$(value "$handler" runtime_type)
      fi
      if [ -n "$shim" ] && command -v ctr >/dev/null; then
        engine=containerd config=$(value "$handler" ConfigPath)
        said=$(timeout 120 ctr -n "$space" run --rm --rootfs --runtime "$shim" ${config:+--runtime-config-path "$config"} "$root" "$id" \
          /bin/busybox sh -c "$inside" 2>"$work/err")
      elif in_docker "$handler"; then
        engine=docker
        [ -n "$loaded" ] || { tar -C "$root" -c . | docker import - "$image" >/dev/null && loaded=yes; }
        said=$(timeout 120 docker run --rm --network none --runtime "$handler" --name "$id" "$image" /bin/busybox sh -c "$inside" 2>"$work/err")
      else
        echo "neither containerd nor Docker has it" >"$work/err"
      fi
      printf 'probe\t%s\t%s\t%s\t%s\n' "$handler" "$engine" "$(printf %s "$said" | tr -d '\r' | head -n 1)" "$(tail -n 1 "$work/err" | tr '\t' ' ')"
      end_probe
    done"""

PROBE = (Question("probes", ("kata.isolation",), _SHELL, 280, "kata.isolation"),)
