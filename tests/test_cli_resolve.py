"""`resolve`, `pause` and `resume` from the command line, over a real desk and ledger."""

from __future__ import annotations

import getpass
import shutil
import socket
from pathlib import Path

import pytest

from reconciler.model import State
from tests.counter import Counter, one, rows

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wayforpay"
NOBODY_SIGNED = '[gateways.wayforpay]\ntrust = ["none"]\n'


def test_an_order_is_given(counter: Counter) -> None:
    """O10: a payment held for want of its order goes on at once to the order a person names."""
    held = counter.run("reprocess", "--new-ledger", str(counter.letter(order=None)))
    assert held.exit_code == 1
    assert (one(held)["state"], one(held)["reason"]) == ("held", "order_not_found")
    done = counter.run("resolve", "e1", "--order", "12345")
    assert (done.exit_code, one(done)["outcome"], one(done)["order"]) == (0, "settled", "12345")
    assert counter.planfix.order(12345).status == "У виробництві"


def test_a_decision_has_a_name(counter: Counter) -> None:
    """The history says who decided and when."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(order=None)))
    counter.run("resolve", "e1", "--order", "12345")
    story = one(counter.run("show", "e1"))
    (given,) = [line for line in story["timeline"] if line["event"] == "entry.order_given"]
    assert given["actor"] == f"{getpass.getuser()}@{socket.gethostname()}"


def test_a_person_vouches(counter: Counter) -> None:
    """A message nobody signed is held; once a person vouches for it, it is read and settled in the same command."""
    held = counter.run("reprocess", "--new-ledger", str(counter.letter(signed=False)))
    assert (held.exit_code, one(held)["id"], one(held)["key"], one(held)["reason"]) == (1, "m1", None, "untrusted")
    done = counter.run("resolve", "m1", "--trust")
    assert (done.exit_code, one(done)["id"], one(done)["outcome"]) == (0, "e1", "settled")


def test_a_damaged_message_goes_on_when_a_person_has_compared_it(counter: Counter) -> None:
    """A payment read from a lossy message waits for a person, and their --retry lets it go on."""
    counter.config.write_text(counter.config.read_text() + NOBODY_SIGNED)
    counter.planfix.add_order(4711, due="1250.00")
    shutil.copy(FIXTURES / "charset_label_wrong" / "notice.eml", counter.folder / "damaged.eml")
    held = counter.run("reprocess", "--new-ledger", str(counter.folder / "damaged.eml"))
    assert (held.exit_code, one(held)["reason"]) == (1, "message_damaged")
    done = one(counter.run("resolve", "m1", "--retry"))
    assert done["id"] == "e1"
    assert done["transaction_id"] is not None


def test_discard_and_back(counter: Counter) -> None:
    """A decision can be taken back: a discarded payment that is retried is posted."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(order=None)))
    gone = counter.run("resolve", "e1", "--discard", "typed by hand")
    assert (gone.exit_code, one(gone)["outcome"]) == (0, "discarded")
    assert counter.run("resolve", "e1", "--retry").exit_code == 1
    assert one(counter.run("resolve", "e1", "--order", "12345"))["outcome"] == "settled"


def test_many_at_once(counter: Counter) -> None:
    """--where decides about everything open that meets the conditions, and about nothing else."""
    letters = [counter.letter(f"{n}.eml", order=None, reference=f"WFP-{n}") for n in range(3)]
    other = counter.letter("other.eml", signed=False, reference="WFP-9")
    counter.run("reprocess", "--new-ledger", *map(str, [*letters, other]))
    done = counter.run("resolve", "--where", "reason=order_not_found", "--where", "desk=factory", "--discard", "test")
    assert (done.exit_code, [row["outcome"] for row in rows(done)]) == (0, ["discarded"] * 3)
    (left,) = rows(counter.run("ledger", "--state", "held"))
    assert left["reason"] == "untrusted"
    nothing = counter.run("resolve", "--where", "reason=order_not_found", "--retry")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "nothing that is open has reason=order_not_found" in nothing.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["e1", "--trust"], "--trust is for messages held as untrusted"),
        (["e1", "--discard", " "], "--discard needs the reason in words"),
        (["e9", "--retry"], "e9: nothing of that id is in the ledger"),
        (["wayforpay:shop:x", "--retry"], "neither an id like e12 or m7 nor a known key"),
        (["m1", "--order", "12345"], "--order is for payments"),
        (["m1", "--retry"], "m1 was read"),
    ],
)
def test_an_impossible_decision_is_told(counter: Counter, args: list[str], message: str) -> None:
    """What makes no sense ends with 2 and says what would; nothing is changed by it."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(order=None)))
    done = counter.run("resolve", *args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert counter.entries()[0].state is State.HELD


def test_one_that_cannot_does_not_keep_the_others(counter: Counter) -> None:
    """Each id is decided by itself; the exit code tells that one was not possible."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(order=None)))
    done = counter.run("resolve", "e9", "e1", "--order", "12345")
    assert (done.exit_code, one(done)["outcome"]) == (2, "settled")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["e1"], "one decision is needed"),
        (["e1", "--retry", "--trust"], "one decision is needed"),
        (["--retry"], "name what is meant"),
        (["e1", "--where", "reason=refund", "--retry"], "name what is meant"),
        (["--where", "reason=refund", "--trust"], "go with its id"),
        (["--where", "state=held", "--retry"], "--where needs a reason"),
        (["--where", "reason=order_not_fuond", "--retry"], "did you mean order_not_found?"),
        (["--where", "colour=red", "--retry"], "write NAME=VALUE with one of reason"),
        (["--where", "reason=refund", "--where", "reason=doubled", "--retry"], "cannot be refund and doubled at once"),
    ],
)
def test_a_wrong_use_is_named(counter: Counter, args: list[str], message: str) -> None:
    """Usage errors end with 2 before the ledger is touched."""
    done = counter.run("resolve", *args)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())
    assert not (counter.folder / "reconciler.db").exists()


def test_the_brake(counter: Counter) -> None:
    """A paused desk is sent nothing, and the payment waits in the ledger; resumed, it goes on."""
    counter.run("reprocess", "--new-ledger", str(counter.letter("first.eml", order=None)))
    assert one(counter.run("pause", "factory")) == {"desk": "factory", "paused": True}
    counter.planfix.forget_requests()
    waiting = counter.run("reprocess", str(counter.letter(reference="WFP-2")))
    assert (waiting.exit_code, one(waiting)["outcome"], one(waiting)["state"]) == (75, "waiting", "recorded")
    assert "desk factory is paused" in waiting.stderr
    assert counter.planfix.count() == 0
    assert one(counter.run("resume", "factory")) == {"desk": "factory", "paused": False}
    assert one(counter.run("poll"))["outcome"] == "settled"


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_an_unknown_desk_names_the_known_ones(counter: Counter, command: str) -> None:
    """A misspelt desk is 2 and says which there are."""
    near, far = counter.run(command, "factroy"), counter.run(command, "x")
    assert (near.exit_code, far.exit_code) == (2, 2)
    assert "did you mean factory?" in near.stderr
    assert "there are: factory" in far.stderr


@pytest.mark.parametrize("args", [["ledger"], ["show", "e1"], ["resolve", "e1", "--retry"], ["pause", "factory"]])
def test_no_command_but_the_named_ones_makes_a_ledger(counter: Counter, args: list[str]) -> None:
    """Without a ledger they end with 2, say what makes one, and make none."""
    done = counter.run(*args)
    assert done.exit_code == 2
    assert "no ledger at" in done.stderr
    assert "`reconciler run` or `poll` creates it" in done.stderr
    assert not (counter.folder / "reconciler.db").exists()
