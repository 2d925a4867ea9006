"""The contract that every store keeps, as tests that any store can run against itself.

    import pytest
    from inbox_tui.testing.contract import OpenAs, ScanContract, StoreContract

    class TestMyStore(StoreContract, ScanContract):
        @pytest.fixture
        def open_as(self) -> OpenAs: ...

``StoreContract`` is for every store. A store that is also a ``Scan``, ``Team``, ``Intake``,
``Host`` or ``Upkeep`` adds the contract of each of these, and a test fails if one is missing.
One on the other side of a line that can fail adds ``TwiceContract``; one that can be put back
to a backup ``RestoringContract``, or ``HostRestoringContract`` if it is a ``Host``.

``open_as`` gives a function: ``await open_as(email)`` opens one and the same workspace as
that member, and raises CredentialError for an address it does not know. The workspace is
new for each test and has one member, DANA (``testing.factories``), an admin with the name
"Dana Ortiz" and a badge. The fixture closes what it opened.

A store that is no ``Team`` or no ``Intake`` overrides the hooks of ``Contract``: ``seed``,
``admit``, ``visitor_says``, ``agent_says``, ``hand_off`` and ``set_lead``. A store whose server
gives the ids wraps what it opens in ``testing.renaming.Renamed``. A store whose server decides
what an act means names the ``Promises`` that it does not make in ``promises``; the tests that
need them are skipped, saying so.

It needs pytest and pytest-asyncio with ``asyncio_mode = auto``; readable failures need
``pytest.register_assert_rewrite("inbox_tui.testing.contract")`` in the first conftest.
"""

from __future__ import annotations

from typing import ClassVar

from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract import (
    agents,
    hosting,
    intake,
    limits,
    naming,
    racing,
    removing,
    scanning,
    team,
    threads,
)
from inbox_tui.testing.contract.base import Contract, OpenAs, needs
from inbox_tui.testing.contract.courtesy import CourtesyContract
from inbox_tui.testing.contract.deciding import DecidingContract
from inbox_tui.testing.contract.feed import FeedContract
from inbox_tui.testing.contract.hostile import HostileContract
from inbox_tui.testing.contract.paging import PagingContract
from inbox_tui.testing.contract.promises import Promises
from inbox_tui.testing.contract.reading import ReadingContract
from inbox_tui.testing.contract.replying import ReplyingContract
from inbox_tui.testing.contract.restoring import Backup, HostRestoringContract, RestoringContract
from inbox_tui.testing.contract.rights import RightsContract
from inbox_tui.testing.contract.searching import SearchingContract
from inbox_tui.testing.contract.twice import BreakingLine, TwiceContract

__all__ = [
    "Backup",
    "BreakingLine",
    "Contract",
    "FullContract",
    "HostContract",
    "HostRestoringContract",
    "IntakeContract",
    "OpenAs",
    "Promises",
    "RestoringContract",
    "ScanContract",
    "StoreContract",
    "TeamContract",
    "TwiceContract",
    "UpkeepContract",
    "needs",
]


class ScanContract(scanning.ScanContract):
    """For a store that is a ``Scan``."""


class TeamContract(team.TeamContract, racing.TeamRacingContract):
    """For a store that is a ``Team``."""


class IntakeContract(
    intake.IntakeContract,
    threads.IntakeThreadsContract,
    limits.IntakeLimitsContract,
    naming.IntakeNamingContract,
    racing.IntakeRacingContract,
):
    """For a store that is an ``Intake``."""


class HostContract(hosting.HostContract, agents.HostAgentsContract, racing.HostRacingContract):
    """For a store that is a ``Host``."""


class UpkeepContract(removing.UpkeepContract):
    """For a store that is an ``Upkeep``."""


class StoreContract(
    ReadingContract,
    PagingContract,
    SearchingContract,
    ReplyingContract,
    DecidingContract,
    FeedContract,
    threads.ThreadsContract,
    HostileContract,
    racing.RacingContract,
    CourtesyContract,
    limits.LimitsContract,
    RightsContract,
):
    """For every store. Subclass with a name that begins with ``Test`` and override ``open_as``."""

    facets: ClassVar[dict[str, type[Contract]]] = {
        "scan": ScanContract,
        "team": TeamContract,
        "intake": IntakeContract,
        "host": HostContract,
        "upkeep": UpkeepContract,
    }
    """The contract of each facet, by its name in the store's capabilities."""

    async def test_every_facet_that_it_offers_is_tested(self, dana: Store) -> None:
        """And none that it does not offer, whose tests would all be skipped."""
        offered = {name for name in self.facets if getattr(dana.capabilities, name)}
        tested = {name for name, contract in self.facets.items() if isinstance(self, contract)}
        assert tested == offered, "derive the test class from the contracts of the facets that the store offers"


class FullContract(
    StoreContract, ScanContract, TeamContract, IntakeContract, HostContract, UpkeepContract, HostRestoringContract
):
    """For a store that offers everything."""
