"""
Hutko's letters to a merchant → notices. RECONSTRUCTED: no letter, and no address that writes it, is public.

Comes in: a message from Hutko. Goes out: one notice. What is known is the callback: Fondy's, whose protocol it
speaks. A payment needs every field under a label, the callback's name of it or the house's words; the rest is held. Shown by fixtures/hutko/paid_uk.

Odd: the API counts in minor units, so a sum without its kopecks is held.
"""

from __future__ import annotations

from parsers._fondy import gateway

NAME = "hutko"
VERSION = "1"
RECONSTRUCTED = True
DOMAINS = ("hutko.org",)
TIMEZONE = "Europe/Kyiv"

DEFAULT = gateway(NAME, domains=DOMAINS, timezone=TIMEZONE)
claims = DEFAULT.claims
configured = DEFAULT.configured
sheet = DEFAULT.sheet
parse = DEFAULT.parse
