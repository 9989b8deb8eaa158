"""
How mail of ours is told from foreign mail by its header alone.

Comes in: the settings' gateways and one mailbox. Goes out: `Recognition` for the mailbox edge. Ours is mail whose one From
address is of a gateway's domain (or below it), of a named sender, of a forwarder this mailbox names, or what a profile of the
settings claims; with several From addresses it has no sender and is foreign. The address is compared, never a display name or a part of a string; whether
the letter is to be believed is judged later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence

from reconciler.extract.text import fold_words
from reconciler.mailbox import Recognition
from reconciler.message import headers_only
from reconciler.model import Message
from reconciler.ports import Parser
from reconciler.profiles import Profile

SUCCESS_STEMS = ("успішн", "оплачен", "оплата", "платіж", "успешн", "платеж", "payment", "paid", "approved")
"""Foreign mail whose subject has one of these is counted apart: a gateway may have changed its address."""

ENGINE = 1
"""Raised when the engine reads more than before, so that foreign mail is looked at again."""


def recognition(
    senders: Mapping[str, Collection[str]], forwarders: Collection[str], parsers: Sequence[Parser]
) -> Recognition:
    """senders: domains and addresses by gateway. forwarders: addresses whose forwards are read in this mailbox."""
    known = {name.lower() for names in senders.values() for name in names}
    known |= {address.lower() for address in forwarders}
    profiles = [parser for parser in parsers if isinstance(parser, Profile)]
    told = [sorted(known), sorted(parser.NAME for parser in parsers), ENGINE]
    if profiles:
        told.append(sorted([profile.NAME, *profile.senders, *profile.subject] for profile in profiles))

    def is_ours(message: Message) -> bool:
        if message.sender is None:
            return False
        return _known(message.sender.email.lower(), known) or any(profile.claims(message) for profile in profiles)

    def has_success_words(subject: str) -> bool:
        folded = fold_words(subject)
        return any(fold_words(stem) in folded for stem in SUCCESS_STEMS)

    return Recognition(
        decode=headers_only,
        is_ours=is_ours,
        has_success_words=has_success_words,
        rules=hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16],
    )


def _known(email: str, known: Collection[str]) -> bool:
    if email in known:
        return True
    labels = email.rpartition("@")[2].split(".")
    return any(".".join(labels[cut:]) in known for cut in range(len(labels)))
