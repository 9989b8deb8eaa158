"""The proof's words, where the demo looks for them; `reconciler.sandbox.proof` has them."""

from reconciler.sandbox.proof import PRODUCTION, Account, Advanced, Letter, Nature, Proof, prove

__all__ = ["PRODUCTION", "Account", "Advanced", "Letter", "Nature", "Proof", "prove"]
