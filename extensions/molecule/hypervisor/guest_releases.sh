#!/bin/sh
# Stand-ins of two releases of Kata Containers, as if the role kata had unpacked them: the host's own QEMU and kernel in the places where a release has
# them. The second one's kernel is not the one that its name says.
set -eu

release() {
    tree=/opt/kata-$1
    mkdir -p "$tree/bin" "$tree/share/kata-containers"
    echo "$1" >"$tree/VERSION"
    echo '{"sha256": []}' >"$tree/.firebreak-release.json"
    ln -s /usr/bin/qemu-system-x86_64 "$tree/bin/"
    cp "/boot/vmlinuz-$(uname -r)" "$tree/share/kata-containers/$2"
    ln -s "$2" "$tree/share/kata-containers/vmlinux.container"
}

release 4.0.0 "vmlinux-$(uname -r)"
release 4.1.0 vmlinux-5.10.0-202
