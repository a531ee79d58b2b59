"""`python -m benchmarks.locking`: write every peer's lock file anew, with hashes and without any registry's address."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.peer import DESCRIPTIONS, read_peers

_COMPILE = ("pip", "compile", "-", "--quiet", "--upgrade", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header")
_NOWHERE = ("--no-emit-index-url", "--no-emit-find-links")


def main() -> int:
    """Write them; 1 where one could not be resolved."""
    uv = Path(sys.executable).with_name("uv")
    for lock, requires in sorted({(peer.lock, peer.requires) for peer in read_peers()}):
        file = DESCRIPTIONS / f"{lock}.lock"
        done = subprocess.run([uv, *_COMPILE, *_NOWHERE, "--output-file", file], input="\n".join(requires), text=True, capture_output=True, check=False)
        if done.returncode:
            print(f"{file.name}: {done.stderr.strip()}", file=sys.stderr)
            return 1
        print(file.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
