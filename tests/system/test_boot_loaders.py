# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""boot_default and boot_cmdline where Debian's tools are not: check mode predicts, a second run changes nothing, and a tool that lies is found out.

grubby, SUSE's and Proxmox's tools are stand-ins (stand_ins/); the files that they change, and the reading of them, are as on such hosts.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from playing import PLAYBOOK
from private_host import Ended, on_host

STAND_INS = Path(__file__).with_name("stand_ins")
RECAP = re.compile(r"^web1\s*:.* changed=(\d+) .* failed=(\d+) ", re.MULTILINE)
EL = ("5.14.0-503.11.1.el9_5.x86_64", "5.14.0-570.12.1.el9_6.x86_64")
SLES = ("5.14.21-150500.55.94-default", "5.14.21-150500.55.124-default")
PLAY = """- hosts: all
  gather_facts: false
  tasks:
    - firebreak.fleet.boot_default: {{release: {release}}}
      ignore_errors: "{{{{ broken | default(false) }}}}"
    - firebreak.fleet.boot_cmdline: {{present: [audit=1], absent: ["nospectre_*"]}}
      ignore_errors: "{{{{ broken | default(false) }}}}"
"""
# Nothing of this machine's own boot loader is on the host.
EMPTY = "rm -rf /boot/* /etc/default/grub* /etc/kernel /usr/sbin/update-grub /usr/sbin/grubby /usr/sbin/grub2-*"
FOLDERS = "mkdir -p /boot/grub2 /boot/loader/entries"


def prepared(tools: list[str], releases: tuple[str, ...]) -> list[str]:
    """The commands that make a host with these tools and kernels."""
    return [EMPTY, FOLDERS, *(f"install -m 755 {STAND_INS / tool} /usr/sbin/{tool}" for tool in tools),
            *(f"touch /boot/vmlinuz-{release}" for release in releases)]


def plays(folder: Path, os_release: str, release: str, first: list[str], lies: str) -> tuple[Ended, list[str]]:
    """Three runs, and one with a tool that lies, of which the play ignores the errors; (how it ended, the output of each run)."""
    (folder / "play.yml").write_text(PLAY.format(release=release), encoding="utf-8")
    play = shlex.join([str(PLAYBOOK), "--diff", "-i", "inventory.yml", "play.yml"])
    show = "echo == entries; cat /boot/loader/entries/* /boot/grub2/grubenv /boot/grub2/grub.cfg /etc/default/grub 2>/dev/null; echo =="
    commands = [*first, f"{play} --check", show, play, show, play, f"touch {lies}", *UNDONE, show, f"{play} -e broken=true", show, "true"]
    ended = on_host(folder, os_release, "\n".join(commands))
    return ended, re.split(r"^== entries\n(.*?)^==\n", ended.output, flags=re.MULTILINE | re.DOTALL)


# What was set is taken away by hand, so that the tool that lies has something to do.
UNDONE = ["sed -i 's/ audit=1//' /boot/loader/entries/* /boot/grub2/grub.cfg /etc/default/grub 2>/dev/null",
          "printf '# GRUB Environment Block\\nsaved_entry=\\n' > /boot/grub2/grubenv"]


def check(parts: list[str]) -> tuple[str, str]:
    """Prediction, change, no change; a failure that puts back all. (the files before, the files after the change)."""
    predicted, before, changed, after, again, undone, broken, restored = parts[:8]
    assert [RECAP.findall(text) for text in (predicted, changed)] == [[("2", "0")], [("2", "0")]], parts
    assert RECAP.findall(again) == [("0", "0")], parts
    assert len(re.findall(r"^fatal: .*What was there before is back\.", broken, re.MULTILINE)) == 2, broken
    assert restored == undone
    return before, after


def test_grubby_is_told_and_believed_only_after_the_entries_were_read(tmp_path: Path) -> None:
    old, new = EL
    options = "root=/dev/vda ro nospectre_v2 $tuned_params"
    entries = [f"printf 'title EL ({release})\\nversion {release}\\nlinux /vmlinuz-{release}\\noptions {options}\\n'"
               f" > /boot/loader/entries/0123-{release}.conf" for release in EL]
    menu = "printf 'if [ -s $prefix/grubenv ]; then\\n  load_env\\nfi\\nset default=\"${saved_entry}\"\\nblscfg\\n' > /boot/grub2/grub.cfg"
    first = [*prepared(["grubby"], EL), *entries, menu]
    ended, parts = plays(tmp_path, 'ID="rhel"\nVERSION_ID="9.6"\n', old, first, "/etc/grubby.broken")
    before, after = check(parts)
    assert ("nospectre_v2" in before, "audit=1" in before) == (True, False), ended.output
    assert after.count("options root=/dev/vda ro $tuned_params audit=1\n") == 2
    assert f"saved_entry=0123-{old}\n" in after
    assert f"+default: {old}" in parts[0]
    assert new not in parts[0].replace(f"-default: {new}", "")


def test_suse_saves_the_entry_and_edits_the_file_that_the_menu_is_made_from(tmp_path: Path) -> None:
    old, _new = SLES
    words = 'GRUB_CMDLINE_LINUX_DEFAULT="splash=silent nospectre_v1 quiet"'
    defaults = f"printf 'GRUB_DEFAULT=0\\n{words}\\nGRUB_CMDLINE_LINUX=\"\"\\n' > /etc/default/grub"
    first = [*prepared(["grub2-mkconfig", "grub2-set-default"], SLES), defaults, "grub2-mkconfig -o /boot/grub2/grub.cfg"]
    ended, parts = plays(tmp_path, 'ID="sles"\nVERSION_ID="15.5"\n', old, first, "/etc/grub.broken")
    _before, after = check(parts)
    assert f"saved_entry=gnulinux-advanced-ab>gnulinux-{old}-advanced-ab\n" in after, ended.output
    assert 'GRUB_CMDLINE_LINUX_DEFAULT="splash=silent quiet audit=1"\nGRUB_CMDLINE_LINUX=""\nGRUB_DEFAULT=saved\n' in after
    assert after.count("root=/dev/vda  splash=silent quiet audit=1\n") == 3


def test_proxmox_pins_with_its_own_tool_and_writes_its_partitions(tmp_path: Path) -> None:
    """Its partitions are written by ``refresh`` alone; a default of the collection's own in GRUB's folder gives way."""
    old, new = "6.8.12-11-pve", "6.8.12-13-pve"
    ours = "/etc/default/grub.d/zz-firebreak-kernel.cfg"
    first = [*prepared(["proxmox-boot-tool"], (old, new)), "mkdir -p /etc/kernel /etc/default/grub.d",
             f"touch /boot/initrd.img-{old} /boot/initrd.img-{new}", "echo A1B2-C3D4 > /etc/kernel/proxmox-boot-uuids", f"echo '# old' > {ours}"]
    (tmp_path / "play.yml").write_text("- hosts: all\n  gather_facts: false\n  tasks:\n    - firebreak.fleet.boot_default: {release: 6.8.12-11-pve}\n"
                                       "      ignore_errors: \"{{ broken | default(false) }}\"\n", encoding="utf-8")
    play = shlex.join([str(PLAYBOOK), "--diff", "-i", "inventory.yml", "play.yml"])
    show = f"echo == files; cat /etc/kernel/proxmox-boot-pin /var/tmp/partition 2>/dev/null; ls {ours} 2>/dev/null; echo =="
    undone = "rm /etc/kernel/proxmox-boot-pin /etc/default/grub.d/* /var/tmp/partition; touch /etc/proxmox.broken"
    commands = [*first, f"{play} --check", show, play, show, play, undone, show, f"{play} -e broken=true", show, "true"]
    ended = on_host(tmp_path, 'ID="debian"\nVERSION_ID="12"\n', "\n".join(commands))
    predicted, before, changed, after, again, _none, broken, restored = re.split(r"^== files\n(.*?)^==\n", ended.output,
                                                                                 flags=re.MULTILINE | re.DOTALL)[:8]
    assert [RECAP.findall(text) for text in (predicted, changed, again)] == [[("1", "0")], [("1", "0")], [("0", "0")]], ended.output
    assert (before, after, restored) == (f"{ours}\n", f"{old}\n{old}\n", "")
    assert f"-default: {new}" in predicted
    assert f"+default: {old}" in predicted
    assert f"{old} was not made the default: the boot loader's configuration names {new} afterwards. What was there before is back." in broken
