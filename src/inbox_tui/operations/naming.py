"""People name agents by name and members by e-mail; stores name both by id. From one to the other."""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.domain.errors import ConfigError, NotFound
from inbox_tui.domain.models import Agent, Member
from inbox_tui.domain.names import name_key
from inbox_tui.store.protocol import Store

ME = "me"
NOBODY = "none"


async def agent_named(store: Store, name: str) -> Agent:
    """The AI agent of this name. Raises ConfigError, naming those there are."""
    agents = await store.agents()
    wanted = name_key(name)
    for agent in agents:
        if name_key(agent.name) == wanted:
            return agent
    known = ", ".join(agent.name for agent in agents) or "none yet"
    raise ConfigError(f"No agent is called {name!r}.", hint=f"Agents here: {known}.")


async def member_named(store: Store, email: str) -> Member:
    """The member with this e-mail address. Raises NotFound, naming the nearest."""
    members = await store.members()
    wanted = name_key(email)
    for member in members:
        if name_key(member.email) == wanted:
            return member
    raise NotFound(f"No member has the address {email!r}.", hint=_nearest(wanted, members))


async def assignee_named(store: Store, who: str) -> Member | None:
    """Whom ``me``, ``none`` or an e-mail address means. Raises NotFound."""
    if who == NOBODY:
        return None
    return await store.me() if who == ME else await member_named(store, who)


def _nearest(wanted: str, members: Sequence[Member]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(wanted, [member.email.casefold() for member in members], n=1)
    return f"Did you mean {near[0]}?" if near else "'inbox-tui members list' shows who there is."
