#!/bin/sh
# The container runtime below the shims. Under the stand-in's it is a sandbox with a kernel of its own, beside a QEMU that is named, and configured,
# as Kata's is; under any other it is crun. A systemd-nspawn container may neither write control groups nor make keyrings.
for word; do
  [ "$before" != --bundle ] || bundle=$word
  before=$word
done
last=$word
shim=$(readlink "/proc/$PPID/exe")
case $shim in
/opt/kata-*)
  [ -e /srv/kata/shares_the_kernel ] || tree=${shim%/bin/*}
  monitor=/run/stand-in-$last
  ;;
esac
# A key's value in the configuration that the shim was given, else in the shim's own default; later drop-ins win.
setting() {
  sed -n "s/^$1 = \"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}\$/\\1/p" "$configuration" "${configuration%/*}"/config.d/* 2>/dev/null | tail -n 1
}
case " $* " in
*' create '*)
  if [ -n "$tree" ]; then
    configuration=$bundle/configuration.toml
    [ -h "$configuration" ] || configuration=/opt/kata/share/defaults/kata-containers/configuration.toml
    configuration=$(realpath "$configuration")
    [ -r "$configuration" ] || { echo "$configuration: no such configuration" >&2; exit 1; }
    # Outside its own folders it finds nothing by itself.
    export QEMU_MODULE_DIR=/usr/lib/x86_64-linux-gnu/qemu
    sandbox=$(setting seccompsandbox)
    # Forking is among what its sandbox denies, so it does not put itself into the background.
    setsid "$(realpath "$(setting path)")" -name "sandbox-$last,debug-threads=on" -L /usr/share/seabios -L /usr/share/qemu -machine q35,accel=tcg \
      -m "$(setting default_memory)M" -S -nodefaults -no-user-config -display none -kernel "$(realpath "$(setting kernel)")" \
      ${sandbox:+-sandbox "$sandbox"} -pidfile "$monitor" </dev/null >"$bundle/monitor.log" 2>&1 &
    until [ -s "$monitor" ]; do
      kill -0 $! 2>/dev/null || { cat "$bundle/monitor.log" >&2; exit 1; }
      sleep 0.05
    done
  fi
  ;;
*' delete '*) [ -z "$monitor" ] || [ ! -e "$monitor" ] || { kill "$(cat "$monitor")"; rm -f "$monitor"; } ;;
esac
if [ -n "$tree" ]; then exec /usr/bin/runsc --ignore-cgroups --network=none --platform=ptrace "$@"; fi
for word; do
  shift
  set -- "$@" "$word"
  if [ "$word" = create ]; then set -- "$@" --no-new-keyring; fi
done
exec /usr/bin/crun --cgroup-manager=disabled "$@"
