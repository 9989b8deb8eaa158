"""
What each hold and wait reason means, for the person who reads it, and what to type next.

In: nothing. Out: `HELP`, one `Help` for every `Reason`. ID is what lists print: e12 is a payment, m7 a message.
The verbs: `--order N` gives the right order number · `--trust` vouches for a letter · `--retry` says "I have looked, or
mended it: go on" · `--discard WHY` closes it for good. A decision can be taken back with another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reconciler.model import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    what: str  # what happened
    next_step: str  # what to do, with the command to type


_MESSAGES = {
    Reason.UNCLAIMED: Help(
        what="Nobody here knows how to read letters of this sender.",
        next_step="If it tells of a payment, add a [parsers.NAME] profile or a parser and run `reconciler resolve ID --retry`; else `reconciler resolve ID --discard WHY`.",
    ),
    Reason.CLAIMED_TWICE: Help(
        what="Two parsers take this letter for theirs, so neither was believed.",
        next_step="Remove one of the two from the settings (their names are beside the reason), then `reconciler resolve ID --retry`.",
    ),
    Reason.UNREADABLE: Help(
        what="The sender is known, but the letter does not plainly say what happened to the money.",
        next_step="See with `reconciler explain FILE` what was found; look the payment up at the gateway; then `reconciler resolve ID --discard WHY`, or `--retry` once a parser can read it.",
    ),
    Reason.FIELD_MISSING: Help(
        what="A payment letter lacks something a payment must have: the sum, the reference or the date.",
        next_step="Look the payment up at the gateway; `reconciler resolve ID --retry` once a parser finds the field, or type the income on the desk and `reconciler resolve ID --discard WHY`.",
    ),
    Reason.FIELD_AMBIGUOUS: Help(
        what="A field of the letter can be read in two ways, and both are beside the reason.",
        next_step="Look the payment up at the gateway; `reconciler resolve ID --retry` once the parser's settings say which one counts, else `reconciler resolve ID --discard WHY`.",
    ),
    Reason.MESSAGE_DAMAGED: Help(
        what="Letters or digits were lost on the way, or their charset had to be guessed, so its sum and number are not sure.",
        next_step="Compare what was read with the gateway; if it is right `reconciler resolve ID --retry`, else `reconciler resolve ID --discard WHY`.",
    ),
    Reason.MESSAGE_TOO_LARGE: Help(
        what="The letter is larger than the mailbox's max_bytes, so only its headers were read.",
        next_step="If it is a payment, raise max_bytes in [mailboxes.NAME] and run `reconciler resolve ID --retry`; else `reconciler resolve ID --discard WHY`.",
    ),
    Reason.UNTRUSTED: Help(
        what="Nobody vouches that the gateway wrote this letter; it may be forged.",
        next_step="Find the payment at the gateway itself: if it is there, `reconciler resolve ID --trust`; if not, `reconciler resolve ID --discard WHY`.",
    ),
    Reason.WRONG_MERCHANT: Help(
        what="The letter is genuine, but it tells of a payment to a shop that is not in the settings.",
        next_step="If the shop is yours, add its name to [merchants.NAME] names and run `reconciler resolve ID --retry`; else `reconciler resolve ID --discard WHY`.",
    ),
    Reason.MERCHANT_MISSING: Help(
        what="The letter does not say which shop was paid.",
        next_step="If all letters of this mailbox are one shop's, set merchant in [mailboxes.NAME] and run `reconciler resolve ID --retry`; else `reconciler resolve ID --discard WHY`.",
    ),
    Reason.TOO_OLD: Help(
        what="The payment was made before the moment from which this mailbox is read; it may be on the desk already.",
        next_step="Look on the desk: if the income is missing, `reconciler resolve ID --retry`; if it is there, `reconciler resolve ID --discard WHY`.",
    ),
    Reason.PARSER_FAILED: Help(
        what="The parser broke on this letter; the log has the details. No other letter is affected.",
        next_step="Pass the letter to whoever keeps the parser (`reconciler fixture add FILE` hides names in it), then `reconciler resolve ID --retry` with the mended one.",
    ),
}

_ENTRIES = {
    Reason.CONFLICT: Help(
        what="Two sources give one payment reference another sum or another order.",
        next_step="See both with `reconciler show ID`; `reconciler resolve ID --order N` for the right order, `--retry` if the first one is right, or `--discard WHY`.",
    ),
    Reason.WITNESS_DENIES: Help(
        what="The gateway itself says that this payment is otherwise: another sum, another status, or unknown to it.",
        next_step="Check it in the gateway's cabinet; `reconciler resolve ID --retry` asks the gateway again, `reconciler resolve ID --discard WHY` closes it.",
    ),
    Reason.CURRENCY_MISMATCH: Help(
        what="The payment is in another currency than the desk counts in.",
        next_step="Type the income in the desk's currency by hand, then `reconciler resolve ID --discard WHY`.",
    ),
    Reason.ORDER_NOT_FOUND: Help(
        what="The desk has no order with the number in the letter, or the letter has no number.",
        next_step="Find the order (near ones are beside the reason), then `reconciler resolve ID --order N`.",
    ),
    Reason.ORDER_AMBIGUOUS: Help(
        what="The desk has more than one order with this number.",
        next_step="Give the right one with `reconciler resolve ID --order N`, or mend the numbers on the desk and `reconciler resolve ID --retry`.",
    ),
    Reason.ORDER_CLOSED: Help(
        what="The order was deleted on the desk.",
        next_step="Restore it and `reconciler resolve ID --retry`, or give the order it was replaced by: `reconciler resolve ID --order N`.",
    ),
    Reason.STATUS_NOT_LISTED: Help(
        what="The order is paid in full, but it stands in a status it may not be moved to production from.",
        next_step="Move it on the desk by hand, or put it into a status of advance_from; then `reconciler resolve ID --retry`.",
    ),
    Reason.NO_PAYMENT_TASK: Help(
        what="The order has no payment task, so there is nowhere to write the income.",
        next_step="Add the payment task under the order, then `reconciler resolve ID --retry`.",
    ),
    Reason.PAYMENT_TASK_AMBIGUOUS: Help(
        what="The order has more than one payment task, and the income belongs to one of them.",
        next_step="Delete the spare payment task on the desk, then `reconciler resolve ID --retry`.",
    ),
    Reason.PAYMENT_TASK_DRAFT: Help(
        what="The order's payment task is still a draft.",
        next_step="Take it out of draft on the desk, then `reconciler resolve ID --retry`.",
    ),
    Reason.OVERPAID: Help(
        what="The order was paid more than it owes; the income is written, the order was not moved.",
        next_step="Return the rest or correct the sum due on the desk, then `reconciler resolve ID --retry`; a wrong order is put right with `reconciler resolve ID --order N`.",
    ),
    Reason.REFUND: Help(
        what="Money went back to the payer; the order is stopped until somebody decides.",
        next_step="Correct the order on the desk as your rules say, then `reconciler resolve ID --discard WHY`.",
    ),
    Reason.MAYBE_TYPED: Help(
        what="The order has an income of the same sum and nearly the same day without a payment reference: somebody may have typed this very payment.",
        next_step="If it is the same payment, `reconciler resolve ID --discard WHY`; if it is another one, `reconciler resolve ID --retry` writes ours beside it.",
    ),
    Reason.DOUBLED: Help(
        what="The desk has this payment's reference twice.",
        next_step="Delete the spare income on the desk, then `reconciler resolve ID --retry`.",
    ),
    Reason.DIFFERENCE_STALE: Help(
        what="The desk's numbers do not add up: Due, Paid and Difference contradict each other, or Paid counts money that no listed income shows.",
        next_step="Open the payment task and see whether its incomes and its totals agree, and whether this payment is among them; then `reconciler resolve ID --retry`.",
    ),
    Reason.DESK_REFUSED: Help(
        what="The desk refused the request; its words are beside the reason. Nothing was written.",
        next_step="Mend what it complains of (`reconciler doctor` looks for it), then `reconciler resolve ID --retry`.",
    ),
    Reason.UNKNOWN_OUTCOME: Help(
        what="A request was sent to the desk and never answered, so the income or status may be there or not.",
        next_step="While it waits, it is looked up by itself; once held, look at the order on the desk, then `reconciler resolve ID --retry`.",
    ),
    Reason.DESK_UNREACHABLE: Help(
        what="The desk does not answer. Nothing is lost; it is tried again by itself.",
        next_step="If it lasts, `reconciler doctor` says what is in the way; `reconciler resolve ID --retry` tries at once.",
    ),
    Reason.WITNESS_UNREACHABLE: Help(
        what="The gateway's API does not answer, and without it nobody vouches for the payment. It is asked again by itself.",
        next_step="If it lasts, `reconciler doctor` says why; `reconciler resolve ID --retry` asks at once.",
    ),
    Reason.QUOTA_SPENT: Help(
        what="The desk takes no more requests for now. Nothing is lost; it goes on by itself when the quota is renewed.",
        next_step="Wait; if it happens daily, ask the desk for a larger quota; `reconciler resolve ID --retry` tries at once.",
    ),
    Reason.WALK_FAILED: Help(
        what="A bug of ours was met at this payment; the log has its traceback. Other payments go on.",
        next_step="Report it with the log's line; look at the order by hand; then `reconciler resolve ID --retry`.",
    ),
}

HELP: Mapping[Reason, Help] = MappingProxyType({**_MESSAGES, **_ENTRIES})
