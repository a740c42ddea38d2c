# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof's questions on kernels print, asked of programs that answer as the real ones do."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from firebreak_proof.questions.kernels import KERNEL

OLD, NEW = "6.1.0-28-amd64", "6.1.0-31-amd64"
# dnf5 5.4.6 reads \n in a format, and prints a backslash and a t for \t; dnf 4 reads both.
DNF5 = r"""for word; do case $word in *%{name}*) said=$word ;; esac; done
printf '%s' "$said" | sed 's/%{name}/kernel-core/; s/%{evr}/6.17.8-300.fc43/; s/\\n/\n/g'
"""


def said(root: Path, name: str, programs: dict[str, str], tools: tuple[str, ...]) -> str:
    """What a question prints where its paths lead below ``root``; besides ``programs`` there are these tools of this machine."""
    folder = root / "bin"
    folder.mkdir(exist_ok=True)
    for program, text in programs.items():
        (folder / program).write_text("#!/bin/sh\n" + text, encoding="utf-8")
        (folder / program).chmod(0o755)
    for tool in tools:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    shell = next(question.shell for question in KERNEL if question.name == name)
    shell = re.sub(r"(?<![\w|*\\/])/(?=(?:boot|lib/modules|proc|etc/(?:dnf|yum)|usr/share/dnf5)[/.])", f"{root}/", shell)
    return subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=True, env={"PATH": str(folder), "LC_ALL": "C"}).stdout


def test_dnf5_is_asked_in_a_form_that_it_prints(tmp_path: Path) -> None:
    programs = {"uname": "echo 6.17.6-300.fc43.x86_64\n", "rpm": "printf kernel-core\n", "dnf": DNF5}
    assert said(tmp_path, "offered", programs, ("sed", "tail")) == "kernel-core\t6.17.8-300.fc43\n"


def test_files_of_dnf_are_brought_whole_where_one_of_them_names_packages(tmp_path: Path) -> None:
    files = {"etc/dnf/dnf.conf": f"[main]\nreposdir = {tmp_path}/etc/yum.own\n", "etc/yum.own/a.repo": "[a]\nincludepkgs : bash\n",
             "etc/yum.repos.d/b.repo": "[b]\n", "usr/share/dnf5/repos.override.d/c.repo": "[a]\n  kernel*\n"}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    tools = ("sed", "tr", "grep", "base64", "readlink", "dpkg-query")
    rows = [line.split(" ") for line in said(tmp_path, "holds", {}, tools).splitlines()]
    assert {row[2]: base64.b64decode(row[1]).decode() for row in rows if row[0] == "dnf"} == {
        f"{tmp_path}/{path}": text for path, text in files.items()}
    (tmp_path / "etc/yum.own/a.repo").write_text("[a]\n", encoding="utf-8")
    shutil.rmtree(tmp_path / "bin")
    assert "dnf " not in said(tmp_path, "holds", {}, tools)


@pytest.mark.parametrize(("initrds", "root", "builtin", "lacks"), [
    # What a failed dracut or a full /boot leaves behind; initrds by the names of Debian, Red Hat, SUSE, Mageia.
    ([], "root=UUID=1", True, True), ([], "root=/dev/vda", False, True), ([], "root=/dev/vda", True, False),
    ([f"initrd.img-{NEW}"], "root=UUID=1", False, False), ([f"initramfs-{NEW}.img"], "root=UUID=1", False, False),
    ([f"initrd-{NEW}"], "root=UUID=1", False, False), ([f"initrd-{NEW}.img"], "root=UUID=1", False, False),
    ([f"initrd.img-{NEW}.bak", f"initramfs-{NEW}kdump.img"], "root=UUID=1", False, True),
])
def test_a_kernel_without_an_initrd_is_named(initrds: list[str], root: str, builtin: bool, lacks: bool, tmp_path: Path) -> None:
    names = (f"vmlinuz-{OLD}", f"vmlinuz-{NEW}", f"initrd.img-{OLD}", *initrds)
    files = {"proc/cmdline": f"quiet {root} ro\n", f"lib/modules/{OLD}/x": "", f"lib/modules/{NEW}/x": "", **{f"boot/{name}": "x" for name in names}}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    programs = {"findmnt": "echo ext4\n", "modinfo": f"echo '{'(builtin)' if builtin else '/lib/ext4.ko'}'\n", "dpkg-query": "exit 1\n"}
    printed = said(tmp_path, "incomplete", programs, ("tail", "tr", "sed", "sort"))
    assert printed.startswith(f"{NEW} has no initrd") if lacks else printed == ""


def test_a_package_that_dpkg_broke_off_to_install_is_named(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cmdline").write_text("root=/dev/vda\n", encoding="utf-8")
    dpkg = f'case $1 in -S) echo "linux-image-{NEW}: /boot/vmlinuz-{NEW}" ;; *) printf half-configured ;; esac\n'
    programs = {"findmnt": "echo ext4\n", "modinfo": "exit 1\n", "dpkg-query": dpkg}
    assert said(tmp_path, "incomplete", programs, ("tail", "tr", "sed", "sort")) == f"linux-image-{NEW} is half-configured\n"


RPM = """case "$*" in
  -qa*) printf 'kernel-core\t6.20.1-300.fc45\t6.20.1-300.fc45.x86_64\n' ;;
  -ql*) echo /lib/modules/6.20.1-300.fc45.x86_64/vmlinuz ;;
  *FILEDIGESTALGO*) printf %s '{number}' ;;
  *FILEDIGESTS*) printf '%s\t%s\n' '{image}' {digest} ;;
esac
"""


@pytest.mark.parametrize(("number", "algorithm", "content", "state"), [
    ("8", "sha256", "kernel", "packaged"), ("8", "sha256", "other", "changed"), ("12", "sha3_256", "kernel", "packaged"),
    ("12", "sha3_256", "other", "changed"), ("14", "sha3_512", "kernel", "packaged"), ("(none)", "md5", "kernel", "packaged"),
    # An algorithm that nobody knows yet.
    ("99", "sha256", "kernel", "unknown"),
])
@pytest.mark.parametrize("with_openssl", [True, False])
def test_an_image_is_held_against_the_digest_that_rpm_wrote(
    number: str, algorithm: str, content: str, state: str, with_openssl: bool, tmp_path: Path,
) -> None:
    """rpm 6 may write SHA3-256, which is as long as SHA-256. Without a tool that makes it nobody can tell."""
    image = tmp_path / "lib/modules/6.20.1-300.fc45.x86_64/vmlinuz"
    image.parent.mkdir(parents=True)
    image.write_text(content, encoding="utf-8")
    digest = hashlib.new(algorithm, b"kernel").hexdigest()
    rpm = RPM.replace("/lib/", f"{tmp_path}/lib/").replace("{number}", number).replace("{image}", str(image)).replace("{digest}", digest)
    tools = ("cut", "head", "grep", "awk", "sed", "md5sum", "sha256sum", *(("openssl",) if with_openssl else ()))
    row = said(tmp_path, "installed", {"rpm": rpm}, tools).rstrip("\n").split("\t")
    assert row[4] == ("unknown" if algorithm.startswith("sha3") and not with_openssl else state)
