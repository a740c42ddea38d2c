# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-boot's menu and its default, by systemd's own bootctl and by the scan, on menus drawn at random from a fixed seed.

bootctl is downloaded and unpacked, never installed: its package would put a loader onto this machine. Tries of a boot and the case of letters
are left out, which the loader knows and bootctl of Debian 12 does not.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Iterator

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import systemd_boot
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import bls

MENUS = 60
VERSIONS = ("6.1.0", "6.1.0-41-amd64", "6.1.0-9-amd64", "6.12.0", "6.12.0~rc3", "6.9.0", "6.9.0+mine", "7.0", "5@6.17.6-1-default",
            "6.17.8-300.fc43.x86_64")
# bootctl passes over names with other signs, the loader does not.
IN_NAMES = tuple(version for version in VERSIONS if re.fullmatch(r"[\w.+-]+", version))
SORT_KEYS = ("", "", "debian", "fedora", "00-own")
MACHINES = ("0123456789abcdef0123456789abcdef", "ff23456789abcdef0123456789abcdef")
PATTERNS = ("", "m-6.9*", "*.conf", "m-7.0", "m-7.0.conf", "?-6.1.0*", "gone", "*-[67]*", "o-6.12.0.conf")
# Each menu on a file system of its own, as bootctl wants a partition to be; all in a private view of mounts.
SCRIPT = """set -e
export SYSTEMD_RELAX_ESP_CHECKS=1 LC_ALL=C
for menu in menus/*; do
    mount -t tmpfs none esp; cp -r "$menu/." esp/
    echo "== ${menu##*/}"; unpacked/usr/bin/bootctl --esp-path="$PWD/esp" --no-pager list
    umount esp
done
"""


def _drawn(dice: random.Random) -> tuple[dict[str, str], str]:
    """(entries by file name, the pattern of the default)."""
    found = {}
    for name in dict.fromkeys(f"{dice.choice('mo')}-{dice.choice(IN_NAMES)}" for _ in range(dice.randint(1, 7))):
        lines = ["title L", "linux /linux", "options root=/dev/vda"]
        key = dice.choice(SORT_KEYS)
        lines += [f"sort-key {key}"] * bool(key) + [f"machine-id {dice.choice(MACHINES)}"] * (dice.random() < 0.6)
        lines += [f"version {dice.choice(VERSIONS)}"] * (dice.random() < 0.8)
        found[f"{name}.conf"] = "\n".join(lines) + "\n"
    return found, dice.choice(PATTERNS)


def _menus() -> Iterator[tuple[str, dict[str, str], str]]:
    dice = random.Random(14)
    for number in range(MENUS):
        yield (f"{number:03}", *_drawn(dice))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What bootctl lists of each menu."""
    folder = tmp_path_factory.mktemp("bootctl")
    subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "systemd-boot"], cwd=folder, check=True, capture_output=True, timeout=120)
    subprocess.run(["dpkg-deb", "-x", next(folder.glob("*.deb")), folder / "unpacked"], check=True, timeout=60)
    (folder / "esp").mkdir()
    for name, entries, default in _menus():
        place = folder / "menus" / name / "loader/entries"
        place.mkdir(parents=True)
        (folder / "menus" / name / "EFI/systemd").mkdir(parents=True)
        (folder / "menus" / name / "linux").write_bytes(b"")
        (place.parent / "loader.conf").write_text(f"default {default}\n" if default else "", encoding="utf-8")
        for file, text in entries.items():
            (place / file).write_text(text, encoding="utf-8")
    (folder / "list.sh").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(["unshare", "--mount", "sh", "list.sh"], cwd=folder, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    parts = re.split(r"^== (\d+)\n", done.stdout, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_menu_was_listed(shown: dict[str, str]) -> None:
    assert sorted(shown) == [name for name, _entries, _default in _menus()]


@pytest.mark.parametrize("menu", list(_menus()), ids=lambda menu: menu[0])
def test_order_and_default_are_those_of_bootctl(shown: dict[str, str], menu: tuple[str, dict[str, str], str]) -> None:
    name, entries, default = menu
    rows = re.findall(r"^ *title: (.*)\n *id: (\S+)$", shown[name], re.MULTILINE)
    choices = systemd_boot.in_order([systemd_boot.choice_of_entry(bls.parse_entry(file, text), "/linux") for file, text in entries.items()])
    assert [choice.id for choice in choices] == [entry for _title, entry in rows]
    chosen = systemd_boot.default_of(choices, {"default": default} if default else {}, {})[0]
    assert [chosen.id] == [entry for title, entry in rows if "(default)" in title]
