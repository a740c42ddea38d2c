# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to dnf 4, put to its own Python interface: ``dnf -C`` writes logs, locks and plugin state whatever its options, this writes nothing.

Each prints ``repository<TAB>id<TAB>age in seconds`` for each enabled repository in the cache. DNF_QUERY then prints for each package that provides
the first word of its first argument, or is called as one of the others (commas between them),
``kernel<TAB>visible|hidden<TAB>name<TAB>epoch<TAB>version<TAB>release<TAB>arch<TAB>repository<TAB>version provided``, and for each package of kpatch
patches ``patched<TAB>version required`` of the same name. DNF_PATCHES prints for each package of the name that is the first argument
``offer<TAB>version<TAB>release``, and ``fixes<TAB>version<TAB>release<TAB>CVE`` for what the advisories of that very package name.
A second argument names another configuration than /etc/dnf/dnf.conf.
"""

import re
from typing import Any, NamedTuple

_SACK = r'''
import sys
import dnf, dnf.package, dnf.sack, hawkey
base = dnf.Base()
base.conf.read(*sys.argv[2:3])
base.conf.cacheonly = True
base.conf.substitutions.update_from_etc(base.conf.installroot, varsdir=base.conf.varsdir)
# A host without a release package has none, which libdnf takes no None for.
base.conf.substitutions["releasever"] = base.conf.substitutions.get("releasever") or ""
base.read_all_repos()
# Not base.fill_sack(): that takes a lock file, opens a log and writes indexes.
sack = dnf.sack.Sack(pkgcls=dnf.package.Package, pkginitval=base, arch=base.conf.substitutions["arch"], cachedir=base.conf.cachedir,
                     rootdir=base.conf.installroot)
for repo in base.repos.iter_enabled():
    try:
        known = repo._repo.loadCache(False, True)
    except TypeError:
        known = repo._repo.loadCache(False)
    if known:
        sack.load_repo(repo._repo, build_cache=False, load_filelists=False, load_presto=False)
        print("repository\t%s\t%d" % (repo.id, repo._repo.getAge()))
base._sack = sack
base._setup_excludes_includes()
'''

DNF_QUERY = _SACK + r'''
provide, names = sys.argv[1].split(",")[0], sys.argv[1].split(",")[1:]
def kernels(query):
    return query.filter(provides=provide).union(query.filter(name=names))
visible = set(map(str, kernels(sack.query().available())))
for package in kernels(sack.query(flags=hawkey.IGNORE_EXCLUDES).available()):
    words = [str(one).split(" = ", 1) for one in package.provides if " = " in str(one)]
    given = [word[1] for word in words if word[0] == provide] + [word[1] for word in words if word[0].endswith("-uname-r")]
    print("\t".join(["kernel", "visible" if str(package) in visible else "hidden", package.name, str(package.epoch), package.version,
                     package.release, package.arch, package.reponame, given[0] if given else ""]))
for package in sack.query().available().filter(name__glob="kpatch-patch-*"):
    for one in package.requires:
        if str(one).startswith(provide + " = "):
            print("patched\t" + str(one).split(" = ", 1)[1])
'''

DNF_PATCHES = _SACK.replace("load_presto=False", "load_presto=False, load_updateinfo=True") + r'''
for package in sack.query().available().filter(name=sys.argv[1]):
    print("\t".join(["offer", package.version, package.release]))
    for advisory in package.get_advisories(hawkey.EQ):
        for one in advisory.references:
            if one.type == hawkey.REFERENCE_CVE:
                print("\t".join(["fixes", package.version, package.release, one.id]))
'''

SOURCE = "dnf's cache by its Python interface"

# What dnf printed, or why it printed nothing.
Said = NamedTuple("Said", [("text", str), ("reason", str), ("detail", str)])

_PYTHON = re.compile(r"#!\s*(/usr/libexec/platform-python[0-9.]*|/usr/bin/python3[0-9.]*)\s")


def ask(host: Any, query: str, argument: str) -> Said:
    """The answer of dnf's own interpreter to one of the questions."""
    head = host.read("/usr/bin/dnf-3", 65536)
    if head.problem:
        newer = not host.stat("/usr/bin/dnf5").problem
        silent = "dnf5 cannot be asked without writing its log; dnf5 -C repoquery --latest-limit=1 of the kernel's package would tell"
        problem, detail = ("unsupported", silent) if newer else (head.problem, "/usr/bin/dnf-3")
        return Said("", problem, detail)
    python = _PYTHON.match(head.value)
    if not python:
        return Said("", "unparsable", "/usr/bin/dnf-3 names no interpreter of the system")
    answer = host.run((python.group(1), "-s", "-B", "-c", query, argument), timeout=60.0)
    if answer.problem or answer.value.rc != 0:
        return Said("", answer.problem or "tool_failed", answer.detail if answer.problem else last_line(answer.value.err))
    if not re.search(r"^repository\t", answer.value.out, re.MULTILINE):
        return Said("", "empty_cache", "no enabled repository is in dnf's cache")
    return Said(answer.value.out, "", "")


def last_line(text: str) -> str:
    """The last line with words of an error message, at most 200 characters."""
    return next((line.strip()[:200] for line in reversed(text.split("\n")) if line.strip()), "it ended with an error and said nothing")
