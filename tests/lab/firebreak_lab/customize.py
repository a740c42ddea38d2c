# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mmdebstrap runs inside the confinement to make a tree a lab machine.

    python -m firebreak_lab.customize ROOT SUITE KERNEL [headers] [PACKAGE...]

The PACKAGEs are installed in the oldest version on offer; the newest waits in the tree's own repository, as does the newest kernel.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from firebreak_lab import kernels, repository
from firebreak_lab.errors import LabError
from firebreak_lab.requirements import GRUB_MODULES

LABEL = "hostroot"
# One file system identity for all images: a machine has one disk.
UUID = "0e58a4a8-0d6c-4f5e-9d3b-6c61622d6462"
MANIFEST = "etc/firebreak-lab.json"

# Files that every lab machine has, as they stand in the tree.
OVERLAY = Path(__file__).parent.parent / "overlay"
# Timers that would work, slowly, at moments nobody chose.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "dpkg-db-backup.timer",
          "systemd-networkd-wait-online.service", "getty@tty1.service")
ENABLED = ("systemd-networkd.service", "ssh.service", "serial-getty@ttyS0.service")

# Answers for the one disk that the tree will be on; grub-probe itself would look at the disk of the machine that builds.
PROBE = f"""#!/bin/sh
for word; do case "$word" in --target=*) target=${{word#--target=}} ;; esac; done
case "$target" in
    device) echo /dev/vda ;;
    fs_uuid) echo {UUID} ;;
    fs_label) echo {LABEL} ;;
    fs) echo ext2 ;;
    hints_string) echo --hint-bios=hd0 ;;
    compatibility_hint | drive) echo hd0 ;;
esac
"""


def inside(root: Path, argv: Sequence[str]) -> str:
    """What a command inside the tree prints; LabError where it fails."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
    environment |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    done = subprocess.run(["chroot", str(root), *argv], stdout=subprocess.PIPE, text=True, env=environment, check=False)
    if done.returncode:
        raise LabError(f"in the tree, {' '.join(argv)} ended with {done.returncode}")
    return done.stdout


def write_files(root: Path, authorized_key: str) -> None:
    """The configuration that every lab machine has."""
    shutil.copytree(OVERLAY, root, dirs_exist_ok=True)
    keys = root / "root/.ssh/authorized_keys"
    keys.parent.mkdir(mode=0o700, exist_ok=True)
    keys.write_text(authorized_key + "\n")
    inside(root, ["ssh-keygen", "-A"])
    inside(root, ["systemctl", "mask", *MASKED])
    inside(root, ["systemctl", "enable", *ENABLED])
    shutil.copytree(GRUB_MODULES, root / "boot/grub/i386-pc", ignore=shutil.ignore_patterns("*.img", "*.mbr", "grub-*"), dirs_exist_ok=True)


def choose_kernels(root: Path) -> tuple[kernels.Kernel, kernels.Kernel]:
    """(older, newest) of what the tree's own apt offers."""
    offered = kernels.parse_show(inside(root, ["apt-cache", "show", kernels.META]))
    names = inside(root, ["apt-cache", "pkgnames", "linux-image-"]).split()
    return kernels.choose(offered, kernels.parse_madison(inside(root, ["apt-cache", "madison", *sorted(names)])))


def choose_versions(root: Path, packages: Sequence[str]) -> tuple[list[str], list[str]]:
    """(the packages in their oldest version, in their newest), as apt-get takes them."""
    offered = kernels.versions_on_offer(inside(root, ["apt-cache", "madison", *packages]), kernels.compare_versions) if packages else {}
    single = [name for name in packages if len(offered.get(name, [])) < 2]
    if single:
        raise LabError(f"the suite's archives offer fewer than two versions of {', '.join(single)}; an older one is wanted beside the newest")
    return [f"{name}={offered[name][0]}" for name in packages], [f"{name}={offered[name][-1]}" for name in packages]


def fill_repository(root: Path, suite: str, newest: Sequence[str]) -> None:
    """Put the newest packages into the tree's own repository and make that the tree's only source."""
    folder = root / repository.PLACE
    folder.mkdir(parents=True)
    inside(root, ["sh", "-c", f"cd /{repository.PLACE} && apt-get -o APT::Sandbox::User=root download {' '.join(newest)}"])
    repository.write_index(folder, suite)
    for path in [*(root / "etc/apt").glob("sources.list*"), root / "var/lib/apt/lists"]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (root / "etc/apt/sources.list").write_text(repository.SOURCE)
    inside(root, ["apt-get", "update"])
    inside(root, ["apt-get", "clean"])


def update_grub(root: Path) -> None:
    """Run the tree's own update-grub as if the tree were on its disk already."""
    probe, kept = root / "usr/sbin/grub-probe", root / "usr/sbin/grub-probe.kept"
    probe.rename(kept)
    try:
        probe.write_text(PROBE)
        probe.chmod(0o755)
        inside(root, ["update-grub"])
    finally:
        kept.replace(probe)


def without_starting(root: Path, argv: Sequence[str]) -> None:
    """Run a package command in the tree; services are not started and update-grub waits."""
    policy, menu = root / "usr/sbin/policy-rc.d", root / "etc/kernel/postinst.d/zz-update-grub"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    menu.chmod(0o644)
    try:
        inside(root, argv)
    finally:
        menu.chmod(0o755)
        policy.unlink()


def customize(root: Path, suite: str, kernel: str, authorized_key: str, words: Sequence[str]) -> None:
    """Make a tree of mmdebstrap a lab machine with the ``older`` or ``newest`` kernel.

    ``words``: ``headers`` for what its modules are built with, and packages that are installed in their oldest version.
    """
    write_files(root, authorized_key)
    older, newest = choose_kernels(root)
    oldest_packages, newest_packages = choose_versions(root, [word for word in words if word != "headers"])
    chosen = {"older": older, "newest": newest}[kernel]
    kernel_words = [*chosen.install_words(), *(chosen.build_words() if "headers" in words else [])]
    without_starting(root, ["apt-get", "--yes", "--no-install-recommends", "install", *kernel_words, *oldest_packages])
    fill_repository(root, suite, [*newest.install_words(), *newest_packages])
    update_grub(root)
    manifest = {"suite": suite, "older": older._asdict() | {"release": older.release}, "newest": newest._asdict() | {"release": newest.release}}
    (root / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")


def run_commands(root: Path, commands: Sequence[str]) -> None:
    """Run an image's own shell commands in its tree, then write its boot menu."""
    for command in commands:
        without_starting(root, ["sh", "-euc", command])
    update_grub(root)


if __name__ == "__main__":
    customize(Path(sys.argv[1]), sys.argv[2], sys.argv[3], os.environ["LAB_AUTHORIZED_KEY"], sys.argv[4:])
