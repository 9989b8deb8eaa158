"""
The kinds of values the settings are made of.

In: what TOML gives (text, numbers, tables). Out: durations, addresses, zones, secrets, words of fixed sets; or a
ValueError whose text says what is wrong. The line around it (key, value) is `problems`' business.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from reconciler.config.problems import REFERENCES, known_words
from reconciler.money import MINOR_DIGITS
from reconciler.secret import Secret

W = TypeVar("W", bound=StrEnum)

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What values outside the file are read from: relative paths, environment, systemd's credentials."""

    base: Path
    environ: Mapping[str, str]


def one_of(words: type[W]) -> BeforeValidator:
    """A word of a fixed set; "" stands for itself where the set has it."""

    def read(value: Any) -> Any:
        if isinstance(value, str) and value not in list(words):
            raise ValueError(f"is not a known word; {known_words(value, [word for word in words if word])}")
        return words(value) if isinstance(value, str) else value

    return BeforeValidator(read)


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


AsTuple = BeforeValidator(_listed)
"""TOML has lists; frozen settings have tuples."""


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


EmptyIsNone = BeforeValidator(_none_if_empty)

# ---------------------------------------------------------------- texts

ORDER_PLACE = "{order}"
LONGEST_PATTERN = 120  # characters


def _one_line(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if not text.isprintable():
        raise ValueError("has characters that do not print (a line break, a tab?)")
    return text.strip()


def _name_or_id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, AfterValidator(_one_line)]
Named = Annotated[Text, BeforeValidator(_name_or_id)]
"""A thing on the desk, by name or by id; ids may be written as numbers."""

Texts = Annotated[tuple[Text, ...], AsTuple]
NamedMany = Annotated[tuple[Named, ...], AsTuple]


def not_empty(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("is an empty list; it needs at least one")
    return values


NotEmpty = AfterValidator(not_empty)


def _domain(text: str) -> str:
    name = text.strip().rstrip(".").lower()
    if "." not in name or not all(re.fullmatch(r"[^\W_]([\w-]*[^\W_])?", label) for label in name.split(".")):
        raise ValueError('is no domain; write it like "example.ua", without "@" and "https://"')
    return name


def _mail_address(text: str) -> str:
    local, _, domain = text.strip().rpartition("@")
    if not local or re.search(r"[\s<>,@]", local):
        raise ValueError('is no mail address; write it like "info@example.ua"')
    return f"{local}@{_domain(domain)}"


Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], AsTuple]
MailAddresses = Annotated[tuple[Annotated[str, AfterValidator(_mail_address)], ...], AsTuple]


def _order_pattern(text: str) -> str:
    around = text.replace(ORDER_PLACE, "", 1)
    if text.count(ORDER_PLACE) != 1 or not any(char.isalnum() for char in around) or len(text) > LONGEST_PATTERN:
        raise ValueError(f'is no text around an order number; write it like "за замовлення {ORDER_PLACE}"')
    return text


OrderPatterns = Annotated[tuple[Annotated[Text, AfterValidator(_order_pattern)], ...], AsTuple]


def _host(text: str) -> str:
    if re.search(r"[\s/@]|:.*[^0-9a-fA-F:.]|^$", text):
        raise ValueError('is no host name; write it like "imap.example.ua", the port has its own key')
    return text


Host = Annotated[str, AfterValidator(_host)]


def _currency(text: str) -> str:
    if text not in MINOR_DIGITS:
        raise ValueError(f"is no known currency; {known_words(text, sorted(MINOR_DIGITS))}")
    return text


Currency = Annotated[str, AfterValidator(_currency)]


def _after(text: str) -> str:
    verb, _, folder = text.partition(":")
    if text in {"keep", "flag"} or (verb == "move" and folder.strip()):
        return text
    if verb == "move":
        raise ValueError("names no folder; write move:FOLDER")
    raise ValueError(f"is not a known word; {known_words(verb, ['keep', 'flag', 'move'])}:FOLDER")


After = Annotated[str, AfterValidator(_after)]

# ---------------------------------------------------------------- times


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('is no duration; write a number and a unit as a text: "60s", "5m", "24h", "2d"')
    length = timedelta(seconds=float(found[1]) * UNITS[found[2]])
    if length <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return length


Duration = Annotated[timedelta, BeforeValidator(_duration)]


def _moment(value: Any) -> Any:
    if not isinstance(value, datetime):
        raise ValueError("is no date with a time and an offset; write it without quotes: 2026-11-01T00:00:00+02:00")
    if value.tzinfo is None:
        raise ValueError("has no offset from UTC; write it like 2026-11-01T00:00:00+02:00")
    return value.astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(_moment)]


def _zone(value: Any) -> Any:
    if isinstance(value, ZoneInfo) or not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (ValueError, OSError, LookupError) as exc:  # unknown, a path, a folder of zones
        raise ValueError('is no known time zone; write it like "Europe/Kyiv"') from exc


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]

# ---------------------------------------------------------------- addresses


def is_loopback(host: str) -> bool:
    """This machine itself, whatever any resolver says: localhost by name, or a loopback address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, user = parts.hostname or "", parts.username or parts.password
        port = parts.port  # raises when it is no port
    except ValueError as exc:
        raise ValueError(f"is no address: {exc}") from exc
    if parts.scheme not in {"http", "https"} or not host or port == 0 or re.search(r"\s", text):
        raise ValueError('is no address; write it like "https://example.planfix.ua/rest/"')
    if user:
        raise ValueError("has a user name or password in it; secrets have their own key")
    if parts.query or parts.fragment:
        raise ValueError("has something after ? or #; write the bare address")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("plain http:// is allowed to this machine only (localhost, 127.0.0.1, ::1); write https://")
    return text


Url = Annotated[str, AfterValidator(_url)]
FolderUrl = Annotated[str, AfterValidator(_url), AfterValidator(lambda url: url.rstrip("/") + "/")]


def _ledger_url(text: str) -> str:
    if text.startswith("sqlite:///") and text.removeprefix("sqlite:///").strip("/") and ":memory:" not in text:
        return text
    if re.fullmatch(r"postgresql\+psycopg://[^\s]+", text):
        return text
    if text.startswith(("postgresql:", "postgres:")):
        raise ValueError("write postgresql+psycopg:// instead of its first word")
    raise ValueError("is no place for a ledger; write sqlite:///reconciler.db or postgresql+psycopg://user@host/db")


LedgerUrl = Annotated[str, AfterValidator(_ledger_url)]


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text and not (host and port.isdecimal() and int(port) <= 65535):
        raise ValueError('is no address to listen on; write it like "127.0.0.1:8320", or "" for off')
    return text


Listen = Annotated[str, AfterValidator(_listen)]


def _nameserver(text: str) -> str:
    bracketed = re.fullmatch(r"\[([^]]+)](?::(\d+))?", text)
    plain = re.fullmatch(r"([^:]+)(?::(\d+))?", text)
    found = bracketed or plain
    try:
        ipaddress.ip_address(found[1] if found else text)
        if found and found[2] and not 1 <= int(found[2]) <= 65535:
            raise ValueError("the port is out of range")
    except ValueError as exc:
        raise ValueError('is no address of a resolver; write it like "127.0.0.1" or "127.0.0.1:5353"') from exc
    return text


Nameservers = Annotated[tuple[Annotated[str, AfterValidator(_nameserver)], ...], AsTuple]


def _path(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        return value
    found = surroundings(info).base / Path(value).expanduser()
    if not found.is_file():
        raise ValueError(f"there is no file {found}")
    return found


ExistingFile = Annotated[Path, BeforeValidator(_path)]

# ---------------------------------------------------------------- secrets


def surroundings(info: ValidationInfo) -> Surroundings:
    if not isinstance(info.context, Surroundings):
        raise TypeError("settings are validated with a Surroundings context")
    return info.context


def _secret(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str):
        kind, name, text = "plain", "", value
    elif isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in REFERENCES:
        kind, name = next(iter(value.items()))
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"{kind} must name something")
        text = _fetch(kind, name, surroundings(info))
    else:
        raise ValueError('write a text, { env = "NAME" }, { file = "PATH" } or { credential = "NAME" }')
    if not text:
        raise ValueError("is empty")
    return Secret(text, source=f"{kind} {name}".strip())


def _fetch(kind: str, name: str, around: Surroundings) -> str:
    if kind == "env":
        if name not in around.environ:
            raise ValueError(f"the environment has no {name}")
        return around.environ[name]
    if kind == "file":
        return _read(around.base / Path(name).expanduser())
    folder = around.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ValueError(
            f"$CREDENTIALS_DIRECTORY is not set, so there is no credential {name}: "
            f"start under systemd with LoadCredential={name}:PATH, or use env or file"
        )
    if "/" in name or name in {".", ".."}:
        raise ValueError("a credential is named without a folder")
    return _read(Path(folder) / name)


def _read(place: Path) -> str:
    try:
        return place.read_text("utf-8").rstrip("\r\n")
    except OSError as exc:
        raise ValueError(f"{place} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ValueError(f"{place} is not a text in UTF-8") from exc


SecretText = Annotated[Secret, BeforeValidator(_secret)]
SecretTexts = Annotated[tuple[SecretText, ...], AsTuple]
