# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows by the clock on the wall of their zone, changes of the hour included."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.windows import WindowError, is_open, opens_at, parse, stays_open


def moment(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(("window", "at", "opened"), [
    ("Sat 10:00-12:00", "2026-11-28T10:00", True),
    ("Sat 10:00-12:00", "2026-11-28T12:00", False),
    ("Sun 10:00-12:00", "2026-11-28T10:00", False),
    # In winter Berlin is an hour ahead of UTC, in summer two.
    ("daily 02:00-03:00 Europe/Berlin", "2026-11-28T01:30", True),
    ("daily 02:00-03:00 Europe/Berlin", "2026-07-01T00:30", True),
    ("daily 02:00-03:00 Europe/Berlin", "2026-07-01T01:30", False),
    # Past midnight it belongs to the day on which it began.
    ("Fri 22:00-04:00", "2026-11-28T03:59", True),
    ("Fri 22:00-04:00", "2026-11-28T22:30", False),
    ("Mon-Fri 22:00-04:00", "2026-11-29T01:00", False),
    ("Sat-Mon 00:00-24:00", "2026-11-30T23:59", True),
    ("sat,sun 00:00-24:00", "2026-11-30T00:00", False),
    ("* 12:00-12:00", "2026-11-28T03:00", True),
    ("daily 02:00-03:00 utc", "2026-11-28T02:30", True),
    # The hour that Berlin has twice on 25 October 2026 is open twice, the one that it lacks on 29 March never.
    ("daily 02:00-03:00 Europe/Berlin", "2026-10-25T00:30", True),
    ("daily 02:00-03:00 Europe/Berlin", "2026-10-25T01:30", True),
    ("daily 02:00-03:00 Europe/Berlin", "2026-03-29T01:00", False),
])
def test_windows(window: str, at: str, opened: bool) -> None:
    assert is_open(parse(window), moment(at)) is opened


@pytest.mark.parametrize(("text", "days"), [
    ("Monday-Friday 22:00-04:00 Europe/Berlin", "01234"), ("Wednesday-Friday 10:00-12:00", "234"), ("Thurs-Saturday 10:00-12:00", "345"),
    ("Tues,Thur 10:00-12:00", "13"), ("Mon, Wed 10:00-12:00", "02"), ("Mon - Fri 22:00 - 04:00", "01234"), ("Fri\u2013Mon 22:00\u201304:00", "4560"),
    ("SATURDAY,SUNDAY 00:00-24:00", "56"), ("sun-sun 10:00-11:00", "6"), ("* 10:00-11:00", "0123456")])
def test_days_as_people_write_them(text: str, days: str) -> None:
    assert parse(text).days == set(map(int, days))


@pytest.mark.parametrize("text", [
    "", "always", "Mon 10-12", "Mon 25:00-26:00", "Mon 10:75-11:00", "Noday 10:00-11:00", "Mon 10:00-11:00 Mars/Base", "Monkey 10:00-11:00",
    "Mon-Wed-Fri 10:00-11:00", "Mo-Fr 10:00-11:00", "Mon- 10:00-11:00", "Mon,,Tue 10:00-11:00", "Mon 10:00-11:00 +02:00", "Mon 10:00-11:00 UTC+2",
    "Mon 10:00-11:00PM", "Mon 10:00-11:00 ../../etc/passwd", "*,Mon 10:00-11:00"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(WindowError, match="firebreak_windows"):
        parse(text)


def test_a_step_must_fit() -> None:
    windows = (parse("Sat 10:00-10:20"), parse("Sat 10:20-11:00"), parse("Sun 02:00-02:10"))
    assert stays_open(windows, moment("2026-11-28T10:05"), 30)
    assert not stays_open(windows, moment("2026-11-28T10:40"), 30)
    assert opens_at(windows, moment("2026-11-28T09:00"), 30) == moment("2026-11-28T10:00")
    assert opens_at(windows[2:], moment("2026-11-28T09:00"), 30) is None
    assert stays_open((), moment("2026-11-28T10:05"), 30)
