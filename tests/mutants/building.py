"""The one place that builds a demo once for all mutants: the first process builds it, without any mutant, and the others copy it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any


def build_once(folder: Path) -> None:
    """Let the demos be built into a folder, and copied from there whenever the same is asked for again."""
    if "dq.demo" in sys.modules:
        _instead(sys.modules["dq.demo"], "build_snapshots", folder, lambda where, _: where)
    if "tests.matrix.stages" in sys.modules:
        _instead(sys.modules["tests.matrix.stages"], "build", folder, lambda where, options: where / str(options["moved"]))


def _instead(module: ModuleType, name: str, folder: Path, made: Callable[[Path, dict[str, Any]], Path]) -> None:
    """Replace a function that fills a folder, wherever it was imported by its name."""
    build = getattr(module, name)

    @wraps(build)
    def built(where: Path, **options: Any) -> None:
        kept = folder / f"{module.__name__} {sorted(options.items())}"
        if not kept.exists():
            build(where, **options)
            shutil.copytree(made(where, options), kept)
        else:
            shutil.copytree(kept, made(where, options), dirs_exist_ok=True)

    for other in list(sys.modules.values()):
        if other is not None and getattr(other, "__dict__", {}).get(name) is build:
            other.__dict__[name] = built
