"""A server keeps its promises under every attack of the benchmark, which is played here for a few seconds each.

How much slower its members become is measured by ``benchmarks.attacks``, not here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
import pytest
from benchmarks.attackers import ATTACKS, Attack, Scene
from benchmarks.attacks import Setting, perform
from benchmarks.generate import workspace
from benchmarks.stage import Stage

from certificates import self_signed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SIZE = 1_000
SETTING = Setting(clients=20, pace=2.0, warm_up=0.5, seconds=3.0, strength=0.5, files=1_024, nice=0)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("attacks")
    made = Stage(folder, workspace(SIZE, folder / "kept"), tls=self_signed(folder))
    asyncio.run(made.prepare())
    yield made


def test_a_team_undisturbed_is_served(stage: Stage) -> None:
    run = asyncio.run(perform(stage, SETTING, Scene()))
    assert not run.faults(None)
    assert run.answers.keys() == {"200", "201"}
    assert run.audit.kept > SETTING.clients


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_server_under_attack(stage: Stage, attack: Attack) -> None:
    setting = msgspec.structs.replace(SETTING, seconds=attack.brief)
    run = asyncio.run(perform(stage, setting, attack.scene, attack))
    assert not run.faults(None), run
    assert not attack.meets or attack.meets & run.tally.keys(), f"nothing was refused: {run.tally}"
