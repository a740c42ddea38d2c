# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every form of feed gives the same advisories, whatever it is packed in, and a hostile one costs itself only."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import importlib
import io
import json
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import feeds, index, osv, reading, updateinfo
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.feeds import Feed, Problem
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import (
    NOT_AFFECTED,
    UNDER_INVESTIGATION,
    Advisory,
    FeedError,
    LivePatch,
    Row,
)
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.told import told

ZSTANDARD: Any = importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "zstandard")
DSA: dict[str, Any] = {
    "id": "DSA-6053-1", "related": [], "upstream": ["DEBIAN-CVE-2025-40300"], "published": "2025-11-12T00:00:00Z",
    "summary": "linux - security update",
    "affected": [{"package": {"ecosystem": "Debian:12", "name": "linux"},
                  "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "6.1.158-1"}]}]}]}
LSN: dict[str, Any] = {
    "id": "LSN-120-1", "upstream": ["UBUNTU-CVE-2025-40300"], "affected": [{
        "package": {"ecosystem": "Ubuntu:Pro:24.04:LTS", "name": "linux", "purl": "pkg:deb/ubuntu/linux?distro=noble"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "6.8.0-90.91"}]}],
        "ecosystem_specific": {"module_version": "120", "module_name_regex": "lkp_Ubuntu_6_8_0[_|\\d]+_linux_(\\d+)"}}]}
TRACKER: dict[str, Any] = {"linux": {
    "CVE-2025-40300": {"description": "VMSCAPE", "releases": {
        "bookworm": {"status": "resolved", "fixed_version": "6.1.158-1"}, "trixie": {"status": "open"},
        "bullseye": {"status": "resolved", "fixed_version": "0"}, "forky": {"status": "undetermined"}, "unheard-of": {"status": "open"}}},
    # As the tracker has them of what gets no advisory of its own, or waits for a point release.
    "CVE-2025-40301": {"releases": {
        "bookworm": {"status": "open", "nodsa": "Minor issue", "nodsa_reason": "postponed", "next_point_update": True, "fixed_version": ""},
        "trixie": {"status": "resolved"}, "forky": {"status": "resolved", "fixed_version": "undetermined"}}},
    "TEMP-0000000-000000": {"releases": {"bookworm": {"status": "open"}}}}}
UPDATEINFO = b"""<?xml version="1.0"?><updates>
<update type="security"><id>ELSA-2026-1</id><title>kernel-uek security update</title><issued date="2026-05-01"/>
<references><reference type="cve" id="CVE-2026-31431"/><reference type="self" id="ELSA-2026-1"/></references>
<pkglist><collection><package name="kernel-uek-core" version="5.15.0" release="300.163.18.1.el9uek" epoch="0" arch="x86_64"/>
<package name="kernel-uek-core" version="5.15.0" release="300.163.18.1.el9uek" arch="aarch64"/></collection></pkglist></update>
<update type="bugfix"><id>ELBA-2026-2</id><references><reference type="cve" id="CVE-2026-31431"/></references></update></updates>"""
FIXED = Advisory("DSA-6053-1", ("CVE-2025-40300",), (Row("debian:12", "linux", fixed="6.1.158-1"),), "linux - security update",
                 "2025-11-12T00:00:00Z")


def _read(path: Path, stream: str = "") -> tuple[list[Advisory], list[Problem]]:
    problems: list[Problem] = []
    return [item for item in reading.read(Feed(path, stream), problems) if isinstance(item, Advisory)], problems


def _tar(path: Path, mode: str, name: str, data: bytes) -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize("form", [
    "a.json", "a.json.gz", "a.json.xz", "a.json.bz2", "a.json.zst",
    "a.zip", "a.tar.gz", "a.tar.xz", "a.tar.bz2", "a.tar", "a.tgz", "a.tar.zst", "list.json"])
def test_one_document_in_every_packing(tmp_path: Path, form: str) -> None:
    path, data = tmp_path / form, json.dumps(DSA).encode()
    if form == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("osv/DSA-6053-1.json", data)
    elif form.endswith(".zst"):
        inner = tmp_path / "inner"
        if ".tar" in form:
            _tar(inner, "w", "osv/DSA-6053-1.json", data)
            data = inner.read_bytes()
            inner.unlink()
        path.write_bytes(ZSTANDARD.compress(data))
    elif ".tar" in form or form == "a.tgz":
        _tar(path, "w:" + {"a.tar": "", "a.tgz": "gz"}.get(form, form.rpartition(".")[2]), "osv/DSA-6053-1.json", data)
    elif form == "list.json":
        path.write_text(json.dumps([DSA]))
    else:
        packed = {"gz": gzip.compress(data), "xz": lzma.compress(data), "bz2": bz2.compress(data)}
        path.write_bytes(packed.get(form.rpartition(".")[2], data))
    assert _read(path) == ([FIXED], [])
    assert _read(tmp_path) == ([FIXED], [])


def test_a_notice_of_a_live_patch() -> None:
    """canonical/ubuntu-security-notices, osv/lsn: the id has no zero, upstream a prefix, the pattern a class with a bar."""
    advisory = osv.parse(LSN)
    assert advisory is not None
    assert advisory.cves == ("CVE-2025-40300",)
    patch = LivePatch(r"lkp_Ubuntu_6_8_0[_|\d]+_linux_(\d+)", 120)
    assert advisory.rows == (Row("ubuntu:24.04:pro", "linux", fixed="6.8.0-90.91", live_patch=patch),)


@pytest.mark.parametrize("pattern", ["(a+)+(\\d+)", "lkp_.*(\\d+)", "(\\d+", "x" * 300 + "(\\d+)", 5])
def test_a_pattern_that_could_take_for_ever_is_none(pattern: Any) -> None:
    document = json.loads(json.dumps(LSN))
    document["affected"][0]["ecosystem_specific"]["module_name_regex"] = pattern
    advisory = osv.parse(document)
    assert advisory is not None
    assert advisory.rows[0].live_patch is None


def test_the_tracker_of_debian(tmp_path: Path) -> None:
    (tmp_path / "tracker.json").write_text(json.dumps(TRACKER))
    advisories, problems = _read(tmp_path / "tracker.json")
    assert problems == []
    assert [(advisory.cves, {row.stream: (row.fixed, row.state) for row in advisory.rows}) for advisory in advisories] == [(("CVE-2025-40300",), {
        "debian:12": ("6.1.158-1", "affected"), "debian:13": (None, "affected"), "debian:11": (None, NOT_AFFECTED),
        "debian:14": (None, UNDER_INVESTIGATION)}), (("CVE-2025-40301",), {
            "debian:12": (None, "affected"), "debian:13": (None, UNDER_INVESTIGATION), "debian:14": (None, UNDER_INVESTIGATION)})]


def test_updateinfo_says_its_stream_nowhere(tmp_path: Path) -> None:
    (tmp_path / "updateinfo.xml.gz").write_bytes(gzip.compress(UPDATEINFO))
    advisories, problems = _read(tmp_path / "updateinfo.xml.gz", "oracle:9")
    assert problems == []
    assert advisories == [Advisory("ELSA-2026-1", ("CVE-2026-31431",), (
        Row("oracle:9:uek-5.15", "kernel-uek-core", "binary", fixed="0:5.15.0-300.163.18.1.el9uek"),), "kernel-uek security update", "2026-05-01")]
    assert "which stream it is of" in _read(tmp_path / "updateinfo.xml.gz")[1][0].why


@pytest.mark.parametrize("root", ["oval_definitions", "feed", "rss"])
def test_xml_of_another_form_is_named_and_passed_over(tmp_path: Path, root: str) -> None:
    """OVAL (Ubuntu, Oracle, Red Hat) is no updateinfo: a feed that says nothing must not look like one that is whole."""
    (tmp_path / "com.ubuntu.noble.cve.oval.xml").write_text(f'<{root} xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"><x/></{root}>')
    advisories, problems = _read(tmp_path / "com.ubuntu.noble.cve.oval.xml", "ubuntu:24.04")
    assert advisories == []
    assert [f"root is {root};" in problem.why for problem in problems] == [True]


@pytest.mark.parametrize("epoch", [b'epoch=""', b'epoch="None"', b'epoch="(none)"', b'', b'epoch="0"'])
def test_an_epoch_that_is_not_told_is_none(epoch: bytes) -> None:
    """createrepo_c writes what it does not know as None, rpm as (none)."""
    assert b'epoch="0"' in UPDATEINFO
    ((advisory),) = updateinfo.parse("oracle:9", io.BytesIO(UPDATEINFO.replace(b'epoch="0"', epoch)))
    assert [row.fixed for row in advisory.rows] == ["0:5.15.0-300.163.18.1.el9uek"]


# Oracle, Amazon and Rocky have references of the type cve; Fedora and EPEL name CVEs in the titles of bugs.
@pytest.mark.parametrize(("reference", "cves"), [
    (b'<reference type="cve" id="CVE-2026-31431" title="CVE-2026-31431"/>', ("CVE-2026-31431",)),
    (b'<reference type="bugzilla" id="2295123" title="CVE-2026-31431 kernel: crypto: out of place [fedora-all]"/>', ("CVE-2026-31431",)),
    (b'<reference type="bugzilla" id="1" title="CVE-2026-31431, CVE-2026-43284: several holes"/>', ("CVE-2026-31431", "CVE-2026-43284")),
    (b'<reference type="bugzilla" id="1" title="kernel: does not boot since the fix of CVE-2026-31431"/>', ()),
    (b'<reference type="bugzilla" id="CVE-2026-31431"/>', ()),
    (b'<reference type="cve" id=" cve-2026-31431"/>', ("CVE-2026-31431",)),
])
def test_updateinfo_names_cves_in_references(reference: bytes, cves: tuple[str, ...]) -> None:
    document = UPDATEINFO.replace(b'<reference type="cve" id="CVE-2026-31431"/><reference type="self"', reference + b'<reference type="self"')
    assert [one.cves for one in updateinfo.parse("fedora:42", io.BytesIO(document))] == [cves]


@pytest.mark.parametrize("prolog", [b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<!--" + b"x" * 100_000 + b"--><!DOCTYPE x>"])
def test_declarations_are_refused(prolog: bytes) -> None:
    with pytest.raises(FeedError, match="declares types or entities"):
        list(updateinfo.parse("oracle:9", io.BytesIO(prolog + UPDATEINFO)))


def test_a_declaration_that_only_the_parser_could_see_is_refused() -> None:
    document = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE u [<!ENTITY a "A">]><updates><update type="security"><id>&a;</id></update></updates>'
    with pytest.raises(FeedError, match="zero bytes"):
        list(updateinfo.parse("oracle:9", io.BytesIO(document.encode("utf-16"))))


@pytest.mark.parametrize(("name", "data", "words"), [
    ("encoding.xml", b'<?xml version="1.0" encoding="bogus"?><updates/>', "no XML that can be read: unknown encoding"),
    ("broken.json", b"{", "Expecting"), ("deep.json", b"[" * 100_000, "recursion"),
    ("many.json", b"[" + b"[]," * 9_000_000 + b"[]]", "more than 16000000 values"),
    ("broken.json.zst", b"no frame", "Zstandard"), ("cut.json.zst", b"\x28\xb5", "no JSON"),
    ("cut.tar", b"", "empty"),
    ("broken.zip", b"PK", "File is not a zip file"), ("broken.xml", b"<updates>", "no XML"), ("broken.json.gz", b"\x1f\x8b\x08", "ended"),
    ("cut.tar.xz", lzma.compress(b"x" * 5000)[:-20], "ended"), ("deep.xml", b"<updates>" * 50, "nested deeper"), ("epss.csv", b"a,b\n", "EPSS"),
    ("old.json", b'{"document": {"csaf_version": "1.2"}}', "want 2.0 or 2.1"),
])
def test_what_cannot_be_read_is_named_and_passed_over(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "whole.json").write_text(json.dumps(DSA))
    advisories, problems = _read(tmp_path, "oracle:9")
    assert advisories == [FIXED]
    assert [(words.lower() in problem.why.lower() and name in problem.where, problem.partial) for problem in problems] == [(True, True)]


@pytest.mark.parametrize(("name", "data", "words"), [
    ("none.json", b'{"a": 1}', "want an OSV document"), ("provider.json", b'[5]', "want an OSV document"), ("README", b"x", "no form of a feed"),
])
def test_what_is_no_part_of_a_feed_does_not_make_it_partial(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "feed.json.asc").write_bytes(b"-----BEGIN PGP SIGNATURE-----")
    ((problem,)) = _read(tmp_path)[1]
    assert (words in problem.why, problem.partial) == (True, False)


def test_a_tar_that_breaks_off_between_two_documents_is_partial(tmp_path: Path) -> None:
    _tar(tmp_path / "a.tar", "w", "DSA.json", json.dumps(DSA).encode())
    whole = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[: 512 * 3])
    advisories, problems = _read(tmp_path)
    assert advisories == [FIXED]
    assert [(problem.partial, problem.why) for problem in problems] == [(True, "the archive has no end: it broke off")]


def test_a_digest_beside_a_feed_is_held_against_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(DSA))
    assert not reading.vouched(path)
    beside = tmp_path / "a.json.sha256"
    beside.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  a.json\n")
    assert reading.vouched(path)
    beside.write_text("0" * 64)
    assert [(problem.partial, "SHA-256 is not" in problem.why) for problem in _read(tmp_path)[1]] == [(True, True)]


def _spans(ecosystem: str, name: str, **affected: Any) -> list[tuple[str, str, str | None, str]]:
    """(package, introduced, fixed, last) of an OSV document's rows."""
    advisory = osv.parse({**DSA, "affected": [{"package": {"ecosystem": ecosystem, "name": name}, **affected}]})
    assert advisory is not None
    return [(row.package, row.introduced, row.fixed, row.last) for row in advisory.rows]


def _events(*events: Any) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}


# https://ossf.github.io/osv-schema/#affectedrangesevents-fields: events are no sequence but sorted by version; a range without an end is open.
@pytest.mark.parametrize(("events", "wanted"), [
    ([{"introduced": "0"}, {"fixed": "2"}], [("", "2", "")]), ([{"fixed": "2"}, {"introduced": "0"}], [("", "2", "")]),
    ([{"introduced": "0"}, {"fixed": "2"}, {"introduced": "3"}, {"fixed": "4"}], [("", "2", ""), ("3", "4", "")]),
    ([{"fixed": "10"}, {"fixed": "2"}, {"introduced": "9"}, {"introduced": "0"}], [("", "2", ""), ("9", "10", "")]),
    ([{"introduced": "1:1"}, {"fixed": "2"}, {"introduced": "0"}, {"fixed": "1:3"}], [("", "2", ""), ("1:1", "1:3", "")]),
    ([{"introduced": "2~rc1"}, {"fixed": "2"}, {"introduced": "0"}, {"fixed": "1"}], [("", "1", ""), ("2~rc1", "2", "")]),
    ([{"introduced": "0"}, {"fixed": "2"}, {"introduced": "3"}], [("", "2", ""), ("3", None, "")]), ([{"introduced": "0"}], [("", None, "")]),
    ([{"introduced": "0"}, {"last_affected": "2"}], [("", None, "2")]),
    ([{"last_affected": "2"}, {"introduced": "2"}], [("2", None, "2")]),
    ([{"introduced": "1"}, {"fixed": "2"}, {"introduced": "2"}, {"last_affected": "3"}], [("1", "2", ""), ("2", None, "3")]),
    ([{"introduced": "0"}, {"introduced": "3"}, {"fixed": "4"}], [("", "4", "")]),
    ([{"introduced": "no version"}, {"fixed": "2"}, {"introduced": "0"}], [("", "2", "")]),
    (["0", {}, {"introduced": 0}], []), ([], []),
])
def test_ranges_of_osv(events: list[Any], wanted: list[tuple[str, str | None, str]]) -> None:
    assert [span[1:] for span in _spans("Debian:12", "linux", **_events(*events))] == wanted


# https://ossf.github.io/osv-schema/#evaluation: a version that is listed is affected; osv.dev calls kernel.org's releases Linux, its package Kernel.
@pytest.mark.parametrize(("ecosystem", "name", "affected", "wanted"), [
    ("Debian:12", "linux", {"versions": ["6.1.1-1", "6.1.2-1", 5, ""]},
     [("linux", "6.1.1-1", None, "6.1.1-1"), ("linux", "6.1.2-1", None, "6.1.2-1")]),
    ("Debian:12", "linux", {"versions": ["6.1.1-1"], "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]},
     [("linux", "6.1.1-1", None, "6.1.1-1")]),
    ("Debian:12", "linux", {"versions": ["6.1.1-1"], **_events({"introduced": "0"}, {"fixed": "6.1.3-1"})}, [("linux", "", "6.1.3-1", "")]),
    ("Debian:12", "linux", {"versions": ["6.1.1-1"], "ranges": [{"events": [{"introduced": "0"}, {"fixed": "6.1.3-1"}]}]},
     [("linux", "", "6.1.3-1", "")]),
    # Listed or in a range: one of both is enough.
    ("Debian:12", "linux", {"versions": ["6.1.2-1", "6.1.3-1", "6.1.4-1", "no version", 5, ""], **_events({"introduced": "0"}, {"fixed": "6.1.3-1"})},
     [("linux", "", "6.1.3-1", ""), ("linux", "6.1.3-1", None, "6.1.3-1"), ("linux", "6.1.4-1", None, "6.1.4-1")]),
    ("Debian:12", "linux", {"versions": ["6.1.1-1", "6.1.2-1", "6.1.9-1", "1:1"], **_events({"introduced": "6.1.2-1"}, {"last_affected": "6.1.9-1"})},
     [("linux", "6.1.2-1", None, "6.1.9-1"), ("linux", "6.1.1-1", None, "6.1.1-1"), ("linux", "1:1", None, "1:1")]),
    ("Debian:12", "linux", {"versions": ["6.1.1-1"], **_events({"introduced": "0"})}, [("linux", "", None, "")]),
    ("Debian:12", "linux", {"versions": ["6.1.1-1"], **_events()}, [("linux", "6.1.1-1", None, "6.1.1-1")]),
    ("Debian:12", "linux", {"versions": ["6.1.1-1"], **_events({"introduced": "no version"}, {"fixed": "2"})}, [("linux", "no version", "2", "")]),
    ("Debian:12", "linux", {"versions": [f"6.1.{number}-1" for number in range(51)], **_events({"introduced": "0"}, {"fixed": "6.1.3-1"})},
     [("linux", "", "6.1.3-1", "")]),
    ("Debian:12", "bash", {"versions": ["6"], **_events({"introduced": "0"}, {"fixed": "5"})}, [("bash", "", "5", "")]),
    ("Debian:12", "linux", {"versions": [f"6.1.{number}-1" for number in range(3000)]}, [("linux", "", None, "")]),
    ("Linux", "Kernel", _events({"introduced": "v5.10"}, {"fixed": "5.10.0-rc3"}), [("linux", "5.10", "5.10.0~rc3", "")]),
    ("Linux", "Kernel", _events({"introduced": "0"}, {"fixed": "6.1-rc2"}), [("linux", "", "6.1~rc2", "")]),
    ("Linux", "Kernel", _events({"introduced": "0"}, {"fixed": "next"}), [("linux", "", None, "")]),
    ("Linux", "util-linux", _events({"introduced": "0"}, {"fixed": "6.1-rc2"}), [("util-linux", "", "6.1-rc2", "")]),
])
def test_versions_of_osv(ecosystem: str, name: str, affected: dict[str, Any], wanted: list[tuple[str, str, str | None, str]]) -> None:
    assert _spans(ecosystem, name, **affected) == wanted


# AlmaLinux and Rocky name an advisory's CVEs as related; in a CVE's own record that key names other holes.
@pytest.mark.parametrize(("keys", "wanted"), [
    ({"id": "ALSA-2026:1", "related": ["CVE-2026-1001", "CVE-2026-1002"]}, ("CVE-2026-1001", "CVE-2026-1002")),
    ({"id": "UBUNTU-CVE-2026-1001", "related": ["CVE-2026-1002", "USN-1-1"]}, ("CVE-2026-1001",)),
    ({"id": "SUSE-SU-2026:1", "upstream": ["CVE-2026-1001"], "related": ["CVE-2026-1001", "CVE-2026-1003"]}, ("CVE-2026-1001",)),
    ({"id": "GHSA-1", "aliases": ["CVE-2026-1001", "GO-2026-1"]}, ("CVE-2026-1001",)),
    ({"id": "RLSA-2026:1", "aliases": "CVE-2026-1001", "upstream": [5]}, ()),
])
def test_the_cves_of_an_osv_document(keys: dict[str, Any], wanted: tuple[str, ...]) -> None:
    advisory = osv.parse({"affected": [], **keys})
    assert advisory is not None
    assert advisory.cves == wanted


def test_a_document_in_each_line(tmp_path: Path) -> None:
    lines = [json.dumps(DSA), "", "{", json.dumps({"a": 1}), json.dumps({**DSA, "withdrawn": "2026-01-01T00:00:00Z"}), json.dumps(DSA)]
    (tmp_path / "feed.jsonl").write_text("\n".join(lines))
    advisories, problems = _read(tmp_path / "feed.jsonl")
    assert advisories == [FIXED, FIXED]
    assert [(problem.where.rpartition(": ")[2], problem.partial) for problem in problems] == [("line 3.json", True), ("line 4.json", False)]


def test_withdrawn_is_nothing() -> None:
    assert osv.parse({**DSA, "withdrawn": "2026-01-01T00:00:00Z"}) is None


@pytest.mark.parametrize("value", [[5], [{"path": "x", "other": 1}], {"stream": "oracle:9"}, [""], None])
def test_a_setting_that_is_no_feed_is_named(value: Any) -> None:
    with pytest.raises(FeedError, match="firebreak_feeds: want paths"):
        feeds.of_setting(value)


def test_the_index_gives_back_what_it_was_given(tmp_path: Path) -> None:
    lsn = osv.parse(LSN)
    assert lsn is not None
    assert index.build(tmp_path / "index", [FIXED, lsn]) == 2
    opened = index.Index(tmp_path / "index")
    assert opened.advisories("CVE-2025-40300") == [FIXED, lsn]
    assert opened.advisories("CVE-2026-1") == []
    # Many are asked of by the packages of a fleet alone: the same is told, without the rows of others.
    whole = told("CVE-2025-40300", [FIXED, lsn])
    nothing, without = told("CVE-2026-1", []), whole._replace(content=whole.content._replace(rows={}))
    assert list(opened.told(["CVE-2025-40300", "CVE-2026-1"], frozenset(["linux", "x"]))) == [whole, nothing]
    assert list(opened.told(["CVE-2025-40300"], frozenset(["qemu"]))) == [without]
    assert opened.streams() == {"debian:12", "ubuntu:24.04:pro"}
    assert opened.expand(["LSN-120-1", "CVE-2026-1"]) == ["CVE-2025-40300", "CVE-2026-1"]
    assert opened.expand([], "2025-11-01") == ["CVE-2025-40300"]
    assert opened.expand([], "2025-12-01") == []
    opened.close()
