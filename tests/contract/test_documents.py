# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every link of a document leads to a file of this repository and to a heading that it has; every page can be reached from the index."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

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
