# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab reads and writes: fleets, images, inventories, apt's sources, kernels on offer."""

from pathlib import Path
from typing import Any

import pytest
from firebreak_lab import apt_sources, confined, control_group, fleets, images, inventory, kernels, repository
from firebreak_lab.errors import LabError
from firebreak_lab.state import Host

OFFER = """Package: linux-image-cloud-amd64
Version: 6.1.192-2
Depends: linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)

Package: linux-image-cloud-amd64
Version: 6.1.176-1
Depends: linux-image-6.1.0-50-cloud-amd64 (= 6.1.176-1)
"""
MADISON = """linux-image-6.1.0-55-cloud-amd64 | 6.1.192-1 | an archive
linux-image-6.12-cloud-amd64 | 6.12.117-1~deb12u1 | an archive
linux-image-6.12.117+deb12-cloud-amd64 | 6.12.117-1~deb12u1 | an archive
linux-image-6.1.0-56-cloud-amd64 | 6.1.192-2 | an archive
linux-image-6.1.0-47-cloud-amd64 | 6.1.170-3 | an archive
linux-image-amd64 | 6.1.192-2 | an archive
"""


def by_numbers(one: str, other: str) -> int:
    """The order of the versions used here: all parts are numbers."""
    first, second = ([int(part) for part in version.split("~")[0].replace("-", ".").split(".")] for version in (one, other))
    return (first > second) - (first < second)


def test_oldest_and_newest_version_of_the_meta_package_are_chosen() -> None:
    older, newest = kernels.choose(kernels.parse_show(OFFER), [], by_numbers)
    assert (older.release, newest.release) == ("6.1.0-50-cloud-amd64", "6.1.0-56-cloud-amd64")
    assert older.install_words() == ["linux-image-cloud-amd64=6.1.176-1", "linux-image-6.1.0-50-cloud-amd64=6.1.176-1"]


def test_without_an_older_meta_package_the_next_older_image_of_the_series_is_chosen() -> None:
    newest_only = kernels.parse_show(OFFER)[:1]
    older, newest = kernels.choose(newest_only, kernels.parse_madison(MADISON), by_numbers)
    assert (older.version, newest.version) == ("6.1.192-1", "6.1.192-2")
    assert older.install_words() == ["linux-image-6.1.0-55-cloud-amd64=6.1.192-1"]


def test_the_image_is_found_among_other_dependencies() -> None:
    text = "Version: 7.2.13-1\nDepends: linux-base-cloud-amd64 (= 7.2.13-1), linux-image-7.2.13+deb14-cloud-amd64 (= 7.2.13-1)\n"
    assert [kernel.release for kernel in kernels.parse_show(text)] == ["7.2.13+deb14-cloud-amd64"]


def test_meta_packages_are_no_kernels() -> None:
    assert [kernel.version for kernel in kernels.parse_madison(MADISON)] == ["6.1.192-1", "6.12.117-1~deb12u1", "6.1.192-2", "6.1.170-3"]


def test_the_versions_of_a_package_are_ordered_by_age() -> None:
    offered = kernels.versions_on_offer("q | 2-1 | main\nq | 1-1 | security\nq | 2-1 | again\nother | 5 | main\n", by_numbers)
    assert offered == {"q": ["1-1", "2-1"], "other": ["5"]}


def test_an_archive_without_kernels_is_an_error() -> None:
    with pytest.raises(LabError, match="offer no linux-image-cloud-amd64"):
        kernels.choose([], [], by_numbers)


def test_the_machines_own_archives_are_used() -> None:
    archives = [(f"http://mirror.example/{path}", "x") for path in ("nodesource", "debian", "debian-security")]
    assert apt_sources.pick_archives(archives, "") == ("http://mirror.example/debian", "http://mirror.example/debian-security")


def test_a_named_mirror_wins() -> None:
    assert apt_sources.pick_archives([], "http://near.example/debian/") == ("http://near.example/debian", "http://near.example/debian-security")


def test_a_machine_without_debians_archive_is_told_what_to_name() -> None:
    with pytest.raises(LabError, match="FIREBREAK_LAB_MIRROR"):
        apt_sources.pick_archives([("http://mirror.example/ubuntu", "noble")], "")


@pytest.mark.parametrize(("spec", "said"), [
    ({"image": "bookworm", "memroy": 1}, "memroy"),
    ({"kind": "machine"}, "no image"),
    ({"image": "bookworm", "memory": "512"}, "memory: want .*int.*, seen '512'"),
    ({"image": "bookworm", "kind": "vm"}, "want machine or container, seen 'vm'"),
    ("bookworm", "not a mapping"),
])
def test_a_wrong_fleet_is_one_message(spec: Any, said: str) -> None:
    with pytest.raises(LabError, match=said) as caught:
        fleets.parse({"web": spec}, "fleet.yml")
    assert "fleet.yml: host web" in str(caught.value)


@pytest.mark.parametrize("name", ["old_default", "-x", "UPPER", "a b", "x" * 40])
def test_a_host_is_named_as_a_host_can_be(name: str) -> None:
    with pytest.raises(LabError, match="host name"):
        fleets.parse({name: {"image": "bookworm"}}, "fleet.yml")


def test_the_committed_fleets_and_images_are_understood() -> None:
    described = images.catalogue()
    for path in fleets.FOLDER.glob("*.yml"):
        for host in fleets.load(path.stem, []):
            assert host.image in described


def test_the_platforms_of_a_scenario_are_a_fleet() -> None:
    hosts = fleets.parse({"platforms": [{"name": "box", "image": "bookworm", "kind": "container"}]}, "molecule.yml")
    assert [(host.name, host.image, host.kind) for host in hosts] == [("box", "bookworm", "container")]


def test_an_unknown_host_or_fleet_names_those_that_are_there() -> None:
    with pytest.raises(LabError, match="standard, pending, old-default, trixie"):
        fleets.load("drifted", ["nobody"])
    with pytest.raises(LabError, match="drifted"):
        fleets.load("nothing", [])


def test_an_image_changes_with_its_base() -> None:
    described: dict[str, dict[str, Any]] = {"base": {"suite": "bookworm"}, "derived": {"base": "base", "run": ["true"]}}
    before = images.content_hash(images.describe("derived", described), "key")
    described["base"]["packages"] = ["podman"]
    assert images.content_hash(images.describe("derived", described), "key") != before


@pytest.mark.parametrize("text", ["a: {suite: x, base: y}", "a: {kernel: newest}", "a: {suite: x, kernel: best}", "a: {suite: x, pakages: []}"])
def test_a_wrong_image_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "images.yml").write_text(text)
    with pytest.raises(LabError, match="image a"):
        images.catalogue(tmp_path / "images.yml")


def test_an_inventory_holds_plain_values_only(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"suite": "bookworm"}')
    host = Host("web", "bookworm", port=20100, groups=["front"], variables={"tier": "1"}, image_folder=str(tmp_path))
    rendered = inventory.render([host], tmp_path)
    variables = rendered["_meta"]["hostvars"]["web"]
    assert rendered["lab"] == rendered["front"] == {"hosts": ["web"]}
    assert (variables["ansible_port"], variables["tier"], variables["lab_kernels"]) == (20100, "1", {"suite": "bookworm"})
    assert f"UserKnownHostsFile={tmp_path / 'known_hosts'}" in variables["ansible_ssh_common_args"]


def test_a_package_entry_ends_with_what_apt_checks() -> None:
    entry = repository.package_entry("Package: a\nVersion: 1\n\n", "a_1.deb", b"abc")
    assert entry.splitlines() == ["Package: a", "Version: 1", "Filename: ./a_1.deb", "Size: 3",
                                  "SHA256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]


def test_terminals_get_no_control_characters(tmp_path: Path) -> None:
    (tmp_path / "console.log").write_bytes(b"one\r\n\x1b]0;title\x07two\nthree\n")
    assert confined.tail(tmp_path / "console.log", 2) == "]0;titletwo\nthree"


def test_both_hierarchies_of_control_groups_are_found() -> None:
    mounts = "cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
    assert control_group.mount_points(mounts) == [Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup/systemd")]
    assert control_group.own_path("4:memory:/a\n0::/user.slice/b\n") == "/user.slice/b"
    with pytest.raises(LabError, match="version 2"):
        control_group.mount_points("proc /proc proc rw 0 0\n")
