"""
Joins the parts: settings in, a ledger, desks, mailboxes and the line out. Only the front doors import this room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Protocol

import structlog

from reconciler.clock import utc_now
from reconciler.config import DeskSettings as DeskTable
from reconciler.config import MailboxSettings as MailboxTable
from reconciler.config import Overpaid, Refunds, Settings
from reconciler.desks.planfix import PlanfixDesk
from reconciler.dns import KeyFetcher
from reconciler.errors import MailboxUnreachable
from reconciler.flow.intake import Intake
from reconciler.flow.record import WalkSettings
from reconciler.flow.rules import GatewayRules, MailboxRules, MerchantRules, Rules
from reconciler.flow.worker import DeskWorker
from reconciler.http import Http, HttpError
from reconciler.ledger import Bucket, Ledger
from reconciler.mailbox import After, ImapMailbox, Incoming, MailboxSettings, OAuth2Settings
from reconciler.model import Outcome
from reconciler.ports import Clock, Parser
from reconciler.profiles import Profile, parsers_of
from reconciler.recognition import recognition
from reconciler.settling import Mode, Policy

log = structlog.get_logger(__name__)

QUICK_WAIT = timedelta(seconds=12)
"""An `unknown_wait` below this is a test's or a rehearsal's: its two looks then stand closer together as well."""


@dataclass(frozen=True, kw_only=True)
class App:
    """One process's parts. Made by `opened`; closed with it."""

    settings: Settings
    ledger: Ledger
    parsers: tuple[Parser, ...]
    on_recorded: list[Callable[[str], None]] = field(default_factory=list)
    _connections: ExitStack = field(default_factory=ExitStack, repr=False)

    # ------------------------------------------------------------ the line

    @cached_property
    def rules(self) -> Rules:
        return rules_of(self.settings, self.parsers)

    @cached_property
    def intake(self) -> Intake:
        return Intake(
            ledger=self.ledger,
            parsers=self.parsers,
            rules=self.rules,
            fetch_key=KeyFetcher(self.settings.trust.nameservers),
            recorded=self._recorded,
        )

    def _recorded(self, desk: str) -> None:
        for told in self.on_recorded:
            told(desk)

    @cached_property
    def desks(self) -> Mapping[str, PlanfixDesk]:
        return {name: self._desk(table) for name, table in self.settings.desks.items()}

    @cached_property
    def workers(self) -> Mapping[str, DeskWorker]:
        return {
            name: DeskWorker(ledger=self.ledger, desk=desk, settings=walks_of(self.settings, name, desk))
            for name, desk in self.desks.items()
        }

    def _desk(self, table: DeskTable) -> PlanfixDesk:
        http = self._connections.enter_context(Http())
        throttle = Bucket(self.ledger, f"desk:{table.name}", table.requests_per_second, table.burst)
        return PlanfixDesk.on(table, http, throttle, self.ledger)

    # ------------------------------------------------------------ mailboxes

    def mailbox(self, name: str) -> ImapMailbox:
        """One mailbox of the settings, not connected yet; each is one thread's."""
        table = self.settings.mailboxes[name]
        ours = recognition(self.rules.senders, self.rules.mailboxes[name].forwarders, self.parsers)
        named = frozenset(self.settings.mailboxes)
        return ImapMailbox(mailbox_of(table), self.ledger, ours, named=named, post=post_form)

    def handler(
        self, name: str, told: Callable[[Sequence[Outcome]], None] = lambda outcomes: None
    ) -> Callable[[Incoming], None]:
        """What is done with each mail of that mailbox: read it and commit what it says. `told` hears what came of it."""

        def handle(mail: Incoming) -> None:
            told(
                self.intake.take(
                    mail.raw, mailbox=name, received_at=mail.received_at, ref=mail.ref, truncated=mail.truncated
                )
            )

        return handle

    def close(self) -> None:
        self._connections.close()
        self.ledger.close()


def post_form(url: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
    """For OAuth2 tokens. Raises MailboxUnreachable when no answer came."""
    with Http() as http:
        try:
            answer = http.request("POST", url, form=fields, fresh=True)
        except HttpError as exc:
            raise MailboxUnreachable(f"no access token: {exc}") from exc
    return answer.status, answer.body


class OpenLedger(Protocol):
    """`Ledger.open`, or what stands in for it where a disk or a process is to be struck."""

    def __call__(self, url: str, *, create: bool, clock: Clock, actor: str, base: Path | None) -> Ledger: ...


@contextmanager
def opened(
    settings: Settings, *, create: bool, actor: str, clock: Clock | None = None, open_ledger: OpenLedger = Ledger.open
) -> Iterator[App]:
    """
    The app on the settings' ledger.

    create: make the ledger when there is none. actor: who the history says acted. clock: what time it is, for all of it; the machine's by default.
    Raises: LedgerMissing, LedgerUnavailable, LedgerCorrupt, ConfigError.
    """
    parsers = parsers_of(settings)
    ledger = open_ledger(settings.ledger.url, create=create, clock=clock or utc_now, actor=actor, base=settings.base)
    app = App(settings=settings, ledger=ledger, parsers=parsers)
    try:
        yield app
    finally:
        app.close()


# ---------------------------------------------------------------- settings → what each part is told


def rules_of(settings: Settings, parsers: Sequence[Parser]) -> Rules:
    profiled = {parser.gateway for parser in parsers if isinstance(parser, Profile)}
    coded = {parser.NAME for parser in parsers if not isinstance(parser, Profile)}
    return Rules(
        mailboxes={
            name: MailboxRules(
                name=name,
                folder=table.folder,
                authserv_id=table.authserv_id,
                merchant=table.merchant,
                since=table.since,
                max_bytes=table.max_bytes,
                forwarders=tuple(dict.fromkeys((*table.forwarders, *settings.trust.forwarders))),
            )
            for name, table in settings.mailboxes.items()
        },
        gateways={
            name: GatewayRules(
                name=name,
                domains=table.domains,
                senders=table.senders,
                trust=table.vouchers,
                timezone=str(table.timezone),
                by_profiles=name in profiled - coded,
            )
            for name, table in settings.gateways.items()
        },
        merchants={
            name: MerchantRules(
                name=name, gateway=table.gateway, names=table.names, desk=table.desk, order_field=table.order_field
            )
            for name, table in settings.merchants.items()
        },
        arc_sealers=settings.trust.arc_sealers,
        forwarders=settings.trust.forwarders,
    )


def walks_of(settings: Settings, name: str, desk: PlanfixDesk) -> WalkSettings:
    table = settings.desks[name]
    reversing = {m.name for m in settings.merchants.values() if m.refunds is Refunds.REVERSE}
    return WalkSettings(
        policy=Policy(
            mode=Mode(table.mode.value),
            currency=table.currency,
            overpaid_advances=table.overpaid is Overpaid.ADVANCE,
            is_advanced=desk.is_advanced,
            may_advance=desk.may_advance,
        ),
        order_deadline=table.order_deadline,
        recheck=table.recheck,
        difference_poll=table.difference_poll,
        unknown_wait=table.unknown_wait,
        unknown_deadline=table.unknown_deadline,
        look_gap=timedelta(seconds=5) if table.unknown_wait >= QUICK_WAIT else table.unknown_wait / 4,
        comment=table.comment,
        reversing=frozenset(reversing),
    )


def mailbox_of(table: MailboxTable) -> MailboxSettings:
    """What the mailbox edge is told of one [mailboxes.NAME]."""
    oauth2 = None
    if table.oauth2 is not None:
        oauth2 = OAuth2Settings(
            token_url=table.oauth2.token_url,
            client_id=table.oauth2.client_id,
            client_secret=table.oauth2.client_secret.reveal if table.oauth2.client_secret else "",
            refresh_token=table.oauth2.refresh_token.reveal,
        )
    return MailboxSettings(
        name=table.name,
        host=table.host,
        port=table.port,
        security=table.security.value,
        ca_file=str(table.ca_file or ""),
        username=table.username,
        password=table.password.reveal if table.password else None,
        oauth2=oauth2,
        folder=table.folder,
        since=table.since,
        poll_seconds=table.poll_seconds,
        after=After.parse(table.after),
        max_bytes=table.max_bytes,
        connects_per_hour=table.connects_per_hour,
    )
