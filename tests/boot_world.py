# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines with signed boot programs, made by the test itself: keys, certificates, PE files of a few kilobytes, EFI variables, kernels.

The layouts are those of the specifications (PE/COFF, Authenticode, PKCS#7, UEFI's signature lists) and of shim's own sections.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import struct
import uuid
from typing import Any

from ansible_collections.firebreak.fleet.plugins.module_utils._boot.trust.declared import put_trust
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import efi
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Answer, Stat
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.witness import Witness
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from recorded_host import RecordedHost

IMAGE_SECURITY = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
SHIM = "605dab50-e046-4300-abb6-3dd810dd8b23"
X509, SHA256 = "a5c059a1-94e4-4aa7-87b5-ab155c2bf072", "c1c41626-504c-4092-aca9-41f936934328"
TBS_SHA256 = "3bd2a492-96c0-4079-b420-fcf98ef103ed"
ESP, GUID = "/boot/efi", "0b1c0a5e-6f5b-4a0c-9c2b-6b1c6a0f2a77"
KERNEL = "/boot/vmlinuz-6.1.0-9-amd64"
SHIM_PATH, GRUB_PATH = f"{ESP}/EFI/debian/shimx64.efi", f"{ESP}/EFI/debian/grubx64.efi"
# How a boot ends: the answer, who says no, what the machine does then.
ALLOWED = ("allowed", None, None)
BY_FIRMWARE = ("refused", "firmware", "next_entry")
MARK = b"~Module signature appended~\n"


class Key:
    """A key with its certificate; ``issuer`` None makes it sign itself."""

    def __init__(self, name: str, issuer: Key | None = None, uses: tuple[str, ...] = ()) -> None:
        self.name, self.issuer = name, issuer
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.certificate.subject if issuer else subject)
                   .public_key(self.private.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(datetime.datetime(2011, 6, 27)).not_valid_after(datetime.datetime(2026, 6, 27)))
        if uses:
            builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(use) for use in uses]), critical=False)
        self.certificate: x509.Certificate = builder.sign((issuer or self).private, hashes.SHA256())
        self.der = self.certificate.public_bytes(serialization.Encoding.DER)


@functools.cache
def key(name: str, issuer: str = "", uses: tuple[str, ...] = ()) -> Key:
    """The key of this name, made once in a process."""
    return Key(name, key(issuer) if issuer else None, uses)


def tlv(tag: int, *parts: bytes) -> bytes:
    """A DER value."""
    content = b"".join(parts)
    size = len(content)
    head = bytes([size]) if size < 128 else bytes([0x80 | (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + head + content


def oid(dotted: str) -> bytes:
    """A DER object identifier."""
    first, second, *rest = [int(part) for part in dotted.split(".")]
    body = bytes([40 * first + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return tlv(0x06, body)


_SHA256_OID = tlv(0x30, oid("2.16.840.1.101.3.4.2.1"), tlv(0x05))


def pkcs7(signer: Key, content: bytes | None, chain: tuple[Key, ...] = (), with_certificates: bool = True) -> bytes:
    """A signature over Authenticode's content, or a detached one as modules carry it (None)."""
    certificates = tlv(0xA0, *[each.der for each in (signer, *chain)]) if with_certificates else b""
    attributes = b""
    info = tlv(0x30, oid("1.2.840.113549.1.7.1"))
    signed = b"module"
    if content is not None:
        info = tlv(0x30, oid("1.3.6.1.4.1.311.2.1.4"), tlv(0xA0, tlv(0x30, content)))
        attributes = b"".join([
            tlv(0x30, oid("1.2.840.113549.1.9.3"), tlv(0x31, oid("1.3.6.1.4.1.311.2.1.4"))),
            tlv(0x30, oid("1.2.840.113549.1.9.4"), tlv(0x31, tlv(0x04, hashlib.sha256(content).digest())))])
        signed = tlv(0x31, attributes)
    signature = signer.private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    serial = signer.certificate.serial_number
    name = tlv(0x30, signer.certificate.issuer.public_bytes(), tlv(0x02, serial.to_bytes(serial.bit_length() // 8 + 1, "big")))
    told = tlv(0x30, tlv(0x02, b"\1"), name, _SHA256_OID, tlv(0xA0, attributes) if attributes else b"",
               tlv(0x30, oid("1.2.840.113549.1.1.1"), tlv(0x05)), tlv(0x04, signature))
    body = tlv(0x30, tlv(0x02, b"\1"), tlv(0x31, _SHA256_OID), info, certificates, tlv(0x31, told))
    return tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xA0, body))


def program(sections: dict[str, bytes], machine: int = 0x8664, text: bytes = b"code") -> bytes:
    """A PE file without signatures. Names of more than eight bytes go into COFF's table of strings, as binutils does it."""
    sections = {".text": text, **sections}
    strings, names = b"", {}
    for name in sections:
        names[name] = name.encode() if len(name) <= 8 else b"/%d" % (4 + len(strings))
        strings += b"" if len(name) <= 8 else name.encode() + b"\0"
    headers = 1024
    place, rows, data = headers, b"", b""
    for name, content in sections.items():
        size = (len(content) + 15) // 16 * 16
        rows += struct.pack("<8sIIIIIIHHI", names[name], len(content), 0x1000, size, place, 0, 0, 0, 0, 0x40000040)
        data += content.ljust(size, b"\0")
        place += size
    table = struct.pack("<I", 4 + len(strings)) + strings
    table = table.ljust((len(table) + 7) // 8 * 8, b"\0")
    coff = struct.pack("<HHIIIHH", machine, len(sections), 0, place, 0, 240, 0x22)
    optional = struct.pack("<HBBIIIII", 0x20B, 0, 0, 0, 0, 0, 0x1000, 0x1000).ljust(60, b"\0") + struct.pack("<I", headers)
    optional = optional.ljust(70, b"\0") + struct.pack("<H", 0x100)
    optional = optional.ljust(108, b"\0") + struct.pack("<I", 16)
    head = (b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)).ljust(0x80, b"\0") + b"PE\0\0" + coff + optional.ljust(240, b"\0") + rows
    return head.ljust(headers, b"\0") + data + table


def authenticode(data: bytes) -> bytes:
    """The digest by the rule of Microsoft's own paper: all but the checksum, the entry of the signatures, and the signatures."""
    header, = struct.unpack_from("<I", data, 0x3C)
    checksum, entry = header + 24 + 64, header + 24 + 112 + 32
    begin, _size = struct.unpack_from("<II", data, entry)
    return hashlib.sha256(data[:checksum] + data[checksum + 4:entry] + data[entry + 8:begin or len(data)]).digest()


def sign(data: bytes, *signers: Key, digest: bytes = b"") -> bytes:
    """The file with one more signature of each, in this order; over another digest than its own where one is given."""
    digest = digest or authenticode(data)
    for signer in signers:
        content = tlv(0x30, oid("1.3.6.1.4.1.311.2.1.15"), tlv(0x30)) + tlv(0x30, _SHA256_OID, tlv(0x04, digest))
        chain = (signer.issuer,) if signer.issuer else ()
        blob = pkcs7(signer, content, chain)
        entry_at = 0x80 + 24 + 112 + 32
        begin, size = struct.unpack_from("<II", data, entry_at)
        one = (struct.pack("<IHH", 8 + len(blob), 0x200, 2) + blob).ljust((8 + len(blob) + 7) // 8 * 8, b"\0")
        data = data[:entry_at] + struct.pack("<II", begin or len(data), size + len(one)) + data[entry_at + 8:] + one
    return data


def sbat(*rows: str) -> bytes:
    """A section .sbat."""
    return b"".join(b"%s,Vendor,name,1.0,https://example.org\n" % row.encode() for row in ("sbat,1", *rows))


def level(date: str, *rows: str) -> bytes:
    """A level."""
    return "\n".join([f"sbat,1,{date}", *rows, ""]).encode()


def carried(automatic: bytes, latest: bytes) -> bytes:
    """A section .sbatlevel: version, two offsets that count from behind the version, two texts."""
    return struct.pack("<III", 0, 8, 8 + len(automatic) + 1) + automatic + b"\0" + latest + b"\0"


def shim(vendor: bytes, levels: bytes, generation: int = 4, vendor_dbx: bytes = b"", version: str = "16.1", **changes: Any) -> bytes:
    """A shim."""
    cert = struct.pack("<IIII", len(vendor), len(vendor_dbx), 16, 16 + len(vendor)) + vendor + vendor_dbx
    rows = sbat(f"shim,{generation}") + b"shim.debian,1,Debian,shim,%s,https://example.org\n" % version.encode()
    parts = {".sbatlevel": levels, ".vendor_cert": cert, ".sbat": rows}
    return program({name: content for name, content in parts.items() if content}, **changes)


def signature_list(kind: str, *entries: bytes) -> bytes:
    """One EFI_SIGNATURE_LIST; all entries are of one size."""
    size = 16 + len(entries[0])
    body = b"".join(b"\x77" * 16 + entry for entry in entries)
    return uuid.UUID(kind).bytes_le + struct.pack("<III", 28 + len(body), 0, size) + body


def certificates(*keys: Key | bytes) -> bytes:
    """A list for each certificate."""
    return b"".join(signature_list(X509, each if isinstance(each, bytes) else each.der) for each in keys)


def tbs_digest(each: Key) -> bytes:
    """An entry that forbids a certificate by its TBSCertificate, without a date."""
    return signature_list(TBS_SHA256, hashlib.sha256(each.certificate.tbs_certificate_bytes).digest() + b"\0" * 16)


def words(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


def option(path: str, given: str = "", guid: str = GUID, active: int = 1, network: bool = False) -> bytes:
    """The value of a Boot####."""
    disk = struct.pack("<BBHIQQ", 4, 1, 42, 1, 2048, 1 << 20) + uuid.UUID(guid).bytes_le + b"\2\2" if guid else b""
    file = struct.pack("<BBH", 4, 4, 4 + len(words(path))) + words(path) if path else b""
    nodes = (struct.pack("<BBH", 3, 12, 27) + b"\0" * 23 if network else disk + file) + b"\x7f\xff\4\0"
    return struct.pack("<IH", active, len(nodes)) + words("entry") + nodes + (given.encode("utf-16-le") if given else b"")


def signed_module(signer: Key) -> bytes:
    """A kernel module, its signature without any certificate, as sign-file leaves it."""
    blob = pkcs7(signer, None, with_certificates=False)
    return b"\x7fELF" + b"m" * 4000 + blob + struct.pack(">BBBBB3xI", 0, 0, 2, 0, 0, len(blob)) + MARK


def stored_variable(name: str, vendor: str, value: bytes, attributes: int = 7, state: int = 0x3F) -> bytes:
    """A variable as EDK2 keeps it in a virtual machine's file."""
    head = struct.pack("<HBBIQ16sIII", 0x55AA, state, 0, attributes, 0, b"\0" * 16, 0, len(words(name)), len(value)) + uuid.UUID(vendor).bytes_le
    return (head + words(name) + value).ljust((60 + len(words(name)) + len(value) + 3) // 4 * 4, b"\xff")


def volume(*variables: bytes, size: int = 0x10000) -> bytes:
    """The file: a firmware volume with a store of variables."""
    store = bytes.fromhex("782cf3aa7b949a43a1802e144ec37792") + struct.pack("<IBBHI", size - 72, 0x5A, 0xFE, 0, 0) + b"".join(variables)
    kind = bytes.fromhex("8d2bf1ff96768b4ca9852747075b4f50")
    head = b"\0" * 16 + kind + struct.pack("<Q", size) + b"_FVH" + struct.pack("<IHHHBB", 0, 72, 0, 0, 0, 2)
    return (head.ljust(72, b"\0") + store).ljust(size, b"\xff")


def stored(variables: dict[tuple[str, str], bytes]) -> bytes:
    """A virtual machine's file of these variables."""
    return volume(*[stored_variable(name, vendor, value) for (name, vendor), value in variables.items()], size=0x4000)


class Machine(RecordedHost):
    """A host whose files are given whole."""

    def __init__(self, family: str = "debian") -> None:
        self.files: dict[str, bytes] = {}
        self.variables: dict[str, bytes] = {}
        self.recording: dict[str, Any] = {
            "uid": 0, "uname": ["Linux", "h", "6.1.0-9-amd64", "", "x86_64"], "run": {}, "stat": {}, "listdir": {}, "readlink": {}, "realpath": {},
            "read": {"/etc/os-release": f"ID={family}\n", "/proc/modules": "", "/proc/cmdline": "root=/dev/vda1",
                     "/proc/cpuinfo": "flags : hypervisor",
                     "/proc/1/mountinfo": f"1 0 8:1 / {ESP} rw - vfat /dev/vda15 rw\n2 0 8:2 / / rw - ext4 /dev/vda1 rw\n"
                                          f"3 0 8:3 / {efi.VARIABLES} rw - efivarfs efivarfs rw\n",
                     "/boot/grub/grub.cfg": f"menuentry 'Linux' {{ linux {KERNEL} root=x }}\n"}}
        super().__init__(self.recording)
        self.variable("SecureBoot", b"\1", efi.FIRMWARE).variable("SetupMode", b"\0", efi.FIRMWARE)
        self.boots("\\EFI\\debian\\shimx64.efi")

    def variable(self, name: str, value: bytes | None, vendor: str = SHIM, attributes: int = 6) -> Machine:
        path = efi.path_of(name, vendor)
        self.variables.pop(path, None)
        if value is not None:
            self.variables[path] = struct.pack("<I", attributes) + value
        return self

    def trusts(self, *keys: Key | bytes) -> Machine:
        """What is in db."""
        return self.variable("db", certificates(*keys), IMAGE_SECURITY)

    def forbids(self, lists: bytes) -> Machine:
        """What is in dbx."""
        return self.variable("dbx", lists, IMAGE_SECURITY)

    def boots(self, path: str, number: int = 1, **changes: Any) -> Machine:
        """The only entry of the firmware."""
        self.variable("BootOrder", struct.pack("<H", number), efi.FIRMWARE)
        return self.variable(f"Boot{number:04X}", option(path, **changes), efi.FIRMWARE)

    def file(self, path: str, data: bytes) -> Machine:
        self.files[path] = data
        return self

    def _all(self) -> dict[str, bytes]:
        return {**self.files, **self.variables}

    def read_bytes(self, path: str, size: int = 1 << 22, offset: int = 0) -> Answer:
        everything = self._all()
        return Answer(everything[path][offset:offset + size], None, "") if path in everything else super().read_bytes(path, size, offset)

    def stat(self, path: str, follow: bool = True) -> Answer:
        everything = self._all()
        if path in everything and path not in self.recording["stat"]:
            return Answer(Stat("file", 0o644, 0, 0, len(everything[path]), 0.0, 0.0, 1, 1), None, "")
        return super().stat(path, follow)

    def listdir(self, path: str, limit: int = 100000) -> Answer:
        if path in self.recording["listdir"]:
            return super().listdir(path, limit)
        prefix = path.rstrip("/") + "/"
        names = {name[len(prefix):].split("/")[0] for name in self._all() if name.startswith(prefix)}
        known = super().listdir(path, limit)
        names.update(known.value if known.value is not None else [])
        return Answer(sorted(names), None, "") if names else known

    def collected(self, container: str = "none", facts: dict[str, Any] | None = None) -> Section:
        """What the scan says of its boot trust; ``facts`` are what the section has already."""
        host = Witness(self)
        section = Section("boot", lambda: host.losses)
        section.facts.update(facts or {})
        put_trust(host, section, container)
        return section

    def trust(self) -> dict[str, Any]:
        return dict(self.collected().facts["trust"])


def verdict(trust: dict[str, Any]) -> tuple[Any, Any, Any]:
    """(answer, stage, outcome) of the next boot."""
    return trust["next_boot"], trust["next_boot_stage"], trust["next_boot_outcome"]


@functools.cache
def debian_shim(signers: tuple[str, ...] = ("leaf 2011", "leaf 2023"), automatic: bytes = level("2025021800", "shim,4", "grub,5"),
                latest: bytes = level("2025051000", "shim,4", "grub,5", "grub.proxmox,2"), **changes: Any) -> bytes:
    """A shim with the vendor's certificate, signed by leaves of these names."""
    return sign(shim(key("Vendor CA").der, carried(automatic, latest), **changes), *[leaf(name) for name in signers])


def leaf(name: str) -> Key:
    """A signer below the certificate of its year, or the vendor's."""
    return key(name, {"leaf 2011": "UEFI CA 2011", "leaf 2023": "UEFI CA 2023"}.get(name, "Vendor CA"))


def vendor_signed(data: bytes) -> bytes:
    return sign(data, leaf("Vendor signer"))


def grub(*rows: str) -> bytes:
    """The vendor's GRUB with these generations."""
    return vendor_signed(program({".sbat": sbat(*rows)}, text=b"grub" + "".join(rows).encode()))


def kernel(text: bytes = b"linux") -> bytes:
    """The vendor's kernel, without generations."""
    return vendor_signed(program({}, text=text))


def debian(**changes: Any) -> Machine:
    """A Debian that starts: shim signed twice, GRUB and kernel by the vendor, db with both certificates."""
    ca_2011, ca_2023 = key("UEFI CA 2011"), key("UEFI CA 2023")
    machine = Machine(**changes).trusts(ca_2011, ca_2023)
    machine.variable("MokListRT", certificates(key("Vendor CA")))
    machine.variable("SbatLevelRT", level("2025021800", "shim,4", "grub,5"))
    machine.variable("PK", certificates(key("PK")), efi.FIRMWARE)
    machine.file(SHIM_PATH, debian_shim()).file(GRUB_PATH, grub("grub,5", "grub.debian,5"))
    machine.file(f"{ESP}/EFI/debian/mmx64.efi", vendor_signed(program({".sbat": sbat("shim,4")}, text=b"mm")))
    return machine.file(KERNEL, kernel())
