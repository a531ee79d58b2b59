"""The one place that sees to it that the Noto fonts are there: Debian's packages, installed where that takes no more than being root."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

FOLDER = Path("/usr/share/fonts")
PACKAGES = {"NotoSans-Regular.ttf": "fonts-noto-core", "NotoSansCJK-Regular.ttc": "fonts-noto-cjk", "NotoColorEmoji.ttf": "fonts-noto-color-emoji"}


def install_fonts() -> None:
    """Install what is missing. Raises RuntimeError where only somebody else can."""
    there = {path.name for path in FOLDER.rglob("Noto*")} if FOLDER.is_dir() else set()
    missing = [package for file, package in PACKAGES.items() if file not in there]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise RuntimeError(f"the Noto fonts are not on this machine; install Debian's packages {', '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "install", "--yes", "--no-install-recommends", *missing], check=True, capture_output=True, env=environment)
