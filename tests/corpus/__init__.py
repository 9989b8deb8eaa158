"""
An independent corpus: payment notices made from a seed and `layouts.toml`, each with its truth, and a judge for the reader.

Written without a look at the reader, so that what it reads right here it was not tuned to.

    python -m tests.corpus --count 5000 --seed 1

Rooms: `data` the data file, `facts` what a letter must say and its truth, `printing` sums, dates and orders as text, `rows` the
pairs of label and value, `ink` characters and markup that change nothing for the eye, `layouts` pairs onto a page, `bodies` whole
pages, `doubts` letters that nobody can be sure of, `posting` a mail's bytes, `maker` one letter, `judge` the verdict, `report` tables.
"""
