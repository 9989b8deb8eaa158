"""
An independent corpus: reconstructed payment notices made from a seed and `layouts.toml`, each with its truth, and a judge.

Written without a look at the reader, so that what it reads right here it was not tuned to.

    python -m tests.corpus --count 5000 --seed 1

Rooms: `data` the data file, `facts` what a letter must say and its truth, `printing` sums, dates and orders as text, `rows` the
pairs of label and value, `ink` characters and markup that change nothing for the eye, `layouts` pairs onto a page, `bodies` whole
pages, `drafts` a letter in the making, `changes` what makes it harder: `doubts` (nobody can be sure) and `oddities` (a person
can), `enclosures` and `posting` a mail's bytes, `maker` one letter, `judge` the verdict, `report` tables.
"""
