"""
The tables of `reconciler.toml`, their keys, defaults and limits.

Attribute names are the file's keys; a named table ([desks.factory]) also knows its own `name`. A field's description
says what is allowed, and stands in the line of a problem. What concerns two keys of one table is judged here, what
concerns two tables in `checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from reconciler.config import values as v
from reconciler.model import Voucher


class Security(StrEnum):
    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


class TrustWord(StrEnum):
    """What the setting `trust` may hold; a person's word is no setting."""

    DKIM = "dkim"
    AUTHENTICATION_RESULTS = "authentication-results"
    WITNESS = "witness"
    NONE = "none"


class Refunds(StrEnum):
    HOLD = "hold"
    REVERSE = "reverse"


class DeskKind(StrEnum):
    PLANFIX = "planfix"


class DifferenceSign(StrEnum):
    DUE_PAID = "due-paid"
    PAID_DUE = "paid-due"
    FORMULA = ""  # read from the desk's formula


class Mode(StrEnum):
    OBSERVE = "observe"  # read, plan, report
    POST = "post"  # incomes, no advance
    LIVE = "live"


class Overpaid(StrEnum):
    HOLD = "hold"
    ADVANCE = "advance"


class DecimalMark(StrEnum):
    COMMA = ","
    POINT = "."
    UNTOLD = ""


class ThousandsMark(StrEnum):
    SPACE = " "
    APOSTROPHE = "'"
    POINT = "."
    COMMA = ","
    UNTOLD = ""


class DateOrder(StrEnum):
    """The order of day and month; where the year is first, the month is second."""

    DAY_DOTS = "DD.MM.YYYY"
    DAY_SLASHES = "DD/MM/YYYY"
    DAY_DASHES = "DD-MM-YYYY"
    MONTH_SLASHES = "MM/DD/YYYY"
    MONTH_DASHES = "MM-DD-YYYY"
    YEAR_DASHES = "YYYY-MM-DD"
    YEAR_SLASHES = "YYYY/MM/DD"
    YEAR_DOTS = "YYYY.MM.DD"
    UNTOLD = ""

    @property
    def day_first(self) -> bool | None:
        return {"D": True, "M": False}.get(self.value[:1])


class Table(BaseModel):
    # validate_default: a default is judged beside what the file says (`unknown_wait` beside `timeout_seconds`).
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, arbitrary_types_allowed=True
    )


class NamedTable(Table):
    name: str = ""


class LedgerSettings(Table):
    url: v.LedgerUrl = Field(
        default="sqlite:///reconciler.db", repr=False, description="sqlite:///FILE or postgresql+psycopg://user@host/db"
    )
    raw_mail_days: int = Field(default=90, ge=1, le=36500, description="days, 1 to 36500")


class OAuth2Settings(Table):
    token_url: v.Url = Field(description="the https:// address that gives tokens")
    client_id: v.Text = Field(description="the application's id")
    client_secret: v.SecretText | None = Field(default=None, description="a secret; left out for public clients")
    refresh_token: v.SecretText = Field(description="a secret")


class MailboxSettings(NamedTable):
    host: v.Host = Field(description="the IMAP server's name")
    security: Annotated[Security, v.one_of(Security)] = Field(
        default=Security.TLS, description="tls, starttls or plain"
    )
    port: int = Field(
        default_factory=lambda known: 993 if known.get("security", Security.TLS) is Security.TLS else 143,
        ge=1,
        le=65535,
        description="a port, 1 to 65535",
    )
    ca_file: Annotated[v.ExistingFile | None, v.EmptyIsNone] = Field(default=None, description='a PEM file, or ""')
    username: v.Text = Field(description="the account's name")
    password: v.SecretText | None = Field(default=None, description="a secret, unless oauth2 is given")
    oauth2: OAuth2Settings | None = Field(
        default=None, description="{ token_url, client_id, client_secret, refresh_token }, unless password is given"
    )
    folder: v.Text = Field(default="INBOX", description="a folder's name")
    since: v.Moment | None = Field(default=None, description="a moment with its offset, 2026-11-01T00:00:00+02:00")
    poll_seconds: int = Field(default=60, ge=5, le=3600, description="whole seconds, 5 to 3600")
    after: v.After = Field(default="keep", description="keep, flag or move:FOLDER")
    authserv_id: Annotated[v.Text | None, v.EmptyIsNone] = Field(
        default=None, description='the name the receiving server signs its Authentication-Results with, or ""'
    )
    merchant: Annotated[v.Text | None, v.EmptyIsNone] = Field(
        default=None, description='a name of [merchants.*], or ""'
    )
    forwarders: v.MailAddresses = Field(default=(), description="a list of mail addresses")
    max_bytes: int = Field(default=5_000_000, ge=10_000, le=200_000_000, description="bytes, 10000 to 200000000")
    connects_per_hour: int = Field(default=120, ge=12, le=100_000, description="a whole number, 12 to 100000")

    @property
    def move_to(self) -> str | None:
        """The folder of `after = "move:FOLDER"`."""
        return self.after.removeprefix("move:") if self.after.startswith("move:") else None

    @field_validator("security")
    @classmethod
    def _plain_at_home(cls, security: Security, info: ValidationInfo) -> Security:
        host = info.data.get("host")
        if security is Security.PLAIN and host is not None and not v.is_loopback(host):
            raise ValueError(f'sends the password readable to {host}; allowed to this machine only, write "tls"')
        return security

    @field_validator("oauth2")
    @classmethod
    def _one_login(cls, oauth2: OAuth2Settings | None, info: ValidationInfo) -> OAuth2Settings | None:
        if "password" not in info.data:
            return oauth2  # the password has its own problem
        if (oauth2 is None) == (info.data["password"] is None):
            raise ValueError("give either password or oauth2" + (", not both" if oauth2 else ""))
        return oauth2


class GatewaySettings(NamedTable):
    domains: Annotated[v.Domains, v.NotEmpty] = Field(description='its mail domains: ["example.com"]')
    senders: v.MailAddresses = Field(default=(), description="a list of mail addresses")
    trust: Annotated[tuple[Annotated[TrustWord, v.one_of(TrustWord)], ...], v.AsTuple, v.NotEmpty] = Field(
        default=(TrustWord.DKIM, TrustWord.AUTHENTICATION_RESULTS, TrustWord.WITNESS),
        description="a list of: dkim, authentication-results, witness, none",
    )
    timezone: v.Zone = Field(default=ZoneInfo("Europe/Kyiv"), description='a zone: "Europe/Kyiv"')
    api_url: Annotated[v.Url | None, v.EmptyIsNone] = Field(default=None, description="an https:// address")

    @property
    def vouchers(self) -> tuple[Voucher, ...]:
        """`trust` in the words of the line."""
        return tuple(Voucher(word.value) for word in self.trust)


class MerchantSettings(NamedTable):
    gateway: v.Text = Field(description="a name of [gateways.*]")
    names: Annotated[v.Texts, v.NotEmpty] = Field(description="the shop's account and site as letters print them")
    desk: v.Text = Field(description="a name of [desks.*]")
    order_field: v.Texts = Field(default=(), description="a list of labels")
    secret: v.SecretText | None = Field(default=None, description="a secret")
    refunds: Annotated[Refunds, v.one_of(Refunds)] = Field(default=Refunds.HOLD, description="hold or reverse")


class TrustSettings(Table):
    nameservers: v.Nameservers = Field(default=(), description='a list of addresses: "127.0.0.1:5353"')
    arc_sealers: v.Domains = Field(default=(), description='a list of domains: ["forward.example.ua"]')
    forwarders: v.MailAddresses = Field(
        default=(), description="a list of mail addresses, whose own mail vouches for what it forwards in its text"
    )


class LabelSettings(Table):
    """The labels under which a profile's sender prints each field; what is left out has the house's labels or is not read."""

    amount: Annotated[v.Texts, v.NotEmpty] = Field(description="a list of labels")
    transaction_id: Annotated[v.Texts, v.NotEmpty] = Field(description="a list of labels")
    paid_at: Annotated[v.Texts, v.NotEmpty] = Field(description="a list of labels")
    order_number: v.Texts = Field(default=(), description="a list of labels")
    currency: v.Texts = Field(default=(), description="a list of labels")
    time: v.Texts = Field(default=(), description="a list of labels, where the time of day stands under its own")
    merchant: v.Texts = Field(default=(), description="a list of labels")
    status: v.Texts = Field(default=(), description="a list of labels")
    refund_amount: v.Texts = Field(default=(), description="a list of labels")
    payer_name: v.Texts = Field(default=(), description="a list of labels")
    payer_email: v.Texts = Field(default=(), description="a list of labels")
    payer_phone: v.Texts = Field(default=(), description="a list of labels")
    payer_card: v.Texts = Field(default=(), description="a list of labels")

    @model_validator(mode="after")
    def _one_field_each(self) -> LabelSettings:
        owners: dict[str, str] = {}
        for key in type(self).model_fields:
            for label in getattr(self, key):
                if owners.setdefault(label.casefold(), key) != key:
                    raise ValueError(f'"{label}" stands under {owners[label.casefold()]} and under {key}')
        return self


class FormatSettings(Table):
    """How a profile's sender writes what can be written in two ways."""

    decimal: Annotated[DecimalMark, v.one_of(DecimalMark)] = Field(
        default=DecimalMark.UNTOLD, description='the decimal mark: "," or "."'
    )
    thousands: Annotated[ThousandsMark, v.one_of(ThousandsMark)] = Field(
        default=ThousandsMark.UNTOLD, description="""the mark between thousands: " ", "'", "." or ",\""""
    )
    date: Annotated[DateOrder, v.one_of(DateOrder)] = Field(
        default=DateOrder.UNTOLD, description='the order of a date: "DD.MM.YYYY"'
    )

    @field_validator("thousands")
    @classmethod
    def _two_marks(cls, thousands: ThousandsMark, info: ValidationInfo) -> ThousandsMark:
        if thousands and thousands == info.data.get("decimal"):
            raise ValueError("is the decimal mark too")
        return thousands


class ParserSettings(NamedTable):
    """A label profile: a parser without code."""

    gateway: v.Text = Field(
        default_factory=lambda known: known.get("name", ""), description="a name of [gateways.*]; its own by default"
    )
    domains: v.Domains = Field(default=(), description='mail domains: ["example.com"]')
    senders: v.MailAddresses = Field(default=(), description="a list of mail addresses")
    subject: v.Texts = Field(default=(), description="a list of words, one of which its letters' subjects have")
    labels: LabelSettings = Field(description="labels.amount, labels.transaction_id and labels.paid_at at least")
    order_patterns: v.OrderPatterns = Field(
        default=(), description='a list of texts around an order number: "за замовлення {order}"'
    )
    success: v.Texts = Field(default=(), description="a list of phrases that say a payment went through")
    veto: v.Texts = Field(default=(), description="a list of words, or their beginnings, that say it did not")
    ignore: v.Texts = Field(default=(), description="a list of phrases that say nothing of a payment")
    formats: FormatSettings = Field(default=FormatSettings(), description="formats.decimal, .thousands, .date")
    currency: Annotated[v.Currency | None, v.EmptyIsNone] = Field(
        default=None, description="an ISO 4217 code, for sums that print none"
    )
    timezone: v.Zone = Field(default=ZoneInfo("Europe/Kyiv"), description='a zone: "Europe/Kyiv"')

    @field_validator("senders")
    @classmethod
    def _some_sender(cls, senders: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not senders and info.data.get("domains") == ():
            raise ValueError('is an empty list; it needs an address, or domains = ["example.com"]')
        return senders


class DeskSettings(NamedTable):
    kind: Annotated[DeskKind, v.one_of(DeskKind)] = Field(default=DeskKind.PLANFIX, description="planfix")
    url: v.FolderUrl = Field(description='the address of its REST API: "https://example.planfix.ua/rest/"')
    token: v.SecretText = Field(description="a secret")
    currency: v.Currency = Field(default="UAH", description="an ISO 4217 code")
    order_number: v.Named = Field(default="task", description='"task", or the name or id of a custom field')
    order_template: v.Named = Field(default="Замовлення", description="a template's name or id")
    payment_template: v.Named = Field(default="Оплата", description="a template's name or id")
    due: v.Named = Field(default="Сума до оплати", description="a field's name or id")
    paid: v.Named = Field(default="Оплачено", description="a field's name or id")
    difference: v.Named = Field(default="Різниця", description="a field's name or id")
    income: v.Named = Field(default="Доходи", description="a data tag's name or id")
    income_sum: v.Named = Field(default="Сума", description="a field's name or id")
    income_date: v.Named = Field(default="Дата", description="a field's name or id")
    income_payment_id: v.Named = Field(default="ID платежу", description="a field's name or id")
    difference_sign: Annotated[DifferenceSign, v.one_of(DifferenceSign)] = Field(
        default=DifferenceSign.FORMULA, description='due-paid, paid-due, or "" to read it from the formula'
    )
    production_status: v.Named = Field(default="У виробництві", description="a status's name or id")
    after_production: v.NamedMany = Field(default=(), description="a list of statuses, by name or id")
    advance_from: Annotated[v.NamedMany, v.NotEmpty] = Field(
        description="a list of the statuses an order may be advanced from, by name or id"
    )
    mode: Annotated[Mode, v.one_of(Mode)] = Field(description="observe, post or live")
    comment: bool = Field(default=False, description="true or false")
    requests_per_second: float = Field(default=1.0, gt=0, le=1000, description="a number above 0")
    burst: int = Field(default=6, ge=1, le=1000, description="a whole number, 1 or more")
    overpaid: Annotated[Overpaid, v.one_of(Overpaid)] = Field(default=Overpaid.HOLD, description="hold or advance")
    order_deadline: v.Duration = Field(default=timedelta(hours=24), description='a duration: "24h"')
    recheck: v.Duration = Field(default=timedelta(minutes=5), description='a duration: "5m"')
    difference_poll: v.Duration = Field(default=timedelta(seconds=60), description='a duration: "60s"')
    timeout_seconds: float = Field(default=30, gt=0, le=3600, description="seconds, above 0, 3600 at most")
    unknown_wait: v.Duration = Field(default=timedelta(seconds=180), description='a duration: "180s"')
    unknown_deadline: v.Duration = Field(default=timedelta(hours=2), description='a duration: "2h"')

    @field_validator("order_number")
    @classmethod
    def _task_is_a_word(cls, order_number: str) -> str:
        if order_number.casefold() == "task" and order_number != "task":
            raise ValueError('write "task" for the task\'s own number')
        return order_number

    @field_validator("advance_from")
    @classmethod
    def _not_from_beyond(cls, statuses: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        beyond = {name.casefold() for name in info.data.get("after_production", ())}
        production = info.data.get("production_status")
        for status in statuses:
            if production is not None and status.casefold() == production.casefold():
                raise ValueError(f'holds production_status ("{status}"); an order is advanced to it, not from it')
            if status.casefold() in beyond:
                raise ValueError(f'holds "{status}", which after_production names too')
        return statuses

    @field_validator("unknown_wait")
    @classmethod
    def _answer_is_over(cls, wait: timedelta, info: ValidationInfo) -> timedelta:
        timeout = info.data.get("timeout_seconds")
        if timeout is not None and wait <= timedelta(seconds=timeout):
            raise ValueError(
                f"must be longer than timeout_seconds ({timeout:g} s): an answer could still be on its way"
            )
        return wait

    @field_validator("unknown_deadline")
    @classmethod
    def _deadline_after_wait(cls, deadline: timedelta, info: ValidationInfo) -> timedelta:
        wait = info.data.get("unknown_wait")
        if wait is not None and deadline <= wait:
            raise ValueError("must be longer than unknown_wait: no look would come before it")
        return deadline


class WebSettings(Table):
    listen: v.Listen = Field(default="127.0.0.1:8320", description='"HOST:PORT", or "" for off')


class AlertSettings(Table):
    urls: v.SecretTexts = Field(default=(), description="a list of Apprise addresses, each a text or a secret's place")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything `reconciler.toml` says, checked; `remarks` are what is allowed but a person should know, said at each start."""

    path: Path
    ledger: LedgerSettings
    mailboxes: Mapping[str, MailboxSettings]
    gateways: Mapping[str, GatewaySettings]
    merchants: Mapping[str, MerchantSettings]
    trust: TrustSettings
    parsers: Mapping[str, ParserSettings]
    desks: Mapping[str, DeskSettings]
    web: WebSettings
    alerts: AlertSettings
    remarks: tuple[str, ...] = field(default=())

    @property
    def base(self) -> Path:
        """The folder of the settings file; relative paths in it start here."""
        return self.path.parent
