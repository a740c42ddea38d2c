#!/bin/sh
# `apt-get remove linux-headers-6.8.0-4` takes 6.8.0-40 and 6.8.0-41 away where no package has just that name.
#
# A name with a dot that apt does not know is a regular expression, which may match anywhere in a name, and every
# kernel's name has dots. So a clean-up that runs a second time, when its package is gone and out of the lists, removes the newer kernels'.
# `apt` refuses such a name, and says so. Seen with apt 2.6.1 (Debian 12).
# Ends with 0 while apt-get behaves so, with 1 where it does not any more. Nothing is removed: it is asked what it would do on a root of its own.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p etc/apt/preferences.d etc/apt/sources.list.d var/lib/apt/lists/partial var/cache/apt/archives/partial
touch etc/apt/sources.list
for build in 40 41; do
  printf 'Package: linux-headers-6.8.0-%s\nStatus: install ok installed\nArchitecture: amd64\n' "$build"
  printf 'Maintainer: x <x@example.org>\nVersion: 1\nDescription: x\n\n'
done >status

removed() { # COMMAND: what it would remove when asked to remove build 4, or what it says against that
  LC_ALL=C "$1" -o "Dir=$folder" -o "Dir::State::status=$folder/status" -o APT::Architecture=amd64 --simulate remove linux-headers-6.8.0-4 2>&1 |
    sed -n 's/^Remv \([^ ]*\).*/\1/p; s/^E: \(Unable to locate\).*/\1/p' | paste -s -d ' '
}

echo "apt: $(apt-get --version | head -n 1)"
get=$(removed apt-get)
apt=$(removed apt)
echo "apt-get remove linux-headers-6.8.0-4: $get"
echo "apt remove linux-headers-6.8.0-4:     $apt"
[ "$get" = 'linux-headers-6.8.0-40 linux-headers-6.8.0-41' ] && [ "$apt" = 'Unable to locate' ]
