"""The sample in somebody's own workspace."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from inbox_tui.domain.errors import CredentialError, NotAllowed
from inbox_tui.domain.models import Access
from inbox_tui.operations.sample import fill, sample_members
from inbox_tui.store.protocol import Team
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

NOW = datetime(2026, 11, 6, 15, tzinfo=timezone.utc)
ME = "me@home.example"


async def test_nobody_of_the_sample_is_an_admin_of_ones_own_workspace(tmp_path: Path) -> None:
    url = StoreUrl.parse(f"sqlite:///{tmp_path}/inbox.db")
    store = await open_store(url, Identity(ME, "Me", is_given=True))
    try:
        first = await fill(store, NOW)
        again = await fill(store, NOW)
        assert (first.added > 0, again.added, again.extended) == (True, 0, 0)
        access = {member.email: member.access for member in await store.members()}
        assert [email for email, level in access.items() if level is Access.ADMIN] == [ME]
        assert set(access) == {ME, *(member.email for member in sample_members())}
    finally:
        await store.aclose()
    for member in sample_members():
        try:
            theirs = await open_store(url, Identity(member.email, "", is_given=True))
        except CredentialError:
            continue
        try:
            assert isinstance(theirs, Team)
            with pytest.raises(NotAllowed):
                await theirs.add_member("x@acme.example", "", Access.ADMIN)
        finally:
            await theirs.aclose()
