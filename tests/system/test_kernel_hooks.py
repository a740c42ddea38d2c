# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole role kernel on a copy of this machine whose running kernel is a package: an operator's own tasks run before and after its changes."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

from playing import PLAYBOOK
from private_host import on_host

PACKAGED = r"""release=$(uname -r)
mkdir -p kernel/DEBIAN kernel/boot kernel/lib/modules/$release /boot/grub
printf 'Package: linux-image-%s\nVersion: %s-1\nArchitecture: all\nMaintainer: A test <a@example.org>\nDescription: Kernel\n' \
    $release "${release%%-*}" >kernel/DEBIAN/control
echo kernel >kernel/boot/vmlinuz-$release; echo initrd >/boot/initrd.img-$release; touch kernel/lib/modules/$release/modules.dep
dpkg-deb --root-owner-group --build kernel kernel.deb >&2
dpkg --force-depends --install kernel.deb >&2
printf 'set default=0\nmenuentry "Debian" {\n linux /boot/vmlinuz-%s root=/dev/vda ro\n initrd /boot/initrd.img-%s\n}\n' $release $release \
    >/boot/grub/grub.cfg
"""


def own_tasks(folder: Path, name: str, says: str) -> str:
    """A file of tasks as an operator writes it: it notes what is held at that moment."""
    path = folder / f"{name}.yml"
    command = f'echo "{name}: $(apt-mark showhold){says}" >>/etc/hooks.said'
    path.write_text(json.dumps([{"name": name, "ansible.builtin.shell": command, "changed_when": False}]), encoding="utf-8")
    return str(path)


def test_an_operators_own_tasks_run_before_and_after_what_the_role_changes(tmp_path: Path) -> None:
    variables = {"kernel_release": os.uname().release, "kernel_hold": True, "kernel_before_tasks": [own_tasks(tmp_path, "before", "")],
                 "kernel_after_tasks": [own_tasks(tmp_path, "after", ", reboot {{ kernel_reboot_required }}")]}
    role = [{"ansible.builtin.include_role": {"name": "firebreak.fleet.kernel"}}]
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": role}]), encoding="utf-8")
    play = shlex.join([PLAYBOOK, "-i", "inventory.yml", "-e", json.dumps(variables), "play.yml"])
    ended = on_host(tmp_path, Path("/etc/os-release").read_text(encoding="utf-8"), f"{PACKAGED}{play} && cat /etc/hooks.said")
    assert ended.status == 0, ended.output
    assert ended.output.splitlines()[-2:] == ["before: ", f"after: linux-image-{os.uname().release}, reboot False"], ended.output
