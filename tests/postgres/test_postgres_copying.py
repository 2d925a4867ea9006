"""A workspace moved from a file into a database, and back."""

from __future__ import annotations

import pytest

from contract.test_copying import Place, fill, place
from inbox_tui.store.url import StoreUrl
from postgres.cluster import needs_postgres

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]
__all__ = ["place"]  # a fixture


async def test_from_a_file_into_a_database_and_back(place: Place, url: StoreUrl) -> None:
    source, target = await place.file("a"), await place.opened(url.text)
    await fill(source)
    there = await place.copied(source, target)
    assert (there.written, there.without_profile) == (there.conversations, ())
    assert (await place.copied(source, target)).written == 0
    back = await place.copied(target, await place.file("b"))
    assert (back.checksum, back.messages) == (there.checksum, there.messages)
