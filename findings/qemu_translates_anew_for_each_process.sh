#!/bin/sh
# An emulated Linux guest starts programs more than twice as slowly with the address space randomization that it has by default.
#
# QEMU keeps what it has translated of the guest's code, and one expects a shared library to be translated once. Kept code is found by its virtual
# address too: with libraries elsewhere in each process, nearly all of the C library is translated anew for each program that starts. A fleet of
# emulated test machines boots in less than half the time with `norandmaps` on the kernel's command line. It is told as what 200 starts of a program
# cost on one machine, one guest after the other. Seen with QEMU 7.2.22 (Debian 12) and Linux 6.1.176: 44.6 s and 15.9 s.
# Ends with 0 while QEMU behaves so, with 1 where it does not any more. Needs Debian 12's apt, qemu-system-x86, cpio, and some minutes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for package in linux-image-6.1.0-50-cloud-amd64=6.1.176-1 busybox-static=1:1.35.0-4+deb12u1+b1 coreutils=9.1-1 libc6=2.36-9+deb12u14; do
  apt-get -qq -o APT::Sandbox::User=root download "$package" >/dev/null
done
for archive in *.deb; do dpkg-deb -x "$archive" root; done
mkdir -p guest/bin guest/proc guest/lib64 guest/lib/x86_64-linux-gnu
cp root/bin/busybox guest/bin/sh
cp root/bin/true guest/bin/true
cp root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 guest/lib64/
cp root/lib/x86_64-linux-gnu/libc.so.6 guest/lib/x86_64-linux-gnu/
cat >guest/init <<'INIT'
#!/bin/sh
ln -s sh /bin/busybox
/bin/busybox mount -t proc proc /proc
starts() { count=0; while [ "$count" -lt 200 ]; do /bin/true; count=$((count + 1)); done; }
starts
read -r begun _ </proc/uptime
starts
read -r ended _ </proc/uptime
echo "took: $begun $ended."
/bin/busybox poweroff -f
INIT
chmod 755 guest/init
(cd guest && find . | cpio --quiet -o -H newc) >initrd

hundredths() { # WORDS: the hundredths of a second that 200 starts take in a guest whose kernel is booted with these words
  timeout 600 qemu-system-x86_64 -nodefaults -accel tcg -cpu max -m 256 -display none -nic none -serial stdio -no-reboot -kernel root/boot/vmlinuz-* \
    -initrd initrd -append "console=ttyS0 quiet $1" </dev/null | sed -n 's/.*took: \([0-9]*\)[.]\([0-9]*\) \([0-9]*\)[.]\([0-9]*\)[.].*/\1\2 \3\4/p' |
    { read -r begun ended && echo $((ended - begun)); }
}

random=$(hundredths '')
same=$(hundredths norandmaps)
echo "200 starts of a program: ${random} hundredths of a second, with libraries at one address ${same}"
[ "$random" -gt $((same * 3 / 2)) ]
