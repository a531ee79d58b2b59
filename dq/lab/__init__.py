"""For notebooks: a run opened by name, its numbers as Polars frames, and these as pictures (Altair) and tables (Great Tables).

```python
from dq.lab import frames, open_run, pictures, tables

run = open_run("latest")
pictures.shifts(frames.shifts(run["coupons"], "expires_at"))
```

It needs the extra `lab`; everything else in dq works without.
"""

from __future__ import annotations

from importlib.util import find_spec

from dq.errors import UsageError

for _needed in ("altair", "great_tables", "nbclient", "nbconvert", "papermill"):
    if find_spec(_needed) is None:
        raise UsageError(f"notebooks need {_needed}, which is not installed: pip install 'dq-parity[lab]'")

from dq.lab import frames, pictures, tables  # noqa: E402 - not before it is known that they can be
from dq.lab.opening import open_run  # noqa: E402 - as above

__all__ = ["frames", "open_run", "pictures", "tables"]
