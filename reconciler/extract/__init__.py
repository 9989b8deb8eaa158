"""
The reading engine under every parser and profile: label/value pairs, amounts, dates and order numbers out of text.

Pure and blind to who sent the mail: what a label means is told by the caller's tables. Rooms, each above the next: `notices` puts a
letter together, `contradictions` refuses one that denies itself, `fields` and `facts` read each field once, `words` tell what happened,
`layout` finds labels and their values, `values` are the grammars, `html` draws what a reader sees.
"""
