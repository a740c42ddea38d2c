#!/bin/sh
# kmod passes over `install NAME /bin/false` where any softdep of NAME is there, one that the module brings itself included.
#
# modprobe.d(5) says of softdep that it "takes precedence" over install and remove lines. What that means for the usual way to block a module:
# modules.softdep, which depmod makes of the modules' own words (MODULE_SOFTDEP: ksmbd, nfsd, btrfs, vfio, ...), is read as one more file of
# modprobe.d, so that the line blocks nothing, and nobody wrote a softdep. An empty `softdep NAME pre:` in a file that is read before it helps: the
# first line counts. Seen with kmod 30 (Debian 12) and 34 (Debian 13). Nothing is loaded. Needs kmod and binutils.
# Ends with 0 while kmod behaves so, with 1 where it does not any more.
set -eu
PATH=$PATH:/usr/sbin:/sbin
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
modules=$folder/lib/modules/9.9.9
mkdir -p "$modules/kernel" "$folder/conf"
echo x >"$folder/data"
for name in ksmbd crc32; do objcopy -I binary -O elf64-x86-64 -B i386:x86-64 "$folder/data" "$modules/kernel/$name.ko"; done
touch "$modules/modules.order" "$modules/modules.builtin"
depmod -b "$folder" 9.9.9 2>/dev/null

does() { # what modprobe would do to load the module, in one line
  modprobe --dry-run --show-depends -d "$folder" -S 9.9.9 -C "$folder/conf" ksmbd | sed "s|$modules/kernel/||; s/ *$//" | paste -s -d ';'
}

echo "kmod: $(modprobe --version | head -n 1)"
echo 'install ksmbd /bin/false' >"$folder/conf/block.conf"
alone=$(does)
echo 'softdep ksmbd pre: crc32' >"$modules/modules.softdep"
own=$(does)
printf 'softdep ksmbd pre:\ninstall ksmbd /bin/false\n' >"$folder/conf/block.conf"
first=$(does)
echo "install line alone:                 $alone"
echo "with the module's own softdep:      $own"
echo "with an empty softdep line before:  $first"
[ "$alone" = 'install /bin/false' ] && [ "$own" = 'insmod crc32.ko;insmod ksmbd.ko' ] && [ "$first" = 'install /bin/false' ]
