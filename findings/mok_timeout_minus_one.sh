#!/bin/sh
# mokutil --timeout -1 asks MokManager to wait for a person without end; shim 16.1's takes it for 65535 seconds, counts them down, and boots.
#
# mokutil(1) says that -1 disables the timeout. It is written as two bytes, ff ff, and MokManager of shim 16.1 reads them without a sign: the
# machine stands at the console for 18 hours, drops the request, and goes on. Seen with Debian 12's shim 16.1-2~deb12u1 under OVMF 2022.11.
# Ends with 0 while MokManager behaves so, with 1 where it does not any more. Needs Debian 12's apt, qemu-system-x86, mtools, and Python with venv.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for package in ovmf=2022.11-6+deb12u2 shim-signed=1.51~1+deb12u1+16.1-2~deb12u1 shim-helpers-amd64-signed=1+16.1+2~deb12u1; do
  apt-get -qq -o APT::Sandbox::User=root download "$package" >/dev/null
done
for archive in *.deb; do dpkg-deb -x "$archive" root; done
python3 -m venv tools
tools/bin/pip --quiet install virt-firmware==26.10

shim=605dab50-e046-4300-abb6-3dd810dd8b23
cat >variables.json <<JSON
{"version": 2, "variables": [
  {"name": "MokNew", "guid": "$shim", "attr": 7, "data": "00000000"},
  {"name": "MokAuth", "guid": "$shim", "attr": 7, "data": "$(printf '0%.0s' $(seq 64))"},
  {"name": "MokTimeout", "guid": "$shim", "attr": 7, "data": "ffff"}]}
JSON
tools/bin/virt-fw-vars --input root/usr/share/OVMF/OVMF_VARS_4M.fd --set-json variables.json --output variables.fd 2>/dev/null
truncate -s 64M disk
mformat -i disk -F ::
mmd -i disk ::/EFI ::/EFI/BOOT
mcopy -i disk root/usr/lib/shim/shimx64.efi.signed ::/EFI/BOOT/BOOTX64.EFI
mcopy -i disk root/usr/lib/shim/mmx64.efi.signed ::/EFI/BOOT/mmx64.efi

qemu-system-x86_64 -nodefaults -machine q35 -accel tcg -m 256 -display none -nic none -serial file:console -no-reboot \
  -drive if=pflash,unit=0,format=raw,readonly=on,file=root/usr/share/OVMF/OVMF_CODE_4M.fd -drive if=pflash,unit=1,format=raw,file=variables.fd \
  -drive if=none,id=disk,format=raw,file=disk -device ide-hd,drive=disk &
machine=$!
for _ in $(seq 240); do
  grep -aq 'Booting in [0-9]* seconds' console 2>/dev/null && break
  sleep 1
done
sleep 3
kill "$machine"
first=$(grep -ao 'Booting in [0-9]* seconds' console | head -n 1)
echo "MokManager, asked to wait without end: $first"
[ "$first" = "Booting in 65535 seconds" ]
