"""
The elements of HTML by how they are drawn: names in lower case.
"""

from __future__ import annotations

UNSEEN = frozenset([
    "head", "script", "style", "title", "meta", "link", "template", "noscript", "object", "svg", "math", "iframe",
    "select", "rt", "rp", "textarea", "xmp", "plaintext", "noembed", "noframes",
])  # fmt: skip
"""Nothing of these is drawn, or by some programs alone."""

BLOCKS = frozenset([
    "html", "body", "address", "article", "aside", "blockquote", "caption", "center", "dd", "details", "dialog", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hr", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "ul",
])  # fmt: skip
"""These stand on lines of their own."""

STRUCK = frozenset(["del", "s", "strike"])

RAW = frozenset([
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext", "noscript",
])  # fmt: skip
"""Their text is no markup, though another program may read it as such."""

CODE = frozenset(["script", "style"])
