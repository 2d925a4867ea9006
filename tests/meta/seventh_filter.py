"""Uses a filter that the program has only in a copy of its tree; prints what it saw as JSON.

    python tests/meta/seventh_filter.py FOLDER

The folder holds a workspace that was made without the filter.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from inbox_tui.domain.filters import WHOLE_WORKSPACE, Filter, Query, Scope
from inbox_tui.domain.models import Assign
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Store
from server.harness import serving
from tui.workspace import DANA, Team4


async def seen_in(store: Store, filter: Filter) -> dict[str, Any]:
    """What a store lists and counts, of all agents and of each."""
    scopes = [WHOLE_WORKSPACE, *(Scope(agent.id) for agent in await store.agents())]
    listed = [(await store.list(Query(filter, scope.agent), PageRequest(limit=100))).rows for scope in scopes]
    return {
        "listed": [sorted(row.id for row in rows) for rows in listed],
        "counted": [(await store.counts(scope)).of(filter) for scope in scopes],
    }


async def use(folder: Path) -> dict[str, Any]:
    """Everything that a filter does."""
    filter = Filter("unassigned")
    team = Team4(folder)
    store = await team.store(DANA)
    seen: dict[str, Any] = {"sqlite": await seen_in(store, filter)}
    async with serving(store) as served:
        client = await served.open_as(DANA)
        seen["http"] = await seen_in(client, filter)
        await client.aclose()
    async with team.inbox(DANA) as inbox:
        await inbox.press("7")
        seen["rows"] = sorted(inbox.rows)
        seen["bar"] = inbox.context.bar.render_line(0).text
        await inbox.press("i")
        await inbox.until(lambda: inbox.context.bar.render_line(0).text != seen["bar"])
        seen["bar after taking one"] = inbox.context.bar.render_line(0).text
        seen["word"] = inbox.context.list.render_line(0).text
    me = (await store.me()).id
    [left, *_] = (await store.list(Query(filter), PageRequest())).rows
    await store.decide([Assign(left.id, me, None)])
    seen["after"] = await seen_in(store, filter)
    await team.close()
    return seen


if __name__ == "__main__":
    print(json.dumps(asyncio.run(use(Path(sys.argv[1])))))
