# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile the host code, scan every recorded host with it, and compare each record with the one that is kept beside it.

    python3.6 tests/replay_hosts.py            # exits 1 and says what differs
    python3 tests/replay_hosts.py --update     # writes the records anew; look at the difference before you commit it

Runs on Python 3.6 with the standard library alone, and must give the same records on every Python: that is how the floor is proved.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
HOSTS = ROOT / "tests" / "unit" / "fixtures" / "hosts"
SUFFIX = ".record.json"


def compile_host_code() -> int:
    """Compile all that travels to hosts with this Python; how many files there are. SyntaxError names the first that fails."""
    files = [path for folder in ("module_utils", "modules") for path in sorted((ROOT / "plugins" / folder).rglob("*.py"))]
    for path in files:
        compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)
    return len(files)


def hosts() -> List[Path]:
    """All recorded hosts."""
    return [path for path in sorted(HOSTS.glob("*.json")) if not path.name.endswith(SUFFIX)]


def kept(path: Path) -> Path:
    """Where the record of a recorded host is kept."""
    return path.with_name(path.stem + SUFFIX)


def replay(path: Path) -> Dict[str, Any]:
    """The record of a recorded host, without what depends on the machine that replays it: times taken and the Python used."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "collections")]
    try:
        from ansible_collections.firebreak.fleet.plugins.module_utils._scan.scan import scan
        from recorded_host import RecordedHost
    finally:
        del sys.path[:2]
    record = scan(RecordedHost.load(path), [], {"available": True, "hypervisor_probe": "device"})
    record["seconds"] = dict.fromkeys(record["seconds"], 0)
    record["scanner"]["python"] = "any"
    # As JSON gives it back: a tuple and a list, or the keys 1 and "1", are the same there.
    return dict(json.loads(json.dumps(record)))


def expected(path: Path) -> Dict[str, Any]:
    """The record that is kept beside a recorded host; empty where none is yet."""
    return dict(json.loads(kept(path).read_text(encoding="utf-8"))) if kept(path).exists() else {}


def differences(seen: Any, wanted: Any, path: str = "") -> Iterator[Tuple[str, Any, Any]]:
    """(dotted path, seen, wanted) of every value that differs between two JSON documents."""
    if isinstance(seen, dict) and isinstance(wanted, dict):
        for key in sorted(set(seen) | set(wanted)):
            for item in differences(seen.get(key, "(missing)"), wanted.get(key, "(missing)"), "%s.%s" % (path, key) if path else key):
                yield item
    elif isinstance(seen, list) and isinstance(wanted, list) and len(seen) == len(wanted):
        for place, pair in enumerate(zip(seen, wanted)):  # noqa: B905 (3.6 knows no strict)
            for item in differences(pair[0], pair[1], "%s[%d]" % (path, place)):
                yield item
    elif seen != wanted or isinstance(seen, bool) != isinstance(wanted, bool):
        yield path, seen, wanted


def update(path: Path) -> None:
    """Write the record of a recorded host anew."""
    kept(path).write_text(json.dumps(replay(path), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Replay all; the exit status."""
    parser = argparse.ArgumentParser(description="Replay every recorded host.")
    parser.add_argument("--update", action="store_true", help="write the records anew")
    is_update = parser.parse_args().update
    files, failed = compile_host_code(), 0
    for path in hosts():
        if is_update:
            update(path)
        found = list(differences(replay(path), expected(path)))
        failed += bool(found)
        for place, seen, wanted in found[:20]:
            sys.stdout.write("%s: %s: seen %.200r, wanted %.200r\n" % (path.name, place, seen, wanted))
    total = len(hosts())
    sys.stdout.write("Python %d.%d: %d files of host code compiled\n" % (sys.version_info[0], sys.version_info[1], files))
    sys.stdout.write("%d passed, %d failed\n" % (total - failed, failed))
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
