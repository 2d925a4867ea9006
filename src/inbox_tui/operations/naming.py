"""People name agents by name and members by e-mail; stores name both by id. From one to the other."""

from __future__ import annotations

from collections.abc import Sequence

from inbox_tui.domain.errors import ConfigError, NotFound
from inbox_tui.domain.models import Agent, Member
from inbox_tui.domain.names import name_key
from inbox_tui.domain.text import clean_line
from inbox_tui.store.protocol import Store

ME = "me"
_SUGGESTED = 3
"""Members of one name that a hint lists."""
NOBODY = "none"


async def agent_named(store: Store, name: str) -> Agent:
    """The AI agent of this name. Raises ConfigError, naming those there are."""
    return agent_of(await store.agents(), name)


def agent_of(agents: Sequence[Agent], name: str) -> Agent:
    """The agent of this name. Raises ConfigError, naming those there are."""
    wanted = name_key(name)
    for agent in agents:
        if name_key(agent.name) == wanted:
            return agent
    known = ", ".join(agent.name for agent in agents) or "none yet"
    raise ConfigError(f"No agent is called {name!r}.", hint=f"Agents here: {known}.")


async def member_named(store: Store, email: str) -> Member:
    """The member with this e-mail address, blanks around it ignored. Raises NotFound, naming the nearest."""
    members = await store.members()
    wanted = name_key(email)
    for member in members:
        if name_key(member.email) == wanted:
            return member
    raise NotFound(f"No member has the address {email!r}.", hint=_nearest(wanted, members))


async def assignee_named(store: Store, who: str) -> Member | None:
    """Whom ``me``, ``none`` or an e-mail address means. Raises NotFound."""
    wanted = name_key(who)
    if wanted == NOBODY:
        return None
    return await store.me() if wanted == ME else await member_named(store, who)


def _nearest(wanted: str, members: Sequence[Member]) -> str:
    """A hint that names the member most like the given words: by address, by its first part, or by name."""
    from difflib import get_close_matches

    known: dict[str, list[str]] = {}
    for member in members:
        email, name = name_key(member.email), name_key(member.name)
        for word in dict.fromkeys((email, email.rpartition("@")[0], name, *name.split())):
            known.setdefault(word, []).append(member.email)
    known.pop("", None)
    near = get_close_matches(wanted, known, n=1) or get_close_matches(wanted.rpartition("@")[0], known, n=1)
    meant = " or ".join(map(clean_line, known[near[0]][:_SUGGESTED])) if near else ""
    return f"Did you mean {meant}?" if near else "'inbox-tui members list' shows who there is."
