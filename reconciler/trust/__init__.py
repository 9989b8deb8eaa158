"""
Who vouches for a mail. In: a `Message`, a `TrustPolicy` and a way to fetch a signing key. Out: a `Verdict`.

Pure but for the key fetcher it is handed. A signature proves that the gateway wrote the letter, not that we were paid:
whose shop it speaks of is judged later. The gateway's own API (the witness) is asked later too, by the flow.
"""

from __future__ import annotations

from reconciler.trust.arc import sealers
from reconciler.trust.policy import FetchKey, KeyAnswer, TrustPolicy
from reconciler.trust.results import authserv_id
from reconciler.trust.verdict import judge, verdict_from_json, verdict_to_json

__all__ = [
    "FetchKey",
    "KeyAnswer",
    "TrustPolicy",
    "authserv_id",
    "judge",
    "sealers",
    "verdict_from_json",
    "verdict_to_json",
]
