# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps the service that loads live patches from doing so at the next boot, though it is enabled."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch import starting
from recorded_host import RecordedHost

UNIT = "firebreak-live-patch.service"
MENU = "menuentry 'one' {\n linux /vmlinuz-6.1.0-50-amd64 root=/dev/sda %s\n}\n"


def test_the_folders_of_drop_ins_are_systemds() -> None:
    """systemd.unit(5): foo-bar-baz.service has foo-bar-baz.service.d, foo-bar-.service.d, foo-.service.d and service.d."""
    assert starting.drop_in_names("foo-bar-baz.service") == ["foo-bar-baz.service.d", "foo-bar-.service.d", "foo-.service.d", "service.d"]


@pytest.mark.parametrize(("path", "text", "kept"), [
    ("/etc/systemd/system/firebreak-live-patch.service.d/a.conf", "[Service]\nExecStart=\nExecStart=/bin/true\n", "ExecStart="),
    ("/etc/systemd/system/firebreak-live-.service.d/a.conf", "[Unit]\nConditionPathExists=/nowhere\n", "ConditionPathExists="),
    ("/usr/lib/systemd/system/firebreak-.service.d/a.conf", "[Unit]\n  AssertUser = nobody\n", "AssertUser="),
    ("/lib/systemd/system/service.d/a.conf", "[Service]\nExecCondition=/bin/false\n", "ExecCondition="),
    ("/etc/systemd/system/firebreak-live-patch.service.d/a.conf", "[Service]\nTimeoutStartSec=90\n#ExecStart=\n", ""),
    ("/etc/systemd/system/firebreak-live-patch.service.d/a.conf.bak", "[Service]\nExecStart=\n", ""),
    ("/run/systemd/system/firebreak-live-patch.service.d/a.conf", "[Service]\nExecStart=\n", ""),
    ("/etc/systemd/system/firebreak.service.d/a.conf", "[Service]\nExecStart=\n", ""),
])
def test_a_drop_in_that_changes_what_is_started(path: str, text: str, kept: str) -> None:
    said = starting.kept_from(RecordedHost({"read": {path: text}}), UNIT)
    assert said == (f"{path} changes what {UNIT} does ({kept})" if kept else "")


# kernel-command-line(7), systemd-debug-generator(8), systemd(1).
@pytest.mark.parametrize(("words", "kept"), [
    ("quiet", ""), ("systemd.mask=firebreak-live-patch.service", "systemd.mask=firebreak-live-patch.service"), ("ro single", "single"),
    ("systemd.mask=firebreak-live-patch", "systemd.mask=firebreak-live-patch"), ("systemd.mask=ssh.service", ""),
    ("systemd.unit=multi-user.target", ""),
    ("systemd.unit=rescue.target quiet", "systemd.unit=rescue.target"), ("init=/bin/sh", "init=/bin/sh"), ("init=/sbin/init", ""),
    ("init=/lib/systemd/systemd", ""), ("emergency", "emergency"), ("rd.systemd.mask=firebreak-live-patch.service", ""), ("loglevel=1", ""),
])
def test_words_of_the_next_boot_that_keep_systemd_from_it(words: str, kept: str) -> None:
    host = RecordedHost({"read": {"/boot/grub/grub.cfg": MENU % words, "/etc/os-release": "ID=debian\n"}})
    assert starting.kept_from(host, UNIT) == (f"the next boot's command line says {kept}" if kept else "")


def test_a_next_boot_that_nobody_knows_keeps_nothing() -> None:
    assert starting.kept_from(RecordedHost({}), UNIT) == ""
