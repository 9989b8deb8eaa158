"""Text as mails print it, made comparable: what no reader sees is gone, and what looks alike is one."""

from __future__ import annotations

import pytest

from reconciler.extract.text import (
    clean,
    even,
    flowing,
    fold_label,
    fold_words,
    label_words,
    one_line,
    only_marks,
    unmarked,
)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Сума: 5 грн", "Сума: 5 грн"),
        ("Сума:\n5 грн\n", "Сума:\n5 грн\n"),
        ("1\u00ad2\u200b3\u200d4\u2060\ufeff5", "12345"),
        ("\u200e12\u200f3\u202a4\u202c5\u2066", "12345"),
        ("1\x002\x073\x1b4\x7f5\x9f", "12345"),
        ("1\u034f2\ufe003\ufe0f4", "1234"),
        ("1\U000e00012\U000e007f3", "123"),
        ("\ufe10\ufdff\u034e", "\ufe10\ufdff\u034e"),
        ("1\u00a02\u20093\u202f4\u30005\u16806", "1 2 3 4 5 6"),
        ("1\t2\u28003\u31644\u115f5\u11606\uffa07", "1 2 3 4 5 6 7"),
        ("1\r\n2\r3\x854\x0b5\x0c6\u20287\u20298", "1\n2\n3\n4\n5\n6\n7\n8"),
        ("1\u202e2", "1\ufffd2"),
        ("Оплачено 👍🏽", "Оплачено 👍🏽"),
        ("", ""),
    ],
)
def test_what_no_reader_sees_is_gone(raw: str, cleaned: str) -> None:
    """Marks without a body vanish, every blank is one kind, every line end another; a reversal of order leaves its mark."""
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    ("raw", "drawn"),
    [
        ("Сума: 5", "Сума: 5"),
        (" Сума: ", " Сума: "),
        ("  Сума:\r\n\t 5  ", " Сума: 5 "),
        ("Сума:\n5", "Сума: 5"),
        ("Сума:\r5", "Сума: 5"),
        ("Сума:\t5", "Сума: 5"),
        ("Сума:\u00a0\u00a05", "Сума: 5"),
        ("Сума:\u20285", "Сума: 5"),
        ("Су\u00adма: \u200b 5", "Сума: 5"),
        ("Сума:\u2800\u31645", "Сума: 5"),
        ("\n", " "),
    ],
)
def test_text_flows_as_it_is_drawn(raw: str, drawn: str) -> None:
    """HTML's runs of blanks and line ends are one space; a blank at an edge stays, as a word may stand behind it."""
    assert flowing(raw) == drawn
    assert even(clean(raw)) == drawn
    assert one_line(raw) == drawn.strip()


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("`12345`", "12345"),
        (" ** 12345 ** ", "12345"),
        ("__a__", "a"),
        ("«Троянда»", "Троянда"),
        ("[1]", "1"),
        ("12345", "12345"),
        ("`12345", "`12345"),
        ("12345*", "12345*"),
        ("«a» і «b»", "«a» і «b»"),
        ("'a' 'b'", "'a' 'b'"),
        ("[a] b]", "[a] b]"),
        ("[a [b]", "[a [b]"),
        ("``", "``"),
        ("", ""),
    ],
)
def test_marks_around_a_whole_value_are_not_of_it(printed: str, value: str) -> None:
    """One pair that stands around all of it is taken away; marks inside, or on one side, stay."""
    assert unmarked(printed) == value


@pytest.mark.parametrize("marks", ["", ":", " : ", "—", "– | -", "\n", "  "])
def test_separators_alone_say_nothing(marks: str) -> None:
    """Colons, dashes and bars stand between what is said."""
    assert only_marks(marks)


@pytest.mark.parametrize("words", ["0", "так", "- 5", ": a", "•", "?"])
def test_anything_else_says_something(words: str) -> None:
    """One letter or digit beside the marks is a value, and so is a sign that nobody lists."""
    assert not only_marks(words)


@pytest.mark.parametrize(
    ("printed", "folded"),
    [
        ("Сума", "Cyмa"),
        ("Сума", "СУМА:"),
        ("Сума", "✔ Сума *"),
        ("Сума", "«Сума»"),
        ("Дата й час", "Дата\u00a0 й\nчас"),
        ("Ім'я", "Ім’я"),
        ("Ім'я", "Імʼя"),
        ("Ім'я", "Ім´я"),
        ("Ім'я", "Ім＇я"),
        ("E-mail", "E–mail:"),
        ("E-mail", "e－mail"),
        ("E-mail", "Е\u2011mail"),
        ("№ 1", "No 1"),
        ("Straße", "STRASSE"),
        ("(Сума", "Сума"),
    ],
)
def test_labels_that_look_alike_are_one(printed: str, folded: str) -> None:
    """Case, mixed alphabets, apostrophes, dashes and what stands around a label make no other label."""
    assert fold_label(printed) == fold_label(folded)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Сума", "Сума комісії"),
        ("Сума", "Суми"),
        ("order_id", "order id"),
        ("_id", "id"),
        ("id_", "id"),
        ("#", ""),
        ("Сума (грн)", "Сума (грн"),
        ("Order #", "Order"),
        ("Номер1", "Номер"),
    ],
)
def test_labels_that_differ_stay_apart(one: str, other: str) -> None:
    """Other words, a bracket that is closed and the signs of a field's name count."""
    assert fold_label(one) != fold_label(other)


@pytest.mark.parametrize("marks", ["", ":", " — ", "***", "✔"])
def test_marks_are_no_label(marks: str) -> None:
    """What has no letter in it folds to nothing."""
    assert fold_label(marks) == ""


@pytest.mark.parametrize(
    ("word", "words"),
    [("Сума", 1), ("СУМА:", 1), ("Дата/час", 2), ("E-mail", 2), ("order_id", 1), ("—", 0)],
)
def test_a_label_is_made_of_words(word: str, words: int) -> None:
    """Signs part words, an underscore joins them."""
    assert len(label_words(word)) == words
    assert "".join(label_words(word)) == fold_label(word).replace("/", "").replace("-", "")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("  Платіж\n ВІДХИЛЕНО \t", "платіж відхилено"),
        ("Не\u00adоплачено", "неоплачено"),
        ("в’язень — так", "в'язень - так"),
        ("ﬁnal", "final"),
        ("сплачено \u00a8 вчора", "сплачено \u0308 вчора"),
    ],
)
def test_words_are_looked_up_in_one_form(raw: str, words: str) -> None:
    """Lower case, one space between words, ligatures and signs as what they look like."""
    assert fold_words(raw) == words
