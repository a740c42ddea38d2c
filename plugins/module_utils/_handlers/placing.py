# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a drop-in where k3s, rke2, k0s or CRI-O read it, once their own program has read it elsewhere and lost nothing by it.

What cannot be tried out is not written: a node whose containerd does not come up at its next start has lost all its pods.
"""

import os
import posixpath
import shutil
import tempfile
from typing import Any, Callable, Dict, List, Optional, Tuple

from .._formats.toml import parse
from .._host.errors import Refused, UnansweredError
from . import containerd_files, crio_files
from .containerd import DUMP_SECONDS, NAME, read_text, write_text
from .containerd_config import Handler, imported, lost, missing, redirected, runtimes, schema, tables, without_runtimes
from .drop_in import ENGINES, Placed, by_hand, path_of, placed

_VERSION_SECONDS = 20.0


def until_read(pending: str, register: Callable[[], Dict[str, Any]], check_mode: bool) -> Tuple[Dict[str, Any], bool]:
    """(what was registered, whether the engine has still to read it). Whoever lets it read removes ``pending``: a run that is killed in between
    leaves that to the next one."""
    waited = os.path.exists(pending)
    if not check_mode and not waited:
        write_text(pending, "")
    try:
        made = register()
    except (Refused, UnansweredError):
        if not check_mode and not waited:
            write_text(pending, None)
        raise
    waits = bool(made["changed"] or waited)
    if not check_mode and not waits:
        write_text(pending, None)
    return made, waits


class Placing(object):
    """One engine; ``program`` is its containerd's (or CRI-O's own), None where none was found; ``config`` is what it wrote, if elsewhere,
    ``crios`` what CRI-O reads, and ``usual`` the folder that it reads where nobody tells it."""

    def __init__(self, host: Any, engine: str, program: Optional[str], said_version: Any, config: str = "",
                 crios: crio_files.Places = crio_files.USUAL, usual: str = crio_files.FOLDER) -> None:
        self.host, self.name, self.program, self._said_version = host, engine, program, said_version
        self.config, self.crios, self.usual = config or ENGINES[engine].config, crios, usual
        self.where = crios.folder if engine == "crio" else self.config

    def generation(self) -> Optional[str]:
        """What this engine's containerd makes of several files, by its own word; None where it does not say."""
        answer = self.host.run([self.program, "--version"], _VERSION_SECONDS) if self.program else None
        if answer is None or answer.problem or answer.value.rc != 0:
            return None
        return containerd_files.generation(self._said_version(answer.value.out) or "")

    def register(self, handlers: List[Handler], check_mode: bool) -> Dict[str, Any]:
        """Have exactly these handlers of ours in the engine's drop-in, and of CRI-O's none in a folder that it does not read."""
        if self.name == "crio":
            self._see_where(handlers)
        config = read_text(self.config) if self.config else None
        if handlers:
            wanted = placed(self.name, config, handlers, self.generation() if self.config else None, self.where)
            path, after = wanted.path, wanted.text  # type: str, Optional[str]
        else:
            path, after = path_of(self.name, config, self.where or self.usual), None
        before = read_text(path)
        if before != after and handlers:
            self._try_out(Placed(path, after or ""), config or "", handlers)
        usual = path_of(self.name, config, self.usual) if self.name == "crio" else path
        left = usual != path and os.path.lexists(usual)
        if before != after and not check_mode:
            write_text(path, after)
        if left and not check_mode:
            write_text(usual, None)
        return {"changed": before != after or left, "path": path, "before": before or "", "after": after or ""}

    def _see_where(self, handlers: List[Handler]) -> None:
        """Refused where it is not known what CRI-O reads, where it reads no drop-ins, or where what it was told outranks them."""
        if self.crios.problem:
            raise Refused("crio: %s (%s)" % (self.crios.detail, self.crios.problem))
        if handlers and not self.crios.folder:
            raise Refused("crio: --config-dir or CONTAINER_CONFIG_DIR is empty, wanted a folder: CRI-O was told to read no drop-ins")
        told = sorted({handler.name for handler in handlers} & {name for name, _table in self.crios.runtimes})
        if told:
            raise Refused("crio: %s or CONTAINER_RUNTIMES names the runtime %s, wanted one that no option names: it outranks all drop-ins"
                          % (crio_files.OPTION, told[0]))

    def _try_out(self, wanted: Placed, config: str, handlers: List[Handler]) -> None:
        work = tempfile.mkdtemp(prefix="firebreak-")
        try:
            if self.name == "crio":
                self._try_crio(wanted, handlers, work)
            elif self.name == "k0s":
                self._compare(self._dump(self.config), self._dump(self._k0s_trial(config, handlers, work)), handlers, wanted)
            else:
                self._compare(self._dump(self.config), self._dump(self._trial(wanted, config, work)), handlers, wanted)
        except Refused as refused:
            if self.name == "crio":
                raise
            raise Refused("%s was not written: %s. %s" % (wanted.path, refused, by_hand(self.name, schema(config), handlers))) from None
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _dump(self, config: str) -> str:
        """What the engine's containerd makes of a configuration. Refused where it makes nothing of it."""
        answer = self.host.run([self.program, "--config", config, "config", "dump"], DUMP_SECONDS)
        if answer.problem:
            raise Refused("%s config dump: %s (%s)" % (self.program, answer.problem, answer.detail))
        if answer.value.rc != 0:
            raise Refused("%s cannot read it: %s" % (self.program, answer.value.err.strip()[-1000:]))
        return str(answer.value.out)

    def _compare(self, before: str, after: str, handlers: List[Handler], wanted: Placed) -> None:
        own = sorted({handler.name for handler in handlers} | set(runtimes(read_text(wanted.path) or "")))
        problems = missing(after, handlers) + ["lost: " + line for line in lost(before, after, own)]
        if problems:
            raise Refused("containerd would read of it: %s" % "; ".join(problems[:10]))

    def _places(self, config: str) -> Dict[str, str]:
        """{entry of the imports: the absolute path that it means}."""
        base = posixpath.dirname(self.config)
        return {entry: posixpath.normpath(posixpath.join(base, entry)) for entry in imported(config)}

    def _trial(self, wanted: Placed, config: str, work: str) -> str:
        """The engine's configuration with a folder in the place of that of the drop-ins, which has ours among them."""
        folder = posixpath.dirname(wanted.path)
        inner = os.path.join(work, "drop-ins")
        os.mkdir(inner)
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name != NAME and os.path.isfile(os.path.join(folder, name)):
                shutil.copy(os.path.join(folder, name), inner)
        write_text(os.path.join(inner, NAME), wanted.text)
        places = {entry: path if posixpath.dirname(path) != folder else posixpath.join(inner, posixpath.basename(path))
                  for entry, path in self._places(config).items()}
        return self._written(work, redirected(config, places))

    def _written(self, work: str, text: str) -> str:
        trial = os.path.join(work, "config.toml")
        write_text(trial, text)
        return trial

    def _k0s_trial(self, config: str, handlers: List[Handler], work: str) -> str:
        """k0s puts all drop-ins into the file that has its own configuration of CRI: that one with our tables in it."""
        read = containerd_files.read(self.host, self.config)
        merged = next((file.path for file in read.files if containerd_files.cri_table(file.table)), None)
        if merged is None or merged == self.config:
            raise Refused("the file in which k0s keeps its configuration of CRI was not found")
        names = [handler.name for handler in handlers]
        text = without_runtimes(read_text(merged) or "", names) + tables(schema(config), handlers)
        trial = os.path.join(work, "cri.toml")
        write_text(trial, text)
        places = {entry: trial if merged in containerd_files.matching(self.host, path) else path for entry, path in self._places(config).items()}
        return self._written(work, redirected(config, places))

    def _try_crio(self, wanted: Placed, handlers: List[Handler], work: str) -> None:
        """CRI-O says what it makes of a folder of drop-ins; a later file than ours may have the last word on a handler."""
        if self.program is None:
            raise Refused("%s was not written: no crio was found to try it out with. By hand:\n%s" % (wanted.path, wanted.text))
        inner = os.path.join(work, "drop-ins")
        if os.path.isdir(self.where):
            # CRI-O reads what is in folders below it too.
            shutil.copytree(self.where, inner, ignore_dangling_symlinks=True)
        before = self._crios_runtimes(self.where, wanted)
        write_text(os.path.join(inner, posixpath.basename(wanted.path)), wanted.text)
        after = self._crios_runtimes(inner, wanted)
        wrong = ["handler %s is not as it was written" % handler.name for handler in handlers
                 if after.get(handler.name, {}).get("runtime_path") != handler.shim]
        own = {handler.name for handler in handlers} | set(crio_files.runtimes_of(parse(read_text(wanted.path) or "")))
        wrong += ["lost: the runtime %s" % name for name in sorted(before) if name not in after and name not in own]
        if wrong:
            raise Refused("%s was not written, since CRI-O would read of it: %s" % (wanted.path, "; ".join(wrong[:10])))

    def _crios_runtimes(self, folder: str, wanted: Placed) -> Dict[str, Any]:
        # A file that is named must be there, as the usual one need not.
        told = ["--config=%s" % self.crios.main] if self.crios.main != crio_files.MAIN else []
        answer = self.host.run([self.program] + told + ["--config-dir", folder, "config"], DUMP_SECONDS)
        if answer.problem or answer.value.rc != 0:
            raise Refused("%s was not written: crio config: %s" % (wanted.path, answer.detail or answer.value.err.strip()[-1000:]))
        try:
            return crio_files.runtimes_of(parse(answer.value.out))
        except ValueError as error:
            raise Refused("%s was not written: crio config: %s" % (wanted.path, error)) from None
