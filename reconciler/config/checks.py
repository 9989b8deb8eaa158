"""
What concerns two tables of the settings at once, and what is allowed but worth a person's knowing.

In: the file's tables as TOML gave them (so that a table with a problem of its own does not hide another's), or the
finished settings. Out: problem lines, remarks.
"""

from __future__ import annotations

import stat
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from reconciler.config.gateways import KNOWN_GATEWAYS
from reconciler.config.problems import known_words, line
from reconciler.config.tables import Settings, TrustWord
from reconciler.forwarded import PUBLIC_DOMAINS
from reconciler.secret import SHORTEST, Secret

Tables = Mapping[str, Mapping[str, Any]]

# Providers that put ARC seals on what any customer of theirs forwards, and let customers rewrite it before (rules, footers, lists).
SEAL_FOR_ANYBODY = frozenset(
    {
        *("google.com", "googlegroups.com", "microsoft.com", "outlook.com", "yahoo.com", "messagingengine.com"),
        *("zohomail.com", "zohomail.eu", "icloud.com", "mail.ru", "mail.yandex.ru", "yandex.ru", "ukr.net", "i.ua"),
    }
)


def across(mailboxes: Tables, gateways: Tables, merchants: Tables, desks: Tables, parsers: Tables) -> Iterator[str]:
    """Names that name nothing, and shops that cannot be told apart."""
    for section, tables, key, targets in (
        ("merchants", merchants, "gateway", gateways),
        ("merchants", merchants, "desk", desks),
        ("mailboxes", mailboxes, "merchant", merchants),
        ("parsers", {name: {"gateway": name, **table} for name, table in parsers.items()}, "gateway", gateways),
    ):
        target = {"gateway": "gateways", "desk": "desks", "merchant": "merchants"}[key]
        for name, table in tables.items():
            wanted = table.get(key)
            if isinstance(wanted, str) and wanted and wanted not in targets:
                known = {*targets, *KNOWN_GATEWAYS} if key == "gateway" else targets
                what = f"there is no [{target}.{wanted}]; {known_words(wanted, sorted(known))}"
                yield line((section, name, key), wanted, what)
    yield from _shared_names(merchants)
    for section, tables in (("desks", desks), ("merchants", merchants)):
        if not tables:
            yield f"{section}: is missing; wanted: at least one table [{section}.NAME]"


def _shared_names(merchants: Tables) -> Iterator[str]:
    owners: dict[tuple[str, str], str] = {}
    for merchant, table in merchants.items():
        names = table.get("names")
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if not isinstance(name, str):
                continue
            folded = unicodedata.normalize("NFKC", name).strip().casefold()
            owner = owners.setdefault((str(table.get("gateway")), folded), merchant)
            if owner != merchant:
                what = f"is a name of [merchants.{owner}] too; a letter must lead to one of them"
                yield line(("merchants", merchant, "names", index), name, what)


def remarks(settings: Settings, given: Mapping[str, Any]) -> Iterator[str]:
    """What is allowed, but said at each start."""
    for section in ("web", "alerts"):
        if section in given:
            yield f"{section}: not used by this version"
    if not settings.mailboxes:
        yield "mailboxes: there is none, so nothing is read by itself"
    yield from _folders_shared(settings)
    yield from _trust(settings)
    yield from _forwarders(settings)
    yield from _secrets(settings)


def _folders_shared(settings: Settings) -> Iterator[str]:
    seen: dict[tuple[str, int, str, str], str] = {}
    for name, mailbox in settings.mailboxes.items():
        place = (mailbox.host.lower(), mailbox.port, mailbox.username, mailbox.folder)
        other = seen.setdefault(place, name)
        if other != name:
            yield f"mailboxes.{name}: reads the same folder as mailboxes.{other}"


def _trust(settings: Settings) -> Iterator[str]:
    pinned = any(mailbox.authserv_id for mailbox in settings.mailboxes.values())
    for name, gateway in settings.gateways.items():
        merchants = [merchant for merchant in settings.merchants.values() if merchant.gateway == name]
        if not merchants:
            continue
        if TrustWord.NONE in gateway.trust:
            yield f'gateways.{name}.trust: has "none": whoever writes a letter in its name can move an order'
        if TrustWord.AUTHENTICATION_RESULTS in gateway.trust and not pinned:
            yield f'gateways.{name}.trust: has "authentication-results", but no mailbox has authserv_id: it never counts'
        for merchant in merchants if TrustWord.WITNESS in gateway.trust else ():
            if merchant.secret is None:
                yield f'gateways.{name}.trust: has "witness", but merchants.{merchant.name} has no secret to ask it with'
    yield from _sealers(settings)
    for name, mailbox in settings.mailboxes.items():
        if mailbox.merchant and not witnessed(settings, mailbox.merchant):
            yield (
                f'mailboxes.{name}.merchant: a letter that names no shop counts as for "{mailbox.merchant}", '
                "and no witness is asked whether it was"
            )


def _sealers(settings: Settings) -> Iterator[str]:
    sealers = settings.trust.arc_sealers
    takers = [gateway for gateway in settings.gateways.values() if TrustWord.AUTHENTICATION_RESULTS in gateway.trust]
    if sealers and not takers:
        yield 'trust.arc_sealers: no gateway\'s trust has "authentication-results": they never count'
    for domain in sealers:
        if domain in SEAL_FOR_ANYBODY:
            yield f"trust.arc_sealers: {domain} seals for everybody who has an account there; each of them could move an order"


def _forwarders(settings: Settings) -> Iterator[str]:
    for address in settings.trust.forwarders:
        yield (
            f"trust.forwarders: what {address} forwards in the text of a mail is believed like the gateway's own letter: "
            "whoever fools this person, or gets into this mailbox, can move an order"
        )
        domain = address.rpartition("@")[2]
        if domain in PUBLIC_DOMAINS:
            yield (
                f"trust.forwarders: {address} is at {domain}, where anybody can have an address and nobody of yours looks after "
                "its password; an address at your own domain is safer"
            )


def witnessed(settings: Settings, merchant: str) -> bool:
    """The gateway's API can be asked about this merchant's payments."""
    shop = settings.merchants[merchant]
    return shop.secret is not None and TrustWord.WITNESS in settings.gateways[shop.gateway].trust


def _secrets(settings: Settings) -> Iterator[str]:
    open_to_all = _world_readable(settings.path)
    for key, secret in secrets(settings):
        kind, _, name = secret.source.partition(" ")
        if kind == "plain" and open_to_all:
            yield f"{key}: is written in {settings.path}, which every user of this machine can read; chmod 640 it"
        if kind == "file" and _world_readable(settings.base / Path(name).expanduser()):
            yield f"{key}: every user of this machine can read {name}; chmod 640 it"
        if len(secret.reveal()) < SHORTEST:
            yield f"{key}: shorter than {SHORTEST} characters, too short to be kept out of logs"
    if open_to_all and ledger_password(settings):
        yield f"ledger.url: has a password, and every user of this machine can read {settings.path}; chmod 640 it"


def secrets(settings: Settings) -> Iterator[tuple[str, Secret]]:
    """Every secret of the settings with its key path."""
    for name, mailbox in settings.mailboxes.items():
        if mailbox.password is not None:
            yield f"mailboxes.{name}.password", mailbox.password
        if mailbox.oauth2 is not None:
            yield f"mailboxes.{name}.oauth2.refresh_token", mailbox.oauth2.refresh_token
            if mailbox.oauth2.client_secret is not None:
                yield f"mailboxes.{name}.oauth2.client_secret", mailbox.oauth2.client_secret
    for name, merchant in settings.merchants.items():
        if merchant.secret is not None:
            yield f"merchants.{name}.secret", merchant.secret
    for name, desk in settings.desks.items():
        yield f"desks.{name}.token", desk.token
    for index, url in enumerate(settings.alerts.urls):
        yield f"alerts.urls[{index}]", url


def ledger_password(settings: Settings) -> str | None:
    """The password in the ledger's url, when there is one."""
    parts = urlsplit(settings.ledger.url)
    asked = parse_qs(parts.query).get("password")
    return unquote(parts.password) if parts.password else asked[0] if asked else None


def _world_readable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IROTH)
