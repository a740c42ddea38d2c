# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which an engine comes to a shim of Kata's, and a shim to its configuration: scan and proof are both held against this one table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from containers_world import KATA
from kata_kinds import CONFIG, PRINTS, RUST, TREE, KataHost, document, table

LOCAL, PACKAGED = "/usr/local/bin/containerd-shim-kata-v2", "/usr/bin/containerd-shim-kata-v2"
OF_RUST = CONFIG.replace("configuration.toml", "runtime-rs/configuration.toml")
OTHER, ETC = "/opt/kata/share/defaults/kata-containers/configuration-clh.toml", "/etc/kata-containers/configuration.toml"
RPMS = "/usr/share/kata-containers/defaults/configuration.toml"


@dataclass(frozen=True)
class Kind:
    """A host with one handler, the source that says such hosts are, what its shim reads (None: nothing is there), and whether it is dead.

    Without a ``name`` the host has no handler of Kata's.
    """

    source: str
    build: Callable[[], KataHost]
    reads: str | None = CONFIG
    dead: bool = False
    name: str = "kata"


def by_type(kind: str = "io.containerd.kata.v2", name: str = "kata", above: str = "") -> KataHost:
    """A handler that names a type alone."""
    host = KataHost().dump(f'{above}[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.{name}]\n  runtime_type = "{kind}"\n')
    return host


def led(path: str = LOCAL, target: str = KATA) -> KataHost:
    return by_type().link(path, target)


def script(text: str, *, version: str = "3.32.0", path: str = LOCAL, config: str = "") -> KataHost:
    """A script in the place of a shim, with Kata of a version."""
    host = KataHost().dump(table("kata", path, config)).file(path, f"#!/bin/bash\n{text}\n")
    return host.file(f"{TREE}/VERSION", f"{version}\n")


def rpm(shim: str = PACKAGED, *, etc: bool = False) -> KataHost:
    """Fedora's and Red Hat's package, by CRI-O."""
    host = KataHost(handlers="").file(shim, "shim").file(RPMS, document())
    if etc:
        host.file(ETC, document())
    host.file("/etc/crio/crio.conf.d/50-kata", f'[crio.runtime.runtimes.kata]\nruntime_path = "{shim}"\nruntime_type = "vm"\n')
    return host.folder("/etc/crio/crio.conf.d", "50-kata")


def distribution(program: str, config: str, called: str = "") -> KataHost:
    """A containerd of k3s', k0s' or microk8s', which was told to read a file of its own."""
    host = KataHost(handlers="").file(program, PRINTS).file(config, f"version = 3\n{table('kata', '/opt/kata/bin/containerd-shim-kata-v2')}")
    folder = program.rpartition("/")[0]
    if called:
        host.file(f"{folder}/containerd", PRINTS)
    words = ["containerd" if called else program, "-c", config]
    return host.put(320, 1, program, argv=words, name="containerd").running(320, program)


def docker(config: str = CONFIG, shim: str = "/opt/kata/bin/containerd-shim-kata-v2", path: str = "/etc/docker/daemon.json") -> KataHost:
    runtime = {"runtimeType": shim, **({"options": {"ConfigPath": config}} if config else {})}
    host = KataHost(handlers="").file(path, json.dumps({"runtimes": {"other": {"path": "/usr/bin/crun"}, "kata": runtime}, "debug": True}, indent=2))
    words = [] if path == "/etc/docker/daemon.json" else ["--config-file", path]
    return host.file("/usr/bin/dockerd", "dockerd").put(310, 1, "/usr/bin/dockerd", argv=["dockerd", *words]).running(310, "/usr/bin/dockerd")


def crio(text: str) -> KataHost:
    return KataHost(handlers="").file("/etc/crio/crio.conf.d/50-kata", text).folder("/etc/crio/crio.conf.d", "50-kata")


def without(path: str) -> KataHost:
    """One of the handler's files is gone."""
    host = KataHost()
    real = path.replace("/opt/kata/", f"{TREE}/")
    for kept in ("read", "stat", "readlink"):
        for name in (path, f"{path}@link", real, f"{real}@link"):
            host.recording[kept].pop(name, None)
    host.recording["realpath"][path] = {"problem": "absent", "detail": path}
    return host


CRIO = '[crio.runtime.runtimes.%s]\nruntime_path = "/opt/kata/bin/containerd-shim-kata-v2"\nruntime_type = "vm"\n%s'
FC = "/etc/kata-containers/configuration-fc.toml"
SETS = f'KATA_CONF_FILE={FC} /opt/kata/bin/containerd-shim-kata-v2 "$@"'
HANDLERS = {
    "path and configuration": Kind("kata-deploy", KataHost),
    "rust, path and configuration": Kind("kata-deploy", lambda: KataHost(rust=True)),
    "go, its default below /opt": Kind("kata-containers, config.go", lambda: KataHost().dump(table("kata", KATA, ""))),
    "go, its default in /etc": Kind("kata-containers, config.go", lambda: KataHost().dump(table("kata", KATA, "")).file(ETC, document()), ETC),
    "rust, its default": Kind("kata-types, default.rs", lambda: KataHost().dump(table("kata", RUST, "")).configured(
        document(rust=True), OF_RUST), OF_RUST),
    "rust, nothing for it": Kind("kata-types, default.rs", lambda: KataHost().dump(table("kata", RUST, "")), None),
    "type, link to go": Kind("containerd, util.go", led),
    "type, link to rust": Kind("containerd, util.go", lambda: led(target=RUST).configured(document(rust=True), OF_RUST), OF_RUST),
    "type, no shim": Kind("kata#3456", by_type, None, dead=True),
    "type of several words": Kind("containerd, util.go", lambda: by_type("io.containerd.kata.qemu.v2").link(
        "/usr/local/bin/containerd-shim-qemu-v2", KATA)),
    "type of another prefix": Kind("containerd, util.go", lambda: by_type("com.example.kata.v2").link(LOCAL, KATA)),
    "type of another name": Kind("kata-deploy", lambda: by_type("io.containerd.kata-qemu.v2").link(
        "/usr/local/bin/containerd-shim-kata-qemu-v2", KATA)),
    "plain name": Kind("containerd, util.go", lambda: by_type(name="sandboxed").link(LOCAL, KATA), name="sandboxed"),
    "secure, by a link": Kind("containerd, util.go", lambda: by_type("io.containerd.secure.v2", "secure").link(
        "/usr/local/bin/containerd-shim-secure-v2", KATA), name="secure"),
    "called kata, leads to runc": Kind("containerd, config.toml", lambda: by_type("io.containerd.runc.v2"), name=""),
    "rpm": Kind("kata#2647", rpm, RPMS),
    "rpm, configuration in /etc": Kind("kata#2647", lambda: rpm(etc=True), ETC),
    "wrapper of an old release": Kind("kubespray, containerd-shim-kata-v2.j2", lambda: script(SETS).file(FC, document()), FC),
    "wrapper since 4.0.0": Kind("kata-containers, ab2e7f0c58", lambda: script(SETS, version="4.1.0").file(FC, document()), FC, dead=True),
    "wrapper that names a default": Kind("kata-containers, ab2e7f0c58", lambda: script(
        SETS.replace(FC, ETC), version="4.1.0").file(ETC, document()), ETC),
    "wrapper around go, and an option": Kind("kata-containers, config.go", lambda: script(SETS, config=OTHER).file(FC, document()).configured(
        document("clh"), OTHER), OTHER),
    "wrapper around rust, and an option": Kind("kata-types, manager.rs", lambda: script(
        SETS.replace("/bin/", "/runtime-rs/bin/"), config=OTHER).file(FC, document(rust=True)).configured(document("clh", rust=True), OTHER), FC),
    "wrapper without a variable": Kind("kata documents", lambda: script('exec /opt/kata/bin/containerd-shim-kata-v2 "$@"')),
    "wrapper that looks for its shim": Kind("POSIX shell", lambda: script(
        'exec containerd-shim-kata-v2 "$@"', path="/usr/local/bin/kata-wrapper").link(LOCAL, KATA)),
    "wrapper that exports": Kind("kata documents", lambda: script(
        f'export KATA_CONF_FILE="${{KATA_CONF_FILE:-{FC}}}"\nexec /opt/kata/bin/containerd-shim-kata-v2 "$@"').file(FC, document()), FC),
    "shim gone": Kind("kata#13843", lambda: without("/opt/kata/bin/containerd-shim-kata-v2"), dead=True),
    "configuration gone": Kind("kata#13843", lambda: without(CONFIG), CONFIG, dead=True),
    "cri disabled": Kind("kata#5321", lambda: KataHost().dump('disabled_plugins = ["cri"]\n' + table(
        "kata", "/opt/kata/bin/containerd-shim-kata-v2")), dead=True),
    "cri disabled by its long name": Kind("kata#5321", lambda: KataHost().dump('disabled_plugins = ["io.containerd.grpc.v1.cri"]\n' + table(
        "kata", "/opt/kata/bin/containerd-shim-kata-v2")), dead=True),
    "k3s": Kind("k3s#7475", lambda: distribution(
        "/var/lib/rancher/k3s/data/abc/bin/k3s", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml", "k3s")),
    "rke2": Kind("rke2", lambda: distribution("/var/lib/rancher/rke2/bin/containerd", "/var/lib/rancher/rke2/agent/etc/containerd/config.toml")),
    "k0s": Kind("kata#7547", lambda: distribution("/var/lib/k0s/bin/containerd", "/etc/k0s/containerd.toml")),
    "k3s, other folder": Kind("k3s, --data-dir", lambda: distribution("/data/k3s/bin/containerd", "/data/k3s/agent/etc/containerd/config.toml")),
    "microk8s": Kind("kata#10830", lambda: distribution("/snap/microk8s/7234/bin/containerd", "/var/snap/microk8s/7234/args/containerd.toml")),
    "docker": Kind("moby, daemon.json", docker),
    "docker, no configuration": Kind("moby, daemon.json", lambda: docker("")),
    "docker, another file": Kind("dockerd(8)", lambda: docker(path="/etc/docker/other.json")),
    "docker, shim gone": Kind("kata#13843", lambda: docker(shim="/opt/kata/bin/containerd-shim-kata-qemu-v2"), dead=True),
    "docker, configuration gone": Kind("kata#13843", lambda: docker(OTHER), OTHER, dead=True),
    "docker, type without a shim": Kind("moby, daemon.json", lambda: docker(shim="io.containerd.kata-clh.v2"), dead=True),
    "docker, by type": Kind("moby, daemon.json", lambda: docker(shim="io.containerd.kata.v2").link(LOCAL, KATA)),
    "cri-o": Kind("cri-o, crio.conf.d", lambda: crio(CRIO % ("kata", f'runtime_config_path = "{OTHER}"\n')).configured(
        document("clh"), OTHER), OTHER),
    "cri-o, another name": Kind("cri-o, crio.conf.d", lambda: crio(CRIO % ("sandboxed", "")), name="sandboxed"),
    "cri-o, no machine": Kind("cri-o, crio.conf.d", lambda: crio('[crio.runtime.runtimes.crun]\nruntime_path = "/usr/bin/crun"\n'), name=""),
    "no engine's": Kind("kata-containers", lambda: KataHost(handlers=""), name=""),
}
