"""Grammars of what stands behind a label: sums, dates, numbers of orders, references."""
