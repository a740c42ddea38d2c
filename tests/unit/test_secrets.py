# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One corpus of what hosts say with a secret in it, for both who take secrets out and share no code: the scan and the proof."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import firebreak_proof.secrets
import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.module_utils._host import secrets

CORPUS = yaml.safe_load((Path(__file__).resolve().parents[1] / "secrets_corpus.yml").read_text(encoding="utf-8"))
ROWS = [(row["text"], row.get("left"), row.get("gone", "S3CRET")) for kind, rows in CORPUS.items() if kind != "no secret" for row in rows]
BOTH = pytest.mark.parametrize("without_secrets", [secrets.without_secrets, firebreak_proof.secrets.without_secrets], ids=["scan", "proof"])
WORST = ["a.", "password", "password=", 'token="', "\n", " ", "://", "secret:", "x@", "-password.", "password \n", "=a:", "://:x", "$1$", "%3a%2f%2f",
         "systemd.setenv=a=", "-----BEGIN PRIVATE KEY-----", "curl -u", "cryptomount -", "; password", "eyJ", "crypt a ", "iscsi:a:", 'password="\\',
         "authorization:", "bearer ", "?a", "://?", "--password '", "secret,"]
SIZE = 8 * 1024


@BOTH
@pytest.mark.parametrize(("text", "left", "gone"), ROWS, ids=[text[:40] for text, _left, _gone in ROWS])
def test_a_secret_is_taken_out_and_nothing_else(text: str, left: str | None, gone: str, without_secrets: Callable[[str], str]) -> None:
    public = without_secrets(text)
    assert gone not in public and "(removed)" in public
    assert left in (None, public)
    assert without_secrets(public) == public


@BOTH
@pytest.mark.parametrize("text", [row["text"] for row in CORPUS["no secret"]])
def test_what_is_no_secret_stays(text: str, without_secrets: Callable[[str], str]) -> None:
    assert without_secrets(text) == text


@BOTH
@pytest.mark.parametrize("piece", WORST)
def test_the_worst_text_takes_no_longer_than_any_other(piece: str, without_secrets: Callable[[str], str]) -> None:
    """A pattern that is quadratic takes minutes of this."""
    text = (piece * (SIZE // len(piece)))[:SIZE] + " x@y"
    began = time.process_time()
    without_secrets(text)
    assert time.process_time() - began < 1
