"""Runs a program that may open so many files and no more, and that ends when whoever started it does.

python -m benchmarks.limited FILES PROGRAM [ARGUMENT...]
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Set both limits, so that the program cannot raise them, and become the program."""
    files = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
