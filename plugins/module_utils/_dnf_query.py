# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A question to dnf 4, put to its own Python interface: ``dnf -C`` writes logs, locks and plugin state whatever its options, this writes nothing.

Prints ``repository<TAB>id<TAB>age in seconds`` for each enabled repository in the cache, then for each package that provides the first argument
``kernel<TAB>visible|hidden<TAB>name<TAB>epoch<TAB>version<TAB>release<TAB>arch<TAB>repository<TAB>version provided``, and for each package of kpatch
patches ``patched<TAB>version required`` of the same name.
A second argument names another configuration than /etc/dnf/dnf.conf.
"""

DNF_QUERY = r'''
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
visible = set(map(str, sack.query().available().filter(provides=sys.argv[1])))
for package in sack.query(flags=hawkey.IGNORE_EXCLUDES).available().filter(provides=sys.argv[1]):
    given = [str(one).split(" = ", 1)[1] for one in package.provides if str(one).startswith(sys.argv[1] + " = ")]
    print("\t".join(["kernel", "visible" if str(package) in visible else "hidden", package.name, str(package.epoch), package.version,
                     package.release, package.arch, package.reponame, given[0] if given else ""]))
for package in sack.query().available().filter(name__glob="kpatch-patch-*"):
    for one in package.requires:
        if str(one).startswith(sys.argv[1] + " = "):
            print("patched\t" + str(one).split(" = ", 1)[1])
'''
