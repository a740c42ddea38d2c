# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which names an advisory may call a part of a host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Source packages of the families, where they are neither the component's own name nor its package's. A binary package of Debian's and Ubuntu's
# that is built of another source than these says so in the record.
_SOURCES = {"qemu": ("qemu", "qemu-kvm"), "libvirt": ("libvirt",), "virtiofsd": ("virtiofsd", "rust-virtiofsd"), "xen": ("xen",),
            "crio": ("cri-o", "crio"), "podman": ("podman", "libpod"), "docker": ("docker.io", "docker", "moby"),
            "runc": ("runc", "golang-github-opencontainers-runc"), "crun": ("crun",)}


# Packages that the makers of a program build themselves, under names of their own: no distribution's advisory is about them.
_OF_THEIR_MAKERS = ("containerd.io", "docker-ce", "docker-ee", "moby-containerd", "moby-runc")


def names_of(part: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a part by itself, its package and its source; by the usual sources where its own is not told."""
    name, source = part.get("name"), part.get("source")
    if part.get("package") in _OF_THEIR_MAKERS:
        return (str(part["package"]),)
    told = (source,) if isinstance(source, str) and source else (name, *_SOURCES.get(str(name), ()))
    return tuple(sorted({word for word in (*told, part.get("package")) if isinstance(word, str) and word}))
