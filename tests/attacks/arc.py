"""Letters under ARC sets that do not vouch for them, though the settings believe the seals of two servers."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.sandbox import letters
from tests.arcs import COVERED, PASS, SEALER, SECOND, chain, seal
from tests.attacks.case import Attack, changed, with_subject

STRANGER = "attacker.example"
FAILED = b"dkim=fail header.d=wayforpay.com.ua"


def _sealed(seals: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Over a letter with a wide signature whose key is gone, so that only the chain could vouch for it."""
    return lambda raw: seals(letters.sign(raw, selector="gone"))


def _sets(raw: bytes) -> bytes:
    """The sets that stand on top of a letter."""
    return raw.partition(b"DKIM-Signature")[0]


def _other() -> bytes:
    """Another letter of the gateway's, truly forwarded and sealed."""
    return seal(letters.sign(letters.notice(amount="1.00"), selector="gone"))


def _two(raw: bytes, **how: str) -> bytes:
    return seal(seal(raw), FAILED, instance=2, domain=SECOND, status=how.get("status"))


def _turned(raw: bytes) -> bytes:
    """The two sets in the wrong order."""
    first, both = _sets(seal(raw)), _sets(_two(raw))
    return first + both.removesuffix(first) + raw


def _many(raw: bytes) -> bytes:
    sets = [
        b"ARC-Seal: i=%d; a=rsa-sha256; d=%s; s=sandbox; cv=pass; b=AAAA\r\n"
        b"ARC-Message-Signature: i=%d; a=rsa-sha256; d=%s; s=sandbox; h=from; bh=AAAA; b=AAAA\r\n"
        b"ARC-Authentication-Results: i=%d; mx.%s; %s\r\n" % (n, name, n, name, n, name, PASS)
        for n in range(51, 0, -1)
        for name in [SEALER.encode()]
    ]
    return b"".join(sets) + raw


ARC: tuple[Attack, ...] = (
    Attack(name="sealed_by_a_stranger", odd="a chain that holds, of a server nobody named", make=_sealed(lambda raw: seal(raw, domain=STRANGER))),
    Attack(name="sealed_by_a_stranger_above", odd="a stranger's seal above a named server's", make=_sealed(lambda raw: seal(seal(raw), FAILED, instance=2, domain=STRANGER))),
    Attack(name="sealed_by_a_stranger_below", odd="a stranger's pass below a named server's seal", make=_sealed(lambda raw: seal(seal(raw, domain=STRANGER), FAILED, instance=2))),
    Attack(name="sealed_for_another_letter", odd="the set of another letter of the gateway's", make=_sealed(lambda raw: _sets(_other()) + raw)),
    Attack(name="sealed_on_another_s_set", odd="a named server's true seal above the set of another letter", make=_sealed(lambda raw: seal(_sets(_other()) + raw, FAILED, instance=2, domain=SECOND))),
    Attack(name="sealed_and_subject_changed", odd="the subject changed after the seal", make=_sealed(lambda raw: with_subject(seal(raw), "Успішний платіж".encode()))),
    Attack(name="sealed_and_changed_between", odd="changed before a second named server sealed it", make=_sealed(lambda raw: seal(with_subject(seal(raw), "Успішний платіж".encode()), FAILED, instance=2, domain=SECOND))),
    Attack(name="sealed_results_rewritten", odd="the server's fail made a pass under its seal", make=_sealed(lambda raw: changed(seal(raw, FAILED), b"dkim=fail", b"dkim=pass"))),
    Attack(name="sealed_as_failed", odd="a named server's seal on its fail", make=_sealed(lambda raw: seal(raw, FAILED))),
    Attack(name="sealed_as_the_attacker_s", odd="a named server's seal on a pass of the attacker's domain", make=_sealed(lambda raw: seal(raw, b"dkim=pass header.d=attacker.example"))),
    Attack(name="sealed_as_spf_and_dmarc", odd="a named server's seal on spf and dmarc alone", make=_sealed(lambda raw: seal(raw, b"spf=pass smtp.mailfrom=wayforpay.com.ua; dmarc=pass header.from=wayforpay.com.ua"))),
    Attack(name="sealed_without_a_signature", odd="a seal on a pass, and the letter has no signature", make=seal),
    Attack(name="sealed_narrow_signature", odd="a seal on the pass of a signature of From alone", make=lambda raw: seal(letters.sign(raw, headers=(b"from",), selector="gone"))),
    Attack(name="sealed_signature_not_covered", odd="a seal under which DKIM-Signatures can be exchanged", make=_sealed(lambda raw: seal(raw, headers=letters.SIGNED))),
    Attack(name="sealed_subject_not_covered", odd="a seal that leaves out Subject", make=_sealed(lambda raw: seal(raw, headers=[name for name in COVERED if name != b"subject"]))),
    Attack(name="sealed_with_an_open_end", odd="a seal with l=", make=_sealed(lambda raw: seal(raw, message_tags=[(b"l", b"0")]))),
    Attack(name="sealed_chain_failed", odd="a second server says that the chain failed", make=_sealed(lambda raw: _two(raw, status="fail"))),
    Attack(name="sealed_chain_unheard", odd="a second server that saw no chain", make=_sealed(lambda raw: _two(raw, status="none"))),
    Attack(name="sealed_with_a_gap", odd="i=1 and i=3", make=_sealed(lambda raw: seal(seal(raw), FAILED, instance=3))),
    Attack(name="sealed_twice_as_the_first", odd="i=1 twice", make=_sealed(lambda raw: seal(seal(raw), FAILED))),
    Attack(name="sealed_out_of_order", odd="the sets in the wrong order", make=_sealed(_turned)),
    Attack(name="sealed_without_its_first", odd="i=2 alone", make=_sealed(lambda raw: _sets(_two(raw)).removesuffix(_sets(seal(raw))) + raw)),
    Attack(name="sealed_fifty_one_times", odd="fifty-one sets", make=_sealed(_many)),
    Attack(name="sealed_with_no_key", odd="a selector without a key", make=_sealed(lambda raw: seal(raw, selector="nowhere"))),
    Attack(name="sealed_three_times", odd="a chain of three that all saw it fail", make=_sealed(lambda raw: chain(raw, FAILED, FAILED, FAILED))),
)  # fmt: skip
