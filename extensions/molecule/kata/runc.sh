#!/bin/sh
# The container runtime below the shims. Under the stand-in's it is a sandbox with a kernel of its own, beside a QEMU that is named as Kata names it;
# under any other it is crun. A systemd-nspawn container may neither write control groups nor make keyrings.
for word; do last=$word; done
shim=$(readlink "/proc/$PPID/exe")
case $shim in
/opt/kata-*)
  [ -e /srv/kata/shares_the_kernel ] || tree=${shim%/bin/*}
  monitor=/run/stand-in-$last
  ;;
esac
case " $* " in
*' create '*)
  if [ -n "$shim" ] && [ -n "$tree" ]; then
    # Outside its own folders it finds nothing by itself.
    export QEMU_MODULE_DIR=/usr/lib/x86_64-linux-gnu/qemu
    "$tree/bin/qemu-system-x86_64" -name "sandbox-$last,debug-threads=on" -L /usr/share/seabios -L /usr/share/qemu -machine q35,accel=tcg -m 32 -S \
      -nodefaults -no-user-config -display none -kernel "$(realpath "$tree/share/kata-containers/vmlinux.container")" -daemonize -pidfile "$monitor"
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
