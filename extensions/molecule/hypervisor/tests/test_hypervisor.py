# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A QEMU guest outlives the upgrade of its QEMU, is reported, is moved when asked, and is reported no more; KVM's parameters on a real kernel.

The tests run in this order: later ones move what earlier ones look at.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import testinfra

ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
SCENARIO = ROOT / "extensions/molecule/hypervisor"
STANDARD = {"hypervisor": {"machine_types": ["pc-q35-*"], "qemu": {"running": {"rule": "installed"}}}}
OTHER = "qemu+unix:///system?socket=/srv/other/run/libvirt-sock"
QEMU = "/usr/bin/qemu-system-x86_64"
# A guest in an emulated machine on a busy computer.
GUEST_SECONDS = 300
# Holds a virtual machine open, as a guest would.
HOLD = "import fcntl, os, time; kvm = os.open('/dev/kvm', os.O_RDWR); vm = fcntl.ioctl(kvm, 0xAE01, 0); print(vm, flush=True); time.sleep(3600)"


def machine(name: str) -> Any:
    """A host of the scenario; each test here is about one of them."""
    return testinfra.get_host(f"ansible://{name}?ansible_inventory={ROOT}/inventories/lab")


def play(playbook: Path, host: str, folder: Path, *words: str, expected: int = 0, **variables: Any) -> str:
    """What a playbook says that is run on one host as a person would; it must succeed, or end as expected."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), f"--inventory={ROOT}/inventories/lab", f"--limit={host}", str(playbook),
               "--extra-vars", json.dumps(variables), *words]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "false"}
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == expected, done.stdout
    return done.stdout


def findings(host: str, folder: Path) -> dict[str, Any]:
    """What report_drift.yml finds on one host, by id."""
    folder.mkdir(exist_ok=True)
    play(ROOT / "playbooks/report_drift.yml", host, folder, firebreak_standard=STANDARD, firebreak_report_dir=str(folder / "run"))
    document, = (folder / "run").glob(f"**/{host}.json")
    return {finding["id"]: finding for finding in json.loads(document.read_text())["findings"]}


def pid(host: Any, guest: str) -> str:
    """The process that runs a guest."""
    return str(host.check_output(f"pgrep -f '^{QEMU} -name (guest=)?{guest}[, ]'"))


def binary(host: Any, guest: str) -> str:
    """What the guest's process runs."""
    return str(host.check_output(f"readlink /proc/{pid(host, guest)}/exe"))


def stamp(host: Any, guest: str, libvirt: str = "qemu:///system") -> str:
    """What the guest noted when it booted: another start gives another one."""
    text = host.check_output(f"virsh --connect '{libvirt}' qemu-monitor-command {guest} --hmp 'xp /1wx 0x500'")
    found = re.search(r"0x([0-9a-f]{8})\b", text)
    assert found and found[1] != "00000000", text
    return found[1]


def test_the_newest_qemu_is_installed_and_held() -> None:
    guests = machine("guests")
    newest = guests.check_output("apt-cache show --no-all-versions qemu-system-x86 | sed -n 's/^Version: //p'")
    assert guests.check_output("dpkg-query -W -f '${Version}' qemu-system-x86") == newest
    assert guests.check_output("apt-mark showhold").split() == ["qemu-system-common", "qemu-system-data", "qemu-system-x86"]


def test_guests_of_before_the_upgrade_are_reported_with_evidence(tmp_path: Path) -> None:
    guests = machine("guests")
    assert {binary(guests, name) for name in ("living", "sharing", "moving", "lone")} == {f"{QEMU} (deleted)"}
    found = findings("guests", tmp_path)
    assert {name for name in found if name.startswith("hypervisor.")} == {
        "hypervisor.qemu.running", "hypervisor.machine_type", "hypervisor.machine_type_deprecated"}
    stale = found["hypervisor.qemu.running"]
    old = re.search(r"\d+:[^ )]+", guests.check_output(f"/proc/{pid(guests, 'living')}/exe --version"))
    assert old
    assert stale["observed"][0] == "4 of 4 processes"
    assert f"pid {pid(guests, 'living')}, {old[0]}, guest living (replaced binary)" in stale["observed"]
    assert stale["disruption"] == "migrate_guest"
    processes, = (evidence for evidence in stale["evidence"] if evidence["fact"] == "hypervisor.processes")
    assert processes["source"] == "/proc/*/exe, stat, cmdline"
    assert "was replaced: build" in json.dumps(processes["value"])
    assert found["hypervisor.machine_type"]["observed"] == ["pc-i440fx-1.7"]
    assert found["hypervisor.machine_type_deprecated"]["observed"] == ["pc-i440fx-1.7"]


def test_a_guest_is_saved_and_restored_on_the_new_qemu(tmp_path: Path) -> None:
    guests = machine("guests")
    before = stamp(guests, "living"), pid(guests, "living"), pid(guests, "sharing")
    said = play(SCENARIO / "converge.yml", "guests", tmp_path, hypervisor_replace_guests="managed_save")
    assert (binary(guests, "living"), stamp(guests, "living")) == (QEMU, before[0])
    assert pid(guests, "living") != before[1]
    assert pid(guests, "sharing") == before[2]
    assert "its filesystem keeps it from being saved or moved" in said
    assert "of guest moving runs" in said and "of guest living runs" not in said


def test_a_guest_that_cannot_be_saved_is_shut_down_and_started(tmp_path: Path) -> None:
    guests = machine("guests")
    before = stamp(guests, "sharing"), pid(guests, "living")
    play(SCENARIO / "converge.yml", "guests", tmp_path, hypervisor_replace_guests="restart")
    assert binary(guests, "sharing") == QEMU
    assert guests.check_output("virsh domstate sharing") == "running"
    assert pid(guests, "living") == before[1], "a guest on the installed QEMU was touched"
    assert guests.run(f"for _ in 1 2 3 4 5 6 7 8 9; do virsh qemu-monitor-command sharing --hmp 'xp /1wx 0x500' | grep -v {before[0]} | "
                      "grep -q '0x[0-9a-f]*[1-9a-f]' && exit 0; sleep 1; done; exit 1").rc == 0, "it was not started anew"


def test_a_guest_without_a_definition_is_migrated_live(tmp_path: Path) -> None:
    guests = machine("guests")
    before = stamp(guests, "moving")
    said = play(SCENARIO / "converge.yml", "guests", tmp_path, hypervisor_replace_guests="migrate", hypervisor_migrate_to=OTHER)
    assert "moving" not in guests.check_output("virsh list --all --name").split()
    assert (binary(guests, "moving"), stamp(guests, "moving", OTHER)) == (QEMU, before)
    assert "of guest lone runs" in said


def test_what_was_moved_is_reported_no_more(tmp_path: Path) -> None:
    guests = machine("guests")
    stale = findings("guests", tmp_path / "one")["hypervisor.qemu.running"]
    assert stale["observed"] == ["1 of 4 processes", stale["observed"][1]]
    assert "guest lone" in stale["observed"][1]
    guests.check_output("systemctl stop lone.service")
    assert [name for name in findings("guests", tmp_path / "two") if name.startswith("hypervisor.")] == []


def test_definitions_get_another_version_of_their_machine_type_and_running_guests_stay(tmp_path: Path) -> None:
    guests = machine("guests")
    guests.check_output("sed 's/living/board/; s/pc-q35-7.1/pc-i440fx-7.1/' /srv/living.xml > /srv/board.xml && virsh define /srv/board.xml")
    definition, process = "virsh dumpxml --inactive --security-info living", pid(guests, "living")
    before = guests.check_output(definition)
    said = play(SCENARIO / "machine_types.yml", "guests", tmp_path, "--check", "--diff")
    assert "-living: pc-q35-7.1" in said and "+living: pc-q35-7.2" in said
    assert guests.check_output(definition) == before
    said = play(SCENARIO / "machine_types.yml", "guests", tmp_path)
    assert guests.check_output(definition) == before.replace("machine='pc-q35-7.1'", "machine='pc-q35-7.2'")
    assert "machine='pc-q35-7.1'" in guests.check_output("virsh dumpxml living") and pid(guests, "living") == process
    assert "guest living runs with pc-q35-7.1" in said and "at its next start it gets pc-q35-7.2" in said
    assert "guest board is defined with pc-i440fx-7.1" in said and "another family is other hardware" in said
    said = play(SCENARIO / "machine_types.yml", "guests", tmp_path)
    assert re.search(r"guests +: ok=[0-9]+ +changed=0 ", said), said
    # The proof, which comes next, counts definitions too.
    guests.check_output("virsh undefine board")


def test_a_parameter_is_in_force_where_the_kernel_takes_it_and_waits_where_not() -> None:
    metal = machine("metal")
    assert metal.check_output("cat /sys/module/kvm/parameters/halt_poll_ns") == "0"
    assert metal.check_output("cat /sys/module/kvm_amd/parameters/nested") in ("1", "Y")
    kept = metal.check_output("modprobe --showconfig | grep '^options kvm'").splitlines()
    assert kept == ["options kvm halt_poll_ns=0", "options kvm_amd nested=0", "options kvm_intel nested=0"]


def test_a_module_is_not_taken_from_a_guest_and_loaded_anew_after_it(tmp_path: Path) -> None:
    metal = machine("metal")
    metal.check_output(f'systemd-run --unit holder python3 -c "{HOLD}"')
    assert metal.run("for _ in $(seq 60); do journalctl -u holder -o cat | grep -q '^[0-9]' && exit 0; sleep 1; done; exit 1").rc == 0
    said = play(SCENARIO / "converge.yml", "metal", tmp_path, hypervisor_kvm_reload=True)
    assert "users (guests) hold it" in said
    assert metal.check_output("cat /sys/module/kvm_amd/parameters/nested") in ("1", "Y")
    metal.check_output("systemctl stop holder.service")
    assert "takes loading kvm_amd anew" not in play(SCENARIO / "converge.yml", "metal", tmp_path, hypervisor_kvm_reload=True)
    assert metal.check_output("cat /sys/module/kvm_amd/parameters/nested") in ("0", "N")
    assert metal.check_output("cat /sys/module/kvm/parameters/halt_poll_ns") == "0"


@pytest.mark.parametrize("probe", ["device", "vm", "vcpu"])
def test_the_rungs_of_the_ladder_are_climbed(probe: str) -> None:
    assert ladder(hypervisor_probe=probe) == {"rung": probe, "asked": probe, "failed": "", "guest_kernel": None}


def test_a_guest_kernel_is_booted_when_it_is_asked_for_and_ended() -> None:
    metal = machine("metal")
    asked = {"hypervisor_release": "/opt/kata-4.0.0", "section_deadline": GUEST_SECONDS, "deadline": GUEST_SECONDS + 60}
    found = ladder(hypervisor_probe="guest", **asked)
    assert found == {"rung": "guest", "asked": "guest", "failed": "", "guest_kernel": metal.check_output("uname -r")}
    assert metal.run("pgrep -f qemu-system-x86_64.*vmlinux").rc == 1


def test_a_release_whose_guest_kernel_is_another_is_not_put_in_force_and_one_that_boots_is(tmp_path: Path) -> None:
    metal = machine("metal")
    said = play(SCENARIO / "guest.yml", "metal", tmp_path, kata_version="4.1.0", expected=2)
    assert "reached the rung vcpu, wanted guest" in said
    assert f"the guest kernel that came up is {metal.check_output('uname -r')}" in said and "vmlinux-5.10.0-202 pins 5.10.0" in said
    assert not metal.file("/opt/kata").exists
    play(SCENARIO / "guest.yml", "metal", tmp_path, kata_version="4.0.0")
    assert metal.file("/opt/kata").linked_to == "/opt/kata-4.0.0"
    assert metal.file("/etc/modules-load.d/firebreak-kata.conf").content_string == "vhost_vsock\nvhost_net\n"
    assert metal.file("/sys/module/vhost_vsock").is_directory and metal.file("/sys/module/vhost_net").is_directory


def ladder(**asked: Any) -> Any:
    """What a scan of the machine says of it."""
    command = [str(Path(sys.executable).with_name("ansible")), f"--inventory={ROOT}/inventories/lab", "metal", "-m", "firebreak.fleet.platform_scan",
               "-a", json.dumps({"sections": ["os", "hypervisor"], **asked})]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "false"}
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(said.partition("=>")[2])["firebreak"]["record"]["record"]["hypervisor"]["ladder"]
