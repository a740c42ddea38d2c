# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `ansible-test sanity` on the built artifact, with an empty ignore file and nothing fetched but from the package index.

ansible-test makes environments of its own and starts each with a get-pip script from a web site. A script of that name is
put into its cache instead: it takes the pip that Python carries, which then gets the wanted one from the index.
ansible-test also drops PIP_* from the environment, so this machine's settings are written where its pip looks for them.
"""

from __future__ import annotations

import configparser
import fcntl
import re
import sys
import tempfile
from pathlib import Path

from workshop import CommandFailedError, build_artifact, cache, clean_environment, pip_settings, run, unpack

# ensurepip runs as a process of its own, since it turns pip's configuration off for the process that it is in.
GET_PIP = '''import subprocess, sys
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "--quiet"] + wanted))
'''


def _pip_versions() -> set[str]:
    """The versions of pip that the installed ansible-test starts its environments with."""
    import ansible_test

    (package,) = ansible_test.__path__
    source = Path(package, "_internal", "python_requirements.py").read_text(encoding="utf-8")
    versions = set(re.findall(r"""\bpip=["']([0-9.]+)["']""", source))
    if not versions:
        raise CommandFailedError(f"{package}: _internal/python_requirements.py names no version of pip; this core bootstraps in an unknown way")
    return versions


def _prepare_home(home: Path) -> None:
    """Give ansible-test its bootstrap scripts and pip's settings."""
    scripts = home / ".ansible" / "test" / "cache"
    scripts.mkdir(parents=True, exist_ok=True)
    for version in _pip_versions():
        (scripts / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP, encoding="utf-8")
    settings = configparser.RawConfigParser()
    settings.read_dict(pip_settings())
    folder = home / ".config" / "pip"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "pip.conf").open("w", encoding="utf-8") as handle:
        settings.write(handle)


def _not_run(output: str) -> list[str]:
    """Lines by which ansible-test says that it left a test out; a test for other Pythons than this one's is the matrix's."""
    return [line for line in output.splitlines() if "Skipping" in line and "disabled by default" not in line]


def _complaints(output: str) -> str:
    """The lines of a failed run that say what is wrong; all of it where none is of the kind that ansible-test marks."""
    marked = [line for line in output.splitlines() if line.startswith(("ERROR:", "FATAL:")) or line.count(" ") < 3]
    return "\n".join(marked) if any(line.startswith("ERROR:") for line in marked) else output


def main(arguments: list[str]) -> int:
    """Build, unpack, test; arguments are passed on, such as `--test validate-modules`."""
    # Short, since the environments below it have scripts whose first line the kernel cuts at 127 characters.
    home = cache("at")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with tempfile.TemporaryDirectory(prefix="firebreak-sanity-") as scratch, (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _prepare_home(home)
        collection = unpack(build_artifact(Path(scratch)), Path(scratch))
        environment = clean_environment(home)
        try:
            output = run(
                [Path(sys.executable).parent / "ansible-test", "sanity", "--color", "no", "--python", version, *arguments],
                cwd=collection,
                env=environment,
                seconds=900,
            )
        except CommandFailedError as failure:
            print(_complaints(str(failure)), file=sys.stderr)
            return 1
    tests = re.findall(r"^Running sanity test .*", output, flags=re.MULTILINE)
    left_out = _not_run(output)
    print("\n".join(left_out))
    print(f"ansible-test sanity: {len(tests)} tests passed on the built artifact (Python {version})")
    return 1 if left_out or not tests else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
