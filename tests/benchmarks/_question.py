# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured of answers: ``python tests/benchmarks/_question.py DIRECTORY FILE_OF_CVES``; of an empty file the import of the feeds alone.

It answers and writes every form, as the task answer_cve does; Ansible's own start is none of it, and nothing is loaded here that an answer has no
use for.
"""

import sys
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "collections"))

from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import asking, compiled, feeds
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.answers_files import write

directory, wanted = Path(sys.argv[1]), [feeds.Feed(Path(sys.argv[1]).parent / "feed")]
cves = tuple(Path(sys.argv[2]).read_text(encoding="ascii").split())
if cves:
    answers = asking.ask(asking.Question(cves, max_age_hours=24), wanted, directory, datetime.now(timezone.utc))
    if {row.answer.answer for row in answers.rows} == {"unknown"}:
        sys.exit("no host was judged: every answer is unknown")
    write(directory, answers, "0")
else:
    compiled.opened(wanted, directory).close()
