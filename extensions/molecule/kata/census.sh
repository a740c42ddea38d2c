#!/bin/sh
# Of each container of containerd's, also of Docker's: the processes that carry it, when they began and what they run. The sandbox's first process is
# among them where the host has one; of a sandbox in a virtual machine it has none.
for bundle in /run/containerd/io.containerd.runtime.v2.task/*/*; do
  id=${bundle##*/}
  for pid in $(pgrep -f -- "-id $id |-name sandbox-$id,") $(cat "$bundle/init.pid" 2>/dev/null); do
    echo "$bundle $(cut -d' ' -f1,22 "/proc/$pid/stat") $(readlink "/proc/$pid/exe")"
  done
done
