# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is this machine with a layer of its own over the root file system: whatever is changed on it is gone with its namespace.

It may have the os-release of another distribution. Its kernel and its package tools are the real ones; it has no running systemd of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from layering import LAYER
from playing import LOCAL, write_inventory
from workshop import REPOSITORY, clean_environment

# Hashes, modes and times of all files in /etc and /boot, the state of each unit, and the list of packages.
_WITHIN = LAYER + r"""
folder="$1"; command="$2"; shift 2
mkdir "$folder/layer"
layer "$folder/layer"
root="$folder/layer/root"
for path in /proc /sys /dev "$@"; do
    mkdir -p "$root$path"
    mount --rbind "$path" "$root$path"
done
rm -f "$root/etc/os-release"
cp "$folder/os-release" "$root/etc/os-release"
snapshot() {
    chroot "$root" sh -c "
        find /etc /boot -printf '%p %y %m %U %G %s %T@ %l\n' | sort
        find /etc /boot -type f -exec sha256sum {} + | sort -k 2
        systemctl --root=/ list-unit-files --no-legend --no-pager
        dpkg-query --show --showformat='\${binary:Package} \${Version} \${db:Status-Abbrev}\n'
        rpm -qa | sort"
}
snapshot > "$folder/before"
status=0
chroot "$root" sh -c "cd '$folder'; $command" > "$folder/output" 2>&1 || status=$?
snapshot > "$folder/after"
exit "$status"
"""
_SPEC = """Name: {name}
Version: 1.0
Release: 1
Summary: A package of that name
License: GPL-2.0-only
AutoReqProv: no
{requires}
%description
Files of the test's own.
%install
cp -a {folder}/files/. %{{buildroot}}
%files
{files}
"""


class Ended(NamedTuple):
    """How a command ended on the host, and what the host was like before and after it."""

    status: int
    output: str
    before: list[str]
    after: list[str]


def on_host(folder: Path, release: str, command: str) -> Ended:
    """Run a shell command on a host with this os-release; ``folder`` is shared with it, and its working directory."""
    (folder / "os-release").write_text(release, encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    write_inventory(folder, {"web1": LOCAL})
    env = clean_environment(home, ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"), COLUMNS="400")
    shared = [str(path.resolve()) for path in (folder, REPOSITORY, Path(sys.executable).parents[1])]
    done = subprocess.run(["unshare", "--mount", "sh", "-c", _WITHIN, "sh", str(folder), command, *shared], cwd=folder, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=500, check=False)
    assert (folder / "after").exists(), f"the namespace could not be made; this runs as root\n{done.stdout.decode(errors='replace')}"
    before, after = ((folder / name).read_text(errors="replace").splitlines() for name in ("before", "after"))
    return Ended(done.returncode, (folder / "output").read_text(errors="replace"), before, after)


def add_package(repository: Path, name: str, files: dict[str, str] | None = None, requires: str = "") -> None:
    """Put a package into a repository; scripts (#!) are executable, files in /etc are configuration."""
    folder = repository.parent / f"building-{name}"
    listed = []
    for path, content in (files or {}).items():
        target = folder / "files" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
        target.chmod(0o755 if content.startswith("#!") else 0o644)
        listed.append(f"%config(noreplace) {path}" if path.startswith("/etc/") else path)
    (folder / "files").mkdir(parents=True, exist_ok=True)
    (folder / "one.spec").write_text(_SPEC.format(name=name, requires=requires, folder=folder, files="\n".join(listed)), encoding="utf-8")
    repository.mkdir(exist_ok=True)
    for argv in (["rpmbuild", "-bb", "--target", "x86_64-linux", "--define", f"_topdir {folder}/build", "--define", f"_rpmdir {repository}",
                  str(folder / "one.spec")], ["createrepo_c", "--quiet", str(repository)]):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (argv, done.stderr)


def enable(folder: Path, repository: Path) -> str:
    """The shell command that makes this repository the only one that dnf on the host knows."""
    (folder / "dnf.conf").write_text(f"[main]\ngpgcheck=0\n[own]\nname=own\nbaseurl=file://{repository}\ngpgcheck=0\n", encoding="ascii")
    return f"cp {folder}/dnf.conf /etc/dnf/dnf.conf"
