"""
The reading engine under every parser and profile: label/value pairs, amounts, dates and order numbers out of text.

Pure and blind to who sent the mail: what a label means is told by the caller's tables.
"""
