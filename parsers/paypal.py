"""
PayPal's letters to a seller → notices.

Comes in: a message from PayPal. Goes out: one notice. What public parsers of genuine mail tell: the senders, service@paypal.com and
the same at a country's domain; the subject of a payment in English and Spanish, to the letter; the sentence "You received a payment
of $86.00 USD from …"; labels over their values (Transaction ID, Transaction date, Invoice ID, Buyer), ids of 17 letters and digits,
a date without a time of day; and the subjects of what was paid by us or is merely authorised. Reconstructed are the Spanish body, the
greeting that names the shop, and every other letter. Shown by fixtures/paypal/paid.

Odd: the sum stands in a sentence. "$" is several countries' dollars; PayPal prints the code behind it, and without one the letter is
held. PayPal's name is much forged: only a signature of its own domains vouches.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from parsers._gateway import Gateway, labels, words
from reconciler.errors import Unreadable
from reconciler.extract.notices import Tables
from reconciler.extract.text import fold_words, one_line
from reconciler.model import Kind, Message, Notice

NAME = "paypal"
VERSION = "1"
RECONSTRUCTED = True
DOMAINS = (
    "paypal.com",
    "intl.paypal.com",
    "paypal.es",
)  # others by `domains`, e.g. paypal.de: as their letters are signed
TIMEZONE = "Europe/Kyiv"  # dates stand without a time of day

SUBJECTS = frozenset({"notification of payment received", "ha recibido dinero"})
_RECEIVED = (
    r"(?:you(?:'ve| have)? received a payment of|ha recibido un pago de) (?P<{0}>\S{{1,20}}(?: [A-Z]{{3}})?)"
    r"(?: (?:from|de) (?P<{1}>[^()]{{1,100}}?)(?: ?\((?P<{2}>[^\s()]{{3,100}})\))?)?\.?"
)
_SENTENCE = re.compile(_RECEIVED.format("value", "name", "email"), re.IGNORECASE)


def _translate(line: str) -> str:
    line = one_line(line)
    return "payment received" if _SENTENCE.fullmatch(line) or fold_words(line) in SUBJECTS else line


TABLES = Tables(
    name=NAME,
    gateway=NAME,
    labels=labels(
        order=("Invoice ID", "Invoice number", "Id. de factura"),
        amount=("Total", "Payment", "Importe total"),
        reference=("Transaction ID", "Id. de transacción"),
        date=("Transaction date", "Fecha de la transacción"),
        merchant=("Seller", "Vendedor"),
        payer=("Buyer", "Comprador"),
        purpose=("Instructions to merchant", "Instrucciones para el vendedor", "Description", "Descripción"),
    ),
    words=words(
        pending=r"\be-?check\b|\bhas authorized\b|\bpendiente|\bunclaimed\b|\b(?:payment|under) review\b",
        refund=r"\breembols",
        chargeback=r"\bdisput|\bclaim\b",
    ),
    timezone=TIMEZONE,
    day_first=False,
    translate=_translate,
    sentences={
        "amount": _SENTENCE,
        "payer": re.compile(_RECEIVED.format("sum", "value", "email"), re.IGNORECASE),
        "email": re.compile(_RECEIVED.format("sum", "name", "value"), re.IGNORECASE),
        "merchant": re.compile(r"(?:hello|dear|hola)[, ]+(?P<value>[^,!:]{1,100})[,!:]?", re.IGNORECASE),
    },
)


@dataclass(slots=True, kw_only=True)
class PayPal(Gateway):
    def parse(self, message: Message) -> Sequence[Notice]:
        notices = Gateway.parse(self, message)
        if any(notice.kind is Kind.PAYMENT for notice in notices) and fold_words(message.subject) not in SUBJECTS:
            raise Unreadable("a payment, under a subject that we do not know", parser=NAME, found=message.subject[:80])
        return notices


DEFAULT = PayPal(
    NAME=NAME,
    domains=DOMAINS,
    tables=TABLES,
    reference=re.compile(r"[A-Z0-9]{17}"),
    aside=(
        (Kind.RECEIPT, re.compile(r"(?:Receipt for your payment to|Recibo de su pago a) ", re.IGNORECASE)),
        (Kind.PENDING, re.compile(r".{1,100} has authorized a payment to you", re.IGNORECASE)),
    ),
    demands=(),
)
claims = DEFAULT.claims
configured = DEFAULT.configured
sheet = DEFAULT.sheet
parse = DEFAULT.parse
