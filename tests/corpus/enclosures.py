"""
What is enclosed with a letter: MIME entities as bytes, ready to stand in a multipart.
"""

from __future__ import annotations

import base64
import io
import zipfile

_REGISTER = (
    "\ufeff№;Замовлення;Час;Магазин;Сума;Комісія;Статус\r\n"
    '1;"WFP-SOC-1-6ac4b29136b28";21.11.2025 14:05:33;shop_example_ua;1250,00;25,00;Approved\r\n'
    '2;"AP-1763726733-1";21.11.2025 15:00:00;shop_example_ua;99,50;1,99;Declined\r\n'
)


def _entity(described: str, payload: bytes) -> bytes:
    coded = base64.encodebytes(payload).replace(b"\n", b"\r\n")
    return f"{described}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + coded


def _zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.writestr(zipfile.ZipInfo("register.csv"), _REGISTER.encode())
    return held.getvalue()


def _attached(kind: str, name: str) -> str:
    return f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"'


ENCLOSED = {
    "mixed": ("mixed", _entity(_attached("application/pdf", "receipt.pdf"), b"%PDF-1.4\n%%EOF\n")),
    "related": (
        "related",
        _entity(
            "Content-Type: image/gif\r\nContent-ID: <p>",
            b"GIF89a\x01\x00\x01\x00\x00\x00\x00!\xf9\x04\x01\n\x00\x01\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02L\x01\x00;",
        ),
    ),
    "mixed, text attached": (
        "mixed",
        _entity(
            _attached("text/plain; charset=utf-8", "terms.txt"),
            "Сума: 7 777,00 грн\r\nНомер замовлення: 99999\r\nСтатус: Відхилено\r\n".encode(),
        ),
    ),
    "register": ("mixed", _entity(_attached("application/zip", "register.zip"), _zip())),
}
"""Shape → the multipart it makes, and what is enclosed. An attached text is no part of what the letter says."""
