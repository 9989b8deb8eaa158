"""
Which merchant of ours a notice is about. In: the shop's lines as the letter prints them. Out: the settings' merchant, or HeldError.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from reconciler.errors import HeldError
from reconciler.flow.rules import MailboxRules, MerchantRules, Rules
from reconciler.model import Notice, Reason

_SCHEME = re.compile(r"\bhttps?://")
"""No part of a shop's name, where a letter prints its site as a link."""


def merchant_of(notice: Notice, box: MailboxRules, rules: Rules) -> MerchantRules:
    """
    A signature proves who wrote the letter, not that we were paid: the shop must be one of ours.

    Every word of every line about the shop must be: a stranger's shop may well call itself by our site.
    """
    printed = [line for line in notice.merchant_names if line.strip()]
    if not printed:
        if box.merchant is None:
            raise HeldError("the letter names no shop", reason=Reason.MERCHANT_MISSING)
        ours = rules.merchants[box.merchant]
        if ours.gateway != notice.gateway:
            what = f"the letter names no shop, and this mailbox's merchant is one of {ours.gateway}"
            raise HeldError(what, reason=Reason.MERCHANT_MISSING, mailbox_merchant=ours.name, gateway=notice.gateway)
        return ours
    merchants = [merchant for merchant in rules.merchants.values() if merchant.gateway == notice.gateway]
    named = [merchant for merchant in merchants if all(is_named(line, merchant.names) for line in printed)]
    if len(named) != 1:
        known = sorted({name for merchant in rules.merchants.values() for name in merchant.names})
        raise HeldError(
            "the letter is about a shop that is none of ours",
            reason=Reason.WRONG_MERCHANT,
            merchant=notice.merchant,
            printed=printed,
            known=known,
        )
    return named[0]


def folded_name(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def is_named(line: str, names: Sequence[str]) -> bool:
    """Does a line about a shop hold these names and no other word, in whatever script?"""
    rest = _SCHEME.sub(" ", " ".join(folded_name(line).split()))
    found = False
    for name in sorted({" ".join(folded_name(name).split()) for name in names}, key=len, reverse=True):
        pieces = re.split(rf"(?<![\w.@-]){re.escape(name)}(?![\w@-]|[.]\w)", rest) if name else [rest]
        found = found or len(pieces) > 1
        rest = "\n".join(pieces)
    return found and not any(char.isalnum() for char in rest)
