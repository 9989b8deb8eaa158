"""
What a signature covers, told without its key.

In: a message and the tags of one DKIM-Signature. Out: why that signature could not vouch for the letter even if it held.
Our own check asks this before any DNS, and a server's word is taken only on a signature that passes here: a server says
"pass" of a signature that covers nothing but From, and of one that leaves the end of the body open (l=).

Covered must be From, Subject and Date, and each field that says how the body is read, as often as it stands there, unless
the signed body itself says how (`reading_of_body`). Most signers do not sign a field that is absent, so one that was put on
top afterwards is found by this same count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler.message import DESCRIBING, fields
from reconciler.model import Message
from reconciler.trust.dkimpy import tags_of
from reconciler.trust.reading_of_body import second_reading

_ALWAYS = ("from", "subject", "date")
READING = (*DESCRIBING, "mime-version")
_ALGORITHMS = frozenset({"rsa-sha256", "ed25519-sha256"})  # RFC 8301: rsa-sha1 must not be accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A mail's own header as signatures see it, looked through once."""

    present: Counter[str]  # how often each field stands there
    signatures: tuple[dict[str, str], ...]  # the tags of every DKIM-Signature, top first; {}: malformed
    second_reading: str | None  # what unsigned fields could make of the body

    @classmethod
    def of(cls, message: Message) -> Header:
        found = [(name.lower(), value) for name, value in fields(message.raw)]
        return cls(
            present=Counter(name for name, _ in found),
            signatures=tuple(tags_of(value) for name, value in found if name == "dkim-signature"),
            second_reading=second_reading(message),
        )

    def unsigned(self, tags: Mapping[str, str]) -> list[str]:
        """The fields that say how the body is read and stand there more often than they are signed."""
        covered = signed(tags)
        return sorted(name for name in READING if self.present[name] > covered[name])

    def uncovered(self, is_meant: Callable[[str], bool], whose: str) -> str | None:
        """
        Why a server's "pass" for a domain that `is_meant` is not enough; None when it is.

        Every signature of such a domain is asked: which of them the server meant cannot be told, and a false one that
        covers much may have been put beside a true one that covers little. One that we cannot read may be of any domain.
        """
        ours = [tags for tags in self.signatures if "d" not in tags or is_meant(tags["d"])]
        if not ours:
            return f"no DKIM-Signature of {whose} stands in the mail"
        return next((reason for tags in ours if (reason := self.objection(tags))), None)

    def objection(self, tags: Mapping[str, str]) -> str | None:
        """Why this signature says too little of the letter, whoever finds that it holds."""
        if tags.get("a", "") not in _ALGORITHMS:
            return f"algorithm {tags.get('a', '')!r} is not accepted"
        if "l" in tags:
            return "l= leaves the end of the body unsigned"
        covered = signed(tags)
        missing = [name for name in _ALWAYS if not covered[name]]
        if missing:
            return f"{', '.join(sorted(missing))} not signed"
        open_to_change = self.unsigned(tags)
        if not open_to_change or self.second_reading is None:
            return None
        never = [_shown(name) for name in open_to_change if not covered[name]]
        told = [f"{', '.join(never)} not signed"] if never else []
        told += [
            f"{_shown(name)} stands there {self.present[name]} times and is signed {covered[name]} time(s)"
            for name in open_to_change
            if covered[name]
        ]
        return f"{'; '.join(told)}, and the same signed letter could be read in another way: {self.second_reading}"


def signed(tags: Mapping[str, str]) -> Counter[str]:
    """The fields that h= lists, and how often."""
    names = Counter(one.strip(" \t\r\n").lower() for one in tags.get("h", "").split(":"))
    del names[""]
    return names


def _shown(name: str) -> str:
    return "MIME-Version" if name == "mime-version" else name.title()
