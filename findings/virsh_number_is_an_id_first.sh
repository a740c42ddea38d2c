#!/bin/sh
# `virsh start 1; virsh shutdown 1` are about two guests where one of them is called 1: the second takes the number of a running guest first.
#
# Commands that look for guests that may not run (start) take a name; those for running ones take the number that `virsh list` shows before any name.
# A script that goes through names so stops, or moves, another guest than it meant, and numbers are given anew at each start. A UUID is never
# mistaken, nor is a name that is no number. Seen with libvirt 9.0.0 (Debian 12), on its test driver, which has a guest `test` that runs as number 1.
# Ends with 0 while virsh behaves so, with 1 where it does not any more. Needs Debian 12's apt, and root.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p archives/partial
# With all that they need and is not here. Nothing is installed.
apt-get -qq -y -o Dir::Cache::archives="$folder/archives" -o APT::Sandbox::User=root --no-install-recommends --download-only install \
  libvirt0=9.0.0-4+deb12u2 libvirt-clients=9.0.0-4+deb12u2 >/dev/null
for archive in archives/*.deb; do dpkg-deb -x "$archive" root; done
LD_LIBRARY_PATH=$(echo "$folder"/root/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH LC_ALL=C
echo "<domain type='test'><name>1</name><memory>8192</memory><os><type>hvm</type></os></domain>" >one.xml

running() { # COMMANDS: the names of the guests that run after them; each call begins with the driver's own guest alone
  root/usr/bin/virsh --quiet --connect test:///default "define one.xml; $1 list --name" | xargs
}

echo "libvirt: $(root/usr/bin/virsh --version)"
echo "at first:                    $(running '')"
started=$(running 'start 1;')
stopped=$(running 'start 1; shutdown 1;')
echo "after start 1:               $started"
echo "after start 1, shutdown 1:   $stopped"
[ "$started" = 'test 1' ] && [ "$stopped" = '1' ]
