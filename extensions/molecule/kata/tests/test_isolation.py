# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's own probe under a handler whose containers share the host's kernel: it is called broken, and nothing of the probe stays."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])


def prove(name: str, folder: Path) -> str:
    """What the suite says of one host that is promised isolation and nothing else; a promise must be broken."""
    standards = folder / "standards.json"
    standards.write_text(json.dumps({name: {"firebreak_standard": {"kata": {"isolation": ["kata-bare"]}}}}))
    argv = [sys.executable, "-m", "pytest", str(ROOT / "tests/platform"), "--quiet", f"--hosts=ansible://{name}",
            f"--ansible-inventory={ROOT}/inventories/lab", f"--firebreak-standards={standards}"]
    done = subprocess.run(argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 1, done.stdout
    return done.stdout


def test_a_handler_that_shares_the_hosts_kernel_is_found(host: Any, tmp_path: Path) -> None:
    name = host.backend.get_hostname()
    host.check_output("touch /srv/kata/shares_the_kernel")
    try:
        said = prove(name, tmp_path)
    finally:
        host.check_output("rm /srv/kata/shares_the_kernel")
    kernel = host.check_output("uname -r")
    assert f"kata.isolation: {name}: a container under the handler kata-bare (containerd) shares the host's kernel {kernel}" in said
    assert host.check_output("find /var/tmp -name 'firebreak-proof*'") == ""
    assert "firebreak-proof" not in host.check_output("ctr namespaces ls --quiet")
