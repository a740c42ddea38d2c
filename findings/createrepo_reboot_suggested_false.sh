#!/bin/sh
# createrepo_c reads <reboot_suggested>False</reboot_suggested> as true, and writes True: what it copies asks for a reboot after every update.
#
# It goes by the element alone, while libsolv, by which zypper decides, reads what stands in it. Mirrors and tools that split or join updateinfo.xml
# with createrepo_c so give hosts another answer than the vendor did, and a fleet that goes by it drains and reboots for nothing.
# Seen with createrepo_c 1.2.5 and libsolv 0.7.23 (Debian 12).
# Ends with 0 while they behave so, with 1 where they do not any more. Needs Debian 12's apt, and Python 3.11 or newer with venv.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/pip --quiet install createrepo_c==1.2.5
version=0.7.23-1+deb12u1
mkdir -p archives/partial
# With all that they need and is not here. Nothing is installed.
apt-get -qq -y -o Dir::Cache::archives="$folder/archives" -o APT::Sandbox::User=root --no-install-recommends --download-only --reinstall install \
  "libsolv1=$version" "libsolvext1=$version" "libsolv-tools=$version" >/dev/null
for archive in archives/*.deb; do dpkg-deb -x "$archive" root; done

cat >vendor.xml <<'XML'
<?xml version="1.0"?>
<updates><update from="vendor" status="stable" type="security" version="1">
  <id>V-1</id><title>bash</title>
  <pkglist><collection short="c"><name>c</name>
    <package name="bash" epoch="0" version="5" release="1" arch="noarch">
      <filename>bash-5-1.noarch.rpm</filename><reboot_suggested>False</reboot_suggested>
    </package>
  </collection></pkglist>
</update></updates>
XML
cat >copy.py <<'PYTHON'
import createrepo_c

print(createrepo_c.UpdateInfo("vendor.xml").xml_dump())
PYTHON
tools/bin/python copy.py >copied.xml 2>/dev/null

asks() { # FILE: what libsolv says of a reboot after the update
  LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu) sh -c 'root/usr/bin/updateinfoxml2solv | root/usr/bin/dumpsolv /dev/stdin' <"$1" |
    grep -q 'update:reboot' && echo reboot || echo none
}

vendor=$(asks vendor.xml)
copied=$(asks copied.xml)
echo "the vendor's file, by libsolv:       $vendor"
echo "createrepo_c's copy of it:           $(grep -o '<reboot_suggested>.*' copied.xml)"
echo "createrepo_c's copy, by libsolv:     $copied"
[ "$vendor" = none ] && [ "$copied" = reboot ]
