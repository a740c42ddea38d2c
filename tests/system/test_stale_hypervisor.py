# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real QEMU on a real kernel: its binary is replaced under it, and the scan must see it. Needs root and qemu-system-x86."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import machine_types, running_monitors
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import section as hypervisor_section
from firebreak_proof import asking
from firebreak_proof.proof import Proof
from firebreak_proof.questions.machines import HYPERVISOR
from firebreak_proof.standards import NOTHING
from firebreak_proof.views.monitors import processes
from layering import LAYER

NAME = "qemu-system-x86_64"
INSTALLED = Path("/usr/bin") / NAME
SECONDS = 20.0


def need(tool: str) -> str:
    found = shutil.which(tool)
    assert found, f"{tool} is not installed; this test needs the Debian packages qemu-system-x86 and binutils"
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder where only root installs software, as a vendor's release would use: elsewhere a binary is not the host's own."""
    assert os.geteuid() == 0, f"this test must run as root, not as user {os.geteuid()}"
    need(NAME)
    path = Path(tempfile.mkdtemp(prefix="firebreak-test-", dir="/opt"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def start(binary: Path) -> subprocess.Popen[bytes]:
    """A QEMU that never runs its guest, but is a machine monitor in all that can be seen from outside."""
    data = subprocess.run([str(INSTALLED), "-L", "help"], check=True, capture_output=True, text=True).stdout.split()
    argv = [str(binary), *(word for path in data for word in ("-L", path)),
            "-S", "-display", "none", "-nodefaults", "-m", "16", "-accel", "tcg", "-machine", "pc-i440fx-7.1",
            "-name", "guest=stale,, or not,debug-threads=on"]
    # A copy elsewhere would look for its modules, as for its data, beside itself.
    modules = next(Path("/usr/lib").glob("*/qemu/accel-tcg-x86_64.so"), Path("/usr/lib/qemu/none")).parent
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, "QEMU_MODULE_DIR": str(modules)})
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        # QEMU is in main() once its emulation threads are there; before execve the exe link is still Python's.
        folder = Path("/proc") / str(process.pid)
        if (folder / "exe").readlink() == binary and len(list((folder / "task").iterdir())) > 1:
            return process
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"{binary} did not start: {process.communicate()[1].decode(errors='replace')}")


@pytest.fixture
def monitors() -> Iterator[list[subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.kill()
        process.communicate()


def seen(pid: int) -> dict[str, Any]:
    """What the scan says of one process of this machine."""
    section = Section("hypervisor")
    hypervisor_section.collect(LiveHost(time.monotonic() + 60), section, {})
    found = [process for process in section.facts["processes"] if process["pid"] == pid]
    assert len(found) == 1, f"the scan saw {found} for process {pid}; all it saw: {section.facts['processes']}"
    return dict(found[0])


def proven(pid: int) -> str:
    """What the proof's own question says of it."""
    question = next(one for one in HYPERVISOR if one.name == "monitors")
    output = subprocess.run(["sh", "-c", asking.script([question], "f00d")], capture_output=True, text=True, check=True, timeout=60).stdout
    return next(one.state for one in processes(Proof("here", NOTHING, asking.answers(output, "f00d"))) if one.pid == str(pid))


def version_by_running_it(binary: Path) -> str:
    """What QEMU itself says: '... version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)'."""
    text = subprocess.run([str(binary), "--version"], check=True, capture_output=True, text=True).stdout
    return text.splitlines()[0]


def test_the_installed_binary_is_current(folder: Path, monitors: list[subprocess.Popen[bytes]]) -> None:
    monitors.append(start(INSTALLED))
    process = seen(monitors[0].pid)
    package = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "qemu-system-x86"], check=True, capture_output=True, text=True).stdout
    assert (process["stale"], process["deleted"], process["exe"]) == (False, False, str(INSTALLED))
    assert proven(monitors[0].pid) == "installed"
    assert (process["version"], process["version_how"]) == (package, "package")
    assert (process["machine_type"], process["guest"]) == ("pc-i440fx-7.1", "stale, or not")
    assert abs(time.time() - time.mktime(time.strptime(process["started_at"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 60


def test_a_replaced_binary_is_stale_and_its_version_is_still_known(folder: Path, monitors: list[subprocess.Popen[bytes]]) -> None:
    """As a package manager does it: a new file is renamed over the old one, whose inode lives on in the process."""
    binary = folder / NAME
    shutil.copy2(INSTALLED, binary)
    monitors.append(start(binary))
    assert seen(monitors[0].pid)["stale"] is False
    other_build = Path(need("readelf")).resolve()
    shutil.copy2(other_build, folder / "new")
    (folder / "new").rename(binary)
    process = seen(monitors[0].pid)
    assert process["stale"] is True and process["deleted"] is True
    assert proven(monitors[0].pid) == "replaced"
    assert process["exe"] == str(binary)
    assert process["build_id"] in process["reason"]
    assert process["version_how"] == "binary_text"
    assert process["version"] in version_by_running_it(INSTALLED)


def test_the_same_build_in_a_new_file_is_not_stale(folder: Path, monitors: list[subprocess.Popen[bytes]]) -> None:
    binary = folder / NAME
    shutil.copy2(INSTALLED, binary)
    monitors.append(start(binary))
    shutil.copy2(INSTALLED, folder / "new")
    (folder / "new").rename(binary)
    process = seen(monitors[0].pid)
    assert (process["deleted"], process["stale"], process["reason"]) == (True, False, "the file was replaced by the same build")
    assert proven(monitors[0].pid) == "installed"


def test_a_removed_binary_is_stale(folder: Path, monitors: list[subprocess.Popen[bytes]]) -> None:
    binary = folder / NAME
    shutil.copy2(INSTALLED, binary)
    monitors.append(start(binary))
    binary.unlink()
    process = seen(monitors[0].pid)
    assert process["stale"] is True and process["reason"] == f"its binary {binary} was removed"
    assert proven(monitors[0].pid) == "replaced"


def test_rpm_moves_the_old_binary_aside(folder: Path, monitors: list[subprocess.Popen[bytes]]) -> None:
    binary = folder / NAME
    shutil.copy2(INSTALLED, binary)
    monitors.append(start(binary))
    binary.rename(f"{binary};5408628d")
    shutil.copy2(Path(need("readelf")).resolve(), binary)
    process = seen(monitors[0].pid)
    assert (process["exe"], process["deleted"], process["stale"]) == (str(binary), True, True)
    assert proven(monitors[0].pid) == "replaced"


def apart(folder: Path, program: str, qemu: str) -> subprocess.Popen[bytes]:
    """A program that does nothing, called like another, in a root of its own in which QEMU is a copy of yet another; the processes are the host's."""
    folder.mkdir()
    change = f'layer "$1"; cp {qemu} "$1/root{INSTALLED}.new"; mv "$1/root{INSTALLED}.new" "$1/root{INSTALLED}"; [ -e "$1/root{program}" ] || ' \
        f'cp /usr/bin/sleep "$1/root{program}"; cd "$1/root"; mount -t proc proc proc; pivot_root . mnt; umount -l /mnt; exec {program} 999'
    process = subprocess.Popen(["unshare", "--mount", "sh", "-c", LAYER + change, "sh", str(folder)], stdin=subprocess.DEVNULL)
    wait_for(process, program)
    return process


def wait_for(process: subprocess.Popen[bytes], program: str) -> None:
    """Until a process runs that program."""
    end = time.monotonic() + SECONDS
    while str((Path("/proc") / str(process.pid) / "exe").readlink()) != program:
        assert time.monotonic() < end and process.poll() is None, f"{program} did not start"
        time.sleep(0.05)


@pytest.mark.parametrize(("brought", "stale", "state"), [
    (None, None, "apart"), ("/usr/bin/sleep", False, "installed"), ("/usr/bin/tail", True, "replaced")])
def test_a_containers_qemu_is_what_its_libvirt_daemon_would_start(
        brought: str | None, stale: bool | None, state: str, folder: Path, monitors: list[subprocess.Popen[bytes]]) -> None:
    """Kolla's nova_libvirt: the daemon of a newer image finds the guests of the former one."""
    monitors.append(apart(folder / "guest", str(INSTALLED), "/usr/bin/sleep"))
    if brought:
        monitors.append(apart(folder / "daemon", "/usr/sbin/virtqemud", brought))
    assert (seen(monitors[0].pid)["stale"], proven(monitors[0].pid)) == (stale, state)


@pytest.fixture
def snap() -> Iterator[Path]:
    """A snap of two revisions, where snapd would put it."""
    made = not Path("/snap").exists()
    path = Path("/snap/firebreak-test")
    for revision in ("1", "2"):
        (path / revision / "bin").mkdir(parents=True)
        shutil.copy2(need("sleep"), path / revision / "bin" / NAME)
    yield path
    shutil.rmtree(path)
    if made:
        path.parent.rmdir()


@pytest.mark.parametrize(("current", "stale", "state"), [("1", False, "installed"), ("2", True, "replaced")])
def test_a_snaps_qemu_is_that_of_the_current_revision(
        current: str, stale: bool, state: str, snap: Path, monitors: list[subprocess.Popen[bytes]]) -> None:
    """canonical/lxd#18470: guests live across a refresh, which leaves their revision mounted."""
    binary = snap / "1" / "bin" / NAME
    (snap / "current").symlink_to(current)
    monitors.append(subprocess.Popen([str(binary), "999"], stdin=subprocess.DEVNULL))
    wait_for(monitors[0], str(binary))
    assert (seen(monitors[0].pid)["stale"], proven(monitors[0].pid)) == (stale, state)


def test_a_lookalike_of_an_unprivileged_user_is_neither_run_nor_believed(folder: Path, monitors: list[subprocess.Popen[bytes]]) -> None:
    """A script's interpreter, copied and named like QEMU: it would leave a mark if anything of it were executed."""
    mark, binary = folder / "executed", folder / NAME
    shutil.copy2(need("sleep"), binary)
    os.chown(binary, 65534, 65534)
    folder.chmod(0o777)
    process = subprocess.Popen([str(binary), "60"], user=65534, group=65534)
    monitors.append(process)
    end = time.monotonic() + SECONDS
    while (Path("/proc") / str(process.pid) / "exe").readlink() != binary and time.monotonic() < end:
        time.sleep(0.02)
    binary.unlink()
    binary.write_text(f"#!/bin/sh\ntouch {mark}\n")
    binary.chmod(0o755)
    section = Section("hypervisor")
    hypervisor_section.collect(LiveHost(time.monotonic() + 60), section, {})
    assert {"pid": process.pid, "component": "qemu", "exe": str(binary), "user": 65534} in section.facts["lookalikes"]
    assert process.pid not in [row["pid"] for row in section.facts["processes"]]
    assert not mark.exists()


def loaded_modules() -> list[str]:
    """The modules that are in this kernel, by name."""
    return sorted(path.name for path in Path("/sys/module").iterdir())


@pytest.mark.parametrize("probe", ["device", "vm", "vcpu"])
def test_a_probe_loads_no_module_and_leaves_nothing_open(probe: str) -> None:
    def opened() -> list[str]:
        links = (path.parent / path.name for path in Path("/proc/self/fd").iterdir())
        return sorted(str(link.readlink()) for link in links if link.is_symlink() and "/proc/" not in str(link.readlink()))

    section, modules, before = Section("hypervisor"), loaded_modules(), opened()
    hypervisor_section.collect(LiveHost(time.monotonic() + 60), section, {"hypervisor_probe": probe})
    assert (loaded_modules(), opened()) == (modules, before)
    assert section.facts["ladder"]["asked"] == probe
    usable = Path("/sys/class/misc/kvm").exists() and os.access("/dev/kvm", os.R_OK | os.W_OK)
    assert (section.facts["ladder"]["rung"] == probe) is usable, section.facts["ladder"]["failed"]


def test_the_deprecated_machine_types_are_qemus_own() -> None:
    """The rule of _machine_types against the list of the QEMU that is installed."""
    text = subprocess.run([need(NAME), "-machine", "help"], check=True, capture_output=True, text=True).stdout
    version = machine_types.qemu_version(version_by_running_it(INSTALLED).partition("version ")[2])
    listed = {line.split()[0]: line.rstrip().endswith("(deprecated)") for line in text.splitlines()[1:] if line.strip()}
    assert len(listed) > 20
    judged = {name: machine_types.is_deprecated(name, version) for name in listed if name.startswith("pc-")}
    assert judged == {name: listed[name] for name in judged}


def test_build_ids_are_those_of_readelf() -> None:
    for path in (INSTALLED, Path("/bin/ls"), Path("/usr/bin/dpkg-query")):
        text = subprocess.run([need("readelf"), "-n", str(path)], check=True, capture_output=True, text=True).stdout
        wanted = text.partition("Build ID: ")[2].split()[0]
        assert running_monitors.build_id_at(LiveHost(time.monotonic() + 60), str(path)) == wanted
