"""
The shape of an ARC chain (RFC 8617): which sets stand in a header, told without any key.

In: a mail's header fields. Out: the sets, first instance first; ValueError says what is no chain.

Stricter than the standard, so that what is looked at here is what dkimpy hashes: it takes the first "i=" it finds in a field,
the first message signature that names an instance anywhere, and passes over a field without one. So i= must stand
first in every field (as sealers write it), each of the three fields once for every instance, and the instances in order:
each sealer puts its set on top. No chain longer than `MAX_SETS` is looked at (the standard allows 50): a letter is
forwarded once or twice, and every set costs two questions to DNS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.message.entity import Field
from reconciler.trust import grammar
from reconciler.trust.dkimpy import tags_of

MAX_SETS = 10
RESULTS, MESSAGE, SEAL = "ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"
_NAMES = {name.lower(): name for name in (RESULTS, MESSAGE, SEAL)}
_BEGINS = re.compile(rb"i=([1-9][0-9]?);")
_TAG = re.compile(r"[a-z][a-z0-9_]*")
_NAMED = re.compile(r"(?:\A|\s)i=\d", re.IGNORECASE)  # an instance within another tag


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcSet:
    """One sealer's set. told None: its results are no grammar of RFC 8601, so they say nothing."""

    instance: int
    told: grammar.Told | None
    message: dict[str, str]  # the tags of its ARC-Message-Signature
    seal: dict[str, str]  # and of its ARC-Seal

    @property
    def sealers(self) -> tuple[str, str]:
        return self.seal.get("d", ""), self.message.get("d", "")


def of(fields: Iterable[Field]) -> dict[str, list[bytes]]:
    """The values of the three fields, top first; empty when there is none."""
    found: dict[str, list[bytes]] = {}
    for name, value in fields:
        if name.lower() in _NAMES:
            found.setdefault(_NAMES[name.lower()], []).append(value)
    return found


def sets(found: dict[str, list[bytes]]) -> list[ArcSet]:
    """Raises: ValueError: why this is no chain."""
    count = len(found.get(SEAL, []))
    if max(len(values) for values in found.values()) > MAX_SETS:
        raise ValueError(f"more than {MAX_SETS} sets")
    read: list[ArcSet] = []
    for name in _NAMES.values():
        instances = [_instance(name, value) for value in found.get(name, [])]
        if instances != list(range(count, 0, -1)):
            stands = ", ".join(map(str, instances)) or "not there"
            raise ValueError(f"{name}, top first: {stands}; beside {count} seal(s) that is no chain")
    for at in range(count - 1, -1, -1):
        message, seal = _tags(MESSAGE, found[MESSAGE][at]), _tags(SEAL, found[SEAL][at])
        read.append(ArcSet(instance=count - at, told=_told(found[RESULTS][at]), message=message, seal=seal))
    return read


def _instance(name: str, value: bytes) -> int:
    if name == RESULTS:
        return grammar.sealed(value)[0]
    match = _BEGINS.match(value)
    if match is None or len(value) > grammar.MAX_VALUE:
        raise ValueError(f"{name} is too long, or does not begin with its instance")
    return int(match[1])


def _told(value: bytes) -> grammar.Told | None:
    try:
        return grammar.told(grammar.sealed(value)[1])
    except ValueError:
        return None


def _tags(name: str, value: bytes) -> dict[str, str]:
    tags = tags_of(value)
    odd = [tag for tag in tags if not _TAG.fullmatch(tag)]
    if not tags or odd or any(_NAMED.search(text) for text in tags.values()):
        raise ValueError(f"{name} is malformed")
    return tags
