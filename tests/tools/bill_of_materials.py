# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bill of materials of a distribution, as CycloneDX: what it is, and what it asks for. Nothing of others is carried in it."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement


def required(root: Path) -> list[Requirement]:
    """What a controller must have, with the versions that will do."""
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def bill_of_materials(path: Path, version: str, root: Path, time: int) -> str:
    """The document for one file, JSON; the same file gives the same document."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    subject = Component(name="firebreak-fleet", version=version, type=ComponentType.APPLICATION, bom_ref=path.name,
                        licenses=[LicenseExpression("GPL-3.0-or-later")], hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
                        purl=PackageURL("pypi", None, "firebreak-fleet", version) if path.suffix == ".whl" else None)
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, digest))
    bom.metadata.timestamp = datetime.fromtimestamp(time, tz=UTC)
    bom.metadata.component = subject
    wanted = [Component(name=one.name, description=f"{one.name}{one.specifier}", type=ComponentType.LIBRARY, bom_ref=f"requirement:{one.name}",
                        purl=PackageURL("pypi", None, one.name)) for one in required(root)]
    bom.components.update(wanted)
    bom.register_dependency(subject, wanted)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"
