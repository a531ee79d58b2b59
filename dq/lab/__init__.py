"""For notebooks: a run opened by name, its numbers as Polars frames, and these as pictures (Altair) and tables (Great Tables).

```python
from dq.lab import frames, open_run, pictures, tables

run = open_run("latest")
pictures.shifts(frames.shifts(run["coupons"], "expires_at"))
```

It needs the extra `lab`; everything else in dq works without.
"""

from __future__ import annotations

from dq.errors import UsageError

try:
    import altair
    import great_tables
except ModuleNotFoundError as missing:
    raise UsageError(f"notebooks need {missing.name}: pip install 'dq-parity[lab]'") from None

from dq.lab import frames, pictures, tables
from dq.lab.opening import open_run

__all__ = ["altair", "frames", "great_tables", "open_run", "pictures", "tables"]
