# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encoding of certificates and signatures (X.690, DER): tags, lengths and what they hold. Pure, and bounded by what it is given."""

from typing import List, NamedTuple, Tuple

SEQUENCE, SET, INTEGER, BIT_STRING, OCTET_STRING, OBJECT = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06
_CHILDREN = 4096


class Node(NamedTuple):
    """One value: its tag, where it begins with its head, where its content begins and ends."""

    tag: int
    begin: int
    start: int
    end: int


def node(data: bytes, at: int, end: int) -> Node:
    """The value at a place; ValueError where it does not fit before ``end``, or has a length that is not told at once."""
    if at + 2 > end:
        raise ValueError("a DER value is cut short at byte %d" % at)
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise ValueError("a DER tag of more than one byte at byte %d" % at)
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > end:
            raise ValueError("a DER length of %d bytes at byte %d" % (count, at))
        length, start = int.from_bytes(data[start:start + count], "big"), start + count
    if start + length > end:
        raise ValueError("a DER value of %d bytes at byte %d is longer than what holds it" % (length, at))
    return Node(tag, at, start, start + length)


def whole(data: bytes) -> Node:
    """The first value of some bytes; what follows it is padding."""
    return node(data, 0, len(data))


def children(data: bytes, parent: Node) -> List[Node]:
    """The values within a value, in their order."""
    found: List[Node] = []
    at = parent.start
    while at < parent.end:
        if len(found) == _CHILDREN:
            raise ValueError("a DER value holds more than %d others" % _CHILDREN)
        found.append(node(data, at, parent.end))
        at = found[-1].end
    return found


def expect(data: bytes, parent: Node, tags: Tuple[int, ...]) -> List[Node]:
    """The children of a value, which must begin with these tags (0: any)."""
    found = children(data, parent)
    seen = tuple(child.tag for child in found[:len(tags)])
    if len(seen) < len(tags) or any(want not in (0, seen[place]) for place, want in enumerate(tags)):
        raise ValueError("want DER tags %s, seen %s" % (list(tags), list(seen)))
    return found


def content(data: bytes, value: Node) -> bytes:
    """What a value holds."""
    return data[value.start:value.end]


def encoded(data: bytes, value: Node) -> bytes:
    """A value with its head."""
    return data[value.begin:value.end]


def integer(data: bytes, value: Node) -> int:
    """A whole number, which may be negative."""
    return int.from_bytes(content(data, value), "big", signed=True)


def object_name(data: bytes, value: Node) -> str:
    """An object identifier with dots: 1.2.840.113549.1.7.2; ValueError for what is none."""
    if value.tag != OBJECT or not 0 < value.end - value.start <= 64:
        raise ValueError("no DER object identifier at byte %d" % value.begin)
    numbers, number = [], 0
    for byte in content(data, value):
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    if not numbers:
        raise ValueError("a DER object identifier without an end")
    first = min(numbers[0] // 40, 2)
    return ".".join(str(part) for part in [first, numbers[0] - 40 * first] + numbers[1:])
