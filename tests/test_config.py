"""Settings: what is read, what is refused and in which words, and that no secret is ever shown."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reconciler import config
from reconciler.config import Mode, Settings, TrustWord
from reconciler.config.problems import nearest
from reconciler.errors import ConfigError
from reconciler.model import Voucher
from reconciler.origin import policy_of
from reconciler.secret import redacted

GOOD = """
[ledger]
url = "sqlite:///reconciler.db"

[mailboxes.payments]
host = "imap.example.ua"
username = "pay@example.ua"
password = { env = "IMAP_PASSWORD" }
since = 2026-11-01T00:00:00+02:00
authserv_id = "mx.example.ua"

[merchants.shop]
gateway = "wayforpay"
names = ["shop_example_ua", "shop.example.ua"]
desk = "factory"
secret = { env = "GATEWAY_SECRET" }

[desks.factory]
url = "https://example.planfix.ua/rest"
token = { env = "DESK_TOKEN" }
advance_from = ["Очікує оплати"]
mode = "live"
"""

BANK = """
[gateways.bank]
domains = ["bank.ua"]
[parsers.bank]
senders = ["i@bank.ua"]
labels.amount = ["Сума\\""]
labels.transaction_id = ["Номер"]
labels.paid_at = ["Дата"]
"""

ENVIRON = {"IMAP_PASSWORD": "imap-password-1", "GATEWAY_SECRET": "gateway-secret-1", "DESK_TOKEN": "desk-token-1"}


def read(tmp_path: Path, text: str = GOOD, environ: dict[str, str] | None = None) -> Settings:
    path = tmp_path / "reconciler.toml"
    path.write_text(text, "utf-8")
    path.chmod(0o640)
    return config.load(path, environ=ENVIRON if environ is None else environ)


def problems(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text, environ)
    return caught.value.problems


def changed(old: str, new: str) -> str:
    assert old in GOOD, old
    return GOOD.replace(old, new)


def added(section: str, line: str) -> str:
    return changed(f"[{section}]\n", f"[{section}]\n{line}\n")


def test_the_shortest_settings_have_every_default(tmp_path: Path) -> None:
    """What the contract calls a default holds when the key is left out."""
    settings = read(tmp_path)
    mailbox, desk, gateway = settings.mailboxes["payments"], settings.desks["factory"], settings.gateways["wayforpay"]
    assert (mailbox.name, mailbox.port, mailbox.security, mailbox.folder) == ("payments", 993, "tls", "INBOX")
    assert (mailbox.poll_seconds, mailbox.after, mailbox.max_bytes) == (60, "keep", 5_000_000)
    assert mailbox.ca_file is None
    assert mailbox.merchant is None
    assert mailbox.since == datetime(2026, 10, 31, 22, tzinfo=UTC)
    assert gateway.domains == ("wayforpay.com", "wayforpay.com.ua")
    assert gateway.trust == (TrustWord.DKIM, TrustWord.AUTHENTICATION_RESULTS, TrustWord.WITNESS)
    assert gateway.vouchers == (Voucher.DKIM, Voucher.AUTHENTICATION_RESULTS, Voucher.WITNESS)
    assert (gateway.timezone, gateway.api_url) == (ZoneInfo("Europe/Kyiv"), "https://api.wayforpay.com/api")
    assert (desk.name, desk.kind, desk.currency, desk.order_number) == ("factory", "planfix", "UAH", "task")
    assert (desk.due, desk.paid, desk.difference) == ("Сума до оплати", "Оплачено", "Різниця")
    assert (desk.income, desk.income_sum, desk.income_date) == ("Доходи", "Сума", "Дата")
    assert (desk.income_payment_id, desk.difference_sign) == ("ID платежу", "")
    assert (desk.production_status, desk.after_production) == ("У виробництві", ())
    assert (desk.requests_per_second, desk.burst, desk.timeout_seconds) == (1.0, 6, 30)
    assert (desk.overpaid, desk.comment, desk.mode) == ("hold", False, Mode.LIVE)
    assert (desk.order_deadline, desk.recheck) == (timedelta(hours=24), timedelta(minutes=5))
    assert (desk.difference_poll, desk.unknown_wait) == (timedelta(seconds=60), timedelta(seconds=180))
    assert desk.unknown_deadline == timedelta(hours=2)
    assert settings.merchants["shop"].refunds == "hold"
    assert (settings.ledger.url, settings.ledger.raw_mail_days) == ("sqlite:///reconciler.db", 90)
    assert settings.trust.arc_sealers == ()
    assert settings.web.listen == "127.0.0.1:8320"
    assert settings.base == tmp_path
    assert settings.remarks == ()


def test_the_port_follows_the_security(tmp_path: Path) -> None:
    """Without a port, STARTTLS and plain use 143; a port that is given always wins."""
    starttls = added("mailboxes.payments", 'security = "starttls"')
    assert read(tmp_path, starttls).mailboxes["payments"].port == 143
    assert read(tmp_path, starttls.replace("security", "port = 1143\nsecurity")).mailboxes["payments"].port == 1143


def test_settings_are_frozen(tmp_path: Path) -> None:
    """Nobody changes a setting after it was checked: neither a key nor a table of a section."""
    settings = read(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.desks["factory"].mode = Mode.POST
    with pytest.raises(TypeError):
        settings.desks["other"] = settings.desks["factory"]  # type: ignore[index]


def test_things_on_the_desk_may_be_given_by_id(tmp_path: Path) -> None:
    """An id may be written as a number or as a text."""
    text = added("desks.factory", 'due = 12345\npaid = "12346"\nafter_production = [17, "Відвантажено"]')
    desk = read(tmp_path, text).desks["factory"]
    assert (desk.due, desk.paid, desk.after_production) == ("12345", "12346", ("17", "Відвантажено"))


def test_a_desk_address_ends_with_a_slash(tmp_path: Path) -> None:
    """`…/rest` and `…/rest/` are the same desk."""
    assert read(tmp_path).desks["factory"].url == "https://example.planfix.ua/rest/"


def test_a_gateway_section_overrides_key_by_key(tmp_path: Path) -> None:
    """What is known of WayForPay stays known where its section says nothing."""
    gateway = read(tmp_path, GOOD + '[gateways.wayforpay]\ntrust = ["dkim"]\n').gateways["wayforpay"]
    assert gateway.trust == (TrustWord.DKIM,)
    assert gateway.domains == ("wayforpay.com", "wayforpay.com.ua")


def test_oauth2_stands_for_the_password(tmp_path: Path) -> None:
    """A mailbox may log in with OAuth2 instead, with each of its secrets by reference."""
    text = changed(
        'password = { env = "IMAP_PASSWORD" }',
        'oauth2 = { token_url = "https://login.example.com/token", client_id = "app", refresh_token = { env = "R" } }',
    )
    mailbox = read(tmp_path, text, {**ENVIRON, "R": "refresh-token-1"}).mailboxes["payments"]
    assert mailbox.password is None
    assert mailbox.oauth2 is not None
    assert (mailbox.oauth2.client_secret, mailbox.oauth2.refresh_token.reveal()) == (None, "refresh-token-1")


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    """A file that Notepad saved is read."""
    assert read(tmp_path, "\ufeff" + GOOD).desks


PLAIN = 'host = "imap.example.ua"'

# the key its line begins with, the settings, what the line says
WRONG = [
    ("desks.factory.mode", changed('"live"', '"lvie"'), ['"lvie"', 'did you mean "live"', "observe, post, live"]),
    ("desks.factory.mode", changed('mode = "live"\n', ""), ["is missing", "observe, post or live"]),
    ("desks.factory.advance_from", changed('advance_from = ["Очікує оплати"]\n', ""), ["is missing"]),
    ("desks.factory.advance_from", changed('["Очікує оплати"]', "[]"), ["[]", "at least one"]),
    (
        "desks.factory.advance_from",
        changed('["Очікує оплати"]', '["Нове", "у виробництві"]'),
        ['"у виробництві"', "production_status"],
    ),
    ("desks.factory.moed", added("desks.factory", 'moed = "live"'), ["unknown key", 'did you mean "mode"']),
    (
        "desks.factory.difference_sign",
        added("desks.factory", 'difference_sign = "due-piad"'),
        ['"due-piad"', 'did you mean "due-paid"', "due-paid, paid-due"],
    ),
    (
        "desks.factory.unknown_wait",
        added("desks.factory", "timeout_seconds = 180"),
        ['"180s"', "timeout_seconds (180 s)"],
    ),
    ("desks.factory.unknown_deadline", added("desks.factory", 'unknown_deadline = "3m"'), ['"3m"', "unknown_wait"]),
    ("desks.factory.timeout_seconds", added("desks.factory", "timeout_seconds = 0"), ["0", "above 0"]),
    ("desks.factory.recheck", added("desks.factory", "recheck = 5"), ["5", '"5m"']),
    ("desks.factory.order_deadline", added("desks.factory", 'order_deadline = "1 day"'), ['"1 day"', '"24h"']),
    (
        "desks.factory.difference_poll",
        added("desks.factory", 'difference_poll = "0s"'),
        ['"0s"', "longer than nothing"],
    ),
    ("desks.factory.order_number", added("desks.factory", 'order_number = "Task"'), ['"Task"', 'write "task"']),
    ("desks.factory.due", added("desks.factory", 'due = " "'), ["is empty"]),
    ("desks.factory.currency", added("desks.factory", 'currency = "UHA"'), ['"UHA"', 'did you mean "UAH"']),
    ("desks.factory.comment", added("desks.factory", 'comment = "yes"'), ['"yes"', "true or false"]),
    ("desks.factory.burst", added("desks.factory", "burst = 0"), ["0", "1 or more"]),
    ("desks.factory.kind", added("desks.factory", 'kind = "planfx"'), ['"planfx"', 'did you mean "planfix"']),
    ("desks.factory.overpaid", added("desks.factory", 'overpaid = "holt"'), ['did you mean "hold"', "hold, advance"]),
    (
        "desks.factory.url",
        changed("https://example.planfix.ua/rest", "http://example.planfix.ua/rest"),
        ["http://example.planfix.ua/rest", "this machine only"],
    ),
    ("desks.factory.url", changed("https://example.planfix.ua/rest", "example.planfix.ua"), ["is no address"]),
    ("desks.factory.token", changed('{ env = "DESK_TOKEN" }', '{ env = "DSK" }'), ['{ env = "DSK" }', "has no DSK"]),
    (
        "desks.factory.token",
        changed('{ env = "DESK_TOKEN" }', '{ credential = "planfix-token" }'),
        ["planfix-token", "$CREDENTIALS_DIRECTORY is not set"],
    ),
    ("desks.factory.token", changed('{ env = "DESK_TOKEN" }', '{ file = "gone" }'), ["gone", "cannot be read"]),
    ("desks.factory.token", changed('{ env = "DESK_TOKEN" }', '{ evn = "X" }'), ["{ env ="]),
    ("desks.factory.name", added("desks.factory", 'name = "x"'), ["unknown key", "factory"]),
    ("desks.fabrik", changed("[desks.factory]", "[desks]\nfabrik = 1\n[desks.factory]"), ["[desks.NAME]"]),
    ('desks."a b"', GOOD + '[desks."a b"]\n', ["letters, digits"]),
    (
        "mailboxes.payments.security",
        added("mailboxes.payments", 'security = "plain"'),
        ["imap.example.ua", "this machine only"],
    ),
    (
        "mailboxes.payments.security",
        added("mailboxes.payments", 'security = "startls"'),
        ['did you mean "starttls"', "tls, starttls, plain"],
    ),
    ("mailboxes.payments.port", added("mailboxes.payments", "port = 65536"), ["65536", "1 to 65535"]),
    ("mailboxes.payments.port", added("mailboxes.payments", 'port = "993"'), ['"993"', "integer", "1 to 65535"]),
    ("mailboxes.payments.poll_seconds", added("mailboxes.payments", "poll_seconds = 4"), ["4", "5 to 3600"]),
    ("mailboxes.payments.poll_seconds", added("mailboxes.payments", "poll_seconds = 3601"), ["3601", "5 to 3600"]),
    ("mailboxes.payments.after", added("mailboxes.payments", 'after = "flga"'), ['"flga"', 'did you mean "flag"']),
    ("mailboxes.payments.after", added("mailboxes.payments", 'after = "move:"'), ['"move:"', "move:FOLDER"]),
    ("mailboxes.payments.since", changed("00+02:00", "00"), ["no offset", "2026-11-01T00:00:00+02:00"]),
    ("mailboxes.payments.since", changed("2026-11-01T00:00:00+02:00", '"2026-11-01"'), ['"2026-11-01"', "quotes"]),
    (
        "mailboxes.payments.merchant",
        added("mailboxes.payments", 'merchant = "shpo"'),
        ['"shpo"', "[merchants.shpo]", 'did you mean "shop"'],
    ),
    ("mailboxes.payments.oauth2", changed('password = { env = "IMAP_PASSWORD" }\n', ""), ["password or oauth2"]),
    (
        "mailboxes.payments.oauth2.client_id",
        added("mailboxes.payments", 'oauth2 = { token_url = "https://x.example/t", refresh_token = "rrrr" }'),
        ["is missing"],
    ),
    (
        "mailboxes.payments.oauth2.token_url",
        added(
            "mailboxes.payments", 'oauth2 = { token_url = "http://x.example/t", client_id="a", refresh_token = "rrrr" }'
        ),
        ["this machine only"],
    ),
    ("mailboxes.payments.host", changed(PLAIN, 'host = "imaps://imap.example.ua"'), ["is no host name"]),
    ("mailboxes.payments.ca_file", added("mailboxes.payments", 'ca_file = "no.pem"'), ['"no.pem"', "there is no file"]),
    ("mailboxes.payments.forwarders[0]", added("mailboxes.payments", 'forwarders = ["x"]'), ['"x"', "mail address"]),
    (
        "merchants.shop.gateway",
        changed('gateway = "wayforpay"', 'gateway = "wayforpai"'),
        ['"wayforpai"', "[gateways.wayforpai]", 'did you mean "wayforpay"'],
    ),
    ("merchants.shop.desk", changed('"factory"', '"factry"'), ['"factry"', "[desks.factry]", 'did you mean "factory"']),
    ("merchants.shop.names", changed('["shop_example_ua", "shop.example.ua"]', "[]"), ["at least one"]),
    ("merchants.shop.refunds", added("merchants.shop", 'refunds = "revers"'), ['did you mean "reverse"']),
    (
        "merchants.other.names[0]",
        GOOD + '[merchants.other]\ngateway = "wayforpay"\nnames = ["Shop.EXAMPLE.ua "]\ndesk = "factory"\n',
        ["[merchants.shop]"],
    ),
    ("gateways.prodamus.domains", GOOD + "[gateways.prodamus]\n", ["is missing"]),
    ("gateways.wayforpay.trust", GOOD + "[gateways.wayforpay]\ntrust = []\n", ["[]", "at least one"]),
    (
        "gateways.wayforpay.trust[1]",
        GOOD + '[gateways.wayforpay]\ntrust = ["dkim", "witnes"]\n',
        ['"witnes"', 'did you mean "witness"', "dkim, authentication-results, witness, none"],
    ),
    ("gateways.wayforpay.trust[0]", GOOD + '[gateways.wayforpay]\ntrust = ["person"]\n', ['"person"', "witness"]),
    ("gateways.wayforpay.timezone", GOOD + '[gateways.wayforpay]\ntimezone = "../x"\n', ['"../x"', "Europe/Kyiv"]),
    (
        "gateways.wayforpay.api_url",
        GOOD + '[gateways.wayforpay]\napi_url = "http://api.example.com"\n',
        ["this machine only"],
    ),
    ("gateways.wayforpay.domains[0]", GOOD + '[gateways.wayforpay]\ndomains = ["a@b.ua"]\n', ["is no domain"]),
    ("ledger.url", changed("sqlite:///reconciler.db", "postgresql://h/db"), ["postgresql+psycopg://"]),
    ("ledger.raw_mail_days", added("ledger", "raw_mail_days = 0"), ["0", "1 to 36500"]),
    ("ledgr", GOOD + "[ledgr]\n", ["unknown section", 'did you mean "ledger"']),
    ("trust.forwarders[0]", GOOD + '[trust]\nforwarders = ["example.ua"]\n', ['"example.ua"', "mail address"]),
    ("trust.nameservers[0]", GOOD + '[trust]\nnameservers = ["dns.example"]\n', ['"dns.example"', "127.0.0.1:5353"]),
    ("trust.arc_sealers[0]", GOOD + '[trust]\narc_sealers = ["@forward.example"]\n', ["is no domain"]),
    ("trust.arc_sealers", GOOD + '[trust]\narc_sealers = "forward.example"\n', ["a list of domains"]),
    ("trust.arc_sealer", GOOD + "[trust]\narc_sealer = []\n", ['did you mean "arc_sealers"']),
    ("web.listen", GOOD + '[web]\nlisten = "8320"\n', ['"8320"', "127.0.0.1:8320"]),
    ("alerts.urls[0]", GOOD + '[alerts]\nurls = [{ env = "NOPE" }]\n', ["has no NOPE"]),
    (
        "parsers.bank.labels.amonut",
        GOOD + '[parsers.bank]\nsenders = ["i@bank.ua"]\nlabels.amonut = ["Сума"]\n',
        ["unknown key", 'did you mean "amount"'],
    ),
    ("desks", GOOD.split("[desks")[0], ["at least one table [desks.NAME]"]),
]


@pytest.mark.parametrize(("key", "text", "wanted"), WRONG, ids=[f"{n}-{key}" for n, (key, _, _) in enumerate(WRONG)])
def test_a_problem_names_its_key_and_what_is_allowed(tmp_path: Path, key: str, text: str, wanted: list[str]) -> None:
    """Each wrong setting gives a line that begins with its key path and says what was found and what to write."""
    lines = [line for line in problems(tmp_path, text) if line.startswith((f"{key} = ", f"{key}: "))]
    assert len(lines) == 1
    for part in wanted:
        assert part in lines[0]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Problems of one table hide neither each other nor another table's, and no problem is invented beside them."""
    text = (
        GOOD.replace('"live"', '"lvie"')
        .replace("[ledger]\n", "[ledger]\nraw_mail_days = 0\n")
        .replace('desk = "factory"', 'desk = "factry"')
        .replace("[desks.factory]\n", "[desks.factory]\ntimeout_seconds = 600\nmoed = 1\n")
    )
    assert sorted(line.split(" ")[0].rstrip(":") for line in problems(tmp_path, text)) == [
        "desks.factory.mode",
        "desks.factory.moed",
        "desks.factory.unknown_wait",
        "ledger.raw_mail_days",
        "merchants.shop.desk",
    ]


def test_an_unreadable_file_is_a_problem_of_the_settings(tmp_path: Path) -> None:
    """Broken TOML names its line; a text in another charset and a missing file are told as such."""
    assert "line 2" in problems(tmp_path, "[ledger]\nurl = \n")[0]
    path = tmp_path / "reconciler.toml"
    path.write_bytes("[ledger]\n# Оплата\n".encode("cp1251"))
    with pytest.raises(ConfigError, match="UTF-8"):
        config.load(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path / "gone.toml")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (changed('{ env = "DESK_TOKEN" }', '["hunter2-hunter2"]'), "hunter2-hunter2"),
        (added("desks.factory", 'tokn = "hunter2-hunter2"'), "hunter2-hunter2"),
        (changed('{ env = "IMAP_PASSWORD" }', '{ pasword = "hunter2-hunter2" }'), "hunter2-hunter2"),
        (changed("[mailboxes.payments]", '[mailboxes]\npassword = "hunter2-hunter2"\n[mailboxes.payments]'), "hunter2"),
        (changed("sqlite:///reconciler.db", "postgres://me:hunter2-hunter2@h/db"), "hunter2-hunter2"),
        (changed("https://example.planfix.ua", "https://me:hunter2@example.planfix.ua"), "hunter2"),
        (GOOD + '[alerts]\nurls = [["tgram://hunter2-hunter2/1"]]\n', "hunter2-hunter2"),
    ],
)
def test_a_problem_never_shows_a_secret(tmp_path: Path, text: str, secret: str) -> None:
    """S08: a misspelt key, a wrong type or a login in an address is told without its value."""
    lines = problems(tmp_path, text)
    assert lines
    assert all(secret not in line for line in lines)


def test_secrets_come_from_four_places(tmp_path: Path) -> None:
    """Plain, environment, file (beside the settings) and credential; one line end at the end is not part of it."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "imap-password").write_text("from-credential\n")
    (tmp_path / "token").write_text(" from-file \r\n")
    (tmp_path / "token").chmod(0o600)
    text = (
        GOOD.replace('{ env = "IMAP_PASSWORD" }', '{ credential = "imap-password" }')
        .replace('{ env = "DESK_TOKEN" }', '{ file = "token" }')
        .replace('{ env = "GATEWAY_SECRET" }', '"plain-secret"')
    )
    settings = read(tmp_path, text, {"CREDENTIALS_DIRECTORY": str(credentials)})
    password = settings.mailboxes["payments"].password
    assert password is not None
    assert (password.reveal(), password.source) == ("from-credential", "credential imap-password")
    assert settings.desks["factory"].token.reveal() == " from-file "
    secret = settings.merchants["shop"].secret
    assert secret is not None
    assert secret.reveal() == "plain-secret"


def test_a_credential_stays_in_its_folder(tmp_path: Path) -> None:
    """A credential's name leads to no other folder."""
    text = changed('{ env = "DESK_TOKEN" }', '{ credential = "../reconciler.toml" }')
    assert "without a folder" in problems(tmp_path, text, {**ENVIRON, "CREDENTIALS_DIRECTORY": str(tmp_path)})[0]


def test_an_empty_secret_is_a_problem(tmp_path: Path) -> None:
    """A variable that is set to nothing is told, not used."""
    assert "is empty" in problems(tmp_path, GOOD, {**ENVIRON, "DESK_TOKEN": ""})[0]


def test_a_loaded_secret_is_shown_nowhere(tmp_path: Path) -> None:
    """S08: neither repr nor str of the settings, nor their effective form, nor a text passed through `redacted`, has it."""
    settings = read(tmp_path, changed("sqlite:///reconciler.db", "postgresql+psycopg://me:ledger-password@h/db"))
    for shown in (repr(settings), str(settings), config.effective(settings), f"{settings.desks['factory'].token}"):
        for secret in (*ENVIRON.values(), "ledger-password"):
            assert secret not in shown
    for secret in (*ENVIRON.values(), "ledger-password"):
        assert secret not in redacted(f"login pay {secret} failed")


def test_effective_settings_load_again(tmp_path: Path) -> None:
    """Where no secret is plain, the effective settings are a settings file with the same meaning."""
    text = (
        GOOD + BANK + 'formats.decimal = ","\nformats.thousands = " "\nformats.date = "DD/MM/YYYY"\ncurrency = "UAH"\n'
    )
    text = text.replace("[desks.factory]\n", '[desks.factory]\nunknown_wait = "90.5s"\ndue = 7\n')
    settings = read(tmp_path, text)
    shown = config.effective(settings)
    assert set(tomllib.loads(shown)) >= {"ledger", "mailboxes", "gateways", "merchants", "desks", "web", "alerts"}
    again = read(tmp_path, shown)
    assert replace(again, remarks=()) == replace(settings, remarks=())


REMARKED = [
    ("web", GOOD + "[web]\n", "not used by this version"),
    ("alerts", GOOD + "[alerts]\n", "not used by this version"),
    ("gateways.wayforpay.trust", changed('authserv_id = "mx.example.ua"\n', ""), "no mailbox has authserv_id"),
    ("gateways.wayforpay.trust", changed('secret = { env = "GATEWAY_SECRET" }\n', ""), "no secret to ask it with"),
    ("gateways.wayforpay.trust", GOOD + '[gateways.wayforpay]\ntrust = ["none"]\n', "can move an order"),
    ("trust.arc_sealers", GOOD + '[trust]\narc_sealers = ["google.com"]\n', "everybody who has an account there"),
    (
        "trust.arc_sealers",
        GOOD + '[trust]\narc_sealers = ["f.example"]\n[gateways.wayforpay]\ntrust = ["dkim"]\n',
        "they never count",
    ),
    ("trust.forwarders", GOOD + '[trust]\nforwarders = ["owner@example.ua"]\n', "whoever fools this person"),
    ("trust.forwarders", GOOD + '[trust]\nforwarders = ["owner@Gmail.com"]\n', "owner@gmail.com is at gmail.com"),
    (
        "mailboxes.payments.merchant",
        added("mailboxes.payments", 'merchant = "shop"') + '[gateways.wayforpay]\ntrust = ["dkim"]\n',
        "no witness",
    ),
    ("mailboxes", GOOD.split("[mailboxes")[0] + "[merchants" + GOOD.split("[merchants")[1], "nothing is read"),
    (
        "mailboxes.second",
        GOOD + '[mailboxes.second]\nhost = "IMAP.example.ua"\nusername = "pay@example.ua"\npassword = "pppp"\n',
        "same folder as mailboxes.payments",
    ),
    ("desks.factory.token", changed('{ env = "DESK_TOKEN" }', '"abc"'), "too short to be kept out of logs"),
]


@pytest.mark.parametrize(("key", "text", "wanted"), REMARKED)
def test_what_is_allowed_but_odd_is_remarked(tmp_path: Path, key: str, text: str, wanted: str) -> None:
    """Settings that can be run with, but that a person should know of, say so in `remarks`."""
    assert [remark for remark in read(tmp_path, text).remarks if remark.startswith(f"{key}: ") and wanted in remark]


def test_plain_secrets_in_a_file_for_everybody_are_remarked(tmp_path: Path) -> None:
    """A plain secret in a world-readable file is told with its key; in a private file it is not."""
    text = changed('{ env = "DESK_TOKEN" }', '"plain-token"')
    assert read(tmp_path, text).remarks == ()
    path = tmp_path / "reconciler.toml"
    path.chmod(0o644)
    assert [remark.split(":")[0] for remark in config.load(path, environ=ENVIRON).remarks] == ["desks.factory.token"]


def test_the_settings_file_is_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--config, then $RECONCILER_CONFIG, then ./reconciler.toml, then the system's; a named file is never passed over."""
    monkeypatch.chdir(tmp_path)
    system = tmp_path / "system.toml"
    monkeypatch.setattr("reconciler.config.loader.SYSTEM_FILE", system)
    with pytest.raises(ConfigError) as caught:
        config.find_config(None, environ={})
    for place in ("--config", "$RECONCILER_CONFIG", "reconciler.toml", "system.toml"):
        assert place in caught.value.problems[0]
    system.touch()
    assert config.find_config(None, environ={}) == system
    Path("reconciler.toml").touch()
    assert config.find_config(None, environ={}) == Path("reconciler.toml")
    Path("env.toml").touch()
    assert config.find_config(None, environ={"RECONCILER_CONFIG": "env.toml"}) == Path("env.toml")
    Path("given.toml").touch()
    assert config.find_config("given.toml", environ={"RECONCILER_CONFIG": "env.toml"}) == Path("given.toml")
    with pytest.raises(ConfigError, match=r"--config: there is no file gone\.toml"):
        config.find_config("gone.toml", environ={})
    with pytest.raises(ConfigError, match=r"\$RECONCILER_CONFIG: there is no file gone\.toml"):
        config.find_config(None, environ={"RECONCILER_CONFIG": "gone.toml"})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.3.2.1", "[::1]"])
def test_plain_http_is_allowed_on_this_machine(tmp_path: Path, host: str) -> None:
    """A rehearsal against servers of one's own needs no certificate."""
    url = f"http://{host}:8080/rest/"
    assert read(tmp_path, changed("https://example.planfix.ua/rest", url)).desks["factory"].url == url


@pytest.mark.parametrize("host", ["127.0.0.1.example.ua", "localhost.example.ua", "0.0.0.0", "10.0.0.1"])
def test_plain_http_is_allowed_nowhere_else(tmp_path: Path, host: str) -> None:
    """C21: a name that only looks like this machine gets no token in the clear."""
    lines = problems(tmp_path, changed("https://example.planfix.ua/rest", f"http://{host}/rest/"))
    assert "this machine only" in lines[0]


def test_the_nearest_word_ignores_case() -> None:
    """MODE is near mode; a word near nothing gets no advice."""
    assert nearest("MODE", ["mode", "paid"]) == "mode"
    assert nearest("zzz", ["mode", "paid"]) is None


def test_the_process_environment_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an explicit environment the process's own is read."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    read(tmp_path)
    assert config.load(tmp_path / "reconciler.toml").desks["factory"].token.reveal() == os.environ["DESK_TOKEN"]


def test_explain_judges_by_the_settings(tmp_path: Path) -> None:
    """A saved mail is judged by its gateway's `trust` and the pinned server; without settings by what is known."""
    text = GOOD + '[gateways.wayforpay]\ntrust = ["dkim"]\ndomains = ["pay.example.com"]\n'
    text += '[trust]\narc_sealers = ["forward.example.ua"]\n'
    policy = policy_of("wayforpay", read(tmp_path, text), None)
    assert (policy.accepts, policy.domains) == ((Voucher.DKIM,), ("pay.example.com",))
    assert policy.authserv_id == "mx.example.ua"
    assert policy.arc_sealers == ("forward.example.ua",)
    bare = policy_of("wayforpay", None, None)
    assert (bare.domains, bare.authserv_id, bare.arc_sealers) == (("wayforpay.com", "wayforpay.com.ua"), None, ())


def test_explain_pins_no_server_by_guess(tmp_path: Path) -> None:
    """With two pinned servers the mailbox must be named, else neither counts."""
    second = (
        '[mailboxes.second]\nhost = "h.example"\nusername = "u"\npassword = "pppp"\nauthserv_id = "other.example"\n'
    )
    settings = read(tmp_path, GOOD + second)
    assert policy_of("wayforpay", settings, None).authserv_id is None
    assert policy_of("wayforpay", settings, "second").authserv_id == "other.example"
