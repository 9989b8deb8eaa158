"""Rule 2: what suffices to believe a letter, and that a signature is no payment."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from reconciler.config import load
from reconciler.flow import decisions
from reconciler.flow.rules import GatewayRules, MailboxRules
from reconciler.model import MailState, OutcomeWord, Reason, State, Voucher
from reconciler.sandbox import letters
from reconciler.timeline import sentence
from tests.rules.stage import GATEWAY, OTHER, REFERENCE, SHOP, Stage, rules_with, signed, stands, trusting
from tests.worlds import uah

PINNED = MailboxRules(name="payments", authserv_id="mx.example.ua")
SAYS_PASS = b"Authentication-Results: mx.example.ua; dkim=pass header.d=wayforpay.com.ua\r\n"
REQUIRED = (b"from", b"subject", b"date")
REPLAYABLE = tuple(name for name in letters.SIGNED if name != b"message-id")
MINIMAL = """
[merchants.shop]
gateway = "wayforpay"
names = ["shop_example_ua"]
desk = "factory"
{merchant}
[desks.factory]
url = "http://127.0.0.1:9/rest/"
token = "sandbox-token"
advance_from = ["Очікує оплати"]
mode = "live"
{more}
"""


def held(stage: Stage, raw: bytes, *, why: str = "") -> Reason | None:
    """The reason under which this letter is held as a message; it must have made nothing of itself. why: words of a check."""
    (outcome,) = stage.take(raw)
    stage.run(minutes=11)
    assert (outcome.outcome, outcome.key, stage.mail(outcome).state) == (OutcomeWord.HELD, None, MailState.HELD)
    assert (stage.entries(), stage.desk.calls) == ([], [])
    assert not why or any(why in check for check in outcome.facts["checks"]), outcome.facts
    return outcome.reason


def remarks(folder: Path, more: str, *, merchant: str = "") -> tuple[str, ...]:
    path = folder / "reconciler.toml"
    path.write_text(MINIMAL.format(more=more, merchant=merchant))
    path.chmod(0o600)
    return load(path, environ={}).remarks


# ---------------------------------------------------------------- what suffices


def test_dkim_suffices(tmp_path: Path) -> None:
    """Our own check of the signature is enough, and the entry says who vouched."""
    stage = Stage.make(tmp_path, rules=trusting(Voucher.DKIM))
    stage.order()
    assert stage.paid().trusted_by is Voucher.DKIM


def test_the_default_is_dkim_or_authentication_results_or_witness() -> None:
    """Nobody has to set `trust`, and `none` is not in it."""
    assert GATEWAY.trust == (Voucher.DKIM, Voucher.AUTHENTICATION_RESULTS, Voucher.WITNESS)
    assert Voucher.NONE not in GatewayRules(name="other", domains=()).trust


@pytest.mark.parametrize("missing", REQUIRED)
def test_dkim_needs_from_subject_and_date_signed(tmp_path: Path, missing: bytes) -> None:
    """S06: a signature that leaves out one of the three vouches for nothing."""
    raw = letters.sign(letters.notice(), headers=[b"from", *(name for name in letters.SIGNED if name != missing)])
    if missing == b"from":  # no signer leaves it out, so it is struck from the list afterwards
        raw = re.sub(rb"h=(from|\s|:)+", b"h=", raw, count=1)
    assert held(Stage.make(tmp_path), raw, why=f"{missing.decode()} not signed") is Reason.UNTRUSTED


def test_dkim_needs_the_gateway_s_domain(tmp_path: Path) -> None:
    """S03: a valid signature of a stranger's domain under the gateway's From vouches for nothing."""
    raw = letters.sign(letters.notice(), domain="attacker.example")
    assert held(Stage.make(tmp_path), raw, why="not one of the gateway's domains") is Reason.UNTRUSTED


def test_dkim_needs_from_aligned(tmp_path: Path) -> None:
    """S02 S03: the gateway's genuine signature does not vouch for another sender the settings read."""
    gateway = replace(GATEWAY, senders=("notify@pay.example.com",))
    raw = letters.sign(letters.notice(sender="notify@pay.example.com"))
    stage = Stage.make(tmp_path, rules=rules_with(gateway=gateway))
    assert held(stage, raw, why="is not aligned") is Reason.UNTRUSTED


def test_dkim_accepts_no_l_tag(tmp_path: Path) -> None:
    """S06: l= leaves the body's end unsigned, so such a signature vouches for nothing, appended text or not."""
    raw = letters.sign(letters.notice()).replace(b" s=sandbox;", b" s=sandbox; l=10;", 1)
    assert held(Stage.make(tmp_path), raw, why="l= leaves the end of the body unsigned") is Reason.UNTRUSTED


def test_authentication_results_of_the_pinned_server_suffices(tmp_path: Path) -> None:
    """The receiving server's word, its header on top, is enough where its name is pinned."""
    stage = Stage.make(tmp_path, rules=rules_with(mailbox=PINNED))
    stage.order()
    stage.dns.records.clear()  # our own check finds no key any more; the server checked when the mail came
    (outcome,) = stage.take(SAYS_PASS + signed())
    stage.run()
    assert stands(stage.entry(outcome.id)) == (State.SETTLED, None)
    assert stage.entry(outcome.id).trusted_by is Voucher.AUTHENTICATION_RESULTS


def test_only_the_topmost_header_counts(tmp_path: Path) -> None:
    """S01: the pinned server's header below another one may be a forger's, and vouches for nothing."""
    above = SAYS_PASS.replace(b"mx.example.ua", b"mx.attacker.example")
    stage = Stage.make(tmp_path, rules=rules_with(mailbox=PINNED))
    stage.dns.records.clear()
    assert held(stage, above + SAYS_PASS + signed(), why="mx.attacker.example's, not") is Reason.UNTRUSTED


def test_only_the_pinned_server_s_exact_name_counts(tmp_path: Path) -> None:
    """S01: a server whose name only begins like the pinned one is another server."""
    raw = SAYS_PASS.replace(b"mx.example.ua", b"mx.example.ua.attacker.example") + signed()
    stage = Stage.make(tmp_path, rules=rules_with(mailbox=PINNED))
    stage.dns.records.clear()
    assert held(stage, raw, why="'s, not") is Reason.UNTRUSTED


def test_a_witness_that_is_listed_but_cannot_be_asked_vouches_for_nothing(tmp_path: Path) -> None:
    """An unsigned letter where only `witness` is accepted and there is none to ask: held, told at each start, never posted."""
    assert held(Stage.make(tmp_path, rules=trusting(Voucher.WITNESS)), letters.notice()) is Reason.UNTRUSTED
    told = remarks(tmp_path, '[gateways.wayforpay]\ntrust = ["witness"]')
    assert any("no secret to ask it with" in remark for remark in told)


def test_none_is_the_owner_s_risk_and_warned_at_each_start(tmp_path: Path) -> None:
    """With `none` an unsigned letter posts, the entry says so, and each start warns what that means."""
    stage = Stage.make(tmp_path, rules=trusting(Voucher.NONE))
    stage.order()
    (outcome,) = stage.take(letters.notice())
    stage.run()
    assert stage.entry(outcome.id).trusted_by is Voucher.NONE
    assert stage.entry(outcome.id).state is State.SETTLED
    for _ in range(2):
        told = remarks(tmp_path, '[gateways.wayforpay]\ntrust = ["none"]')
        assert any("whoever writes a letter in its name can move an order" in remark for remark in told)


# ---------------------------------------------------------------- the untrusted


def test_an_untrusted_notice_creates_no_entry_and_occupies_no_key(tmp_path: Path) -> None:
    """S02: a forged letter that arrives before the genuine one neither posts nor stands in its way."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    (forged,) = stage.take(letters.notice(amount="1.00"))
    assert (forged.outcome, forged.reason, stage.entries()) == (OutcomeWord.HELD, Reason.UNTRUSTED, [])
    genuine = stage.paid()
    assert stands(genuine) == (State.SETTLED, None)
    assert [row.amount for row in order.rows] == [uah("1250.00")]


def test_an_untrusted_notice_lends_no_fact(tmp_path: Path) -> None:
    """S02: a forged letter that names an order fills no gap of the genuine one, which names none."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    genuine = stage.paid(order=None)
    stage.take(letters.notice(order="12345"))
    stage.run(hours=1)
    assert stage.again(genuine).order_number is None
    assert (stands(stage.again(genuine)), order.rows) == ((State.HELD, Reason.ORDER_NOT_FOUND), [])


def test_a_forged_letter_after_the_genuine_one_changes_nothing(tmp_path: Path) -> None:
    """S02 S06: no conflict is made of a stranger's other sum under a known transaction id."""
    stage = Stage.make(tmp_path)
    stage.order()
    genuine = stage.paid()
    stage.take(letters.notice(amount="9999.00"))
    stage.run(hours=1)
    assert stage.again(genuine) == genuine


def campaigns(stage: Stage, *raws: bytes) -> list[tuple[str, int]]:
    """What the log says of campaigns while these arrive: the warnings by their event, and the counts."""
    with capture_logs() as logs:
        for raw in raws:
            stage.take(raw)
    told = [line for line in logs if line["event"].startswith("campaign.")]
    assert all((line["log_level"] == "warning") is (line["event"] == "campaign.met") for line in told)
    return [(line["event"], line["count"]) for line in told]


def wave(first: int, last: int, **facts: Any) -> list[bytes]:
    return [letters.notice(amount=f"{number}.00", reference=f"WFP-{number}", **facts) for number in range(first, last)]


def test_untrusted_mail_is_counted_and_alerted_once_per_campaign(tmp_path: Path) -> None:
    """S02: of a wave of forged letters the first is told as a warning, the rest only counted, also after a restart and days later."""
    stage = Stage.make(tmp_path)
    assert campaigns(stage, *wave(1, 4)) == [("campaign.met", 1), ("campaign.seen", 2), ("campaign.seen", 3)]
    stage.with_rules(rules_with())
    stage.clock.pass_(days=6)
    assert campaigns(stage, *wave(4, 6)) == [("campaign.seen", 4), ("campaign.seen", 5)]
    stage.clock.pass_(days=6)
    assert campaigns(stage, *wave(6, 7)) == [("campaign.seen", 6)]
    with stage.ledger.look() as tx:
        mails = tx.mails(reason=Reason.UNTRUSTED)
        assert {mail.facts["count"] for mail in mails} == {1, 2, 3, 4, 5, 6}
        assert len({mail.facts["campaign"] for mail in mails}) == 1
        told = [sentence(event) for event in tx.history() if event.name.startswith("campaign.")]
    assert told[0].startswith("nobody vouched for it, and none like it had come")
    assert [words.rpartition("number ")[2] for words in told[1:]] == [f"{number} of its like" for number in range(2, 7)]


def test_a_campaign_that_begins_anew_is_told_anew(tmp_path: Path) -> None:
    """S02: after a week without such a letter, or with another subject, language or proof, it is another campaign."""
    stage = Stage.make(tmp_path)
    assert campaigns(stage, *wave(1, 2)) == [("campaign.met", 1)]
    assert campaigns(stage, *wave(2, 3, language="en")) == [("campaign.met", 1)]
    assert campaigns(stage, letters.sign(letters.notice(), domain="attacker.example")) == [("campaign.met", 1)]
    stage.clock.pass_(days=8)
    assert campaigns(stage, *wave(3, 4)) == [("campaign.met", 1)]


def test_a_letter_read_again_is_counted_once(tmp_path: Path) -> None:
    """S02: `resolve --retry` of a forged letter neither counts it again nor tells of it again."""
    stage = Stage.make(tmp_path)
    (outcome,) = stage.take(letters.notice())
    decisions.retry(stage.ledger, outcome.id)
    with capture_logs() as logs:
        stage.intake.read_due()
    assert [line for line in logs if line["event"].startswith("campaign.")] == []
    assert stage.mail(outcome).facts["count"] == 1


def test_a_stranger_cannot_make_a_warning_of_each_letter(tmp_path: Path) -> None:
    """S02 S13: letters under ever new domains and subjects are told of twenty times and then once more, and cost one row."""
    stage = Stage.make(tmp_path)
    raws = [letters.notice(sender=f"notify@{chr(97 + number)}.wayforpay.com.ua") for number in range(26)]
    told = campaigns(stage, *raws)
    assert [event for event, _ in told] == ["campaign.met"] * 21 + ["campaign.seen"] * 5
    with stage.ledger.look() as tx:
        assert len(tx.recall("campaigns:wayforpay") or {}) == 21


def test_posted_facts_come_only_from_a_source_that_was_trusted(tmp_path: Path) -> None:
    """S02 S06: one changed digit in a signed letter breaks its signature, and nothing in it is posted."""
    stage = Stage.make(tmp_path)
    raw = letters.sign(letters.notice(html=False, charset="koi8-u"))
    changed = raw.replace(b": 12345\r\n", b": 12346\r\n")
    assert changed != raw
    assert held(stage, changed) is Reason.UNTRUSTED


def test_a_genuine_letter_replayed_posts_nothing_more(tmp_path: Path) -> None:
    """S06: the gateway's own letter sent again, by other servers and under another Message-ID, is the payment it was."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    told = letters.sign(letters.notice(), headers=REPLAYABLE)
    (first,) = stage.take(told)
    stage.run()
    replayed = b"Received: from a by relay.example.net; x\r\n" + told.replace(b"Message-ID: <WFP", b"Message-ID: <X", 1)
    (again,) = stage.take(replayed)
    stage.run(hours=1)
    assert (replayed != told, again.outcome, again.key) == (True, OutcomeWord.ALREADY, first.key)
    assert (len(stage.entries()), [row.amount for row in order.rows]) == (1, [uah("1250.00")])


def test_a_person_may_vouch_for_a_letter(tmp_path: Path) -> None:
    """`resolve --trust`: the held letter is read as if signed, and the entry says that a person vouched."""
    stage = Stage.make(tmp_path)
    stage.order()
    (outcome,) = stage.take(letters.notice())
    decisions.vouch(stage.ledger, outcome.id, person="bookkeeper")
    (read,) = stage.intake.read_due()
    stage.run()
    entry = stage.entry(read.id)
    assert (entry.trusted_by, entry.state) == (Voucher.PERSON, State.SETTLED)


def test_an_answer_of_dns_that_does_not_come_waits_and_later_posts(tmp_path: Path) -> None:
    """S04: a time-out of DNS is neither pass nor fail: the letter waits by itself and posts when the key can be had."""
    stage = Stage.make(tmp_path)
    stage.order()
    stage.dns.answers = False
    (outcome,) = stage.take(signed())
    assert (outcome.outcome, outcome.reason) == (OutcomeWord.WAITING, Reason.UNTRUSTED)
    stage.clock.pass_(minutes=3)
    assert [one.outcome for one in stage.intake.read_due()] == [OutcomeWord.WAITING]
    stage.dns.answers = True
    stage.clock.pass_(minutes=3)
    (read,) = stage.intake.read_due()
    stage.run()
    assert stands(stage.entry(read.id)) == (State.SETTLED, None)


def test_a_dns_that_never_answers_ends_with_a_person(tmp_path: Path) -> None:
    """S04 D08: after a day of asking the letter is held as untrusted and asked about no more."""
    stage = Stage.make(tmp_path)
    stage.dns.answers = False
    (outcome,) = stage.take(signed())
    stage.clock.pass_(hours=25)
    (read,) = stage.intake.read_due()
    assert (read.outcome, read.reason) == (OutcomeWord.HELD, Reason.UNTRUSTED)
    stage.clock.pass_(hours=25)
    assert stage.intake.read_due() == []
    assert stage.mail(outcome).state is MailState.HELD


def test_a_key_rotated_away_does_not_take_a_verdict_back(tmp_path: Path) -> None:
    """S05: the verdict of the day the letter came stands when it is read again after the key is gone."""
    stage = Stage.make(tmp_path, rules=rules_with(merchants=()))
    (outcome,) = stage.take(signed())
    assert outcome.reason is Reason.WRONG_MERCHANT
    stage.dns.records.clear()
    stage.with_rules(rules_with())
    decisions.retry(stage.ledger, outcome.id)
    (read,) = stage.intake.read_due()
    assert (read.key, stage.entry(read.id).trusted_by) == (f"wayforpay:shop:{REFERENCE}", Voucher.DKIM)


# ---------------------------------------------------------------- the merchant


def test_a_signature_proves_the_gateway_wrote_it_not_that_we_were_paid(tmp_path: Path) -> None:
    """P09: a genuine letter about another shop is `wrong_merchant`, posts nothing and shows what was printed."""
    stage = Stage.make(tmp_path)
    raw = signed(shop="stranger.example.com (stranger_example_com)")
    assert held(stage, raw) is Reason.WRONG_MERCHANT
    with stage.ledger.look() as tx:
        (mail,) = tx.mails(reason=Reason.WRONG_MERCHANT)
    assert mail.facts["printed"] == ["stranger.example.com (stranger_example_com)"]


@pytest.mark.parametrize(
    "shop",
    [
        "shop.example.ua (stranger_example_com)",
        "shop.example.ua (магазин.укр)",
        "shop.example.ua (Stranger Shop)",
        "shop.example.ua / stranger",
        "shop.example.ua - чужий_юа",
        "my-shop.example.ua",
        "shop.example.ua.example.com",
        "shop.example.ua 2",
    ],
)
def test_a_stranger_s_account_under_our_site_s_name_is_a_wrong_merchant(tmp_path: Path, shop: str) -> None:
    """P09: every word about the shop must be ours, in any script, not only one of them."""
    assert held(Stage.make(tmp_path), signed(shop=shop)) is Reason.WRONG_MERCHANT


@pytest.mark.parametrize(
    "shop", ["https://shop.example.ua/ | SHOP_EXAMPLE_UA", "Shop.example.ua", "Меблі (shop_example_ua)"]
)
def test_every_name_of_the_settings_may_be_printed(tmp_path: Path, shop: str) -> None:
    """P09: site, account and a title that the owner lists are one shop, however they are set."""
    names = (*SHOP.names, "меблі")
    stage = Stage.make(tmp_path, rules=rules_with(merchants=(replace(SHOP, names=names),)))
    assert stage.told(shop=shop).merchant == "shop"


def without_shop(**facts: Any) -> bytes:
    """A signed letter without its line about the shop."""
    raw = letters.notice(html=False, charset="koi8-u", **facts)
    lines = raw.split(b"\r\n")
    shop = next(number for number, line in enumerate(lines) if b"shop.example.ua (" in line)
    return letters.sign(b"\r\n".join([*lines[:shop], *lines[shop + 1 :]]))


def test_a_letter_that_names_no_shop_is_merchant_missing(tmp_path: Path) -> None:
    """P09: nothing is guessed, not even where there is only one merchant."""
    assert held(Stage.make(tmp_path), without_shop()) is Reason.MERCHANT_MISSING


def test_a_mailbox_may_say_whose_such_letters_are(tmp_path: Path) -> None:
    """P09: with `merchant` on the mailbox a letter that names no shop posts for that merchant; one that names another does not."""
    stage = Stage.make(tmp_path, rules=rules_with(mailbox=MailboxRules(name="payments", merchant="shop")))
    stage.order()
    (outcome,) = stage.take(without_shop())
    stage.run()
    assert stands(stage.entry(outcome.id)) == (State.SETTLED, None)
    (other,) = stage.take(signed(shop="stranger.example.com (stranger_example_com)", reference=OTHER))
    assert other.reason is Reason.WRONG_MERCHANT
    (spoken,) = stage.take(without_shop(reference=OTHER, payer="Іван, магазин stranger.example.com"))
    assert spoken.reason is Reason.WRONG_MERCHANT


def test_a_mailbox_s_merchant_is_warned_about_where_no_witness_is_asked(tmp_path: Path) -> None:
    """The warning is there without a witness and gone with one."""
    box = '[mailboxes.payments]\nhost = "127.0.0.1"\nusername = "pay"\npassword = "secret-secret"\nmerchant = "shop"\n'
    assert any("names no shop counts as for" in remark for remark in remarks(tmp_path, box))
    witnessed = remarks(tmp_path, box, merchant='secret = "witness-secret"')
    assert not any("names no shop counts as for" in remark for remark in witnessed)


def test_the_merchant_decides_the_desk(tmp_path: Path) -> None:
    """Two shops, two desks: each letter's payment is its own merchant's desk's, under its own key."""
    other = replace(SHOP, name="outlet", names=("outlet_example_ua", "outlet.example.ua"), desk="warehouse")
    stage = Stage.make(tmp_path, rules=rules_with(merchants=(SHOP, other)))
    ours = stage.told()
    theirs = stage.told(shop="outlet.example.ua (outlet_example_ua)")
    assert (ours.desk, ours.key) == ("factory", f"wayforpay:shop:{REFERENCE}")
    assert (theirs.desk, theirs.key) == ("warehouse", f"wayforpay:outlet:{REFERENCE}")
