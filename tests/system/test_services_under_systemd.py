# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real units under a real systemd: no false alarm, each remedy is carried out and the finding is gone, and the proof says the same. Needs root."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from booted_host import BootedHost
from firebreak_proof import asking
from firebreak_proof.proof import Proof
from firebreak_proof.questions.services import SERVICES
from firebreak_proof.standards import NOTHING
from firebreak_proof.views.services import Stale
from workshop import REPOSITORY

FOLDER = "/usr/local/lib/fb"
LIBRARY = "/usr/lib/x86_64-linux-gnu/libz.so.1"
ROOT = "/opt/fb/root"
FORKS = "os.fork() and os._exit(0); "
_LOADS = "/usr/bin/python3 -c \"import ctypes, os, shutil, time; {prepare}ctypes.CDLL('{path}'); {after}time.sleep(9999)\""
_SCAN = """
import json, sys, time
sys.path.insert(0, sys.argv[1] + "/collections")
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._services import section
found = Section("services")
section.collect(LiveHost(time.monotonic() + 60), found, {})
print(json.dumps(found.facts))
"""


def loads(path: str, prepare: str = "", after: str = "") -> str:
    return _LOADS.format(path=path, prepare=prepare, after=after)


UNPACKS = loads("/opt/fb/work/libx-jni.so", f"shutil.copy('{LIBRARY}', '/opt/fb/work/libx-jni.so'); ", "os.unlink('/opt/fb/work/libx-jni.so'); ")
UNITS = {
    # A bind mount of its own over a library, from the same file system: nothing was ever replaced.
    "system/fb-bind.service": f"[Service]\nBindReadOnlyPaths={FOLDER}/other.so:{FOLDER}/bound.so\nExecStart={loads(FOLDER + '/bound.so')}\n",
    # What a JVM does: it unpacks a library, loads it and deletes it, anew at each start.
    "system/fb-unpacks.service": f"[Service]\nExecStart={UNPACKS}\n",
    "system/fb-plain.service": f"[Service]\nExecStart={loads(FOLDER + '/plain.so')}\n[Install]\nAlias=fb-other-name.service\n",
    "system/fb-tmp.service": f"[Service]\nPrivateTmp=yes\nExecStart={loads(FOLDER + '/plain.so')}\n",
    "system/fb-refuses.service": f"[Unit]\nRefuseManualStop=yes\n[Service]\nExecStart={loads(FOLDER + '/plain.so')}\n",
    "system/fb-leaves.service": f"[Service]\nKillMode=process\nExecStart={loads(FOLDER + '/plain.so')}\n",
    "system/fb-many@.service": f"[Service]\nExecStart={loads(FOLDER + '/plain.so')}\n",
    "system/fb-dynamic.service": f"[Service]\nDynamicUser=yes\nExecStart={loads(FOLDER + '/plain.so')}\n",
    "system/fb-forks.service": f"[Service]\nType=forking\nExecStart={loads(FOLDER + '/plain.so', FORKS)}\n",
    "system/fb-once.service": f"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={loads(FOLDER + '/plain.so', FORKS)}\n",
    # A root of its own, of which only the programs are the host's.
    "system/fb-rooted.service": f"[Service]\nRootDirectory={ROOT}\nBindReadOnlyPaths=/usr\nExecStart={loads('/fb/rooted.so')}\n",
    "user/fb-user.service": f"[Service]\nExecStart={loads(FOLDER + '/plain.so')}\n",
}
# What mounts a file system of a kind of its own, and leaves the process that serves it in the mount's group until it is unmounted, as FUSE's do.
_SERVES = "own = f'/srv/fbdata/{os.getpid()}'; open(own, 'w'); [time.sleep(0.1) for _ in iter(lambda: os.path.exists(own), False)]; os._exit(0); "
HELPER = f"#!/bin/sh\nmount -t tmpfs none \"$2\"\n{loads(FOLDER + '/plain.so', after=_SERVES)} </dev/null >/dev/null 2>&1 &\n"
MOUNT = "srv-fbdata.mount"
UNITS["system/" + MOUNT] = "[Mount]\nWhat=nothing\nWhere=/srv/fbdata\nType=fbserved\n"
STARTED = ("fb-bind", "fb-unpacks", "fb-plain", "fb-tmp", "fb-refuses", "fb-leaves", "fb-many@one", "fb-many@two", "fb-dynamic", "fb-forks",
           "fb-once", "fb-rooted")
# What a process does, what is done to its files afterwards, and the files that it is stale on then. Each has a folder F of its own below /opt and
# one D below /srv, which users may fill, with libraries and programs, and says with a file in D that it is ready.
_MAP = "m = mmap.mmap(os.open('{0}', os.O_RDONLY), 0, mmap.MAP_PRIVATE, {1}); "
_EXECUTABLE, _READABLE = "mmap.PROT_READ | mmap.PROT_EXEC", "mmap.PROT_READ"
_LOADED = "ctypes.CDLL('F/x.so'); "
# Wait until the child c is another program, or has a library that its loader brings.
_WHILE = "[time.sleep(0.02) for _ in iter(lambda: {0}, False)]; "
_RUNS = _WHILE.format("os.readlink(f'/proc/{c}/exe') == os.readlink('/proc/self/exe')")
_LOADS_IT = _WHILE.format("'/x.so' not in open(f'/proc/{c}/maps').read()")
_NEW_ONE = "cp -p F/x.so F/new; mv F/new F/x.so"
SITUATIONS: dict[str, tuple[str, str, str]] = {
    "replaced": (_LOADED, _NEW_ONE, "F/x.so"),
    "other-bytes": (_LOADED, "echo >>F/new; mv F/new F/x.so", "F/x.so"),
    "elsewhere": ("ctypes.CDLL('D/x.so'); ", "rm D/x.so", "D/x.so"),
    "native-module": ("ctypes.CDLL('D/x.node'); ", "rm D/x.node", "D/x.node"),
    "preloaded": ("c = os.fork() or os.execve('F/program', ['program', '9999'], {'LD_PRELOAD': 'D/x.so'}); " + _LOADS_IT, "rm D/x.so", "D/x.so"),
    "program-deleted": ("c = os.fork() or os.execv('F/program', ['program', '9999']); " + _RUNS, "rm F/program", "F/program"),
    "program-replaced": ("c = os.fork() or os.execv('D/program', ['program', '9999']); " + _RUNS, "cp D/program D/n; mv D/n D/program",
                         "D/program"),
    "backup-kept": (_LOADED, f"ln F/x.so F/backup; {_NEW_ONE}", "F/x.so"),
    "link-switched": ("ctypes.CDLL('F/link'); ", "cp F/x.so F/y.so; ln -sfn y.so F/link; rm F/x.so", "F/x.so"),
    "link-switched-old-kept": ("ctypes.CDLL('F/link'); ", "cp F/x.so F/y.so; ln -sfn y.so F/link", ""),
    "moved-and-back": (_LOADED, "mv F/x.so F/y.so; mv F/y.so F/x.so", ""),
    "hard-link-back": (_LOADED, "ln F/x.so F/y.so; rm F/x.so; mv F/y.so F/x.so", ""),
    "renamed-by-dpkg": ("c = os.fork() or os.execv('F/program.dpkg-new', ['program', '9999']); " + _RUNS +
                        "os.rename('F/program.dpkg-new', 'F/program'); ", "true", ""),
    "called-deleted": ("ctypes.CDLL('F/odd.so (deleted)'); ", "true", ""),
    "data-deleted": (_MAP.format("D/data", _READABLE), "rm D/data", ""),
    "executable-data-elsewhere": (_MAP.format("D/data", _EXECUTABLE), "rm D/data", ""),
    "open-and-in-it": ("f = open('F/x.so'); os.chdir('F/sub'); ", "rm -r F/x.so F/sub", ""),
    "program-in-memory": ("f = os.memfd_create('x', 0); os.write(f, open('F/program', 'rb').read()); "
                          "c = os.fork() or os.execv(f'/proc/self/fd/{f}', ['program', '9999']); " + _RUNS, "true", ""),
    "shared-memory": ("m = mmap.mmap(-1, 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_EXEC); ", "true", ""),
    "of-a-dead-child": ("os.fork() or os._exit(0); ", "true", ""),
    "own-users": ("ctypes.CDLL(None).unshare(0x10000000); " + _LOADED, "true", ""),
    "own-users-replaced": ("ctypes.CDLL(None).unshare(0x10000000); " + _LOADED, _NEW_ONE, "F/x.so"),
    "in-run": ("shutil.copy('F/x.so', '/run/fb-x.so'); ctypes.CDLL('/run/fb-x.so'); ", "rm /run/fb-x.so", ""),
}


_START = """library=$1; shift
while [ $# -gt 0 ]; do
  for folder in "/opt/fb/$1" "/srv/fb/$1"; do
    mkdir -p "$folder/sub"
    for copy in x.so x.node 'odd.so (deleted)' data; do cp "$library" "$folder/$copy"; done
    cp /usr/bin/sleep "$folder/program"; cp /usr/bin/sleep "$folder/program.dpkg-new"; ln -s x.so "$folder/link"
  done
  systemd-run --quiet --no-block --unit="fb-case-$1" python3 -c "$2"; shift 2
done"""


def in_its_folders(name: str, text: str) -> str:
    """A situation's text with its own folders in the place of F and D."""
    return text.replace("F/", f"/opt/fb/{name}/").replace("D/", f"/srv/fb/{name}/")


# What each unit of them has mapped, so that a file is replaced under all of them.
_MAPPED = "cat /proc/[0-9]*/maps 2>/dev/null | grep -cE ' r-xp .*/(plain|rooted|bound)[.]so$'"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BootedHost]:
    folder, files = tmp_path_factory.mktemp("booted"), tmp_path_factory.mktemp("files")
    for name, text in UNITS.items():
        path = files / "etc/systemd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    # Without it logind ends the user's manager ten seconds after the session of the last systemctl --user.
    (files / "var/lib/systemd/linger").mkdir(parents=True)
    (files / "var/lib/systemd/linger/root").touch()
    (files / "opt/fb/work").mkdir(parents=True)
    (files / FOLDER.lstrip("/")).mkdir(parents=True)
    for name in ("bound.so", "other.so", "plain.so"):
        (files / FOLDER.lstrip("/") / name).write_bytes(Path(LIBRARY).read_bytes())
    (files / ROOT.lstrip("/") / "fb").mkdir(parents=True)
    (files / ROOT.lstrip("/") / "fb/rooted.so").write_bytes(Path(LIBRARY).read_bytes())
    for name in ("bin", "lib", "lib64"):
        (files / ROOT.lstrip("/") / name).symlink_to(f"usr/{name}")
    (files / "usr/sbin").mkdir(parents=True)
    (files / "usr/sbin/mount.fbserved").write_text(HELPER, encoding="utf-8")
    (files / "usr/sbin/mount.fbserved").chmod(0o755)
    booted = BootedHost(folder, files, REPOSITORY)
    booted.run(f"systemctl enable fb-plain; systemctl start user@0 {MOUNT} {' '.join(STARTED)}; systemctl --user --machine=0@.host start fb-user")
    booted.run(f"systemd-run --quiet --scope --unit=fb-scope {loads(FOLDER + '/plain.so')} >/dev/null 2>&1 &")
    booted.run(f"systemd-run --quiet --unit=fb-transient {loads(FOLDER + '/plain.so')}")
    # All but the one that unpacks its own, and the user's, the scope, the transient one and the mount's.
    booted.run(f"for turn in $(seq 200); do [ $({_MAPPED}) -ge {len(STARTED) - 1 + 4} ] && exit; sleep 0.1; done; exit 1")
    yield booted
    booted.end()


def scanned(host: BootedHost) -> dict[str, Any]:
    return dict(json.loads(host.run('python3 -c "$1" "$2"', (_SCAN, str(REPOSITORY)))))


def stale(host: BootedHost) -> dict[str, dict[str, Any]]:
    """The rows of the scan by unit, of which the proof must see the same units with the same kinds."""
    rows = {str(row["unit"]): row for row in scanned(host)["stale"]}
    output = host.run(asking.script([question for question in SERVICES if question.name == "stale"], "f00d"))
    cells = Proof("copy", NOTHING, asking.answers(output, "f00d")).rows("stale")
    assert {(one.unit, one.kind) for one in (Stale(*row) for row in cells if len(row) == 7)} == {(unit, row["kind"]) for unit, row in rows.items()}
    return rows


# A user's session with many deleted libraries, of names as long as the kernel tells them.
_CROWD = """
import mmap, os, time
folder = "/srv/crowd/" + "/".join(["u" * 250] * 15)
os.makedirs(folder)
kept = []
for number in range(300):
    path = f"{folder}/{number}.so"
    with open(path, "wb") as file:
        file.write(bytes(mmap.PAGESIZE))
    os.utime(path, (1, 1))
    with open(path, "rb") as file:
        kept.append(mmap.mmap(file.fileno(), mmap.PAGESIZE, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC))
    os.unlink(path)
open("/srv/crowd/ready", "w").close()
time.sleep(600)
"""


def told(host: BootedHost, shell: str = "sh") -> list[list[str]]:
    """The rows of the proof's own question, asked by this shell, within a part of its time."""
    (question,) = [question for question in SERVICES if question.name == "stale"]
    hurried = question._replace(shell=question.shell.replace("$(date +%s) + 80", "$(date +%s) + 24"))
    assert hurried != question
    script = asking.script([hurried], "f00d").replace(" sh -c ", f" {shell} -c ")
    return Proof("copy", NOTHING, asking.answers(host.run(f"{shell} -c \"$1\"", [script]), "f00d")).rows("stale")


def replace(host: BootedHost, path: str) -> None:
    host.run(f"cp -p {path} {path}.new; mv {path}.new {path}")


def test_nothing_is_stale_of_what_was_never_replaced(host: BootedHost) -> None:
    assert stale(host) == {}
    host.run("systemctl restart fb-bind fb-unpacks")
    assert stale(host) == {}


def test_each_remedy_ends_what_it_is_a_remedy_for(host: BootedHost) -> None:
    replace(host, f"{FOLDER}/plain.so")
    replace(host, f"{ROOT}/fb/rooted.so")
    rows = stale(host)
    plain = ("fb-plain", "fb-tmp", "fb-many@one", "fb-many@two", "fb-dynamic", "fb-forks", "fb-once", "fb-rooted", "fb-transient")
    assert {unit: (row["kind"], row["restart"]) for unit, row in rows.items()} == {
        **{f"{name}.service": ("service", "works") for name in plain}, "fb-refuses.service": ("service", "refused"),
        "fb-leaves.service": ("service", "leaves_processes"), "fb-user.service": ("session", None), "fb-scope.scope": ("scope", None),
        MOUNT: ("service", "works")}
    for unit, row in rows.items():
        if row["remedy"]:
            host.run(row["remedy"])
        else:
            assert unit == "fb-refuses.service"
            assert "refused" in host.run(f"systemctl restart {unit} 2>&1", check=False)
    assert set(stale(host)) == {"fb-refuses.service"}


def test_systemds_own_processes_have_remedies_too(host: BootedHost) -> None:
    """daemon-reexec for process 1; a restart for logind and for a user's manager, of which (sd-pam) is renewed by nothing less."""
    host.run("systemctl kill --signal=KILL fb-refuses.service", check=False)
    shared = host.run("ls /usr/lib/*/systemd/libsystemd-shared-*.so").strip()
    replace(host, shared)
    rows = stale(host)
    assert (rows["init.scope"]["kind"], rows["user@0.service"]["kind"], rows["systemd-logind.service"]["kind"]) == ("manager", "session", "service")
    for row in rows.values():
        host.run(row["remedy"])
    assert {unit for unit in stale(host) if not unit.startswith("dbus")} == set()


def test_a_unit_is_known_by_all_its_names(host: BootedHost) -> None:
    facts = scanned(host)
    assert facts["aliases"]["fb-other-name.service"] == "fb-plain.service"
    assert "fb-plain.service" in facts["active"] and "fb-other-name.service" not in facts["active"]
    question = next(one for one in SERVICES if one.name == "unit_names")
    assert host.run(question.shell, ("fb-other-name.service",)) == "fb-other-name.service\tfb-plain.service\n"


@pytest.mark.parametrize("shell", ["dash", "bash", "bash --posix", "mksh", "busybox sh"])
def test_every_shell_tells_the_proof_the_same(host: BootedHost, shell: str) -> None:
    replace(host, f"{FOLDER}/plain.so")
    rows = sorted(told(host))
    assert "fb-plain.service" in {Stale(*row).unit for row in rows if len(row) == 7}
    # The find that is part of busybox does not tell when a file was made, so a process's own making is stale there as well.
    assert [row for row in sorted(told(host, shell)) if shell != "busybox sh" or row[2] != "/system.slice/fb-unpacks.service"] == rows


def test_a_users_crowd_hides_no_service_from_the_proof(host: BootedHost) -> None:
    before = [row for row in told(host) if Stale(*row).kind != "session"]
    host.run("mkdir /srv/crowd; chown 65534:65534 /srv/crowd")
    host.run("systemd-run --quiet --scope --slice=user-1000.slice --unit=session-77 --uid=65534 setsid python3 -c \"$1\" >/dev/null 2>&1 </dev/null &"
             " for turn in $(seq 300); do [ -e /srv/crowd/ready ] && exit; sleep 0.1; done; exit 1", [_CROWD])
    rows = told(host)
    host.run("systemctl kill --signal=KILL session-77.scope; rm -r /srv/crowd")
    assert ["unread", "-", "session"] in rows
    assert [row for row in rows if len(row) == 7 and Stale(*row).kind != "session"] == before


def test_each_situation_is_told_as_it_is(host: BootedHost) -> None:
    """The scan and the proof (by ``stale``) on real processes, before and after what is done to their files."""
    arguments = [word for name, (does, _done, _files) in SITUATIONS.items() for word in (
        name, in_its_folders(name, f"import ctypes, mmap, os, shutil, time; {does}open('D/ready', 'w'); time.sleep(9999)"))]
    host.run(_START, (LIBRARY, *arguments))
    host.run(f"for turn in $(seq 300); do [ $(ls /srv/fb/*/ready | wc -l) -ge {len(SITUATIONS)} ] && exit; sleep 0.1; done; exit 1")
    assert {unit for unit in stale(host) if unit.startswith("fb-case-")} == set()
    host.run("; ".join(in_its_folders(name, done) for name, (_does, done, _files) in SITUATIONS.items()))
    rows = {unit: row for unit, row in stale(host).items() if unit.startswith("fb-case-")}
    assert {unit: {*row["replaced"], *row["deleted"]} for unit, row in rows.items()} == {
        f"fb-case-{name}.service": {in_its_folders(name, files)} for name, (_does, _done, files) in SITUATIONS.items() if files}
    host.run("systemctl stop 'fb-case-*'")
