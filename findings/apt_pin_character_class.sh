#!/bin/sh
# apt takes a pin's regular expression apart at its last colon: /linux-image-[[:alnum:]]+$/ matches nothing, and apt says nothing.
#
# apt_preferences(5) allows POSIX regular expressions between slashes, and an architecture behind a colon. A character class such as
# [[:alnum:]] holds a colon, so what stands behind it is taken for the architecture. Seen with apt 2.6.1 (Debian 12), which every Debian 12 has.
# Ends with 0 while apt behaves so, with 1 where it does not any more.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/etc/apt/preferences.d" "$folder/etc/apt/sources.list.d" "$folder/var/lib/apt/lists/partial" "$folder/var/lib/dpkg" "$folder/var/cache/apt/archives/partial"
touch "$folder/etc/apt/sources.list"
printf 'Package: linux-image-amd64\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: x <x@example.org>\nVersion: 1\nDescription: x\n\n' \
  >"$folder/var/lib/dpkg/status"

priority() { # PATTERN: what apt says of the installed version's priority when packages of this pattern are pinned to 77
  printf 'Package: %s\nPin: version *\nPin-Priority: 77\n' "$1" >"$folder/etc/apt/preferences.d/pin"
  LC_ALL=C apt-cache -o "Dir=$folder" -o "Dir::State::status=$folder/var/lib/dpkg/status" -o APT::Architecture=amd64 policy linux-image-amd64 |
    awk '$1 == "***" { print $3 }'
}

echo "apt: $(apt-cache --version | head -n 1)"
plain=$(priority '/^linux-image-[a-z0-9]+$/')
class=$(priority '/^linux-image-[[:alnum:]]+$/')
echo "with [a-z0-9]:    priority $plain"
echo "with [[:alnum:]]: priority $class"
[ "$plain" = 77 ] && [ "$class" != 77 ]
