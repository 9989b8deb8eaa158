"""
A letter that is forwarded in the text of a mail: what mail programs do unless they are told to attach it. Pure.

    find(message)    the one letter, as a message of its own, or why there is none
    says_forwarded(subject)
    PUBLIC_DOMAINS   where anybody can have an address

Rooms: `words` is what programs write, `lines` takes a body apart and cuts it, `headers` finds the header over a letter, `finding`
makes the letter. Formats are reconstructed; what is not plainly one forward is left to a person.
"""

from __future__ import annotations

from reconciler.forwarded.finding import Forward, find, says_forwarded
from reconciler.forwarded.words import PUBLIC_DOMAINS

__all__ = ["PUBLIC_DOMAINS", "Forward", "find", "says_forwarded"]
