# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting hosts, waiting for them, stopping them."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from firebreak_lab import cache, confined, control_group, images, machine, processes, requirements, ssh, state
from firebreak_lab.errors import BootError, LabError
from firebreak_lab.images import Image
from firebreak_lab.state import Host, Lab

# Emulated boots on a busy computer; an idle one needs a tenth.
BOOT_SECONDS = 600
# An emulated guest now and then stands still on its way up; so long it may take before that is believed.
REBOOT_SECONDS = 240
CONTAINER_SECONDS = 60
PREPARE_SECONDS = 900
AT_ONCE = 2
STOP_SECONDS = 5
# A command that is told to end stops what it had started.
HOLDER_SECONDS = 60


def say(text: str) -> None:
    """Progress, for a person."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


def create(lab: Lab, hosts: list[Host]) -> None:
    """Make disks, ports and ssh files; nothing runs yet."""
    owner = state.current_owner()
    requirements.require_commands(requirements.MACHINE)
    if any(host.kind == "container" for host in hosts):
        requirements.require_root("a container of the lab")
        requirements.require_commands(requirements.CONTAINER)
    requirements.require_memory(sum(host.memory for host in hosts if host.kind == "machine"), f"{len(hosts)} hosts")
    requirements.require_disk(lab.folder, 0.5 * len(hosts), f"{len(hosts)} hosts")
    made = images.provide_all(sorted({host.image for host in hosts}))
    for host in hosts:
        image = made[host.image]
        host.accelerator = machine.accelerator(image) if host.kind == "machine" else []
        host.image_folder = str(image.folder)
        host.host_key = (image.tree / "etc/ssh/ssh_host_ed25519_key.pub").read_text().strip()
    lab.give_to(owner)
    state.reserve(lab, hosts)
    for host in hosts:
        if host.kind == "machine":
            machine.make_disk(lab.host_folder(host.name) / "disk.qcow2", made[host.image])
    write_ssh(lab)


def write_ssh(lab: Lab) -> None:
    """ssh's files for all hosts of the lab."""
    hosts = [lab.load(name) for name in lab.names()]
    ssh.write_files(lab.folder, {host.name: host.port for host in hosts}, {host.name: host.host_key for host in hosts})


def start(lab: Lab, name: str) -> None:
    """Start the host's supervisor, in a session of its own, so that it outlives us."""
    folder = lab.host_folder(name)
    (folder / "run.json").unlink(missing_ok=True)
    (folder / "supervisor.json").unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(images.HERE.parent)}
    with (folder / "supervisor.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "firebreak_lab.supervisor", str(lab.folder), name], env=environment, cwd=folder,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    until = time.monotonic() + 60
    while not (folder / "supervisor.json").exists():
        if process.poll() is not None or time.monotonic() > until:
            raise LabError(f"{name}: its supervisor did not start: {confined.tail(folder / 'supervisor.log', 15)}")
        time.sleep(0.05)


def console(lab: Lab, name: str, lines: int = 40) -> str:
    """The end of what the host printed on its serial console, and what QEMU said."""
    folder = lab.host_folder(name)
    return "\n".join(confined.tail(folder / log, lines) for log in ("console.log", "emulator.log", "supervisor.log"))


def wait_until(lab: Lab, name: str, what: str, condition: Callable[[], bool], seconds: float) -> None:
    """Ask until the condition holds; BootError where the host ends before, or the time is over."""
    until = time.monotonic() + seconds
    while not condition():
        if lab.supervisor(name) is None:
            raise BootError(f"{name}: ended before {what} ({lab.run_state(name)['ended'] or 'its supervisor is gone'})", console(lab, name))
        if time.monotonic() > until:
            raise BootError(f"{name}: no {what} within {seconds:.0f} s", console(lab, name))
        time.sleep(1)


def boot_id(lab: Lab, name: str) -> str | None:
    """The running kernel's boot id; None while the host does not answer."""
    seen = ssh.answers(lab.folder, name, "cat /proc/sys/kernel/random/boot_id", 60)
    return seen.strip() if seen else None


def wait_ready(lab: Lab, name: str, previous_boot: str | None = None, seconds: float = BOOT_SECONDS) -> None:
    """Until the host answers by ssh in another boot than ``previous_boot`` and systemd says that it runs; BootError where units failed."""
    seconds = CONTAINER_SECONDS if lab.load(name).kind == "container" else seconds
    wait_until(lab, name, "ssh", lambda: boot_id(lab, name) not in (None, "", previous_boot), seconds)
    said = ssh.answers(lab.folder, name, "systemctl is-system-running --wait; systemctl list-units --failed --plain --no-legend", seconds)
    if not said or said.split()[0] != "running":
        raise BootError(f"{name}: systemctl is-system-running: want running, seen {(said or 'no answer').strip()!r}", console(lab, name))


def reboot(lab: Lab, name: str) -> float:
    """Let the guest reboot itself and wait for it; one that stands still is started once more by its plug. The seconds it took."""
    before, begun = boot_id(lab, name), time.monotonic()
    ssh.answers(lab.folder, name, "systemctl reboot", 120)
    try:
        wait_ready(lab, name, before, REBOOT_SECONDS)
    except BootError as error:
        say(f"{error}; pulling its plug; its console:\n{error.console}")
        halt(lab, name)
        start(lab, name)
        wait_ready(lab, name, before)
    return time.monotonic() - begun


def prepare(lab: Lab, host: Host) -> None:
    """Give the host its name and bring it into its state, by the fleet's script."""
    newest = Image(host.image, Path(host.image_folder)).manifest
    script = [f"hostname {host.name}", f"echo {host.name} >/etc/hostname", f"echo '127.0.1.1 {host.name}' >>/etc/hosts",
              f"OLDER={newest['older']['release']} NEWEST={newest['newest']['release']}", host.prepare]
    ssh.run_script(lab.folder, host.name, "\n".join(script) + "\n", lab.host_folder(host.name) / "prepare.log", PREPARE_SECONDS)


def bring_up(lab: Lab, name: str, given_up: threading.Event | None = None) -> float:
    """Start, wait and (once) prepare; a host that does not come is tried once more unless all was given up. The seconds it took."""
    host, begun = lab.load(name), time.monotonic()
    for attempt in (1, 2):
        if given_up and given_up.is_set():
            raise LabError(f"{name}: not started, since another host failed")
        try:
            start(lab, name)
            wait_ready(lab, name)
            break
        except BootError as error:
            halt(lab, name)
            if attempt == 2 or (given_up and given_up.is_set()):
                raise
            say(f"{error}; trying once more; its console:\n{error.console}")
    booted = time.monotonic() - begun
    if not host.prepared:
        prepare(lab, host)
        host.prepared = True
        lab.save(host)
    say(f"{name}: booted in {booted:.0f} s, ready after {time.monotonic() - begun:.0f} s")
    return time.monotonic() - begun


def bring_up_all(lab: Lab, names: list[str]) -> None:
    """All of them, at most AT_ONCE at the same time. Where one fails, or we are interrupted, all of them are stopped again."""
    given_up = threading.Event()
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = [pool.submit(bring_up, lab, name, given_up) for name in names]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                given_up.set()
                # The threads still wait for hosts: ending those ends the waiting.
                halt_all(lab, names)
                raise
    except BaseException:
        halt_all(lab, names)
        raise


def halt(lab: Lab, name: str) -> None:
    """Stop the host at once, as by pulling its plug."""
    supervisor = lab.supervisor(name)
    if supervisor:
        processes.end(supervisor, STOP_SECONDS)
    control_group.remove(lab.host_folder(name))


def halt_all(lab: Lab, names: list[str]) -> None:
    """Stop these hosts at once."""
    for name in names:
        halt(lab, name)


def power_off(lab: Lab, name: str) -> None:
    """Let the guest shut down, so that its disk is whole."""
    supervisor = lab.supervisor(name)
    if supervisor:
        ssh.answers(lab.folder, name, "systemctl poweroff", 120)
        if not processes.wait_gone([supervisor], 300):
            raise LabError(f"{name}: did not power off within 300 s; its console:\n{console(lab, name)}")


def snapshot(lab: Lab, name: str, label: str) -> None:
    """Keep the disk as it is under a label; the host is shut down for it and started again."""
    folder = _machine_folder(lab, name)
    was_running = lab.supervisor(name) is not None
    power_off(lab, name)
    (folder / "snapshots").mkdir(exist_ok=True)
    machine.copy_disk(folder / "disk.qcow2", folder / "snapshots" / f"{label}.qcow2")
    if was_running:
        bring_up(lab, name)


def reset(lab: Lab, name: str, label: str | None) -> None:
    """Start the host again from a snapshot, or from its image as it was first made, without a trace of what came after."""
    folder = _machine_folder(lab, name)
    kept = folder / "snapshots" / f"{label}.qcow2"
    if label and not kept.exists():
        labels = sorted(path.stem for path in kept.parent.glob("*.qcow2"))
        raise LabError(f"{name}: no snapshot {label!r} (there are: {', '.join(labels) or 'none'})")
    halt(lab, name)
    disk = folder / "disk.qcow2"
    disk.unlink()
    host = lab.load(name)
    if label:
        machine.copy_disk(kept, disk)
    else:
        machine.make_disk(disk, Image(host.image, Path(host.image_folder)))
    host.prepared = label is not None
    lab.save(host)
    bring_up(lab, name)


def _machine_folder(lab: Lab, name: str) -> Path:
    if lab.load(name).kind != "machine":
        raise LabError(f"{name} is a container: its changes are in memory; stop and start it to be rid of them")
    return lab.host_folder(name)


def down(lab: Lab) -> None:
    """End the command that works on the lab, stop everything of it and forget it, and sweep what killed builds left in the cache."""
    holder = lab.holder()
    if holder:
        processes.end(holder, HOLDER_SECONDS)
    halt_all(lab, lab.names())
    lab.destroy()
    cache.sweep()
