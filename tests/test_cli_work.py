"""`poll`, `reprocess` and `run` from the command line, over a real mailbox, desk, resolver and ledger."""

from __future__ import annotations

import json
import mailbox
import signal
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.byhand import going, reading
from reconciler.clock import utc_now
from reconciler.ledger import Ledger
from reconciler.model import State
from reconciler.sandbox import letters
from reconciler.sandbox.planfix.faults import Fault
from tests.counter import Counter, one, rows

KEYS = {
    "id", "key", "mail", "file", "state", "reason", "order", "amount", "currency", "transaction_id", "outcome",
}  # fmt: skip
ROOT = Path(__file__).parents[1]
KEY = "wayforpay:shop:WFP-SOC-1234567-6ac4b29136b28"


# ---------------------------------------------------------------- reprocess


def test_a_saved_mail_goes_the_whole_way(counter: Counter) -> None:
    """One object per payment with the documented keys; the income stands, the order is in production, exit 0."""
    mail = counter.letter()
    done = counter.run("reprocess", "--new-ledger", str(mail))
    row = one(done)
    assert done.exit_code == 0
    assert set(row) == KEYS
    assert list(row) == sorted(row)
    assert (row["id"], row["key"], row["mail"], row["file"]) == ("e1", KEY, 1, str(mail))
    assert (row["amount"], row["currency"], row["order"], row["outcome"]) == ("1250.00", "UAH", "12345", "settled")
    order = counter.planfix.order(12345)
    assert (order.status, len(order.incomes)) == ("У виробництві", 1)


def test_a_mail_read_before_is_already(counter: Counter) -> None:
    """The same file again, and the same payment in another letter, post nothing and cost the desk nothing."""
    mail = counter.letter()
    counter.run("reprocess", "--new-ledger", str(mail))
    counter.planfix.forget_requests()
    again = counter.run("reprocess", str(mail), str(counter.letter("other.eml", language="en")))
    assert (again.exit_code, [row["outcome"] for row in rows(again)]) == (0, ["already", "already"])
    assert counter.planfix.count() == 0


def test_two_mails_of_one_payment_in_one_run(counter: Counter) -> None:
    """The first is settled, the second is already; one income."""
    done = counter.run(
        "reprocess", "--new-ledger", str(counter.letter("a.eml")), str(counter.letter("b.eml", language="ru"))
    )
    assert [row["outcome"] for row in rows(done)] == ["settled", "already"]
    assert len(counter.planfix.order(12345).incomes) == 1


def test_folders_archives_and_odd_names(counter: Counter) -> None:
    """O15: a folder is walked, an mbox is split, a name is literal; each row says where it came from."""
    folder = counter.folder / "збережені [2026]"
    folder.mkdir()
    odd = [unicodedata.normalize("NFD", "[WayForPay] їжак.eml"), "a b.EML", "notes.txt"]
    for number, name in enumerate(odd):
        counter.planfix.add_order(100 + number, due="10.00")
        raw = letters.notice(order=str(100 + number), reference=f"WFP-{number}", amount="10.00")
        (folder / name).write_bytes(letters.sign(raw))
    archive = counter.folder / "archive.mbox"
    box = mailbox.mbox(archive)
    for number in range(2):
        counter.planfix.add_order(200 + number, due="20.00")
        raw = letters.notice(order=str(200 + number), reference=f"WFP-M{number}", amount="20.00", html=False)
        box.add(letters.sign(raw).replace(b"\r\n", b"\n"))
    box.close()
    done = counter.run("reprocess", "--new-ledger", str(folder), str(archive))
    assert done.exit_code == 0, done.stderr
    assert [row["file"] for row in rows(done)] == [
        str(folder / odd[0]), str(folder / odd[1]), f"{archive}#1", f"{archive}#2",
    ]  # fmt: skip
    assert {row["outcome"] for row in rows(done)} == {"settled"}


def test_results_come_as_they_are(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """More files than one batch: each is read and settled once, in their order, and repeats across batches are already."""
    monkeypatch.setattr(reading, "BATCH", 2)
    mails = [counter.letter(f"{n}.eml", order="777", reference=f"WFP-{n}", amount="10.00") for n in range(5)]
    counter.planfix.add_order(777, due="50.00")
    done = counter.run("reprocess", "--new-ledger", *map(str, [*mails, mails[0]]))
    assert [row["file"] for row in rows(done)] == [str(mail) for mail in [*mails, mails[0]]]
    assert [row["outcome"] for row in rows(done)][-2:] == ["settled", "already"]
    assert len(counter.planfix.order(777).incomes) == 5
    assert {entry.state for entry in counter.entries()} == {State.SETTLED}


def test_a_mail_from_stdin(counter: Counter) -> None:
    """`-` is read like a file."""
    done = counter.run("reprocess", "--new-ledger", "-", stdin=counter.letter().read_bytes())
    assert (one(done)["file"], one(done)["outcome"]) == ("-", "settled")


def test_what_cannot_be_read_is_named(counter: Counter) -> None:
    """O15: a missing file and an empty folder end with 2; the others are done all the same."""
    (counter.folder / "empty").mkdir()
    done = counter.run("reprocess", "--new-ledger", "gone.eml", str(counter.folder / "empty"), str(counter.letter()))
    assert (done.exit_code, one(done)["outcome"]) == (2, "settled")
    assert "gone.eml: No such file or directory" in done.stderr
    assert "empty: no *.eml in this folder" in done.stderr


def test_messages_have_outcomes_too(counter: Counter) -> None:
    """A declined payment is skipped (0), a stranger's mail is held (1); both are rows of a message, with a null key."""
    declined = counter.run("reprocess", "--new-ledger", str(counter.letter(status="declined")))
    assert (declined.exit_code, one(declined)["outcome"], one(declined)["key"]) == (0, "skipped", None)
    stranger = counter.run("reprocess", str(counter.letter("s.eml", sender="x@example.org")))
    assert (stranger.exit_code, one(stranger)["reason"], one(stranger)["id"]) == (1, "unclaimed", "m2")


def test_no_ledger_no_reprocess(counter: Counter) -> None:
    """O13: without a ledger it ends with 2 and makes none, unless asked to; so for a dry run."""
    mail = str(counter.letter())
    for args in (["reprocess", mail], ["reprocess", "--dry-run", mail]):
        done = counter.run(*args)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "ledger" in done.stderr
        assert not (counter.folder / "reconciler.db").exists()


def test_the_mailbox_is_named_where_there_are_several(counter: Counter) -> None:
    """With two mailboxes one has to be chosen; a wrong name tells the right ones."""
    counter.configure(mailboxes=["payments", "archive"])
    mail = str(counter.letter())
    unsaid = counter.run("reprocess", "--new-ledger", mail)
    wrong = counter.run("reprocess", "--new-ledger", "--mailbox", "paymets", mail)
    right = counter.run("reprocess", "--new-ledger", "--mailbox", "archive", mail)
    assert (unsaid.exit_code, wrong.exit_code, right.exit_code) == (2, 2, 0)
    assert "archive, payments" in unsaid.stderr
    assert "there is no [mailboxes.paymets]" in wrong.stderr


def test_wrong_settings_name_the_key(counter: Counter) -> None:
    """O13: settings that cannot be run with end with 2, naming key and value, and nothing is begun."""
    text = counter.config.read_text()
    counter.config.write_text(text.replace('mode = "live"', 'mode = "lively"').replace("host", "hots"))
    for args in (["run"], ["poll"], ["reprocess", "x.eml"], ["ledger"]):
        done = counter.run(*args)
        assert done.exit_code == 2
        assert "desks.factory.mode" in done.stderr
        assert "mailboxes.payments.hots" in done.stderr
    assert not (counter.folder / "reconciler.db").exists()


def test_a_total_that_lags_is_waited_for(counter: Counter) -> None:
    """A Difference that is recounted a moment later is looked at again in the same command."""
    counter.planfix.manners.stale_reads = 2
    done = counter.run("reprocess", "--new-ledger", str(counter.letter()))
    assert (done.exit_code, one(done)["outcome"]) == (0, "settled")


def test_what_will_take_long_is_not_waited_for(counter: Counter) -> None:
    """An order nobody has made yet waits by itself: 75 at once, and the payment is due later."""
    done = counter.run("reprocess", "--new-ledger", str(counter.letter(order="777")))
    assert (done.exit_code, one(done)["outcome"], one(done)["reason"]) == (75, "waiting", "order_not_found")
    (entry,) = counter.entries()
    assert entry.retry_at is not None


def test_a_desk_that_does_not_answer(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the desk out of reach the payment is in the ledger and waits: 75."""
    monkeypatch.setattr(going, "PATIENCE_SECONDS", 0.0)
    counter.planfix.faults.add(Fault("*", "status:503", times=1000))
    done = counter.run("reprocess", "--new-ledger", str(counter.letter()))
    assert (done.exit_code, one(done)["outcome"], one(done)["reason"]) == (75, "waiting", "desk_unreachable")


def test_only_what_it_is_about_is_walked(counter: Counter) -> None:
    """Another payment that is due stays as it is: a command by hand does what was asked of it."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(order="777")))
    counter.planfix.add_order(777, due="1250.00")
    with later_by(hours=1):
        done = counter.run("reprocess", str(counter.letter("b.eml", reference="WFP-2")))
    assert one(done)["outcome"] == "settled"
    assert counter.planfix.order(777).incomes == ()


# ---------------------------------------------------------------- poll


def test_one_pass(counter: Counter) -> None:
    """poll makes the ledger, reads the mailbox, settles, and prints the same object without a file."""
    counter.imap.deliver(counter.letter().read_bytes())
    done = counter.run("poll")
    assert (done.exit_code, one(done)["outcome"]) == (0, "settled")
    assert set(one(done)) == KEYS - {"file"}
    nothing = counter.run("poll")
    assert (nothing.exit_code, nothing.stdout) == (0, "")


def test_a_pass_takes_up_what_waits(counter: Counter) -> None:
    """What another command left due is settled by the next pass, and told."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(order="777")))
    counter.planfix.add_order(777, due="1250.00")
    with later_by(hours=1):
        done = counter.run("poll")
    assert (done.exit_code, one(done)["id"], one(done)["outcome"]) == (0, "e1", "settled")


def test_what_was_only_observed_goes_on_in_mode_live(counter: Counter) -> None:
    """A payment recorded in mode observe is posted by the first pass after the mode was changed."""
    counter.configure(desk='mode = "observe"')
    seen = counter.run("reprocess", "--new-ledger", str(counter.letter()))
    assert (one(seen)["outcome"], one(seen)["state"]) == ("skipped", "recorded")
    assert counter.run("poll").stdout == ""
    counter.configure()
    assert one(counter.run("poll"))["outcome"] == "settled"


def test_a_mailbox_out_of_reach_keeps_nobody_waiting(counter: Counter) -> None:
    """C22: one mailbox that cannot be reached is told (75), and what is due is settled all the same."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(order="777")))
    counter.planfix.add_order(777, due="1250.00")
    counter.imap.stop()
    with later_by(hours=1):
        done = counter.run("poll")
    assert (done.exit_code, one(done)["outcome"]) == (75, "settled")
    assert "127.0.0.1: connect" in done.stderr


def test_mail_is_put_away_once_its_outcome_stands(counter: Counter) -> None:
    """after = move: in the pass that settled the payment, and not before."""
    counter.configure(mailbox="after = 'move:Done'")
    counter.imap.deliver(counter.letter().read_bytes())
    assert counter.run("poll").exit_code == 0
    assert counter.imap.mails() == []
    assert len(counter.imap.mails("Done")) == 1


def test_foreign_mail_is_looked_at_again_when_asked(counter: Counter) -> None:
    """--rescan fetches the headings of foreign mail once more; without it they are not asked for again."""
    counter.imap.deliver(letters.notice(sender="x@example.org"))
    counter.run("poll")
    fetched = counter.imap.count("UID FETCH")
    counter.run("poll")
    assert counter.imap.count("UID FETCH") == fetched
    assert counter.run("poll", "--rescan").exit_code == 0
    assert counter.imap.count("UID FETCH") == fetched + 1
    counter.run("poll")
    assert counter.imap.count("UID FETCH") == fetched + 1


# ---------------------------------------------------------------- dry runs


@pytest.mark.parametrize("mode", ["live", "post", "observe"])
def test_a_dry_run_changes_nothing(counter: Counter, mode: str) -> None:
    """O05: it says what would be done; ledger, mailbox and desk stay byte for byte as they were, but for reads."""
    counter.configure(desk=f'mode = "{mode}"', mailbox="after = 'move:Done'")
    counter.run("reprocess", "--new-ledger", str(counter.letter("first.eml", order=None, reference="WFP-1")))
    mail = counter.letter()
    counter.imap.deliver(letters.notice(status="declined", reference="WFP-3"))
    counter.imap.deliver(mail.read_bytes())
    before = counter.everything()
    counter.planfix.forget_requests()
    for args in (["poll"], ["reprocess", str(mail)]):
        done = counter.run(*args, "--dry-run")
        assert done.exit_code == 0, done.stderr
        assert {(row["would"], row["outcome"]) for row in rows(done) if row["key"]} == {
            ("post 1250.00 UAH to order 12345", "skipped")
        }
    assert counter.writes() == []
    assert counter.planfix.count() > 0
    assert counter.everything() == before
    assert [stored.flags for stored in counter.imap.mails()] == [set(), set()]


def test_a_dry_run_before_the_first_run(counter: Counter) -> None:
    """Without a ledger poll --dry-run shows what the first run would do, and leaves none behind."""
    mail = counter.letter()
    counter.imap.deliver(mail.read_bytes())
    before = counter.everything()
    assert one(counter.run("poll", "--dry-run"))["would"] == "post 1250.00 UAH to order 12345"
    assert one(counter.run("reprocess", "--dry-run", "--new-ledger", str(mail)))["would"] is not None
    assert counter.everything() == before
    assert counter.writes() == []


def test_a_dry_run_beside_an_owner(counter: Counter) -> None:
    """A rehearsal needs no ownership: it works while the daemon owns mailbox and desk."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(order=None, reference="WFP-1")))
    with owned(counter, "desk:factory", "mailbox:payments", "daemon"):
        done = counter.run("reprocess", "--dry-run", str(counter.letter("b.eml")))
    assert (done.exit_code, one(done)["would"]) == (0, "post 1250.00 UAH to order 12345")


def test_a_dry_run_beside_postgresql(counter: Counter, postgres_url: str) -> None:
    """A ledger in PostgreSQL is left alone: the rehearsal begins with an empty one, and says so."""
    counter.config.write_text(counter.config.read_text() + f'[ledger]\nurl = "{postgres_url}"\n')
    mail = str(counter.letter())
    assert one(counter.run("reprocess", "--new-ledger", mail))["outcome"] == "settled"
    done = counter.run("reprocess", "--dry-run", mail)
    assert one(done)["id"] == "e1"
    assert "the ledger is in PostgreSQL, so this rehearsal begins with an empty one" in done.stderr
    assert one(counter.run("ledger"))["outcome"] == "settled"


def test_a_new_refresh_token_outlives_a_dry_run(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """C13: a provider that lets the old token die must not lock the mailbox out after a rehearsal: the new one is kept."""
    oauth = 'oauth2 = { token_url = "https://id.example.ua/t", client_id = "c", refresh_token = "first-token" }'
    counter.config.write_text(counter.config.read_text().replace("password = 'secret-pay'", oauth))
    used: list[str] = []

    def post(url: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        used.append(fields["refresh_token"])
        answer = {"access_token": "secret-pay", "refresh_token": f"token-{len(used)}", "expires_in": 3600}
        return 200, json.dumps(answer).encode()

    monkeypatch.setattr("reconciler.app.post_form", post)
    for args in (["poll"], ["poll", "--dry-run"], ["poll", "--dry-run"], ["poll"]):
        assert counter.run(*args).exit_code == 0
    assert used == ["first-token", "token-1", "token-2", "token-3"]


# ---------------------------------------------------------------- two owners


def test_a_pass_beside_another_owner(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another owns is left to it: 75, and who holds it is told."""
    monkeypatch.setattr(going, "OWNER_SECONDS", 0.2)
    counter.imap.deliver(counter.letter().read_bytes())
    with owned(counter, "mailbox:payments", "desk:factory"):
        done = counter.run("poll")
    assert (done.exit_code, done.stdout) == (75, "")
    for name in ("mailbox:payments", "desk:factory"):
        assert f"{name} is owned by pid " in done.stderr
    assert counter.planfix.count() == 0


def test_an_owner_that_does_not_come(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment whose desk another owns waits for it; the command gives up after a while, the ledger does not."""
    monkeypatch.setattr(going, "OWNER_SECONDS", 0.2)
    with owned(counter, "desk:factory"):
        done = counter.run("reprocess", "--new-ledger", str(counter.letter()))
    assert (done.exit_code, one(done)["outcome"]) == (75, "waiting")
    assert "desk factory is owned by pid " in done.stderr
    assert one(counter.run("poll"))["outcome"] == "settled"


def test_an_owner_that_goes_away(counter: Counter) -> None:
    """The owner ends while the command waits for it: the command takes the desk over and settles by itself."""
    asked = threading.Event()
    holder = Ledger.holder

    def noticed(ledger: Ledger, name: str) -> str | None:
        asked.set()
        return holder(ledger, name)

    with owned(counter, "desk:factory") as let_go:

        def leave() -> None:
            asked.wait(20)
            let_go.set()

        leaving = threading.Thread(target=leave)
        leaving.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ledger, "holder", noticed)
            done = counter.run("reprocess", "--new-ledger", str(counter.letter()))
        leaving.join()
    assert (done.exit_code, one(done)["outcome"]) == (0, "settled")


# ---------------------------------------------------------------- the daemon


def test_reprocess_beside_the_daemon(counter: Counter) -> None:
    """D09: where the daemon owns the desk, the command's payments are walked by it; one income, and the command says so."""
    counter.planfix.add_order(777, due="50.00")
    with daemon(counter) as process:
        first = counter.run("reprocess", str(counter.letter()))
        held = counter.run("reprocess", str(counter.letter("b.eml", order=None, reference="WFP-2", amount="50.00")))
        given = counter.run("resolve", "e2", "--order", "777")
        elsewhere = counter.run("poll")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert (first.exit_code, one(first)["outcome"]) == (0, "settled")
    assert (held.exit_code, one(held)["reason"]) == (1, "order_not_found")
    assert (given.exit_code, one(given)["outcome"]) == (0, "settled")
    assert (elsewhere.exit_code, elsewhere.stdout) == (75, "")
    assert f"desk:factory is owned by pid {process.pid} on " in elsewhere.stderr
    assert [len(counter.planfix.order(number).incomes) for number in (12345, 777)] == [1, 1]
    with_daemon = {line["actor"] for line in one(counter.run("show", "e1"))["timeline"] if line["event"] == "step.sent"}
    assert with_daemon == {"daemon"}


def test_a_daemon_that_observes(counter: Counter) -> None:
    """In mode observe the daemon's walk is told as what it would do; nothing is posted."""
    counter.configure(desk='mode = "observe"')
    with daemon(counter):
        done = counter.run("reprocess", str(counter.letter()))
    assert (done.exit_code, one(done)["outcome"], one(done)["state"]) == (0, "skipped", "recorded")
    assert counter.writes() == []


def test_a_daemon_that_cannot_begin(counter: Counter) -> None:
    """O13: no folder for the ledger is 2; a daemon that runs already on this ledger is 75 and named."""
    with daemon(counter) as process:
        second = ended(counter)
    assert second.returncode == 75
    assert f"daemon is owned by pid {process.pid} on " in second.stderr
    counter.config.write_text(counter.config.read_text() + '[ledger]\nurl = "sqlite:///gone/reconciler.db"\n')
    nowhere = ended(counter)
    assert nowhere.returncode == 2
    assert "no folder" in nowhere.stderr


# ---------------------------------------------------------------- tools


@contextmanager
def owned(counter: Counter, *names: str) -> Iterator[threading.Event]:
    """These are another's until the block ends, or until the event is set."""
    taken, let_go = threading.Event(), threading.Event()

    def own() -> None:
        ledger = counter.ledger()
        try:
            own_all(ledger, list(names))
        finally:
            ledger.close()

    def own_all(ledger: Ledger, left: list[str]) -> None:
        if not left:
            taken.set()
            let_go.wait(60)
            return
        with ledger.exclusive(left[0]):
            own_all(ledger, left[1:])

    thread = threading.Thread(target=own)
    thread.start()
    assert taken.wait(20)
    try:
        yield let_go
    finally:
        let_go.set()
        thread.join()


@contextmanager
def later_by(*, hours: float) -> Iterator[None]:
    """Commands in the block believe it is so much later."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.app.utc_now", lambda: utc_now() + timedelta(hours=hours))
        yield


def command(counter: Counter) -> list[str]:
    return [sys.executable, "-m", "reconciler", "--config", str(counter.config), "run"]


def ended(counter: Counter) -> subprocess.CompletedProcess[str]:
    """`reconciler run` in a process of its own (it takes the process's signals), which is to end by itself."""
    return subprocess.run(command(counter), capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


@contextmanager
def daemon(counter: Counter) -> Iterator[subprocess.Popen[str]]:
    """`reconciler run` as a process of its own, ready; killed at the end if it is still there."""
    silent = subprocess.DEVNULL
    with subprocess.Popen(command(counter), stderr=subprocess.PIPE, stdout=silent, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if '"service.ready"' in line:
                break
        else:
            raise AssertionError("the daemon ended before it was ready:\n" + "".join(said))
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        try:
            yield process
        finally:
            process.kill()
            process.wait(20)
            drain.join()
