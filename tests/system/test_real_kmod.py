# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kmod itself, asked about the texts that the scan reads: of a module on disk, of one that is part of the kernel, and of one that is not there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import modprobe
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.mitigating import render_blocked
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.watched import put_watched
from firebreak_proof.views import blocked
from recorded_host import RecordedHost

RELEASE = "9.9.9"
BLOCK = "install algif_aead /bin/false\n"
TEXTS = [
    {"a": "install algif_aead /bin/false\n"}, {"a": "install algif-aead /bin/true\n"}, {"a": "install algif_* /bin/false # why\n"},
    {"a": "install algif_aead \\\n /bin/false\n"}, {"a": "# install algif_aead /bin/false\n"}, {"a": "blacklist algif_aead\n"},
    {"a": "options algif_aead x=1\n"}, {"a": "alias y algif_aead\n"}, {"a": "install algif_aeadx /bin/false\n"}, {"a": "install algif_aead\n"},
    {"a": "install algif_aead /bin/false\n", "b": "install algif_aead /sbin/modprobe -i algif_aead\n"},
    {"a": "install algif_aead /sbin/modprobe -i algif_aead\n", "b": "install algif_aead /bin/false\n"},
    {"a": "  install   algif_aead   /bin/false\n"},
    {"a": "install algif_[ab]ead /bin/false\n"}, {"a": "install algif_?ead /bin/false\n"}, {"a": ""},
    {"a.conf.bak": "install algif_aead /bin/false\n"},
]


# What of it makes kmod load the module all the same; the file that modules.softdep is has a place among the others by its name.
SOFTDEPS = [
    {"a": f"{BLOCK}softdep algif_aead pre: foo\n"}, {"a": f"{BLOCK}softdep algif-aead post: foo\n"}, {"a": f"{BLOCK}softdep algif_* pre: foo\n"},
    {"a": f"{BLOCK}softdep algif_aead pre:\n"}, {"a": f"{BLOCK}softdep algif_aead pre: nosuch\n"}, {"a": f"{BLOCK}softdep algif_aead pre: af_key\n"},
    {"a": f"{BLOCK}softdep algif_aead pre: nosuch post: foo\n"}, {"a": f"{BLOCK}softdep algif_aead foo\n"},
    {"a": f"{BLOCK}softdep algif_aead pre:foo\n"}, {"a": f"{BLOCK}softdep algif_aead pre:\nsoftdep algif_aead pre: foo\n"},
    {"a": f"{BLOCK}softdep algif_aead pre: foo", "b": "softdep algif_aead pre:\n"}, {"a": BLOCK, "modules.softdep": "softdep algif_aead pre: foo\n"},
    {"a": f"{BLOCK}softdep algif_aead pre:\n", "modules.softdep": "softdep algif_aead pre: foo\n"},
    {"z": f"{BLOCK}softdep algif_aead pre:\n", "modules.softdep": "softdep algif_aead pre: foo\n"},
    {"a": f"{BLOCK}alias zz foo\nsoftdep algif_aead pre: zz\n"}, {"a": f"{BLOCK}install zz /bin/true\nsoftdep algif_aead pre: zz\n"},
    {"a": f"{BLOCK}blacklist foo\nsoftdep algif_aead pre: foo\n"}, {"a": f"{BLOCK}weakdep algif_aead foo\n"},
    {"a": f"{BLOCK}softdep foo pre: algif_aead\n"}, {"a": "install algif_\\\naead /bin/false\n"}, {"a": f"# \\\n{BLOCK}"},
    {"a": "\tinstall\talgif_aead\t/bin/false\n"}, {"a": "install algif_aead /usr/bin/logger x; /bin/false\n"}, {"a": "blacklist algif_aead\n"},
    {"00": render_blocked(["algif_aead"]), "a": "softdep algif_aead pre: foo\n", "modules.softdep": "softdep algif_aead pre: foo\n"},
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with the modules of a kernel: one on disk, one that is part of it."""
    folder = tmp_path_factory.mktemp("root")
    modules = folder / "lib/modules" / RELEASE
    (modules / "kernel").mkdir(parents=True)
    (modules / "modules.builtin").write_text("kernel/net/af_key.ko\n", encoding="utf-8")
    (modules / "modules.order").write_text("", encoding="utf-8")
    (folder / "data").write_text("x", encoding="utf-8")
    for name in ("algif_aead", "foo"):
        made = str(modules / f"kernel/{name}.ko")
        subprocess.run(["objcopy", "-I", "binary", "-O", "elf64-x86-64", "-B", "i386:x86-64", str(folder / "data"), made], check=True)
    subprocess.run(["/usr/sbin/depmod", "-b", str(folder), RELEASE], check=True, capture_output=True)
    return folder


def asked(root: Path, config: Path, name: str, *more: str) -> str:
    """The last thing that kmod says it would do to load a module; '' where it knows none."""
    done = subprocess.run(["/usr/sbin/modprobe", "--dry-run", "--show-depends", *more, "-d", str(root), "-S", RELEASE, "-C", str(config), name],
                          capture_output=True, text=True, check=False)
    return " ".join(done.stdout.splitlines()[-1].split()) if done.returncode == 0 and done.stdout.strip() else ""


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / (name if "." in name else f"{name}.conf")).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("files", TEXTS, ids=lambda files: " + ".join(files.values()).strip() or "nothing")
def test_the_scan_reads_the_files_as_kmod_does(root: Path, tmp_path: Path, files: dict[str, str]) -> None:
    folder = written(tmp_path, files)
    names = modprobe.order({"/etc/modprobe.d": [path.name for path in folder.iterdir()]})
    command = modprobe.install_of(modprobe.parse([(folder / Path(name).name).read_text(encoding="utf-8") for name in names]), "algif_aead")
    said = asked(root, folder, "algif_aead")
    assert said.startswith("insmod ") if command is None else said == " ".join(f"install {command}".split())


@pytest.mark.parametrize("files", SOFTDEPS, ids=lambda files: " + ".join(files.values()).strip())
def test_kmod_the_scan_and_the_proof_agree_whether_it_loads(root: Path, tmp_path: Path, files: dict[str, str]) -> None:
    modules = root / "lib/modules" / RELEASE
    own, folder = modules / "modules.softdep", written(tmp_path, {name: text for name, text in files.items() if name != "modules.softdep"})
    own.write_text(files.get("modules.softdep", ""), encoding="utf-8")
    done = subprocess.run(["/usr/sbin/modprobe", "--dry-run", "--show-depends", "-d", str(root), "-S", RELEASE, "-C", str(folder), "algif_aead"],
                          capture_output=True, text=True, check=True)
    loads = any(line.startswith("insmod ") and "/algif_aead.ko" in line for line in done.stdout.splitlines())
    reads = {f"/lib/modules/{RELEASE}/{path.name}": path.read_text(encoding="utf-8") for path in (
        modules / "modules.dep", modules / "modules.builtin", modules / "modules.alias", own)}
    reads |= {f"/etc/modprobe.d/{path.name}": path.read_text(encoding="utf-8") for path in folder.iterdir()}
    host = RecordedHost({"uname": ["Linux", "h", RELEASE, "#1", "x86_64"], "read": {"/proc/modules": "", "/proc/cmdline": "quiet", **reads},
                         "listdir": {"/etc/modprobe.d": [path.name for path in folder.iterdir()]}})
    section = Section("kernel")
    put_watched(host, section, ["algif_aead"])
    assert section.facts["watched_modules"][0]["state"] == ("loadable" if loads else "blocked"), done.stdout
    assert bool(blocked.how_it_may_run([["does", "algif_aead", line] for line in done.stdout.splitlines()], "algif_aead")) is loads


def test_softdep_takes_a_module_along_past_blacklist(root: Path, tmp_path: Path) -> None:
    text = "blacklist algif_aead\nsoftdep foo post: algif_aead\n"
    (root / f"lib/modules/{RELEASE}/modules.softdep").write_text("", encoding="utf-8")
    assert asked(root, written(tmp_path, {"a": text}), "foo").endswith("/algif_aead.ko")
    assert modprobe.pulled_by(modprobe.parse([text]), "algif_aead") == ["foo"]


def test_an_install_line_hides_that_a_module_is_part_of_the_kernel(root: Path, tmp_path: Path) -> None:
    """What kmod would do is not all: the proof asks once more, past the line."""
    folder = written(tmp_path, {"a": "install af_key /bin/false\n"})
    assert asked(root, folder, "af_key") == "install /bin/false"
    assert asked(root, folder, "af_key", "--ignore-install") == "builtin af_key"
    assert asked(root, folder, "no_such") == ""
