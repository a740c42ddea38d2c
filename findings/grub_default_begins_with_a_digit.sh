#!/bin/sh
# GRUB's default="2b7c-mine" boots the third entry of the menu, whatever is called 2b7c-mine: it takes the digits a name begins with for a number.
#
# An entry may be chosen by number, id or title; text that is no number whole is still one to GRUB, which looks for ids and titles only where no digit
# leads. An id that begins with a machine's id, as the file names of kernel-install do, so boots another kernel than it names, without a word.
# (Debian's own begin with "gnulinux-".) Seen with GRUB 2.06-13+deb12u2 (Debian 12) for BIOS.
# Ends with 0 while GRUB behaves so, with 1 where it does not any more. Needs Debian 12's apt, grub-common, xorriso, mtools and qemu-system-x86.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq -o APT::Sandbox::User=root download grub-pc-bin=2.06-13+deb12u2 >/dev/null
dpkg-deb -x grub-pc-bin_*.deb root

chosen() { # DEFAULT: the title of the entry that GRUB chooses
  mkdir -p tree/boot/grub
  cat >tree/boot/grub/grub.cfg <<MENU
serial --unit=0
terminal_output serial
timeout=0
default="$1"
menuentry 'first' --id 1a0f-newest { echo "chosen: first."; halt; }
menuentry 'second' --id 2b7c-mine { echo "chosen: second."; halt; }
menuentry 'third' --id oldest { echo "chosen: third."; halt; }
MENU
  grub-mkrescue --directory=root/usr/lib/grub/i386-pc --output=disk tree >/dev/null 2>&1
  timeout 120 qemu-system-x86_64 -nodefaults -accel tcg -m 128 -display none -nic none -serial stdio -no-reboot -cdrom disk </dev/null |
    sed -n 's/.*chosen: \([a-z]*\)\..*/\1/p'
}

digit=$(chosen 2b7c-mine)
letter=$(chosen second)
echo "default=2b7c-mine, the second entry's id: $digit"
echo "default=second, the second entry's title: $letter"
[ "$digit" = third ] && [ "$letter" = second ]
