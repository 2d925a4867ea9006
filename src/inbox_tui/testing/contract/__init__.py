"""The contract that every store keeps, as tests that any store can run against itself.

    import pytest
    from inbox_tui.testing.contract import OpenAs, StoreContract

    class TestMyStore(StoreContract):
        @pytest.fixture
        def open_as(self) -> OpenAs: ...

``open_as`` gives a function: ``await open_as(email)`` opens one and the same workspace as
that member, and raises CredentialError for an address it does not know. The workspace is
new for each test and has one member, DANA (``testing.factories``), an admin with the name
"Dana Ortiz" and a badge. The fixture closes what it opened. A store that takes nothing in
by itself also overrides ``seed``; one that can be put back to a backup, the fixture ``backup``.

Tests of a facet that the store does not have are skipped, saying so. It needs pytest and
pytest-asyncio with ``asyncio_mode = auto``; readable failures need
``pytest.register_assert_rewrite("inbox_tui.testing.contract")`` in the first conftest.
"""

from inbox_tui.testing.contract.agents import AgentsContract
from inbox_tui.testing.contract.base import OpenAs
from inbox_tui.testing.contract.deciding import DecidingContract
from inbox_tui.testing.contract.feed import FeedContract
from inbox_tui.testing.contract.hostile import HostileContract
from inbox_tui.testing.contract.hosting import HostingContract
from inbox_tui.testing.contract.intake import IntakeContract
from inbox_tui.testing.contract.limits import LimitsContract
from inbox_tui.testing.contract.naming import NamingContract
from inbox_tui.testing.contract.paging import PagingContract
from inbox_tui.testing.contract.racing import RacingContract
from inbox_tui.testing.contract.reading import ReadingContract
from inbox_tui.testing.contract.removing import RemovingContract
from inbox_tui.testing.contract.replying import ReplyingContract
from inbox_tui.testing.contract.restoring import Backup, RestoringContract
from inbox_tui.testing.contract.rights import RightsContract
from inbox_tui.testing.contract.scanning import ScanningContract
from inbox_tui.testing.contract.searching import SearchingContract
from inbox_tui.testing.contract.team import TeamContract
from inbox_tui.testing.contract.threads import ThreadsContract

__all__ = ["Backup", "OpenAs", "StoreContract"]


class StoreContract(
    ReadingContract,
    PagingContract,
    SearchingContract,
    ReplyingContract,
    DecidingContract,
    FeedContract,
    TeamContract,
    IntakeContract,
    ThreadsContract,
    ScanningContract,
    HostileContract,
    HostingContract,
    AgentsContract,
    RacingContract,
    LimitsContract,
    RemovingContract,
    RightsContract,
    NamingContract,
    RestoringContract,
):
    """All of it. Subclass with a name that begins with ``Test`` and override ``open_as``."""
