# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every link of a document leads to a file of this repository and to a heading that it has; every page can be reached from the index."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from workshop import REPOSITORY, repository_files

CODE = re.compile(r"^(`{3,}).*?^\1", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PAGES = [path for path in sorted(repository_files()) if path.suffix == ".md" and path.parts[0] not in ("collections", "CHANGELOG.md")]


def text_of(path: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"`[^`\n]+\]\([^`\n]*`", "", CODE.sub("", (REPOSITORY / path).read_text(encoding="utf-8")))


def anchors(path: Path) -> set[str]:
    """The names of a page's headings, as the forges make them."""
    heads = re.findall(r"^#{1,6} +(.+?)\s*$", text_of(path), re.MULTILINE)
    names = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower()).replace(" ", "-") for head in heads)
    return {*names, *re.findall(r'<a (?:id|name)="([^"]+)"', text_of(path))}


def links(path: Path) -> list[tuple[Path, str]]:
    """The file and the heading that each link of a page leads to; those to other places are left out."""
    found = [link.partition("#") for link in LINK.findall(text_of(path)) if not re.match(r"[a-z]+:", link)]
    return [(Path(PurePosixPath(path.parent, target)) if target else path, anchor) for target, _sign, anchor in found]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_each_link_leads_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        there = (REPOSITORY / target).resolve()
        assert there.exists() and there.is_relative_to(REPOSITORY.resolve()), f"{page}: {target}"
        assert not anchor or there.suffix != ".md" or anchor in anchors(there.relative_to(REPOSITORY.resolve())), f"{page}: {target}#{anchor}"


def test_each_page_can_be_reached_from_the_index() -> None:
    seen, left = set(), [Path("docs/index.md")]
    while left:
        page = left.pop()
        if page in seen:
            continue
        seen.add(page)
        resolved = [(REPOSITORY / target).resolve().relative_to(REPOSITORY.resolve()) for target, _anchor in links(page)]
        left += [target for target in resolved if target.suffix == ".md"]
    assert [str(page) for page in PAGES if page.parent == Path("docs") and page not in seen] == []


def site() -> Any:
    """docs/site.py, which is a program and lies in no package."""
    spec = importlib.util.spec_from_file_location("site_of_documents", REPOSITORY / "docs/site.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_site_finds_each_link_of_the_pages() -> None:
    made = site()
    assert [lost for path in made.pages() if path.suffix == ".md" for lost in made.broken(path, path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(("text", "lost"), [
    ("[a](none.md) and `[b](c.md)`", ["none.md"]), ("[`a`](none.md)", ["none.md"]), ("`x[._-](?!y)` ``[a](`b)``\n[c](none.md)", ["none.md"]),
    ("```text\n[a](b.md)\n```\n[c](none.md)", ["none.md"]), ("a ` alone\n\n[c](none.md) `", ["none.md"]), ("[a](index.md#x) [b](https://c)", []),
])
def test_what_is_code_is_no_link(text: str, lost: list[str]) -> None:
    made = site()
    page = made.DOCS / "index.md"
    assert list(made.broken(page, text)) == [f"docs/index.md: {target}" for target in lost]
    assert made.rewritten(page, "`[a](none.md)`, [a](none.md)", made.pages()) == "`[a](none.md)`, a"
