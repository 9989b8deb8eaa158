"""
The last mails of ours in a mailbox: who would vouch for each, and whether the pinned server's name fits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.app import App
from reconciler.doctor.findings import Finding, Section
from reconciler.errors import HeldError
from reconciler.mailbox import OpenFolder
from reconciler.message import decode
from reconciler.model import Message, Verdict
from reconciler.origin import policy_of
from reconciler.reading import claim
from reconciler.trust import authserv_id, judge, sealers

LAST = 20


@dataclass(kw_only=True)
class Tally:
    """What the last mails of ours came to."""

    judged: int = 0
    passed: Counter[str] = field(default_factory=Counter)  # by voucher
    untrusted: list[str] = field(default_factory=list)  # what was found about each that nobody vouches for
    waiting: list[str] = field(default_factory=list)  # whose key could not be asked for
    unread: Counter[str] = field(default_factory=Counter)  # by reason
    servers: Counter[str] = field(default_factory=Counter)  # who wrote the topmost Authentication-Results

    sealers: Counter[str] = field(default_factory=Counter)  # whose ARC seals they have

    def add(self, message: Message, verdict: Verdict) -> None:
        self.judged += 1
        self.servers[authserv_id(message) or ""] += 1
        self.sealers.update(sealers(message))
        self.passed.update({check.voucher.value for check in verdict.checks if check.result == "pass"})
        if verdict.trusted_by is None:
            told = "; ".join(f"{check.voucher}: {check.detail}" for check in verdict.checks) or "nothing was checked"
            (self.waiting if verdict.temporary else self.untrusted).append(told)


def look_at_letters(app: App, found: Section, folder: OpenFolder, uids: Sequence[int]) -> Iterator[Finding]:
    """uids: mails of ours, oldest first."""
    name = found.name.removeprefix("mailbox ")
    tally = _tally(app, name, folder, uids[-LAST:])
    for reason, count in sorted(tally.unread.items()):
        next_step = "`reconciler explain FILE` on one of them shows why"
        yield found.remark(f"{count} mail(s) of ours would be held as {reason}", next_step)
    if tally.judged:
        yield from _trust(found, tally)
        yield from _pinned(found, tally, app.settings.mailboxes[name].authserv_id)
        yield from _sealers(found, tally, app.settings.trust.arc_sealers)


def _tally(app: App, name: str, folder: OpenFolder, uids: Sequence[int]) -> Tally:
    tally = Tally()
    for uid in uids:
        raw = folder.body(uid)
        if raw is None:
            continue
        try:
            box = app.settings.mailboxes[name]
            message = decode(raw, max_bytes=box.max_bytes)
            rules = app.intake.rules
            opened = rules.mailboxes[name].forwarders
            parser, source = claim(message, app.parsers, senders=rules.senders, forwarders=opened)
        except HeldError as exc:
            tally.unread[exc.reason.value] += 1
            continue
        tally.add(source, judge(source, policy_of(parser.NAME, app.settings, name), app.intake.fetch_key))
    return tally


def _trust(found: Section, tally: Tally) -> Iterator[Finding]:
    passes = ", ".join(f"{voucher} for {count}" for voucher, count in sorted(tally.passed.items())) or "nobody for any"
    yield found.ok(f"of the last {tally.judged} mail(s) of ours, these vouch: {passes}")
    if tally.waiting:
        what = f"{len(tally.waiting)} of them wait for a signature's key: {tally.waiting[-1]}"
        yield found.problem(what, "look at the finding about DNS", later=True)
    if not tally.untrusted:
        return
    what = f"{len(tally.untrusted)} of them would be held as untrusted: {tally.untrusted[-1]}"
    next_step = "see whether these are the gateway's own letters; each needs a person's `reconciler resolve ID --trust`"
    if len(tally.untrusted) == tally.judged:
        yield found.problem(what, next_step)
    else:
        yield found.remark(what, next_step)


def _pinned(found: Section, tally: Tally, pinned: str | None) -> Iterator[Finding]:
    """The topmost header was written by the server that received the mail, if that server writes one."""
    named = {server: count for server, count in tally.servers.items() if server}
    if not named:
        if pinned:
            what = f"authserv_id is {pinned}, and no mail of ours has Authentication-Results"
            yield found.remark(what, "leave it empty, unless the server is about to write them")
        return
    usual = max(named, key=lambda server: named[server])
    if pinned is None:
        what = f"{named[usual]} of {tally.judged} mail(s) of ours have Authentication-Results of {usual} on top"
        yield found.remark(what, f'if that is the server that receives your mail: authserv_id = "{usual}"')
        return
    fits = sum(count for server, count in named.items() if server.lower() == pinned.lower())
    if fits:
        yield found.ok(f"authserv_id {pinned} fits {fits} of {tally.judged} mail(s) of ours")
    else:
        yield found.problem(
            f"authserv_id is {pinned}, and the mails say {usual}", "write the name as the mails have it"
        )


def _sealers(found: Section, tally: Tally, named: Sequence[str]) -> Iterator[Finding]:
    """A sealer is believed whatever it seals, so one that seals nothing here should not be named."""
    for domain in named:
        count = tally.sealers[domain]
        if count:
            yield found.ok(f"{count} of {tally.judged} mail(s) of ours have an ARC seal of {domain}")
        else:
            what = f"arc_sealers names {domain}, and no mail of ours here has its seal"
            yield found.remark(what, "take it out, unless mail to this folder is about to be forwarded by it")
