"""The one place for what was measured on, and with which versions: figures without that say nothing."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path

_HERE = Path(__file__).parent
_MEASURED = (_HERE.parent / "dq", _HERE)  # their hidden folders hold data


def machine() -> dict[str, str | int]:
    """Return cores that this process may use, memory in gigabytes, processor and system."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in told if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return {"cores": len(os.sched_getaffinity(0)), "memory_gb": round(memory / 1e9), "processor": (models or [platform.machine()])[0], "system": system}


def versions() -> dict[str, str]:
    """Return the versions of what compares."""
    return {"dq": version("dq-parity"), "Python": platform.python_version(), "DuckDB": version("duckdb")}


def code() -> str:
    """Return a digest of the code that was measured and that measures: results of two of them do not mix."""
    digest = hashlib.sha256()
    for folder in _MEASURED:
        names = sorted(str(file.relative_to(folder)) for ending in ("py", "sql", "toml", "lock") for file in folder.rglob(f"*.{ending}"))
        for name in names:
            if not any(part.startswith(".") for part in Path(name).parts):
                digest.update(name.encode() + b"\0" + (folder / name).read_bytes())
    return digest.hexdigest()
