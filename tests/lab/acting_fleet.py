# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running lab on which playbooks and roles are run, as a person at the command line runs them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from running_fleet import ROOT, Fleet

# Emulated machines, on a computer that has other work.
SLOW = {"firebreak_scan_seconds": 540}
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
_BUILD = """- hosts: builders
  gather_facts: false
  tasks:
    - ansible.builtin.command: ls /lib/modules
      register: releases
    - ansible.builtin.set_fact:
        live_patch_build_kernel: "{{ releases.stdout_lines | first }}"

- import_playbook: firebreak.fleet.build_live_patch
"""


class Acting(Fleet):
    """The fleet, and what is done to it."""

    def playbook(self, path: str | Path, variables: Mapping[str, Any], *more: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook with these variables, to whatever end; both outputs are one."""
        given = self.reports / "variables.json"
        given.write_text(json.dumps({**SLOW, **variables}), encoding="utf-8")
        return subprocess.run(["ansible-playbook", "-i", "inventories/lab", str(path), "-e", f"@{given}", *more], env=self.environment, cwd=ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def done(self, path: str | Path, variables: Mapping[str, Any], *more: str) -> str:
        """Run a playbook that ends well; what it said."""
        ended = self.playbook(path, variables, *more)
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def role(self, name: str, host: str) -> Path:
        """A play that has one role on one host."""
        play = self.reports / f"{name}.yml"
        play.write_text(f"- hosts: {host}\n  gather_facts: false\n  roles: [firebreak.fleet.{name}]\n", encoding="utf-8")
        return play

    def live_patch(self, name: str, cve: str) -> Path:
        """One bundle with a patch for the kernel of each builder, which says that it fixes a hole."""
        play, bundle = self.reports / "build.yml", self.reports / "bundle"
        play.write_text(_BUILD, encoding="utf-8")
        self.done(play, {"live_patch_build_hosts": "builders", "live_patch_build_name": name, "live_patch_build_cves": [cve],
                         "live_patch_build_flags": ["-DLEVEL=1"], "live_patch_build_bundle": str(bundle),
                         "live_patch_build_source": str(ROOT / "extensions/molecule/live_patching/sources/proc_version.c")})
        return bundle
