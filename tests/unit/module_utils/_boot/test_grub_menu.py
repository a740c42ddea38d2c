# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's configuration, run as GRUB runs it: the real files of grub-mkconfig with each form of a default."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import grub_default, grub_menu, grub_script
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.grub_menu import Entry
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import grubenv
from hypothesis import given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parent / "fixtures"
NEW, CLOUD, OLD = (f"/boot/vmlinuz-{release}" for release in ("6.1.0-44-amd64", "6.1.0-10-cloud-amd64", "6.1.0-9-amd64"))
ADVANCED = "gnulinux-advanced-/dev/vda"
OLD_ID = "gnulinux-6.1.0-9-amd64-advanced-/dev/vda"


GRUBENV = "/boot/grub/grubenv"


def disk(environment: dict[str, str] | None = None, **texts: str) -> grub_menu.Disk:
    """Files beside grub.cfg, by their names with _ for the dot, and its environment block."""
    files: dict[str, str | None] = {f"/boot/grub/{name.replace('_', '.')}": text for name, text in texts.items()}
    return grub_menu.Disk(files, {GRUBENV: environment is not None, **dict.fromkeys(files, True)}, {GRUBENV: environment or {}}, {}, {})


def run(text: str, environment: dict[str, str] | None = None, platform: str = "pc") -> grub_menu.Outcome:
    return grub_menu.run(text, disk(environment), platform)


def booted(name: str, environment: dict[str, str] | None = None) -> str:
    outcome = run((FIXTURES / name).read_text(), environment)
    return grub_default.select(outcome.entries, outcome.default)[0].path


@pytest.mark.parametrize(("saved", "image"), [
    ("0", NEW), ("1", NEW), ("1>0", NEW), ("1>2", CLOUD), ("1>4", OLD), ("", NEW),
    (f"{ADVANCED}>{OLD_ID}", OLD), (f"1>{OLD_ID}", OLD), (f"{ADVANCED}>4", OLD),
    ("Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux 6.1.0-9-amd64", OLD),
    ("Debian GNU/Linux", NEW), ("gnulinux-simple-/dev/vda", NEW),
    # What GRUB cannot find becomes the first entry: an entry of a submenu without its path, a removed kernel, an index beyond the end.
    (OLD_ID, NEW), ("gone", NEW), ("7", NEW), ("1>99", NEW), (f"{ADVANCED}>gone", NEW),
])
def test_each_form_of_a_saved_entry(saved: str, image: str) -> None:
    assert booted("debian12_saved.cfg", {"saved_entry": saved}) == image


def test_the_next_entry_comes_before_the_saved_one() -> None:
    assert booted("debian12_saved.cfg", {"saved_entry": "0", "next_entry": "1>4"}) == OLD
    assert booted("debian12_default0.cfg", {"next_entry": "1>2"}) == CLOUD


def test_without_an_environment_block_nothing_is_loaded() -> None:
    assert booted("debian12_saved.cfg", None) == NEW


def test_a_default_that_was_generated_needs_no_environment() -> None:
    assert booted("debian12_de.cfg", {"saved_entry": "0"}) == CLOUD


def test_titles_of_another_language() -> None:
    entries = run((FIXTURES / "debian12_de.cfg").read_text()).entries
    default = "Erweiterte Optionen für Debian GNU/Linux>Debian GNU/Linux, mit Linux 6.1.0-9-amd64 (Wiederherstellungsmodus)"
    entry, names, how = grub_default.select(entries, default)
    assert (entry.path, how) == (OLD, "title > title")
    assert names == f"{ADVANCED}>gnulinux-6.1.0-9-amd64-recovery-/dev/vda"


def test_the_menu_is_read_as_a_tree() -> None:
    entries = run((FIXTURES / "debian12_default0.cfg").read_text()).entries
    assert [entry.title for entry in entries[:2]] == ["Debian GNU/Linux", "Advanced options for Debian GNU/Linux"]
    assert [child.path for child in entries[1].children or []] == [NEW, NEW, CLOUD, CLOUD, OLD, OLD]


def test_under_xen_the_kernel_is_the_first_module() -> None:
    assert booted("sles15_xen.cfg", {"saved_entry": "SLES 15-SP5, with Xen hypervisor"}) == "/boot/vmlinuz-5.14.21-150500.53-default"
    assert booted("sles15_xen.cfg", {"saved_entry": "SLES 15-SP5"}) == "/boot/vmlinuz-5.14.21-150500.55.94-default"


def test_blscfg_puts_its_entries_where_it_stands() -> None:
    bls = [entry("Red Hat (5.14)", "aa-5.14.0-2.el9", "/vmlinuz-5.14.0-2.el9", bls=True)]
    text = (FIXTURES / "el9.cfg").read_text()
    outcome = grub_menu.run(text, disk({"saved_entry": "aa-5.14.0-2.el9"})._replace(entries={grub_menu.BLS_FOLDER: bls}), "efi")
    assert outcome.uses_bls
    assert [entry.id for entry in outcome.entries] == ["aa-5.14.0-2.el9", "uefi-firmware"]
    for default in ("aa-5.14.0-2.el9", "Red Hat (5.14)", "0"):
        assert grub_default.select(outcome.entries, default, redhat=True)[0].bls


def test_a_countdown_that_ended_boots_the_second_entry() -> None:
    text = (FIXTURES / "el9.cfg").read_text()
    assert run(text, {"boot_counter": "0", "boot_success": "0", "saved_entry": "0"}).default == "1"
    assert run(text, {"boot_counter": "2", "boot_success": "0", "saved_entry": "0"}).default == "0"


def test_a_stub_hands_over() -> None:
    outcome = run((FIXTURES / "el9_stub.cfg").read_text())
    assert (outcome.entries, outcome.handed_to) == ([], ["/grub2/grub.cfg"])


@pytest.mark.parametrize(("script", "default"), [
    ("set default=a; if [ -z \"$x\" ]; then set default=b; fi", "b"),
    ("if [ 1 -gt 2 ]; then default=1; elif [ 2 -ge 2 ]; then default=2; else default=3; fi", "2"),
    ("if [ ! -n \"\" -a x = x ]; then default=1; fi", "1"),
    ("if [ x = y -o y = y ]; then default=1; fi", "1"),
    ("if keystatus --shift; then default=1; else default=2; fi", "2"),
    ("if [ -f $prefix/absent ]; then default=1; else default=2; fi", "2"),
    ("function f { default=called; }\nf", "called"),
    # commands/test.c reads from left to right; an empty variable without quotes is no word.
    ("if [ $nothing = x ]; then default=1; fi", "1"), ("if [ -n $nothing ]; then default=1; fi", "1"),
    ("if [ -z $nothing ]; then default=1; fi", "1"),
    ("if [ \"$nothing\" = x ]; then default=1; fi", ""), ("if [ ( a = b ) -o ( b = b -a ! c = d ) ]; then default=1; fi", "1"),
    ("if [ ! ( a = a ) ]; then default=1; fi", ""), ("if [ -z = -z ]; then default=1; fi", "1"), ("if [ a = a b = c ]; then default=1; fi", ""),
    ("if test a = a ]; then default=1; fi", "1"), ("if [ ]; then default=1; fi", "1"), ("default=$\"translated $nothing\"x", "translated x"),
    ("for n in 1 2 3; do default=$n; done", "3"),
    ("while [ -z \"$n\" ]; do n=1; default=once; done", "once"), ("until [ \"$n\" ]; do n=1; default=once; done", "once"),
    ("default='a>>b'", "a>>b"),
    ('a=1; default="$a${a}2"\\\n', "112"),
    ("set default=\"${saved_entry}\" # comment", ""),
    ("if ! [ x = y ]; then default=1; fi", "1"),
    ("default=7; unset default", ""),
    ("n=1; increment n; default=$n", "2"),
    ("if [ $grub_platform = efi ]; then default=1; else default=2; fi", "2"),
])
def test_the_script_language(script: str, default: str) -> None:
    assert run(script).default == default


def entry(title: str, entry_id: str, path: str, bls: bool = False) -> Entry:
    return Entry(title, entry_id, path, None, bls, None, "", (), "")


def test_a_title_may_hold_a_doubled_angle_bracket() -> None:
    outcome = run("menuentry 'a>b' { linux /x-1 }\nsubmenu 's' { menuentry \"c\" { linux /y-2 } }")
    assert grub_default.select(outcome.entries, "a>>b")[0].path == "/x-1"
    assert grub_default.select(outcome.entries, "s>c")[0].path == "/y-2"


def test_an_entry_may_choose_its_image_when_it_runs() -> None:
    text = "menuentry 'a' { if [ \"${initrdfail}\" = 1 ]; then\n linux /vmlinuz-1 panic=-1\nelse\n linux (hd0,1)/vmlinuz-2\nfi }"
    assert run(text).entries[0].path == "/vmlinuz-2"


def test_a_custom_file_beside_it_is_run() -> None:
    text = "menuentry a { linux /a }\nif [ -f ${config_directory}/custom.cfg ]; then source ${config_directory}/custom.cfg; fi"
    outcome = grub_menu.run(text, disk(custom_cfg="menuentry b { linux /b }\nset default=1"), "pc")
    assert grub_default.select(outcome.entries, outcome.default)[0].path == "/b"


@pytest.mark.parametrize(("script", "message"), [
    ("menuentry 'a' {", "want }"), ("if true; then x", "want elif or else or fi"), ("set a='b", "single quote"), ('set a="b', "double quote"),
    ("}", "want a command"), ("if true\nfi", "want then"), ("function f { f; }\nf", "deep"),
    ("while true; do x=1; done", "more than 100000"), ("if true; then " * 50, "nested"),
    ('setparams "" ""\nwhile true; do setparams "$@" "$@"; done', "more than 4096 words"),
    ("a=xxxxxxxxxxxxxxxx\n" + 'a="$a$a"\n' * 30, "more than 65536 characters"), ("for in", "want a name"), ("function", "want a name"),
])
def test_what_grub_would_refuse(script: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(script)


def test_an_empty_menu_has_no_default() -> None:
    with pytest.raises(ValueError, match="no entries"):
        grub_default.select([], "0")
    with pytest.raises(ValueError, match="menu of s has no entries"):
        grub_default.select(run("submenu s { true }").entries, "0")


def test_grubenv_is_what_grub_editenv_wrote() -> None:
    assert grubenv.parse((FIXTURES / "debian12_saved.grubenv").read_text()) == {"saved_entry": OLD_ID}


def test_grubenv_escapes_and_damage() -> None:
    block = grubenv.SIGNATURE + "a=1\nb=x\\\\y\nc=two\\\nlines\nnothing\n=no\n#####"
    assert grubenv.parse(block) == {"a": "1", "b": "x\\y", "c": "two\nlines"}
    for damaged in ("", "saved_entry=0\n", "\0" * 1024, "# GRUB environment block\n"):
        with pytest.raises(ValueError, match="begins with"):
            grubenv.parse(damaged)


WORDS = st.lists(st.sampled_from([
    "if", "then", "elif", "else", "fi", "for", "in", "do", "done", "while", "function", "menuentry", "submenu", "{", "}", ";", "\n", "[", "]",
    "!", "-o", "-a", "-z", "=", "'a b'", '"$x"', "$x", "set", "default=1", "linux", "/vmlinuz-1", "load_env", "blscfg", "source", "x",
    "\\", "'", '"']), max_size=60)


@settings(max_examples=300)
@given(WORDS.map(" ".join) | st.text())
def test_any_script_is_run_or_refused(text: str) -> None:
    bls = [entry("t", "i", "/p", bls=True)]
    try:
        outcome = grub_menu.run(text, disk({"x": "1"}, x=text)._replace(entries={grub_menu.BLS_FOLDER: bls}), "pc")
        grub_default.select(outcome.entries, outcome.default)
    except ValueError as error:
        assert str(error)


@given(st.text())
def test_any_block_is_read_or_refused(text: str) -> None:
    for candidate in (text, grubenv.SIGNATURE + text):
        try:
            found = grubenv.parse(candidate)
        except ValueError:
            continue
        assert all(name and isinstance(value, str) for name, value in found.items())


@given(st.lists(st.text(alphabet="ab >'\"$\\", min_size=1), min_size=1, max_size=4))
def test_each_title_can_be_the_default(titles: list[str]) -> None:
    entries = [entry(title, "", f"/{number}") for number, title in enumerate(titles)]
    for title in titles:
        chosen = grub_default.select(entries, title.replace(">", ">>"))[0]
        assert chosen.title == title


def test_a_script_is_bounded() -> None:
    with pytest.raises(ValueError, match="more than"):
        grub_script.parse("x " * 200002)


def test_the_path_to_an_image_is_the_entry_that_stays_with_it() -> None:
    text = """
menuentry 'Debian' --id simple { linux /boot/vmlinuz-2 root=x }
submenu 'More' --id advanced {
    menuentry 'Debian 2' --id two { linux /boot/vmlinuz-2 root=x }
    menuentry 'Debian 2 (recovery)' --id two-recovery { linux /boot/vmlinuz-2 root=x single }
    menuentry 'a > b' { linux /boot/vmlinuz-1 root=x }
}
menuentry 'alone' { linux /boot/vmlinuz-3 }
"""
    entries = run(text).entries
    assert grub_default.path_to(entries, "vmlinuz-2") == "advanced>two"
    assert grub_default.path_to(entries, "vmlinuz-1") == "advanced>a >> b"
    assert grub_default.path_to(entries, "vmlinuz-3") == "alone"
    assert grub_default.path_to(entries, "vmlinuz-4") is None
    assert grub_default.select(entries, "advanced>a >> b")[0].path == "/boot/vmlinuz-1"
