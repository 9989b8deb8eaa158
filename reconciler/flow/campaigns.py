"""
Forged letters come in waves: each is counted, and a wave is told of once.

Comes in: a held letter that nobody vouches for. Goes out: what its row keeps of its campaign, and one warning a campaign,
also across restarts: `campaign.met` stands in the history of the letter that began it, in the same commit as the count.

A campaign is letters of one parser, one claimed sender domain, one shape of subject (its digits and what is no word apart) and
one shape of proof. It is over when none has come for a week. All of these a stranger picks, so only so many are told apart
at a time: he must not be able to make a warning of each letter, nor a row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from reconciler.extract.text import fold_words
from reconciler.model import Event, Mail, Verdict
from reconciler.ports import Ledger

log = structlog.get_logger(__name__)

QUIET = timedelta(days=7)
MOST = 20
"""Campaigns of one parser that are told apart at a time; further ones are one more, `OTHERS`."""
OTHERS = "others"
MET, SEEN = "campaign.met", "campaign.seen"

_NO_WORD = re.compile(r"[^a-zа-яіїєґё]+")


def count(ledger: Ledger, mail: Mail, *, parser: str, verdict: Verdict) -> Mapping[str, Any]:
    """
    Count this letter once, however often it is read, and tell of its campaign if it began with it.

    Returns: `campaign`, its name, and `count`, which letter of it this is.
    """
    slot, now = f"campaigns:{parser}", ledger.clock()
    with ledger.begin() as tx:
        before = _before(tx.history(mail_id=mail.id))
        if before is not None:
            return before
        known = {
            name: row
            for name, row in (tx.recall(slot) or {}).items()
            if datetime.fromisoformat(row["last"]) > now - QUIET
        }
        name = _shape(mail, verdict)
        if name not in known and len(known) >= MOST:
            name = OTHERS
        row = known.get(name, {"count": 0, "since": now.isoformat()})
        facts = {"campaign": name, "count": row["count"] + 1}
        tx.remember(slot, {**known, name: {**row, "count": facts["count"], "last": now.isoformat()}})
        event = SEEN if name in known else MET
        tx.append(event, mail_id=mail.id, **facts)
    told = {"parser": parser, "sender": mail.sender, "since": row["since"], **facts}
    if event == MET:
        log.warning(MET, **told)
    else:
        log.info(SEEN, **told)
    return facts


def _before(history: Sequence[Event]) -> Mapping[str, Any] | None:
    """What was noted when this letter was counted; None: it was not."""
    return next((dict(event.facts) for event in history if event.name in (MET, SEEN)), None)


def _shape(mail: Mail, verdict: Verdict) -> str:
    """What the letters of one campaign have in common."""
    words = _NO_WORD.sub(" ", fold_words(mail.subject))[:200].strip()
    proof = sorted(f"{check.voucher}:{check.result}" for check in verdict.checks)
    parts = [mail.sender.rpartition("@")[2].lower(), words, *dict.fromkeys(proof)]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]
