# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another version of a machine type: one word of libvirt's document changes, and only where nothing forbids it."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor.libvirt_machine import Definitions, with_machine_type
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor.libvirt_move import VIRSH
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor.machine_types import family
from ansible_collections.firebreak.fleet.plugins.modules.libvirt_machine_type import change

DOCUMENT = """<domain type='kvm'>
  <name>web</name>
  <description>it was pc-q35-7.1 &lt;type machine='pc-q35-7.1'></description>
  <os firmware='efi'>
    <type arch='x86_64' machine='pc-q35-7.1'>hvm</type>
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
  </os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <graphics type='vnc' passwd='secret &amp; "quoted"'/>
  </devices>
</domain>
"""
WANTED = "pc-q35-7.2"
LOOK = "dumpxml --inactive --security-info web"
CAN = "domcapabilities --virttype kvm --machine pc-q35-7.2 --emulatorbin /usr/bin/qemu-system-x86_64"


class Virsh:
    """A libvirt with one guest."""

    def __init__(self, saved: str = "no", refuses: str = "", deaf: bool = False) -> None:
        self.document = DOCUMENT
        self.told: list[str] = []
        self._saved, self._refuses, self._deaf = saved, refuses, deaf

    def run(self, argv: list[str], data: str | None = None) -> tuple[int, str, str]:
        assert argv[:len(VIRSH)] == VIRSH and "secret" not in " ".join(argv)
        words = argv[len(VIRSH):]
        self.told.append(" ".join(words))
        if words[0] == self._refuses:
            return 1, "", f"error: {words[0]} does not work\n"
        if words[0] == "define" and data is not None and not self._deaf:
            self.document = data
        return 0, {"dumpxml": self.document, "dominfo": f"Autostart:      disable\nManaged save:   {self._saved}\n"}.get(words[0], ""), ""


def test_one_word_changes_and_everything_else_stays() -> None:
    virsh = Virsh()
    result = change(Definitions(virsh.run), "web", WANTED, check_mode=False)
    assert virsh.document == DOCUMENT.replace("<type arch='x86_64' machine='pc-q35-7.1'>", "<type arch='x86_64' machine='pc-q35-7.2'>")
    assert virsh.told == [LOOK, "dominfo web", CAN, "define /dev/stdin", LOOK]
    assert result == {"changed": True, "previous": "pc-q35-7.1", "diff": {"before": "web: pc-q35-7.1\n", "after": "web: pc-q35-7.2\n"}}


def test_a_second_time_changes_nothing() -> None:
    virsh = Virsh()
    change(Definitions(virsh.run), "web", WANTED, check_mode=False)
    virsh.told.clear()
    assert change(Definitions(virsh.run), "web", WANTED, check_mode=False)["changed"] is False
    assert virsh.told == [LOOK]


def test_check_mode_asks_the_same_and_defines_nothing() -> None:
    virsh = Virsh()
    assert change(Definitions(virsh.run), "web", WANTED, check_mode=True)["changed"] is True
    assert virsh.told == [LOOK, "dominfo web", CAN]


@pytest.mark.parametrize(("virsh", "words"), [
    (Virsh(saved="yes"), "guest web has a managed save, whose memory is that of a machine pc-q35-7.1"),
    (Virsh(refuses="domcapabilities"), "domcapabilities does not work; nothing was changed"),
    (Virsh(refuses="dumpxml"), "guest web: virsh dumpxml --inactive --security-info web: error: dumpxml does not work; nothing was changed"),
    (Virsh(refuses="define"), "virsh define /dev/stdin: error: define does not work; guest web is defined as before"),
    (Virsh(deaf=True), "guest web is defined with the machine type pc-q35-7.1, wanted pc-q35-7.2"),
])
def test_what_cannot_be_done_is_said_and_leaves_the_definition(virsh: Virsh, words: str) -> None:
    with pytest.raises(Refused, match=words):
        change(Definitions(virsh.run), "web", WANTED, check_mode=False)
    assert virsh.document == DOCUMENT


@pytest.mark.parametrize(("document", "words"), [
    (DOCUMENT.replace("machine='pc-q35-7.1'>hvm", "machine='pc-i440fx-7.1'>hvm"), "has the machine type pc-i440fx-7.1, wanted one of the family"),
    (DOCUMENT.replace("machine='pc-q35-7.1'>hvm", "machine='q35'>hvm"), "has the machine type q35, wanted one of the family"),
    (DOCUMENT.replace(" machine='pc-q35-7.1'>hvm", ">hvm"), "has 0 machine types, wanted one"),
    ("<domain/>", "has 0 machine types, wanted one"),
])
def test_other_hardware_is_refused(document: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        with_machine_type(document, WANTED)


def test_a_wanted_type_without_a_version_is_refused() -> None:
    with pytest.raises(Refused, match="wanted one of the family of q35"):
        with_machine_type(DOCUMENT.replace("pc-q35-7.1'>hvm", "q35'>hvm"), "q35")


@pytest.mark.parametrize(("name", "of"), [
    ("pc-q35-7.2", "pc-q35"), ("pc-q35-rhel9.4.0", "pc-q35"), ("pc-q35-jammy", "pc-q35"), ("pc-i440fx-1.7", "pc-i440fx"), ("pc-1.3", "pc-i440fx"),
    ("virt-8.2", "virt"), ("s390-ccw-virtio-7.1", "s390-ccw-virtio"), ("q35", None), ("pc", None), ("microvm", None), ("pc-q35-", None),
])
def test_families(name: str, of: str | None) -> None:
    assert family(name) == of
