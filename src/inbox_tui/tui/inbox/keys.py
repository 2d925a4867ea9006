"""The actions of the inbox screen: their keys, in the order in which the help shows them, and what each needs.

Knows no widget: the member's access and the store's capabilities decide whether an action is allowed.
"""

from __future__ import annotations

from textual.binding import Binding

from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import Member
from inbox_tui.store.protocol import Capabilities

OFFERS = (
    ("Load sample conversations", "offer('SAMPLE')"),
    ("Import a file", "offer('FILE')"),
    ("Connect to a team's inbox", "offer('TEAM')"),
)
"""The offers for an empty inbox: description and action."""
WITHOUT_KEYS = (
    ("Texts without a conversation", "lost_texts"),
    ("Go to what was assigned to you", "assigned"),
    *OFFERS,
    ("Remove the sample", "remove_sample"),
)
"""Description and action of the entries that only the palette offers."""
INBOX_KEYS: list[Binding] = [
    *(Binding(filter.entry.key, f"filter('{filter.value}')", filter.label, id=filter.binding) for filter in Filter),
    Binding("r", "reply", "Write a reply", id="inbox.reply"),
    Binding("m", "note", "Write a note to the team", id="inbox.note"),
    Binding("a", "assign", "Assign", id="inbox.assign"),
    Binding("i", "take", "Assign to me", id="inbox.take"),
    Binding("e", "toggle_status", "Mark resolved / reopen", id="inbox.resolve"),
    Binding("n", "next_waiting(False)", "Next waiting, nobody's or yours", id="inbox.next-waiting"),
    Binding("N", "next_waiting(True)", "Next waiting, anybody's", id="inbox.next-waiting-any"),
    Binding("slash", "search", "Search", id="inbox.search", key_display="/"),
    Binding("right_square_bracket", "hit(1)", "Next message with the words", id="inbox.next-hit", key_display="]"),
    Binding(
        "left_square_bracket", "hit(-1)", "Previous message with the words", id="inbox.previous-hit", key_display="["
    ),
    Binding("o", "order", "Order: newest, oldest, longest waiting", id="inbox.order"),
    Binding("X", "select_all", "Select all that match", id="inbox.select-all"),
    Binding("z", "undo", "Undo the last action", id="inbox.undo"),
    Binding("E", "export", "Export CSV", id="inbox.export"),
    Binding("A", "agent", "Switch agent", id="inbox.agent"),
    Binding("comma", "settings", "Settings", id="inbox.settings", key_display=","),
    Binding("question_mark", "help", "Help", id="inbox.help", key_display="?"),
    Binding("escape", "back", "Back to the list, clear the selection", id="inbox.back"),
    Binding("q", "app.leave", "Quit; on a narrow screen first go back", id="inbox.quit"),
]
ACTIONS = {binding.id: binding.action for binding in INBOX_KEYS}
"""Each action by the id of its key."""
_NEEDS_CHAT = {"write", "reply", "note", "assign", "take", "toggle_status", "undo", "select_all", "export"}
"""Actions of members who may chat."""
_NEEDS_OF_STORE = {
    "write": "reply",
    "reply": "reply",
    "note": "notes",
    "assign": "assign",
    "take": "assign",
    "toggle_status": "resolve",
    "select_all": "scan",
    "export": "scan",
    "search": "search",
}
"""Actions that need a capability of the store, with that capability."""


def is_allowed(action: str, member: Member, can: Capabilities) -> bool:
    """Whether the member's access and the store allow an action of the screen."""
    if action in _NEEDS_CHAT and not member.may_chat:
        return False
    needed = _NEEDS_OF_STORE.get(action)
    return needed is None or bool(getattr(can, needed))
