"""`python -m reconciler.sandbox.host`: starts `process` as quickly as `reconciler run` starts."""

from __future__ import annotations

import sys

from reconciler.starting import importing

with importing():
    from reconciler.sandbox.host.process import main

if __name__ == "__main__":
    sys.exit(main())
