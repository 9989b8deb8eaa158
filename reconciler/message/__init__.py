"""
Bytes in, a `Message` out: the mail layer of the line. Pure, never raises, linear in the size of the mail.

    decode(raw)               the whole mail
    headers_only(raw_header)  what a mailbox's header fetch returns
    fields(raw)               the header as (name, undecoded value), split exactly as the DKIM check splits it
    DESCRIBING                the fields that say how the body is read

Nothing is decoded before the MIME layer says how, and what was lost or guessed is a fact on the message: `lossy`
and a short word in `defects`. Rooms: `entity` cuts bytes, `engine` is mail-parser, `charsets` turns bytes into text,
`headers` and `parts` put the two together.
"""

from __future__ import annotations

from reconciler.message.decoding import decode, headers_only
from reconciler.message.engine import DESCRIBING
from reconciler.message.entity import fields

__all__ = ["DESCRIBING", "decode", "fields", "headers_only"]
