# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases of Kata Containers: what may be unpacked where, and that whatever goes wrong leaves everything as it was."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._kata.archive import Entry, check_version, link_target, place, surplus, version_key
from ansible_collections.firebreak.fleet.plugins.module_utils._kata.trees import Trees
from ansible_collections.firebreak.fleet.plugins.module_utils._kata.users import other_owners, users
from recorded_host import RecordedHost

SHIM = "opt/kata/runtime-rs/bin/containerd-shim-kata-v2"
Files = dict[str, "bytes | tuple[str, str]"]


def _release(version: str) -> Files:
    return {"./opt/kata/VERSION": f"{version}\n".encode(), f"./{SHIM}": b"shim", "./opt/kata/bin/link": ("link", "../VERSION")}


def _archive(path: Path, files: Files, packed: str = "xz") -> tuple[str, str]:
    """(path, sha256) of an archive with these files; a link is (link or hard_link, target)."""
    compressors: dict[str, Any] = {"xz": lzma.open, "gz": gzip.open, "": open}
    with compressors[packed](path, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.mode = 0o6777
            if isinstance(content, tuple):
                member.type = tarfile.SYMTYPE if content[0] == "link" else tarfile.LNKTYPE
                member.linkname = content[1]
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return str(path), hashlib.sha256(path.read_bytes()).hexdigest()


def _names(trees: Trees) -> list[str]:
    return sorted(path.name for path in Path(trees.root).iterdir())


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    """An empty /opt."""
    return Trees(str(tmp_path / "opt"))


@pytest.mark.parametrize("packed", ["xz", "gz"])
def test_install_upgrade_and_rollback(trees: Trees, tmp_path: Path, packed: str) -> None:
    """The link names one whole release; the one before stays."""
    for version in ("4.0.0", "4.1.0"):
        trees.unpack(version, [_archive(tmp_path / version, _release(version), packed)])
        trees.activate(version)
        assert trees.current() == version
    assert {version for _made, version in trees.versions()} == {"4.0.0", "4.1.0"}
    shim = Path(trees.tree("4.1.0")) / "runtime-rs/bin/containerd-shim-kata-v2"
    assert shim.read_bytes() == b"shim"
    assert shim.stat().st_mode & 0o7777 == 0o755
    trees.activate("4.0.0")
    assert Path(trees.link, "VERSION").read_text() == "4.0.0\n"


def test_zstd(trees: Trees, tmp_path: Path) -> None:
    """Upstream's present archives."""
    plain, _sha = _archive(tmp_path / "plain.tar", _release("4.1.0"), "")
    assert os.spawnlp(os.P_WAIT, "zstd", "zstd", "-q", plain, "-o", f"{plain}.zst") == 0
    packed = Path(f"{plain}.zst")
    trees.unpack("4.1.0", [(str(packed), hashlib.sha256(packed.read_bytes()).hexdigest())])
    assert trees.marker("4.1.0") is not None
    cut = tmp_path / "cut"
    cut.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(Refused, match="cut: "):
        trees.unpack("4.2.0", [(str(cut), hashlib.sha256(cut.read_bytes()).hexdigest())])
    assert _names(trees) == ["kata-4.1.0"]


def test_two_archives_make_one_release(trees: Trees, tmp_path: Path) -> None:
    """From 4.1.0 on the Go shim comes apart, with the same VERSION."""
    go: Files = {"./opt/kata/VERSION": b"4.1.0\n", "./opt/kata/bin/containerd-shim-kata-v2": b"go"}
    trees.unpack("4.1.0", [_archive(tmp_path / "a", _release("4.1.0")), _archive(tmp_path / "b", go)])
    assert (Path(trees.tree("4.1.0")) / "bin/containerd-shim-kata-v2").read_bytes() == b"go"


HOSTILE: list[tuple[Files, str]] = [
    ({"./opt/kata/../../etc/passwd": b"x"}, "leads out of the release"),
    ({"/etc/passwd": b"x"}, "leads out of the release"),
    ({"./etc/passwd": b"x"}, "outside ./opt/kata"),
    ({"./opt/kata": ("link", "/etc")}, "wanted a directory"),
    ({"./opt/kata/a": ("link", "/etc"), "./opt/kata/a/passwd": b"x"}, "outside /opt/kata"),
    ({"./opt/kata/a": ("link", "../../etc")}, "outside the release"),
    ({"./opt/kata/a": ("link", "/opt/kata/../../etc")}, "outside /opt/kata"),
    ({"./opt/kata/b/c": b"x", "./opt/kata/a": ("link", "b"), "./opt/kata/a/d": b"x"}, "was something else before"),
    ({"./opt/kata/a": ("hard_link", "./etc/shadow")}, "outside ./opt/kata"),
    ({"./opt/kata/a": ("hard_link", "./opt/kata/missing")}, "no file of the release"),
    ({"./opt/kata/.firebreak-release.json": b"{}"}, "our own file"),
]


@pytest.mark.parametrize(("files", "problem"), HOSTILE)
def test_nothing_is_written_elsewhere(trees: Trees, tmp_path: Path, files: Files, problem: str) -> None:
    """An archive that would write elsewhere is refused, and nothing of it stays."""
    archive = _archive(tmp_path / "hostile", {**_release("4.1.0"), **files})
    with pytest.raises(Refused, match=problem):
        trees.unpack("4.1.0", [archive])
    assert _names(trees) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hostile", "opt"]


def _cut(path: str) -> tuple[str, str]:
    data = Path(path).read_bytes()[:-40]
    Path(path).write_bytes(data)
    return path, hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: (_archive(path, _release("4.2.0"))[0], "0" * 64), "sha256 is [0-9a-f]{64}, wanted 0{64}"),
        (lambda path: _cut(_archive(path, _release("4.2.0"))[0]), "cannot be unpacked"),
        (lambda path: _archive(path, _release("4.1.9")), "of version '4.1.9' .*, wanted 4.2.0"),
        (lambda path: _archive(path, {"./opt/kata/VERSION": b"4.2.0"}), "hold no shim"),
        (lambda path: _archive(path, {f"./{SHIM}": b"x"}), "no ./opt/kata/VERSION"),
        (lambda path: (str(path), "0" * 64), "no such file"),
    ],
)
def test_a_failed_upgrade_changes_nothing(trees: Trees, tmp_path: Path, make: Any, problem: str) -> None:
    """Another hash, a truncated archive, another version, no release at all."""
    trees.unpack("4.1.0", [_archive(tmp_path / "good", _release("4.1.0"))])
    trees.activate("4.1.0")
    with pytest.raises(Refused, match=problem):
        trees.unpack("4.2.0", [make(tmp_path / "bad")])
    assert _names(trees) == ["kata", "kata-4.1.0"]
    assert trees.current() == "4.1.0"


def test_the_work_of_others_is_left_alone(trees: Trees) -> None:
    """A /opt/kata or a folder of a version that this role did not make."""
    Path(trees.link).mkdir(parents=True)
    with pytest.raises(Refused, match="directory of another installer"):
        trees.current()
    Path(trees.tree("4.1.0")).mkdir()
    with pytest.raises(Refused, match="not made by this role"):
        trees.marker("4.1.0")


def test_removal(trees: Trees, tmp_path: Path) -> None:
    """Also of what a run that was killed left."""
    trees.unpack("4.1.0", [_archive(tmp_path / "good", _release("4.1.0"))])
    (Path(trees.root) / ".kata-unfinished-killed").mkdir()
    trees.clean()
    trees.remove("4.1.0")
    assert _names(trees) == []


def test_versions() -> None:
    """Order, and the floor."""
    assert sorted(["4.1.0", "4.1.0-rc0", "3.31.0", "3.9.0"], key=version_key) == ["3.9.0", "3.31.0", "4.1.0-rc0", "4.1.0"]
    check_version("3.31.0", "3.31.0")
    with pytest.raises(Refused, match=r"3\.30\.0 is older than the minimum 3\.31\.0"):
        check_version("3.30.0", "3.31.0")
    with pytest.raises(Refused, match="is not a version"):
        check_version("../etc", "3.31.0")


def test_places() -> None:
    """Where entries go."""
    assert place(Entry("./opt/kata/bin/qemu", "file", "")) == "bin/qemu"
    assert [place(Entry(name, "directory", "")) for name in ("./", "./opt/", "./opt/kata/")] == [None, None, None]
    assert link_target("share/a/b", "../../bin/x") == "../../bin/x"
    assert link_target("a", "/opt/kata/b") == "/opt/kata/b"


def test_surplus() -> None:
    """The newest stay."""
    assert surplus([(3.0, "c"), (1.0, "a"), (2.0, "b")], 1) == ["a", "b"]
    assert surplus([(1.0, "a")], 2) == []


BUNDLE = "/run/containerd/io.containerd.runtime.v2.task"


@pytest.mark.parametrize(
    ("recording", "seen"),
    [
        ({"readlink": {"/proc/7/exe": "/opt/kata-4.0.0/bin/qemu (deleted)"}}, "process 7 runs /opt/kata-4.0.0/bin/qemu (deleted)"),
        ({"readlink": {"/proc/7/exe": "/bin/sh"}, "read": {"/proc/7/cmdline": "sh\0/opt/kata-4.0.0/x\0"}},
         "process 7 was started with /opt/kata-4.0.0/x"),
        ({"readlink": {"/proc/7/exe": "/bin/sh", "/proc/7/fd/3": "/opt/kata-4.0.0/img"}, "listdir": {"/proc/7/fd": ["3"]}},
         "process 7 has /opt/kata-4.0.0/img open"),
        ({"listdir": {BUNDLE: ["k8s.io"], f"{BUNDLE}/k8s.io": ["c1"]}, "read": {f"{BUNDLE}/k8s.io/c1/shim-binary-path": "/opt/kata-4.0.0/bin/shim"}},
         "container k8s.io/c1 its shim is /opt/kata-4.0.0/bin/shim"),
        ({"readlink": {"/proc/7/exe": "/opt/kata-4.0.0.1/bin/qemu"}}, ""),
    ],
)
def test_what_uses_a_tree(recording: dict[str, Any], seen: str) -> None:
    """A binary, an argument, an open file, a container's shim; not the folder whose name begins alike."""
    listdir = {"/proc": ["7", "self"], **recording.get("listdir", {})}
    host = RecordedHost({**recording, "listdir": listdir})
    assert [f"{user.who} {user.why}" for user in users(host, ["/opt/kata-4.0.0"])] == ([seen] if seen else [])


def test_other_owners() -> None:
    """kata-deploy's traces and a distribution's package."""
    host = RecordedHost({"listdir": {"/etc/containerd/conf.d": ["kata-deploy.toml", "own.toml"], "/usr/bin": ["containerd-shim-kata-v2"]}})
    assert other_owners(host) == ["/etc/containerd/conf.d/kata-deploy.toml (of kata-deploy)",
                                  "/usr/bin/containerd-shim-kata-v2 (of a distribution's package)"]


def test_only_an_archive_that_nobody_else_can_change_is_unpacked(trees: Trees, tmp_path: Path) -> None:
    path, pin = _archive(tmp_path / "a", _release("4.1.0"))
    Path(path).chmod(0o666)
    with pytest.raises(Refused, match="others may write to it"):
        trees.unpack("4.1.0", [(path, pin)])
    Path(path).chmod(0o600)
    (tmp_path / "b").symlink_to(path)
    with pytest.raises(Refused, match="b: "):
        trees.unpack("4.1.0", [(str(tmp_path / "b"), pin)])
    (tmp_path / "pipe").touch()
    (tmp_path / "pipe").unlink()
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(Refused, match="it is no file"):
        trees.unpack("4.1.0", [(str(tmp_path / "pipe"), pin)])


def test_an_archive_of_another_user_is_refused(trees: Trees, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, pin = _archive(tmp_path / "a", _release("4.1.0"))
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(Refused, match=r"it belongs to user \d+"):
        trees.unpack("4.1.0", [(path, pin)])


def test_an_archive_that_is_renamed_over_after_its_hash_was_taken_is_not_unpacked(
        trees: Trees, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user who may write to the folder can do at any moment: here after each question about the file."""
    path, pin = _archive(tmp_path / "a", _release("4.1.0"))
    evil, _sha = _archive(tmp_path / "evil", {**_release("4.1.0"), f"./{SHIM}": b"evil"})
    real = os.lseek

    def swapped(*arguments: int) -> int:
        if Path(evil).exists():
            Path(evil).rename(path)
        return real(*arguments)

    monkeypatch.setattr(os, "lseek", swapped)
    trees.unpack("4.1.0", [(path, pin)])
    assert (Path(trees.tree("4.1.0")) / "runtime-rs/bin/containerd-shim-kata-v2").read_bytes() == b"shim"


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_the_sessions_umask_decides_no_mode(trees: Trees, tmp_path: Path, umask: int) -> None:
    archive = _archive(tmp_path / "a", _release("4.1.0"))
    before = os.umask(umask)
    try:
        trees.unpack("4.1.0", [archive])
    finally:
        os.umask(before)
    tree = Path(trees.tree("4.1.0"))
    modes = {str(path.relative_to(tree)): path.stat().st_mode & 0o777 for path in (tree, tree / ".firebreak-release.json", tree / "runtime-rs")}
    assert modes == {".": 0o755, ".firebreak-release.json": 0o644, "runtime-rs": 0o755}
    assert Path(trees.root).stat().st_mode & 0o777 == 0o755


def test_everything_is_on_the_disk_before_it_is_named(trees: Trees, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, rename = os.fsync, os.rename

    def synced(handle: int) -> None:
        done.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        sync(handle)

    def renamed(source: str, target: str) -> None:
        done.append("named " + Path(target).name)
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    trees.unpack("4.1.0", [_archive(tmp_path / "a", _release("4.1.0"))])
    trees.activate("4.1.0")
    before = {Path(path).name for path in done[:done.index("named kata-4.1.0")]}
    assert before >= {"VERSION", "containerd-shim-kata-v2", ".firebreak-release.json", "bin"}
    assert done[-3:] == [trees.root, "named kata", trees.root]


def test_a_link_that_leads_out_by_way_of_another_is_refused(trees: Trees, tmp_path: Path) -> None:
    files: Files = {**_release("4.1.0"), "./opt/kata/d1/d2/l": ("link", "../.."), "./opt/kata/x": ("link", "d1/d2/l/../evil")}
    with pytest.raises(Refused, match="link 'x' leads to"):
        trees.unpack("4.1.0", [_archive(tmp_path / "a", files)])
    assert _names(trees) == []


def test_no_user_keeps_a_release_from_being_removed() -> None:
    recording: dict[str, Any] = {
        "uid": 0, "listdir": {"/proc": ["7", "8"], "/proc/7/fd": ["3"], "/proc/8/fd": []}, "readlink": {
            "/proc/7/exe": "/usr/bin/sh", "/proc/7/fd/3": "/opt/kata-3.31.0/VERSION", "/proc/8/exe": "/usr/bin/sh"},
        "read": {"/proc/7/cmdline": "sh\0/opt/kata-3.31.0\0", "/proc/8/cmdline": "sh\0/opt/kata-3.31.0\0"},
        "stat": {"/proc/7": ["directory", 0o555, 65534, 0, 0, 0.0, 0.0, 1, 7], "/proc/8": ["directory", 0o555, 0, 0, 0, 0.0, 0.0, 1, 8]}}
    assert [user.who for user in users(RecordedHost(recording), ["/opt/kata-3.31.0"])] == ["process 8"]
