# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about the files of Kata Containers: what shims read, and what the standard names by its hash."""

from __future__ import annotations

from ..asking import Question
from .containers import CONFIGURED
from .dumps import DUMPS
from .sandboxes import PLACES

# Where the shims in Go, and those in Rust, look when nobody names a configuration; the first that is there counts.
DEFAULTS = {
    "go": ("/etc/kata-containers/configuration.toml", "/opt/kata/share/defaults/kata-containers/configuration.toml",
           "/usr/share/defaults/kata-containers/configuration.toml", "/usr/share/kata-containers/defaults/configuration.toml"),
    "rust": ("/etc/kata-containers/runtime-rs/configuration.toml", "/usr/share/defaults/kata-containers/runtime-rs/configuration.toml",
             "/opt/kata/share/defaults/kata-containers/runtime-rs/configuration.toml"),
}

KATA_FILES = (
    # shim, as a handler names it, the program at the end of links and scripts, the configuration that a script gives it, whether that is a default
    # one, whether it is that in Rust; configuration, its path, its file, its text; drop_in, that file, the drop-in, its kind, owner and mode, its
    # text; place, each of those files and each path that they name (see there); and Docker's handlers
    Question("configurations", (*CONFIGURED, "kata.handlers", "kata.dead_handlers", "kata.unloaded_handlers"), DUMPS + PLACES + rf"""
        text() {{ base64 -w0 <"$1"; }}
        dumped=$(dumps) && read_by_crio=$(crios) || exit 3
        defaults="{" ".join(path for paths in DEFAULTS.values() for path in paths)}"
        folders=$(containerds | cut -f 3 | tr ':' '\n' | awk '$0 != "" && !seen[$0]++')
        sought() {{ for folder in $folders; do [ -x "$folder/$1" ] && echo "$folder/$1" && break; done; }}
        named() {{ sed -nE 's/^[[:space:]]*(runtime_path|runtime_type) = ["'"'"']([^"'"'"']+)["'"'"'].*/\2/p'; }}
        shims=$({{ {{ printf '%s\n' "$dumped" "$read_by_crio"; dockers_words; }} | named; printf '%s\n' "$read_by_crio" | crio_sought; }} |
          sort -u | while read -r named; do
            found=$named
            case $named in /*) ;; containerd-shim-*) found=$(crio_finds "$named") ;;
              *.*) name=${{named%.*}}; found=$(sought "containerd-shim-${{name##*.}}-${{named##*.}}") ;; *) continue ;; esac
            program=$(readlink -f "${{found:-/none/none}}") || continue
            variable=; kept=other
            if [ "$(head -c 2 "$program" 2>/dev/null)" = '#!' ]; then
              variable=$(sed -nE '/^[[:space:]]*#/d; s/.*KATA_CONF_FILE[:=}}-]*["'"'"']?(\/[^"'"'"' }}]+).*/\1/p' "$program" | head -n 1)
              inner=$(sed '/^[[:space:]]*#/d' "$program" | grep -oE '(/[^ "'"'"']+/)?containerd-shim-kata[A-Za-z0-9.-]*' | tail -n 1)
              case $inner in /*|'') ;; *) inner=$(sought "$inner") ;; esac
              [ -n "$inner" ] && program=$(readlink -f "$inner")
              real=$(readlink -f "${{variable:-/none/none}}")
              for path in $defaults; do [ -n "$real" ] && [ "$(readlink -f "$path")" = "$real" ] && kept=default; done
            fi
            # A handler may name any program; one that is not called as a shim of Kata's is not asked.
            rust=no
            case $program in */runtime-rs/*) rust=yes ;; /opt/*) ;;
              */containerd-shim-kata*) timeout 5 "$program" --version 2>/dev/null | grep -q Rust && rust=yes ;; esac
            printf 'shim\t%s\t%s\t%s\t%s\t%s\n' "$named" "$program" "$variable" "$kept" "$rust"
          done)
        printf '%s\n' "$shims"
        printf '%s\n' "$shims" | cut -f 3 | while read -r path; do [ -n "$path" ] && place "$path"; done
        {{ printf '%s\n' "$dumped" "$read_by_crio"
           dockers_words
           printf 'ConfigPath = "%s"\n' $defaults $(printf '%s\n' "$shims" | cut -f 4)
        }} | sed -nE 's/^[[:space:]]*(ConfigPath|runtime_config_path) = ["'"'"'](\/[^"'"'"']+)["'"'"'].*/\2/p' | sort -u |
        while read -r path; do
          file=$(readlink -f "$path") && [ -f "$file" ] || continue
          printf 'configuration\t%s\t%s\t%s\n' "$path" "$file" "$(text "$file")"
          place "${{file%/*}}/config.d"
          for entry in "$file" "${{file%/*}}"/config.d/*; do
            [ -f "$entry" ] && place "$entry" &&
              grep -ohE '^[^#]*=[[:space:]]*("/[^"]+"|'"'/[^']+')" "$entry" | sed 's/^[^#]*=[[:space:]]*.//; s/.$//'
          done | sort -u | while read -r one; do case $one in /*) place "$one" ;; *) printf '%s\n' "$one" ;; esac; done
          for entry in "${{file%/*}}"/config.d/* "${{file%/*}}"/config.d/.[!.]*; do
            if [ -L "$entry" ] || [ -d "$entry" ]; then printf 'drop_in\t%s\t%s\tother\t0\t0\t\n' "$file" "$entry"
            elif [ -f "$entry" ]; then
              printf 'drop_in\t%s\t%s\tfile\t%s\t%s\t%s\n' "$file" "$entry" "$(stat -c %u "$entry")" "$(stat -c %a "$entry")" "$(text "$entry")"
            fi
          done
        done
        dockers | while read -r one; do printf 'docker\t%s\n' "$(printf %s "$one" | base64 -w0)"; done
        [ -e /opt/kata/runtime-rs/bin/containerd-shim-kata-v2 ] && printf 'rust\tyes\n'; true"""),
    Question("kata_files", ("kata.files",), """
        cd /opt/kata || exit 3
        for path; do
          if [ -f "$path" ]; then sha256sum -- "$path" || exit 3; else printf 'absent  %s\\n' "$path"; fi
        done""", 120, "kata.files"),
)
