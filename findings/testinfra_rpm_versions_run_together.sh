#!/bin/sh
# On rpm hosts testinfra's package("kernel-core").version runs the versions of all installed kernels together: 5.14.0 and 5.14.1 are "5.14.05.14.1".
#
# A host keeps its former kernels, so this is the ordinary case. A test that compares with the version of a fix does not fail: two kernels without the
# fix are newer than it, as one version. `release` is run together as well. Seen with pytest-testinfra 10.2.2 and rpm 4.18.0.
# Ends with 0 while testinfra behaves so, with 1 where it does not any more. Needs Python 3.11 or newer with venv, rpm with rpmbuild, and root.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/pip --quiet install pytest-testinfra==10.2.2 packaging==25.0
# A database of rpm's own; nothing is unpacked.
export HOME="$folder"
echo "%_dbpath $folder/database" >.rpmmacros
for version in 5.14.0 5.14.1; do
  cat >kernel.spec <<SPEC
Name: kernel-core
Version: $version
Release: 1
Summary: A kernel
License: GPL-2.0-only
BuildArch: noarch
%description
A kernel.
%files
SPEC
  rpmbuild -bb --quiet --define "_topdir $folder/build" kernel.spec 2>/dev/null
  rpm --install --justdb --nodeps --force "build/RPMS/noarch/kernel-core-$version-1.noarch.rpm" 2>/dev/null
done
cat >ask.py <<'PYTHON'
import testinfra
from packaging.version import Version

kernel = testinfra.get_host("local://").package("kernel-core")
fixed = Version("5.14.2")
print(f"{kernel.version} {Version(kernel.version) >= fixed}")
PYTHON
# testinfra asks rpm where os-release says that the host is one of rpm's.
printf 'ID=rocky\nVERSION_ID="9.6"\n' >os-release
said=$(unshare --mount sh -c 'mount --bind os-release "$(readlink -f /etc/os-release)" && tools/bin/python ask.py')
echo "pytest-testinfra: $(tools/bin/pip --disable-pip-version-check list 2>/dev/null | awk '$1 == "pytest-testinfra" { print $2 }')"
echo "kernels: $(rpm -q kernel-core | xargs)"
echo "version, and whether it is 5.14.2 or newer: $said"
[ "$said" = '5.14.05.14.1 True' ]
