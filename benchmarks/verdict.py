"""What was seen of a server under attack, and whether that may be."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.audit import Audit
from benchmarks.ledger import Act
from benchmarks.watched import Log

MEMORY = 1024
"""MB (2^20 bytes) that a server may take at most, whatever is done to it."""
TIMES = 3.0
"""By how much the members' 95th percentile may grow."""
SOON = 10.0
"""Seconds within which, whatever is done to it, a server says that it lives, gives an export, answers a colleague who
comes after the attack, and ends when it is told to."""

_MB = 1 << 20
_LOG_OF_A_REQUEST = 300
"""Bytes of log that an answered request may leave."""
_LOG_BESIDE = 64 * 1024
_GROUPS = ("read", "search", "write")


class Spread(msgspec.Struct, frozen=True):
    """How long acts of one kind took, in milliseconds."""

    acts: int
    p50: float
    p95: float
    p99: float


class Run(msgspec.Struct, frozen=True):
    """What was seen of one run."""

    attack: str
    """Empty for the team undisturbed."""
    spreads: dict[str, Spread]
    """By kind of act; ``members``: all that members did."""
    lag: float
    """By how many milliseconds clients woke late, 95th percentile: more than a few, and the machine was busy itself."""
    failed: int
    """Acts that were refused for good or given up."""
    answers: dict[str, int]
    """What the team got, by status."""
    tally: dict[str, int]
    """What the stranger got, by status."""
    memory: int
    """Bytes of memory at the peak; 0 where the system does not tell."""
    open_files: int
    wal: int
    """Bytes of the file beside the store's, at its largest."""
    log: Log
    logged_in: float
    """Seconds in which the log was written."""
    hello: float
    """Seconds that a colleague waited for a list and a reply afterwards."""
    has_ended_well: bool
    ended_within: float
    """Seconds that the server took to end."""
    audit: Audit

    def faults(self, base: Run | None, *, memory: int = MEMORY, times: float = TIMES) -> list[str]:
        """What must not be, in words; nothing if all is well.

        Args:
            base: The team undisturbed; None if times are not to be compared.
            memory: The limit, in MB.
            times: By how much the 95th percentile may grow.
        """
        ratios = {} if base is None else self.ratios(base)
        beside = {group: self.spreads[group].p99 / 1000 for group in ("health", "export") if group in self.spreads}
        answered = sum(self.answers.values()) + sum(self.tally.values())
        found = {
            f"{group} × {ratio:.1f}": ratio > times for group, ratio in ratios.items()
        } | {
            f"{group} took {seconds:.0f} s": seconds > SOON for group, seconds in beside.items()
        } | {
            f"{self.memory / _MB:.0f} MB": self.memory > memory * _MB,
            f"{self.audit.lost} lost": bool(self.audit.lost),
            f"{self.audit.doubled} doubled": bool(self.audit.doubled),
            f"{self.audit.unheard} unheard": bool(self.audit.unheard),
            f"{self.audit.heard_twice} heard twice": bool(self.audit.heard_twice),
            f"{self.audit.wrong_counters} wrong counters": bool(self.audit.wrong_counters),
            f"{self.failed} acts failed": bool(self.failed),
            f"{self.tally.get('500', 0) + self.answers.get('500', 0)} × 500": "500" in self.tally | self.answers,
            f"{self.log.controls} control characters in the log": bool(self.log.controls),
            f"{self.log.tracebacks} tracebacks": bool(self.log.tracebacks),
            f"{self.log.size / _MB:.1f} MB of log": self.log.size > answered * _LOG_OF_A_REQUEST + _LOG_BESIDE,
            f"a colleague waited {self.hello:.0f} s afterwards": self.hello > SOON,
            f"the server took {self.ended_within:.0f} s to end": self.ended_within > SOON,
            "did not end in order": not self.has_ended_well,
        }  # fmt: skip
        return [words for words, is_so in found.items() if is_so]

    def ratios(self, base: Run) -> dict[str, float]:
        """By how much the members' 95th percentiles grew, of each kind of act that both runs have."""
        return {
            group: spread.p95 / base.spreads[group].p95
            for group, spread in self.spreads.items()
            if group in (*_GROUPS, "members") and group in base.spreads
        }


def spreads_of(acts: Sequence[Act]) -> dict[str, Spread]:
    kinds: dict[str, list[float]] = {}
    for act in acts:
        kinds.setdefault(act.group, []).append(act.taken * 1000)
        if act.group in _GROUPS:
            kinds.setdefault("members", []).append(act.taken * 1000)
    return {
        name: spread_of(sorted(kinds[name]))
        for name in ("members", *_GROUPS, "export", "health", "website")
        if name in kinds
    }


def spread_of(taken: list[float]) -> Spread:
    p50, p95, p99 = (taken[min(len(taken) - 1, int(len(taken) * share))] for share in (0.5, 0.95, 0.99))
    return Spread(len(taken), p50, p95, p99)


def row(run: Run, base: Run, *, memory: int, times: float) -> str:
    """A line of the table."""
    ratios = run.ratios(base)
    worst = max(ratios, key=lambda group: ratios[group])
    faults = run.faults(base, memory=memory, times=times)
    cells = [
        run.attack or "(none)",
        f"{run.spreads['members'].p50:.0f} / {run.spreads['members'].p95:.0f} / {run.spreads['members'].p99:.0f}",
        f"{run.lag:.0f}",
        f"{base.spreads['members'].p95:.0f}",
        f"× {ratios['members']:.1f}",
        f"{worst} × {ratios[worst]:.1f}",
        f"{run.memory / _MB:.0f}",
        f"{run.open_files}",
        f"{run.wal / _MB:.0f}",
        f"{run.log.size / run.logged_in / 1000:,.0f}",
        _counts(run.answers),
        _counts(run.tally),
        f"{run.audit.kept:,}: {run.audit.lost} / {run.audit.doubled}",
        "; ".join(faults) or "holds",
    ]
    return f"| {' | '.join(cells)} |"


HEAD = (
    "| attack | members p50 / p95 / p99, ms | lag, ms | p95 without | ratio | worst kind | peak memory, MB | open files"
    " | WAL, MB | log, kB/s | the team's answers | the stranger's | promised: lost / doubled | verdict |"
)


def _counts(answers: dict[str, int]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in sorted(answers.items())) or "-"
