# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building a patch of the kernel's source: what is refused before an hour is spent on it, and what is never entered into a bundle.

The builders are stand-ins, since a build of the real ones builds a whole kernel; make, the role and the bundle are real.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playing import LOCAL, Done, play

STAND_INS = Path(__file__).with_name("stand_ins")
RELEASE = "7.2.13+deb14-amd64"
MAKEFILE = "kernelrelease:\n\t@echo 7.2.13$$(cat localversion 2>/dev/null)\nolddefconfig:\n\t@echo CONFIG_NEW=y >>.config\n"


def source(folder: Path, localversion: str, klp_build: bool = True) -> Path:
    """A kernel's source as far as the builders look at it, which makes 7.2.13 and what stands in localversion."""
    root = folder / "linux"
    (root / "scripts/livepatch").mkdir(parents=True)
    (root / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    (root / "localversion").write_text(localversion, encoding="utf-8")
    (root / "built_for").write_text(RELEASE, encoding="utf-8")
    if klp_build:
        script = root / "scripts/livepatch/klp-build"
        script.write_text((STAND_INS / "klp-build").read_text(encoding="utf-8"), encoding="utf-8")
        script.chmod(0o755)
    return root


def build(folder: Path, root: Path, config: str, **more: object) -> Done:
    """Run the playbook for one patch, which is to go into folder/bundle."""
    (folder / "fix.patch").write_text("--- a/x\n+++ b/x\n", encoding="utf-8")
    (folder / "config").write_text(config, encoding="utf-8")
    return play(folder, {"builder": LOCAL}, playbook="build_live_patch.yml", live_patch_build_hosts="builder", live_patch_build_name="fix_1",
                live_patch_build_source=str(folder / "fix.patch"), live_patch_build_kernel=RELEASE, live_patch_build_bundle=str(folder / "bundle"),
                live_patch_build_kernel_source=str(root), live_patch_build_config=str(folder / "config"), live_patch_build_cves=["CVE-2026-1234"],
                **more)


def test_klp_build_of_the_kernels_own_source(tmp_path: Path) -> None:
    root = source(tmp_path, "+deb14-amd64")
    done = build(tmp_path, root, "CONFIG_LIVEPATCH=y\n")
    assert done.status == 0, done.output
    assert (root / ".config").read_text(encoding="utf-8") == "CONFIG_LIVEPATCH=y\nCONFIG_NEW=y\n"
    entry, = json.loads((tmp_path / "bundle/manifest.json").read_text(encoding="utf-8"))["patches"]
    assert (entry["kernel"]["release"], entry["cves"]) == (RELEASE, ["CVE-2026-1234"])
    assert b"replace=yes" in (tmp_path / "bundle" / entry["module"]).read_bytes()


@pytest.mark.parametrize(("localversion", "built_for", "klp_build", "config", "says"), [
    # Debian's linux-source knows nothing of the release of its packages.
    ("", RELEASE, True, "", "makes 7.2.13, and its modules would load on no 7.2.13+deb14-amd64; wanted: the source of that kernel, with a file"),
    ("+deb14-amd64", "7.2.13", True, "", "the module says vermagic=7.2.13, wanted 7.2.13+deb14-amd64; nothing was added to the bundle"),
    # kpatch-build 0.9.10 and later (dynup/kpatch pull request 1411).
    ("", RELEASE, False, "CONFIG_X86_KERNEL_IBT=y\n", "was built with CONFIG_X86_KERNEL_IBT=y, for which kpatch-build (0.9.10 and later)")])
def test_refused(tmp_path: Path, localversion: str, built_for: str, klp_build: bool, config: str, says: str) -> None:
    root = source(tmp_path, localversion, klp_build)
    (root / "built_for").write_text(built_for, encoding="utf-8")
    done = build(tmp_path, root, config)
    assert done.status != 0 and says in " ".join(done.output.split()), done.output
    assert not (tmp_path / "bundle/manifest.json").exists()
