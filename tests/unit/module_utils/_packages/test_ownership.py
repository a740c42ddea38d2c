# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package owns a kernel is told by the files that package managers list, whatever the package is called."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import ownership
from recorded_host import RecordedHost


def _modules(release: str, root: str = "/lib") -> str:
    return "".join(f"{root}/modules/{release}{path}\n" for path in ("", "/kernel", "/kernel/fs/ext4.ko", "/modules.builtin"))


@pytest.mark.parametrize(
    ("paths", "images", "releases"),
    [
        pytest.param(
            "/.\n/boot\n/boot/System.map-6.1.0-56-cloud-amd64\n/boot/vmlinuz-6.1.0-56-cloud-amd64\n" + _modules("6.1.0-56-cloud-amd64"),
            (("6.1.0-56-cloud-amd64", "/boot/vmlinuz-6.1.0-56-cloud-amd64"),), ("6.1.0-56-cloud-amd64",),
            id="linux-image-6.1.0-56-cloud-amd64-unsigned 6.1.192-2 of bookworm-security"),
        pytest.param(
            "/usr/lib/modules/7.2.13+deb14-cloud-amd64\n/usr/lib/modules/7.2.13+deb14-cloud-amd64/vmlinuz\n",
            (("7.2.13+deb14-cloud-amd64", "/usr/lib/modules/7.2.13+deb14-cloud-amd64/vmlinuz"),), ("7.2.13+deb14-cloud-amd64",),
            id="linux-binary-7.2.13+deb14-cloud-amd64 of forky: a hook copies the image to /boot"),
        pytest.param(
            "/boot\n/boot/vmlinuz-6.6.39-current-rockchip64\n/boot/config-6.6.39-current-rockchip64\n" + _modules("6.6.39-current-rockchip64"),
            (("6.6.39-current-rockchip64", "/boot/vmlinuz-6.6.39-current-rockchip64"),), ("6.6.39-current-rockchip64",),
            id="Armbian's linux-image-current-rockchip64 24.5.3"),
        pytest.param(
            "/boot/kernel.img\n/boot/kernel7.img\n/boot/kernel7l.img\n/boot/kernel8.img\n"
            + "".join(map(_modules, ("6.1.21+", "6.1.21-v7+", "6.1.21-v7l+", "6.1.21-v8+"))),
            (("6.1.21+", "/boot/kernel.img"), ("6.1.21-v7+", "/boot/kernel7.img"), ("6.1.21-v7l+", "/boot/kernel7l.img"),
             ("6.1.21-v8+", "/boot/kernel8.img")), ("6.1.21+", "6.1.21-v7+", "6.1.21-v7l+", "6.1.21-v8+"),
            id="raspberrypi-kernel 1:1.20230405-1"),
        pytest.param(
            "/boot/kernel.img\n/boot/kernel8.img\n/boot/kernel_2712.img\n" + "".join(map(_modules, ("6.1.61-v8+", "6.1.61-v8-16k+"))),
            (("6.1.61-v8+", "/boot/kernel8.img"), ("6.1.61-v8-16k+", "/boot/kernel_2712.img")), ("6.1.61-v8+", "6.1.61-v8-16k+"),
            id="raspberrypi-kernel 1:1.20231024-1 with the Raspberry Pi 5's"),
        pytest.param("/boot/Image\n" + _modules("5.15.136-tegra"), (("5.15.136-tegra", "/boot/Image"),), ("5.15.136-tegra",), id="nvidia-l4t-kernel"),
        pytest.param(_modules("5.15.0-112-generic"), (), ("5.15.0-112-generic",), id="linux-modules-5.15.0-112-generic holds no image"),
        pytest.param("/lib/modules/6.1.0-28-amd64/build\n/lib/modules/6.1.0-28-amd64/source\n", (), (), id="headers belong to no kernel"),
        pytest.param("/usr/lib/debug/boot/vmlinux-6.1.0-28-amd64\n/usr/lib/debug/lib/modules/6.1.0-28-amd64/vmlinux\n", (), (), id="debug symbols"),
        pytest.param("/boot/vmlinux-6.1.0-28-powerpc64le\n", (("6.1.0-28-powerpc64le", "/boot/vmlinux-6.1.0-28-powerpc64le"),),
                     ("6.1.0-28-powerpc64le",), id="ppc64el"),
        pytest.param("/usr/share/doc/linux-image-amd64\n", (), (), id="a meta package"),
        pytest.param("", (), (), id="nothing"),
    ],
)
def test_a_list_of_files_says_which_kernels_a_package_holds(paths: str, images: Any, releases: Any) -> None:
    assert ownership.contents(paths) == ownership.Contents(images, releases)


def test_lists_are_found_with_and_without_an_architecture_and_missing_ones_are_left_out() -> None:
    info = "/var/lib/dpkg/info"
    host = RecordedHost({"read": {f"{info}/linux-image-6.1.55:arm64.list": "/boot/vmlinuz-6.1.55\n", f"{info}/bash.list": "/bin\n"}})
    found = ownership.dpkg_contents(host, [("linux-image-6.1.55", "arm64"), ("bash", "arm64"), ("gone", "all")])
    assert found == {"linux-image-6.1.55": ownership.Contents((("6.1.55", "/boot/vmlinuz-6.1.55"),), ("6.1.55",)), "bash": ownership.Contents((), ())}


def test_where_a_list_is_lost_the_digests_name_the_files() -> None:
    sums = f"{'0' * 32}  boot/Image\n{'1' * 32}  lib/modules/5.15.136-tegra/kernel/fs/ext4.ko\n"
    host = RecordedHost({"read": {"/var/lib/dpkg/info/nvidia-l4t-kernel.md5sums": sums}})
    assert ownership.dpkg_contents(host, [("nvidia-l4t-kernel", "arm64")]) == {
        "nvidia-l4t-kernel": ownership.Contents((("5.15.136-tegra", "/boot/Image"),), ("5.15.136-tegra",))}


def test_a_search_names_all_owners_and_no_diversions() -> None:
    said = ("diversion by glibc-x from: /boot/x\nlinux-image-current-sunxi:arm64, other: /boot/vmlinuz-6.6.1\n"
            "dpkg-query: no path found matching pattern /boot/y\nkernel-x: /usr/lib/modules/6.6.1/vmlinuz\n")
    assert ownership.parse_search(said) == {
        "/boot/vmlinuz-6.6.1": ["linux-image-current-sunxi", "other"], "/usr/lib/modules/6.6.1/vmlinuz": ["kernel-x"]}


def test_owners_of_paths_are_asked_of_each_package_manager() -> None:
    host = RecordedHost({"run": {
        "dpkg-query -S /boot/a /boot/b": [1, "acme: /boot/a\n", "dpkg-query: no path found matching pattern /boot/b\n"],
        "rpm -qf --queryformat %{NAME}\\n /boot/a": "kernel-ml-core\n",
        "rpm -qf --queryformat %{NAME}\\n /boot/b": [1, "file /boot/b is not owned by any package\n", ""]}})
    assert ownership.dpkg_owners(host, ["/boot/a", "/boot/b"]) == {"/boot/a": ["acme"]}
    assert ownership.dpkg_owners(host, []) == {}
    assert ownership.rpm_owners(host, "/boot/a") == ["kernel-ml-core"]
    assert ownership.rpm_owners(host, "/boot/b") == []
    assert ownership.rpm_owners(host, "/boot/c") == []
