"""
Walks a mail's parts: texts, HTML, attachments, and attached mails kept apart from all of them.

In: an entity and a budget shared by the whole mail. Out: parts collected in a `Found`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.message import charsets, engine, flowed
from reconciler.message.engine import Description
from reconciler.message.entity import Entity, children, split
from reconciler.model import Attachment, Message, TextPart

MAX_PARTS = 200
MAX_NESTING = 20
_ATTACHED_TYPES = frozenset({"message/rfc822", "message/global"})
_SPACES_KEPT = frozenset({"base64", "quoted-printable"})
# A part so marked was not read as its sender wrote it, or by what no signature covers (how many spaces stand in a row or
# at a line's end), so its mail is never posted by itself.
_LOSSY_DEFECTS = frozenset(
    [
        "parts_limit",
        "nesting_limit",
        "headers_limit",
        "header_too_long",
        "header_malformed",
        "parameter_unreadable",
        "base64_damaged",
        "encoding_unknown",
        "encoding_damaged",
        "boundary_missing",
        "multipart_unclosed",
        "duplicate_content_type",
        "duplicate_content_transfer_encoding",
        "duplicate_content_disposition",
        "boundary_with_spaces",
        "soft_break_padded",
        "uuencoded",
    ]
)


@dataclass(slots=True)
class Budget:
    """How many more parts a mail may have, attached mails included."""

    parts: int = MAX_PARTS


@dataclass(slots=True)
class Found:
    texts: list[TextPart] = field(default_factory=list)
    htmls: list[TextPart] = field(default_factory=list)
    attached: list[Message] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    @property
    def lossy(self) -> bool:
        return any(part.lossy for part in (*self.texts, *self.htmls)) or not _LOSSY_DEFECTS.isdisjoint(self.defects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One mail's walk; `open_attached` decodes an attached mail at a nesting depth."""

    found: Found
    budget: Budget
    prefix: str  # "" or "attached[0]."
    open_attached: Callable[[bytes, int, Budget, str], Message]

    def visit(
        self, entity: Entity, *, depth: int, default: str = "text/plain", inside_attachment: bool = False
    ) -> None:
        if depth > MAX_NESTING:
            self.found.defects.append("nesting_limit")
            return
        if self.budget.parts <= 0:
            self.found.defects.append("parts_limit")
            return
        self.budget.parts -= 1
        about, defects = engine.describe(entity.fields, default=default)
        self.found.defects.extend(defects)
        if depth:  # the mail's own header defects are told by its head
            self.found.defects.extend(entity.defects)
        attachment = inside_attachment or about.disposition == "attachment"
        if about.content_type.startswith("multipart/") and about.boundary:
            self._multipart(entity, about, depth=depth, attachment=attachment)
        elif about.content_type in _ATTACHED_TYPES:
            self._attached_mail(entity, about, depth=depth)
        else:
            self._leaf(entity, about, attachment=attachment)

    def _multipart(self, entity: Entity, about: Description, *, depth: int, attachment: bool) -> None:
        boundary = about.boundary.encode("utf-8", "surrogateescape" if about.boundary.isascii() else "replace")
        parts, closed = children(entity.body, boundary, most=self.budget.parts)
        if not closed and len(parts) <= self.budget.parts:
            self.found.defects.append("multipart_unclosed" if parts else "boundary_missing")
        if any(c.isspace() for c in about.boundary):
            self.found.defects.append("boundary_with_spaces")
        default = "message/rfc822" if about.content_type == "multipart/digest" else "text/plain"
        for raw in parts:
            if self.budget.parts <= 0:
                self.found.defects.append("parts_limit")
                return
            self.visit(split(raw, part=True), depth=depth + 1, default=default, inside_attachment=attachment)

    def _attached_mail(self, entity: Entity, about: Description, *, depth: int) -> None:
        raw, defects = engine.payload(entity.body, about.encoding)  # RFC 2046 forbids base64 here; Outlook does it
        self.found.defects.extend(defects)
        if depth + 1 > MAX_NESTING:
            self.found.defects.append("nesting_limit")
            return
        path = f"{self.prefix}attached[{len(self.found.attached)}]."
        self.found.attached.append(self.open_attached(raw, depth + 1, self.budget, path))

    def _leaf(self, entity: Entity, about: Description, *, attachment: bool) -> None:
        data, defects = engine.payload(entity.body, about.encoding)
        self.found.defects.extend(defects)
        named = bool(about.filename) and about.disposition != "inline"
        kind = {"text/plain": "text", "text/html": "html"}.get(about.content_type)
        if about.content_type.startswith("multipart/"):
            self.found.defects.append("boundary_missing")
            kind = "text"
        if kind is None or attachment or named:
            self.found.attachments.append(
                Attachment(filename=about.filename, content_type=about.content_type, payload=data)
            )
            return
        decoded = charsets.decode(data, about.charset)
        if decoded.defect:
            self.found.defects.append(decoded.defect)
        content = decoded.content
        if "\r" in content:
            content = content.replace("\r\n", "\n").replace("\r", "\n")
        others: tuple[str, ...] = ()
        unasked = False  # whether it may be something else besides
        if kind == "text" and about.flowed:
            unasked = len(content) > flowed.LONGEST
            content, others = flowed.readings(content, delsp=about.delsp, kept=about.encoding in _SPACES_KEPT)
            if others or unasked:
                self.found.defects.append("flowed_text")
        into = self.found.texts if kind == "text" else self.found.htmls
        path = f"{self.prefix}{kind}[{len(into)}]"
        lossy = decoded.lossy or unasked
        into.append(TextPart(path=path, content=content, charset=decoded.charset, lossy=lossy, others=others))
