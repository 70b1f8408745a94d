"""A lease: only one start of a search at a time may write into its study.

The owner stores who it is and renews that every few seconds. A start that finds a lease takes it
over if the owner has ended. Where it cannot look, because the owner is on another machine, it
watches for a minute whether the lease is renewed: two machines' clocks need not agree. An owner
whose lease was taken, as after a machine has slept, notices that before it writes the next result.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from autosuperconv.core.format import duration, reason_of
from autosuperconv.core.optional import Tell
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.errors import AutosuperconvError, InvalidInput, TakenOver
from autosuperconv.tuning.store.process import Process, is_running, this_process

LEASE = "lease"  # the key under which it is stored; "" where nobody has it
RENEWAL_SECONDS = 10.0
LOOKS, LOOK_SECONDS = 60, 1.0  # at a lease of another machine
SETTLING_SECONDS = 0.2  # after which two that took it at the same moment see the same owner
JOINING_SECONDS = 5.0  # for a renewal under way at the end

Refuse = Callable[[str], AutosuperconvError]
Wait = Callable[[float], None]


class Texts(Protocol):
    """Where texts are stored under keys, for all processes to see."""

    def stored(self, key: str) -> Any: ...

    def store(self, key: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Claim:
    """What the owner of a lease stores."""

    owner: Process
    nonce: str
    """Tells two starts in one process apart."""
    since: str
    """When it took the lease, by its own clock."""
    renewed: str
    """When it renewed the lease last, by its own clock."""
    renewals: int = 0

    @property
    def who(self) -> str:
        """E.g. "on HOST, process 123, since 16:40"."""
        since = datetime.fromisoformat(self.since).astimezone()
        today = since.date() == datetime.now().astimezone().date()
        when = f"{since:%H:%M}" if today else f"{since:%Y-%m-%d %H:%M}"
        return f"on {self.owner.host}, process {self.owner.pid}, since {when}"

    def last_heard(self) -> str:
        """E.g. "last heard of 4 s ago"; for an owner whose clock is this process's."""
        renewed = datetime.fromisoformat(self.renewed)
        return f"last heard of {duration((_now() - renewed).total_seconds())} ago"


def claim_in(texts: Texts) -> Claim | None:
    """The claim that is stored; None without one that can be read."""
    with suppress(InvalidInput):
        return from_json(Claim, texts.stored(LEASE) or "")
    return None


_held_here: set[str] = set()  # nonces of the leases that this process has


def may_run(claim: Claim) -> bool | None:
    """Whether a claim's owner still runs; None where this process cannot know."""
    if claim.owner == this_process():
        return claim.nonce in _held_here
    return is_running(claim.owner)


def is_free(texts: Texts) -> bool:
    """Whether nobody has the lease, or only an owner that is known to have ended."""
    claim = claim_in(texts)
    return claim is None or may_run(claim) is False


def refuse_if_running(texts: Texts, refuse: Refuse) -> None:
    """Refuse where the owner of a lease is known to run; arguments and errors as in `leased`."""
    claim = claim_in(texts)
    if claim is not None and may_run(claim):
        raise refuse(f"{claim.who}, {claim.last_heard()}")


class Lease:
    """A lease that this start takes.

    Args:
        texts: where it is stored.
        what: what it is the lease of, e.g. "search digits-mlp".
        tell: takes a sentence where it could not be renewed for once.
        before: the owner before, which has ended.
    """

    def __init__(self, texts: Texts, what: str, tell: Tell, before: Process | None = None) -> None:
        self.before = before
        now = _now().isoformat()
        self._texts, self._what, self._tell = texts, what, tell
        self._claim = Claim(this_process(), uuid.uuid4().hex, since=now, renewed=now)
        self._trouble = ""

    def take(self, wait: Wait) -> None:
        """Store the claim, and give others that do so at the same moment the time to do so."""
        _held_here.add(self._claim.nonce)
        self._texts.store(LEASE, to_json(self._claim))
        wait(SETTLING_SECONDS)

    def is_mine(self) -> bool:
        """Whether nobody else has taken it."""
        claim = claim_in(self._texts)
        return claim is not None and claim.nonce == self._claim.nonce

    def check(self) -> None:
        """To be called before results are written.

        Raises:
            TakenOver: somebody has taken the lease from this start.
        """
        if self._trouble:
            self._tell(self._trouble)
            self._trouble = ""
        if not self.is_mine():
            raise self._taken_over()

    def explain(self, error: Exception) -> None:
        """After an error, which may only follow from what another start did meanwhile.

        Raises:
            TakenOver: somebody has taken the lease from this start.
        """
        if not isinstance(error, TakenOver) and self._is_lost():
            raise self._taken_over() from error

    def _is_lost(self) -> bool:
        """Whether somebody else has it, as far as the storage can say."""
        with suppress(Exception):
            return not self.is_mine()
        return False

    def _taken_over(self) -> TakenOver:
        other = claim_in(self._texts)
        by = f"another start {other.who}" if other else "another start, which has ended"
        return TakenOver(
            f"This start of {self._what} was taken over by {by}, because nothing had been heard of "
            "it for a minute. The usual causes are a machine that slept and a storage that was out "
            "of reach. Finished runs are kept, and the other start goes on with them."
        )

    def renew(self) -> None:
        """Store that the owner still runs. The search goes on where that fails for once."""
        claim = replace(self._claim, renewed=_now().isoformat(), renewals=self._claim.renewals + 1)
        try:
            if self.is_mine():
                self._texts.store(LEASE, to_json(claim))
                self._claim = claim
        except Exception as error:
            self._trouble = f"The lease of {self._what} was not renewed: {reason_of(error)}."

    def release(self) -> None:
        """Give it back; somebody else's is left alone."""
        with suppress(Exception):  # of a storage that is gone: the next start sees that this ended
            if self.is_mine():
                self._texts.store(LEASE, "")
        _held_here.discard(self._claim.nonce)


@contextmanager
def leased(
    texts: Texts,
    what: str,
    refuse: Refuse,
    tell: Tell,
    wait: Wait = time.sleep,
    renewed: bool = True,
    ended: Process | None = None,
) -> Iterator[Lease]:
    """Inside, this start has the lease.

    Args:
        texts: where it is stored.
        what: what it is the lease of.
        refuse: makes the error from who has it, e.g. "on HOST, process 123, since 16:40, last
            heard of 4 s ago".
        tell: takes a sentence where this has to wait, and where the lease was not renewed.
        wait: lets so many seconds pass.
        renewed: whether a thread renews it, for machines that cannot see this process.
        ended: an owner that is known to have ended, from another lease of its.

    Raises:
        AutosuperconvError: as `refuse` makes it: another start has the lease.
        TakenOver: somebody has taken the lease from this start.
    """
    claim = claim_in(texts)
    if claim is not None and claim.owner != ended:
        _outlive(claim, texts, what, refuse, tell, wait)
    lease = Lease(texts, what, tell, None if claim is None else claim.owner)
    try:
        lease.take(wait)
        if not lease.is_mine():
            raise refuse(_just_seen(claim_in(texts)))
        with _renewals(lease) if renewed else nullcontext():
            yield lease
    finally:
        lease.release()


def _outlive(claim: Claim, texts: Texts, what: str, refuse: Refuse, tell: Tell, wait: Wait) -> None:
    """Refuse while the owner of a claim runs; where it cannot be looked at from here, watch for a
    minute whether the lease is renewed."""
    runs = may_run(claim)
    if runs:
        raise refuse(f"{claim.who}, {claim.last_heard()}")
    if runs is False:
        return
    tell(
        f"Another start of {what} ({claim.who}) still runs or was killed. This one waits for up to "
        f"{LOOKS * LOOK_SECONDS:.0f} s to see which."
    )
    for _ in range(LOOKS):  # counted, not timed: this process may be suspended too
        wait(LOOK_SECONDS)
        now = claim_in(texts)
        if now is None:
            return
        if now != claim:
            raise refuse(_just_seen(now))


def _just_seen(claim: Claim | None) -> str:
    return f"{claim.who}, last heard of just now" if claim else "in another process"


@contextmanager
def _renewals(lease: Lease) -> Iterator[None]:
    """Renew the lease every few seconds."""
    end = threading.Event()

    def renew() -> None:
        while not end.wait(RENEWAL_SECONDS):
            lease.renew()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(JOINING_SECONDS)


def _now() -> datetime:
    return datetime.now(UTC)
