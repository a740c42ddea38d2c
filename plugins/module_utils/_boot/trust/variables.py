# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides at the next boot, from EFI variables: the certificates and digests that are trusted and forbidden, and requests that wait.

efivarfs shows them, or a copy that shim gave the kernel (mok-variables, for root), or a virtual machine's file of variables on its host.
"""

from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..._formats import efi, sbat, signature_lists
from ..._formats.signature_lists import EMPTY, Lists
from ..target import NoAnswerError

FIRMWARE_FOLDER = "/sys/firmware/efi"
COPIES = "/sys/firmware/efi/mok-variables"
IMAGE_SECURITY = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
SHIM = "605dab50-e046-4300-abb6-3dd810dd8b23"

# What makes shim start MokManager; the others go with one of these.
_REQUESTS = ("MokNew", "MokSB", "MokPW", "MokAuth", "MokDel", "MokDB", "MokXNew", "MokXDel", "MokXAuth", "MokListTrustedNew")
# Shim takes these up by itself, and MokManager stays out of it.
_POLICIES = ("SbatPolicy", "SSPPolicy")
_TO_SETUP = 1
_COMPANIONS = {"MokAuth": "MokNew", "MokXAuth": "MokXNew"}
_LISTS = (("PK", efi.FIRMWARE), ("KEK", efi.FIRMWARE), ("db", IMAGE_SECURITY), ("dbx", IMAGE_SECURITY), ("dbt", IMAGE_SECURITY),
          ("dbDefault", efi.FIRMWARE), ("MokListRT", SHIM), ("MokListXRT", SHIM))
# Shim's mirrors of its lists.
_SPLIT, _PARTS = ("MokListRT", "MokListXRT"), 64
_BYTES = 256 * 1024
_NO_TIME_LIMIT = (b"\xff\xff", b"\xff\xff\xff\xff")
# Attributes of what may count as a level: kept over boots, and out of a running system's reach; or written with authentication.
_LEVEL_ATTRIBUTES = (3, 0x23)
POLICY_LATEST = 1


class Store(NamedTuple):
    """Where variables are, which there are ((name, vendor) pairs), how one is read (attributes and value, None: it is not there)."""

    source: str
    known: Tuple[Tuple[str, str], ...]
    read: Callable[[str, str], Optional[bytes]]


class State(NamedTuple):
    """What the firmware and shim go by. ``mode`` is enforced, off, setup or insecure; ``asks`` are the requests that start MokManager.

    ``to_setup``: the firmware was asked for its own setup (systemctl reboot --firmware-setup), where it stands until a person leaves it.
    """

    mode: str
    lists: Dict[str, Lists]
    level: Optional[sbat.Level]
    latest: bool
    pending: Tuple[str, ...]
    asks: Tuple[str, ...]
    waits: bool
    ignores_db: bool
    trusts_mok: bool
    to_setup: bool = False

    def of(self, name: str) -> Lists:
        """One of the lists, empty where the firmware has none."""
        return self.lists.get(name, EMPTY)

    @property
    def firmware_judges(self) -> bool:
        """The firmware refuses what it does not trust."""
        return self.mode in ("enforced", "insecure")

    @property
    def shim_judges(self) -> bool:
        """So does shim."""
        return self.mode == "enforced"


def of_host(host: Any) -> Store:
    """The variables of a host that was booted by EFI. Raises NoAnswerError where nothing shows them."""
    names = host.listdir(efi.VARIABLES, 5000)
    if names.value:
        pairs = [(name[:-37], name[-36:]) for name in names.value if len(name) > 37]
        return Store(efi.VARIABLES, tuple(pairs), lambda name, vendor: _read(host, efi.path_of(name, vendor), b""))
    copies = host.listdir(COPIES, 500)
    if copies.value and "SecureBoot" in copies.value:
        # Copies have no attributes; those of a level that was read back by shim are right.
        pairs = [(name, "") for name in copies.value]
        return Store(COPIES, tuple(pairs), lambda name, vendor: _read(host, "%s/%s" % (COPIES, name), b"\3\0\0\0"))
    for answer, path in ((names, efi.VARIABLES), (copies, COPIES)):
        if answer.problem not in (None, "absent"):
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    raise NoAnswerError("absent", "%s is not mounted or empty, and shim left no copy in %s; a mounted efivarfs would tell" % (efi.VARIABLES, COPIES))


def _read(host: Any, path: str, before: bytes) -> Optional[bytes]:
    answer = host.read_bytes(path, _BYTES)
    if answer.problem == "absent":
        return None
    if answer.problem:
        raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    return bytes(before + answer.value)


def state(store: Store, outside: bool = False) -> State:
    """The state by a store; ``outside``: the file of a virtual machine, which has shim's own variables and none of their copies.

    Raises NoAnswerError.
    """
    lists = {name: _list(store, name[:-2] if outside and name.endswith("RT") else name, vendor) for name, vendor in _LISTS}
    asks = tuple(name for name in _REQUESTS if _has(store, name))
    policy = _value(store, "SbatPolicy")
    to_setup = bool((_value(store, "OsIndications", efi.FIRMWARE) or b"\0")[0] & _TO_SETUP)
    pending = [name for name in asks if _COMPANIONS.get(name) not in asks] + [name for name in _POLICIES if _has(store, name)]
    pending += ["OsIndications"] * to_setup
    waits = _value(store, "MokTimeout") in _NO_TIME_LIMIT or _has(store, "MokPWStore")
    return State(_mode(store, lists, outside), lists, _level(store, outside), policy == bytes([POLICY_LATEST]), tuple(pending), asks, waits,
                 _flag(store, "MokIgnoreDB", SHIM), _flag(store, "MokListTrusted" if outside else "MokListTrustedRT", SHIM), to_setup)


def _mode(store: Store, lists: Dict[str, Lists], outside: bool) -> str:
    if outside:
        # SecureBoot itself is made anew at each start.
        enforced, setup = bool(_whole_count(lists["PK"])), not _whole_count(lists["PK"])
        enabled = _value(store, "SecureBootEnable", "f0a30bc7-af08-4556-99c4-001009c93a44")
        enforced = enforced and enabled != b"\0"
    else:
        enforced, setup = _flag(store, "SecureBoot", efi.FIRMWARE), _flag(store, "SetupMode", efi.FIRMWARE)
    if setup:
        return "setup"
    if not enforced:
        return "off"
    return "insecure" if _flag(store, "MokSBState" if outside else "MokSBStateRT", SHIM) else "enforced"


def _whole_count(lists: Lists) -> int:
    return len(lists.certificates) + lists.other


def _has(store: Store, name: str) -> bool:
    return any(known == name and vendor in (SHIM, "") for known, vendor in store.known)


def _value(store: Store, name: str, vendor: str = SHIM) -> Optional[bytes]:
    data = store.read(name, vendor)
    try:
        return efi.parse_value(data) if data is not None else None
    except ValueError as error:
        raise NoAnswerError("unparsable", "%s in %s: %s" % (name, store.source, error)) from error


def _flag(store: Store, name: str, vendor: str) -> bool:
    value = _value(store, name, vendor)
    if value is None:
        return False
    if value[:1] not in (b"\0", b"\1"):
        raise NoAnswerError("unparsable", "%s in %s: want 0 or 1, seen %r" % (name, store.source, value[:16]))
    return value[:1] == b"\1"


def _list(store: Store, name: str, vendor: str) -> Lists:
    try:
        value = _value(store, name, vendor)
        if value is not None and name in _SPLIT:
            value += b"".join(_rest(store, name, vendor))
        return signature_lists.parse(value) if value is not None else EMPTY
    except ValueError as error:
        raise NoAnswerError("unparsable", "%s in %s: %s" % (name, store.source, error)) from error


def _rest(store: Store, name: str, vendor: str) -> Iterator[bytes]:
    """What did not fit into one variable of this firmware: MokListRT1, MokListRT2 ..."""
    for number in range(1, _PARTS):
        value = _value(store, "%s%d" % (name, number), vendor)
        if value is None:
            return
        yield value


def _level(store: Store, outside: bool) -> Optional[sbat.Level]:
    """The level in force; None where shim has left none, or one that shim itself would not take."""
    data = store.read("SbatLevel" if outside else "SbatLevelRT", SHIM)
    if data is None or (outside and int.from_bytes(data[:4], "little") not in _LEVEL_ATTRIBUTES):
        return None
    try:
        return sbat.parse_level(efi.parse_value(data))
    except ValueError:
        return None


def boot_numbers(store: Store, name: str) -> List[int]:
    """BootOrder, BootNext or BootCurrent; none where it is not there or holds something else."""
    data = store.read(name, efi.FIRMWARE)
    try:
        return efi.parse_numbers(data) if data is not None else []
    except ValueError:
        return []
