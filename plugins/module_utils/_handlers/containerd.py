# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers handlers with a running containerd: tried out before anything is changed, taken back when the daemon does not come back with them."""

import os
import shutil
import tempfile
import time
from typing import Any, Dict, List, Optional

from .._formats import processes
from .._host.errors import Refused, UnansweredError
from . import containerd_files
from .containerd_config import FIRST_WITH_DROP_INS, Handler, drop_in, ensure_import, lost, missing, plugin, redirected, runtimes, schema, with_block

NAME = "50-firebreak-kata.toml"
TRIAL = ".firebreak-"
# Where a containerd with its usual state directory keeps one folder for each container.
# Configurations that a distribution of Kubernetes makes of a template, by their beginning, whose they are, and what to do instead.
GENERATED = (
    ("/var/lib/rancher/k3s/", "k3s", "use the engine k3s"),
    ("/var/lib/rancher/rke2/", "rke2", "use the engine rke2"),
    ("/etc/k0s/", "k0s", "use the engine k0s"),
    ("/var/snap/microk8s/", "microk8s",
     "by hand, write the handlers into containerd-template.toml beside it and restart snap.microk8s.daemon-containerd"),
)
SECONDS_TO_COME_BACK = 60.0
DUMP_SECONDS = 60.0
Texts = Dict[str, Optional[str]]


def read_text(path: str) -> Optional[str]:
    """A file's text; None where there is none."""
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise Refused("%s is no UTF-8 text" % path) from None


def write_text(path: str, text: Optional[str], new_mode: int = 0o644) -> None:
    """Give a file its text in one step, with the mode it had or else ``new_mode``; None removes it. Once it is named, it is on the disk."""
    if text is None:
        if os.path.lexists(path):
            os.unlink(path)
        return
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o755)
        os.chmod(folder, 0o755)
    mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else new_mode
    # The name must not end in .toml, or containerd could read it as a drop-in.
    handle, fresh = tempfile.mkstemp(prefix=TRIAL, dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(fresh, path)
    sync_folder(folder)


def sync_folder(folder: str) -> None:
    """Have a folder's names on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clean(folder: str) -> None:
    """Remove what a run that was killed left in a folder: it may hold what only root may read."""
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        if name.startswith(TRIAL):
            path = os.path.join(folder, name)
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)


class Containerd(object):
    """The daemon whose configuration is ``config``; its drop-ins are in conf.d beside it."""

    def __init__(self, host: Any, config: str, service: str, program: str = "containerd") -> None:
        self.host, self.config, self.service, self.program = host, config, service, program
        self.folder = os.path.join(os.path.dirname(config), "conf.d")
        self.drop_in = os.path.join(self.folder, NAME)
        self.pattern = os.path.join(self.folder, "*.toml")
        # There from before a file is changed until the daemon came back with it: a run that is killed in between leaves it to the next one.
        self.pending = os.path.join(os.path.dirname(config), ".kata-restart-pending")

    def dump(self, config: str) -> str:
        """What containerd makes of a configuration. Refused when it makes nothing of it."""
        answer = self.host.run([self.program, "--config", config, "config", "dump"], DUMP_SECONDS)
        if answer.problem:
            raise Refused("containerd config dump: %s (%s)" % (answer.problem, answer.detail))
        if answer.value.rc != 0:
            raise Refused("containerd cannot read %s: %s" % (config, answer.value.err.strip()[-1000:]))
        return str(answer.value.out)

    def now(self) -> Texts:
        """The files that a registration may change."""
        return {path: read_text(path) for path in (self.config, self.drop_in)}

    def wanted(self, before: Texts, dump: str, handlers: List[Handler]) -> Texts:
        """The same files with the handlers registered."""
        text = before[self.config]
        # A daemon reads older schemas too, but a drop-in of a newer one than the file's makes it add defaults to the operator's lists.
        version = schema(dump) if text is None else schema(text)
        plugin(version, self.config)
        if version < FIRST_WITH_DROP_INS:
            if text is None and not handlers:
                return before
            return {self.config: with_block(text or "version = %d\n" % version, version, handlers, dump), self.drop_in: before[self.drop_in]}
        if not handlers:
            return {self.config: text, self.drop_in: None}
        base = text if text is not None else "version = %d\n" % version
        return {self.config: ensure_import(base, self.pattern), self.drop_in: drop_in(version, handlers)}

    def try_out(self, texts: Texts) -> str:
        """What containerd would make of the files, which are written beside the real ones and removed again."""
        folder = os.path.dirname(self.config)
        if texts[self.config] is None:
            return ""
        if not os.path.isdir(folder):
            os.makedirs(folder, 0o755)
        work = tempfile.mkdtemp(prefix=TRIAL, dir=folder)
        # In the folder of the real one, so that relative imports lead where they do for the real one.
        trial = work + ".toml"
        try:
            for name in os.listdir(self.folder) if os.path.isdir(self.folder) else []:
                if name.endswith(".toml") and name != NAME:
                    shutil.copy(os.path.join(self.folder, name), work)
            write_text(os.path.join(work, NAME), texts[self.drop_in])
            # It repeats what the real one says, passwords of registries among it.
            write_text(trial, redirected(texts[self.config] or "", {self.pattern: os.path.join(work, "*.toml")}), 0o600)
            return self.dump(trial)
        finally:
            shutil.rmtree(work, ignore_errors=True)
            write_text(trial, None)

    def restart(self, handlers: List[Handler], containers: int) -> None:
        """Restart the daemon; refused unless it comes back with the handlers and all that ran still does."""
        answer = self.host.run(["systemctl", "restart", self.service], SECONDS_TO_COME_BACK)
        if answer.problem or answer.value.rc != 0:
            raise Refused("systemctl restart %s: %s" % (self.service, answer.detail or answer.value.err.strip()))
        end = time.monotonic() + SECONDS_TO_COME_BACK
        while not self._answers():
            if time.monotonic() > end:
                raise Refused("%s does not answer %d s after its restart" % (self.service, SECONDS_TO_COME_BACK))
            time.sleep(0.5)
        lacking = missing(self.dump(self.config), handlers)
        if lacking:
            raise Refused("after the restart: %s" % "; ".join(lacking))
        if self.containers() < containers:
            raise Refused("%d containers ran before the restart of %s, %d after it" % (containers, self.service, self.containers()))

    def _answers(self) -> bool:
        answer = self.host.run(["ctr", "version"], 10.0)
        return not answer.problem and answer.value.rc == 0

    def containers(self) -> int:
        """How many containers containerd keeps."""
        spaces = self.host.listdir(containerd_files.BUNDLES).if_there([])
        return sum(len(self.host.listdir("%s/%s" % (containerd_files.BUNDLES, space)).if_there([])) for space in spaces)

    def register(self, handlers: List[Handler], check_mode: bool) -> Dict[str, Any]:
        """Have exactly these handlers of ours registered."""
        if not check_mode:
            for folder in (os.path.dirname(self.config), self.folder):
                clean(folder)
        before = self.now()
        if handlers:
            self._refuse_what_serves_nobody()
        dump = self.dump(self.config)
        after = self.wanted(before, dump, handlers)
        pending = self._waits(before)
        result = {"changed": after != before or pending, "schema": schema(dump), "before": before, "after": after}
        if check_mode or not result["changed"]:
            return result
        trial = self.try_out(after)
        own = sorted({handler.name for handler in handlers} | set(runtimes(before[self.drop_in] or before[self.config] or "")))
        problems = (missing(trial, handlers) + ["lost: " + line for line in lost(dump, trial, own)]) if trial else []
        if problems:
            raise Refused("%s was not changed, since containerd would read of it: %s" % (self.config, "; ".join(problems[:10])))
        containers = self.containers()
        write_text(self.pending, "")
        self._apply(after)
        try:
            self.restart(handlers, containers)
        except (Refused, UnansweredError) as refused:
            self._take_back(before)
            raise Refused("%s. The former configuration is back in force" % refused) from None
        write_text(self.pending, None)
        return result

    def _refuse_what_serves_nobody(self) -> None:
        """Refused where a handler would be lost at once, or would never be asked for."""
        for beginning, whose, where in GENERATED:
            if self.config.startswith(beginning):
                raise Refused("%s is written anew by %s at each start: %s" % (self.config, whose, where))
        read = containerd_files.read(self.host, self.config)
        if read.problem:
            raise Refused("%s (%s)" % (read.detail, read.problem))
        disabled = containerd_files.disabled(read.files)
        if disabled:
            raise Refused("%s has CRI among its disabled_plugins, so no handler would serve anybody: take it out of that list and restart %s, "
                          "or leave containerd out of the engines" % (disabled, self.service))

    def _waits(self, files: Texts) -> bool:
        """Whether the daemon has not read our file yet: a run was killed before the restart."""
        if os.path.exists(self.pending):
            return True
        if files[self.drop_in] is None:
            return False
        answer = self.host.run(["systemctl", "show", "--property=MainPID", "--value", self.service])
        pid = answer.value.out.strip() if answer.value is not None and answer.value.rc == 0 else ""
        uptime = self.host.read("/proc/uptime", 256)
        stat = self.host.read("/proc/%s/stat" % pid, 4096) if pid.isdigit() and pid != "0" else None
        if stat is None or stat.problem or uptime.problem:
            return False
        booted = processes.booted_at(self.host.now(), uptime.value)
        if booted is None:
            return False
        started = booted + processes.parse_stat(stat.value).start_ticks / float(processes.TICKS_PER_SECOND)
        return bool(os.stat(self.drop_in).st_mtime > started + 1)

    def _apply(self, texts: Texts) -> None:
        for path in (self.drop_in, self.config):
            if texts[path] != read_text(path):
                write_text(path, texts[path])

    def _take_back(self, before: Texts) -> None:
        self._apply(before)
        write_text(self.pending, None)
        answer = self.host.run(["systemctl", "restart", self.service], SECONDS_TO_COME_BACK)
        if answer.problem or answer.value.rc != 0:
            raise Refused("%s: the former configuration is back, but systemctl restart says: %s"
                          % (self.service, answer.detail or answer.value.err.strip()))
