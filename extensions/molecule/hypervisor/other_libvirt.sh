#!/bin/sh
# A second libvirt beside the host's own, with folders and an identity of its own, as another host to migrate to. The disks are shared.
set -eu
other=/srv/other
mkdir -p $other/run $other/cache
cp -a /etc/libvirt $other/etc
cp -a /var/lib/libvirt $other/lib
echo 'host_uuid = "6c0e1d8e-3f5a-4f43-9a0c-0d4c1d0f7b11"' >> $other/etc/libvirtd.conf
# The log daemon's socket is in the other one's folder.
echo 'stdio_handler = "file"' >> $other/etc/qemu.conf
own="$other/etc:/etc/libvirt $other/lib:/var/lib/libvirt $other/run:/run/libvirt $other/cache:/var/cache/libvirt"
systemd-run --unit other-libvirt --property "BindPaths=$own /var/lib/libvirt/images:/var/lib/libvirt/images" \
    /usr/sbin/libvirtd --pid-file /run/libvirt/other.pid
until [ -S $other/run/libvirt-sock ]; do sleep 0.2; done
