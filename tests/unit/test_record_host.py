# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording answers as the machine did, and does not tell whose it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import record_host
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from recorded_host import RecordedHost

SALT = b"salt"
MACHINE_ID = "0123456789abcdef0123456789abcdef"
UUID = "3E8B1C9A-1111-4222-8333-ABCDEFABCDEF"


def _anonymised(**questions: Any) -> dict[str, Any]:
    recording = {"uname": ["Linux", "database-7.example.net", "6.1.0", "#1", "x86_64"], "uid": 0, "now": 1.0, **questions}
    return record_host.anonymise(recording, SALT)


def test_answers_the_same_when_it_is_replayed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    (tmp_path / "l").symlink_to("a")
    recorder = record_host.RecordingHost(LiveHost())
    asked = [("read", str(tmp_path / "a")), ("read", str(tmp_path / "no")), ("read_bytes", str(tmp_path / "a")), ("listdir", str(tmp_path)),
             ("readlink", str(tmp_path / "l")), ("realpath", str(tmp_path / "l")), ("stat", str(tmp_path / "a")), ("run", ["echo", "x"]),
             ("run", ["no-such-command"])]
    live = [getattr(recorder, question)(key) for question, key in asked]
    replayed = RecordedHost(json.loads(json.dumps(recorder.recording)))
    assert [getattr(replayed, question)(key) for question, key in asked] == live
    assert replayed.now() == recorder.now()
    assert replayed.uname() == recorder.uname()


def test_machine_ids_are_replaced_everywhere_alike() -> None:
    clean = _anonymised(read={"/etc/machine-id": MACHINE_ID + "\n", f"/boot/loader/entries/{MACHINE_ID}-6.1.conf": "title x"})
    other = clean["read"]["/etc/machine-id"].strip()
    assert MACHINE_ID not in json.dumps(clean)
    assert len(other) == 32
    assert f"/boot/loader/entries/{other}-6.1.conf" in clean["read"]


def test_names_addresses_and_serials_are_replaced() -> None:
    clean = _anonymised(
        read={"/proc/cmdline": f"root=UUID={UUID} ip=10.1.2.3 nfs=database-7:/x", "/sys/class/dmi/id/product_serial": "XYZ123\n",
              "/proc/7/cmdline": "qemu\0-drive\0file=/srv/alice/disk.img,if=virtio\0/usr/bin/x", "/proc/1/environ": "TOKEN=secret\0container=lxc\0"},
        readlink={"/proc/7/exe": "/home/alice/qemu (deleted)"}, run={"ip link": [0, "52:54:00:12:34:56", ""]})
    text = json.dumps(clean)
    assert not any(secret in text for secret in (UUID, "10.1.2.3", "database-7", "XYZ123", "alice", "secret", "52:54:00:12:34:56"))
    assert clean["read"]["/proc/1/environ"] == "container=lxc\0"
    assert clean["read"]["/proc/7/cmdline"].endswith("\0/usr/bin/x")
    assert clean["readlink"]["/proc/7/exe"].endswith(" (deleted)")


def test_of_containers_only_what_a_scan_looks_at_is_kept() -> None:
    config = {"ociVersion": "1.2.0", "process": {"env": ["TOKEN=secret"], "args": ["secret"], "capabilities": {"bounding": ["CAP_CHOWN"]}},
              "mounts": [{"source": "/srv/secret"}], "annotations": {"io.kubernetes.cri.container-name": "web", "owner": "secret"}}
    docker = {"Name": "/web", "Config": {"Image": "nginx", "Env": ["TOKEN=secret"]}}
    bundle = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/c1/config.json"
    reads = {bundle: json.dumps(config), "/var/lib/docker/containers/c1/config.v2.json": json.dumps(docker),
             "/etc/docker/daemon.json": '{"proxies": {"http-proxy": "http://secret@x"}, "data-root": "/var/lib/docker"}',
             "/var/lib/containers/storage/overlay-containers/c2/userdata/config.json": "{ no JSON: secret"}
    clean = _anonymised(read=reads)["read"]
    assert "secret" not in json.dumps(clean)
    assert json.loads(clean[bundle]) == {"ociVersion": "1.2.0", "process": {"capabilities": {"bounding": ["CAP_CHOWN"]}}, "linux": {},
                                         "annotations": {"io.kubernetes.cri.container-name": "web"}}
    assert json.loads(clean["/etc/docker/daemon.json"]) == {"data-root": "/var/lib/docker"}


def test_whole_programs_are_recorded_compressed(tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(b"code" * 10_000)
    recorder = record_host.RecordingHost(LiveHost())
    live = recorder.read_bytes(str(tmp_path / "tool"))
    assert RecordedHost(json.loads(json.dumps(recorder.recording))).read_bytes(str(tmp_path / "tool")) == live
    assert len(json.dumps(recorder.recording)) < 1000


def test_of_large_pieces_of_programs_only_the_version_is_kept(tmp_path: Path) -> None:
    (tmp_path / "qemu-kvm").write_bytes(b"x" * 500_000 + b"\0QEMU emulator version 7.2.9\0" + b"y" * 500_000)
    recorder = record_host.RecordingHost(LiveHost())
    seen = recorder.read_bytes(str(tmp_path / "qemu-kvm")).value
    assert seen == b"\0QEMU emulator version 7.2.9\0" == RecordedHost(recorder.recording).read_bytes(str(tmp_path / "qemu-kvm")).value


def test_versions_are_no_addresses() -> None:
    text = "Package: a\nVersion: 1.2.3.4\nDescription: long\n more of it\nStatus: install ok installed\n"
    assert _anonymised(read={"/var/lib/dpkg/status": text})["read"]["/var/lib/dpkg/status"] == (
        "Package: a\nVersion: 1.2.3.4\nStatus: install ok installed\n")


def test_another_salt_gives_another_machine() -> None:
    assert record_host.Mask(b"a").digits(UUID) != record_host.Mask(b"b").digits(UUID)
    assert record_host.Mask(b"a").digits(UUID)[8] == "-"


def test_the_bundle_records_from_standard_input(tmp_path: Path) -> None:
    script = record_host.bundle(Path(record_host.__file__).resolve().parent.parent)
    done = subprocess.run([sys.executable, "-I", "-"], input=script, capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path)
    recording = json.loads(done.stdout)
    assert recording["uname"][1] == "recorded"
    assert recording["read"]["/proc/sys/kernel/random/boot_id"] != Path("/proc/sys/kernel/random/boot_id").read_text()
    assert list(tmp_path.iterdir()) == []


def test_of_a_processes_memory_only_programs_stay() -> None:
    program = "7f00-7f01 r-xp 00001000 fd:01 9    /usr/lib/libc.so.6 (deleted)\n"
    private = "7f02-7f03 r-xp 00001000 fd:01 7    /home/alice/lib.so\n"
    data = "7f04-7f05 r--s 00000000 fd:01 8    /home/bob/letters.db\n"
    kept = _anonymised(read={"/proc/7/maps": program + private + data})["read"]["/proc/7/maps"]
    assert kept.startswith(program)
    assert "/private/" in kept
    assert "alice" not in kept
    assert "bob" not in kept
    assert len(kept.splitlines()) == 2
