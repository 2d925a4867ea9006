"""Deciding about conversations: take, assign, resolve, reopen, many at once, undo.

Shows each decision at once and hands it to the store; what the store refuses is shown
as it really is, with the reason. The rules are the store's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.counts import counted
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation, ConversationId, Member, Status
from inbox_tui.operations.triage import Done
from inbox_tui.tui.inbox.context import View
from inbox_tui.tui.inbox.requests import DECIDE, SELECT_ALL, SELECT_ALL_LIMIT

if TYPE_CHECKING:
    from inbox_tui.tui.dialogs.assign import AssignChoice

KEEP = "Keep as they are"
"""What the answer is called that changes nothing."""


class Deciding:
    """The member's decisions, for one conversation or for the selection."""

    def __init__(
        self, view: View, takes: Callable[[Iterable[ConversationId]], None], go_to: Callable[[Conversation], None]
    ) -> None:
        """``takes`` is told what becomes the member's by their own act; ``go_to`` goes to what was undone."""
        self._view = view
        self._go_to = go_to
        self._takes = takes
        self.matched: dict[ConversationId, Conversation] = {}
        """What "select all" found; the list itself holds only the rows it loaded."""
        self._is_selecting = False

    def subjects(self) -> tuple[Conversation, ...]:
        """What the next decision is about: the selection, or the highlighted conversation; none while more is found."""
        view = self._view
        view.touch()
        if self._is_selecting:
            view.status.say("Still selecting. Press the key again once all are selected", is_problem=True)
            return ()
        if view.list.selected:
            return tuple(
                conversation
                for id in view.list.selected
                if (conversation := view.list.conversation(id) or self.matched.get(id)) is not None
            )
        return (view.list.highlighted,) if view.list.highlighted else ()

    def select_all(self, query: Query) -> None:
        """Find everything that the list holds, to select it."""
        self._is_selecting = True
        self._view.run(self._view.work.select_all(query), group="select", exclusive=True)

    def failed(self, operation: str) -> None:
        """Something could not be done."""
        if operation == SELECT_ALL:
            self._is_selecting = False

    def select(self, query: Query, found: Sequence[Conversation]) -> None:
        """Select everything that "select all" found, if that is still what the list shows."""
        view = self._view
        self._is_selecting = False
        if query != view.list.query_shown:
            return
        self.matched = {conversation.id: conversation for conversation in found}
        view.list.select_all(self.matched)
        if len(found) >= SELECT_ALL_LIMIT:
            view.status.say(f"The first {len(found):,} are selected; more than that cannot be at once")

    def take(self) -> None:
        """Assign to the member; ask first where a colleague has it."""
        subjects, me = self.subjects(), self._view.me
        if not subjects:
            return
        holders = [holder.label for subject in subjects if (holder := rules.held_by_other(subject, me)) is not None]
        question, yes, no = f"Take {counted(len(subjects), 'conversation')}?", f"Take {len(subjects):,}", KEEP
        if holders and len(subjects) == 1:
            question, yes, no = f"{holders[0]} has this. Take it over?", "Take it over", f"Leave it to {holders[0]}"
        elif holders:
            question += f" Colleagues have {len(holders):,} of them."
        self._after_asking(subjects, question, yes, lambda: self._assign(subjects, me), no=no, asks=bool(holders))

    def choose_assignee(self) -> None:
        """Let the member choose who gets the conversation or the selection."""
        from inbox_tui.tui.dialogs.assign import AssignMenu  # not on the first screen

        subjects = self.subjects()
        if not subjects:
            return

        def decided(choice: AssignChoice | None) -> None:
            if choice is None:
                return
            who = choice.member.label if choice.member else "nobody"
            self._after_asking(
                subjects,
                f"Assign {counted(len(subjects), 'conversation')} to {who}?",
                f"Assign {len(subjects):,}",
                lambda: self._assign(subjects, choice.member),
            )

        current = subjects[0].assignee if len(subjects) == 1 else None
        view = self._view
        menu = AssignMenu(view.members, view.me, current, anchor=view.pane.assign_anchor())
        view.screen.app.push_screen(menu, decided)

    def toggle_status(self) -> None:
        """Resolve; or reopen, if everything it is about is resolved."""
        subjects = self.subjects()
        if not subjects:
            return
        all_resolved = all(subject.status is Status.RESOLVED for subject in subjects)
        status = Status.OPEN if all_resolved else Status.RESOLVED
        subjects = tuple(subject for subject in subjects if subject.status is not status)
        verb = "Reopen" if all_resolved else "Resolve"
        self._after_asking(
            subjects,
            f"{verb} {counted(len(subjects), 'conversation')}?",
            f"{verb} {len(subjects):,}",
            lambda: self._set_status(subjects, status),
        )

    def undo(self) -> None:
        """Take the last decision back."""
        self._view.run(self._view.work.undo(), group=DECIDE)

    def show(self, done: Done) -> None:
        """Show what the store made of a decision."""
        view = self._view
        view.show_connection()
        for outcome in done.outcomes:
            truth = outcome.after or outcome.before
            if truth is not None:
                view.threads.forget(truth.id)
                view.show_conversation(truth)
        view.list.clear_selection()
        refused = [outcome for outcome in done.outcomes if outcome.error]
        if refused:
            more = f" ({len(refused):,} of {len(done.outcomes):,} refused)" if len(done.outcomes) > 1 else ""
            view.status.say(f"{refused[0].error}{more}", is_problem=True)
        elif done.is_undo:
            self._show_undone(done)
        else:
            undo = f" · {view.keys['inbox.undo']} undo" if done.can_undo else ""
            view.status.say(f"{done.description}{undo}")
        view.refresh_open_thread()
        view.read_counts()

    def _show_undone(self, done: Done) -> None:
        """Go to what was changed, and say how it is now."""
        view = self._view
        changed = [outcome.after for outcome in done.outcomes if outcome.after is not None]
        there = next((each for each in changed if view.list.conversation(each.id) is not None), None)
        target = there or (changed[0] if changed else None)
        if target is not None:
            self._takes((target.id,))
            self._go_to(target)
            view.say_of(target.id, done.description)
        else:
            view.status.say(done.description)

    def _assign(self, subjects: Sequence[Conversation], member: Member | None) -> None:
        if not subjects:
            return
        if member is not None and member.id == self._view.me.id:
            self._takes(subject.id for subject in subjects)
        for subject in subjects:
            self._view.show_conversation(msgspec.structs.replace(subject, assignee=member))
        self._view.run(self._view.work.assign(subjects, member), group=DECIDE)

    def _set_status(self, subjects: Sequence[Conversation], status: Status) -> None:
        if not subjects:
            return
        for subject in subjects:
            waiting = None if status is Status.RESOLVED else subject.waiting_since
            self._view.show_conversation(msgspec.structs.replace(subject, status=status, waiting_since=waiting))
        if status is Status.RESOLVED and not self._view.list.selected:
            self._view.go_on()
        self._view.run(self._view.work.set_status(subjects, status), group=DECIDE)

    def _after_asking(
        self,
        subjects: Sequence[Conversation],
        question: str,
        yes: str,
        act: Callable[[], None],
        *,
        no: str = KEEP,
        asks: bool = False,
    ) -> None:
        """Act, after asking if it is about several conversations or ``asks``."""
        if len(subjects) == 1 and not asks:
            act()
            return

        from inbox_tui.tui.dialogs.confirm import ConfirmModal  # not on the first screen

        def answered(agreed: bool | None) -> None:
            if agreed:
                act()

        self._view.screen.app.push_screen(ConfirmModal(question, yes, no), answered)
