"""Of several starts of a search, one at a time has the lease, on this machine and on others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage

from autosuperconv.core.serialization import to_json
from autosuperconv.errors import StudyBusy, TakenOver
from autosuperconv.tuning.store import lease as leases
from autosuperconv.tuning.store.lease import LEASE, Claim, Lease, Texts, claim_in, leased
from autosuperconv.tuning.store.process import Process, this_process
from autosuperconv.tuning.store.run_store import RunStore
from autosuperconv.tuning.store.storage import open_storage

FAR = Process("far", "abc", "abc", "pid:[1]", 77, "123")  # of which nothing can be known here


class Memory(dict[str, str]):
    """Texts in memory."""

    def stored(self, key: str) -> str | None:
        return self.get(key)

    def store(self, key: str, text: str) -> None:
        self[key] = text


def at_once(seconds: float) -> None:
    """Waits for nothing."""


def start(
    texts: Texts, wait: Callable[[float], None] = at_once, told: list[str] | None = None
) -> AbstractContextManager[Lease]:
    tell = [].append if told is None else told.append
    return leased(texts, "search 'x'", StudyBusy, tell, wait)


def claim_of(owner: Process, ago: timedelta = timedelta(0), nonce: str = "n") -> Claim:
    then = (datetime.now(UTC) - ago).isoformat()
    return Claim(owner, nonce, since=then, renewed=then)


def left_by(owner: Process, ago: timedelta = timedelta(0)) -> Memory:
    return Memory({LEASE: to_json(claim_of(owner, ago))})


@pytest.fixture(params=["memory", "journal", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> BaseStorage:
    urls = {"journal": str(tmp_path / "a.journal"), "sqlite": f"sqlite:///{tmp_path}/a.db"}
    return open_storage(urls[request.param]) if request.param in urls else InMemoryStorage()


def test_a_second_start_is_refused_until_the_first_has_ended(storage: BaseStorage) -> None:
    companion = optuna.create_study(storage=storage, study_name="x.runs")
    with start(RunStore(companion)) as lease:
        who = rf"on {this_process().host}, process \d+, since \d\d:\d\d, last heard of \d s ago"
        with pytest.raises(StudyBusy, match=who), start(RunStore(companion)):
            pytest.fail("two starts at a time")
        lease.check()
    with start(RunStore(companion)) as lease:
        lease.check()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_lease_is_given_back_whatever_ends_the_search(error: type[BaseException]) -> None:
    texts = Memory()
    with pytest.raises(error), start(texts):
        raise error
    assert texts == {LEASE: ""}


def test_a_dead_owner_of_this_machine_loses_the_lease_at_once() -> None:
    texts, told = left_by(replace(this_process(), started="before")), []
    waits: list[float] = []
    with start(texts, waits.append, told) as lease:
        lease.check()
    assert (waits, told) == ([leases.SETTLING_SECONDS], [])


def test_an_earlier_start_in_this_very_process_that_could_not_give_it_back_has_ended() -> None:
    with start(left_by(this_process())) as lease:
        lease.check()


SKEWS = [timedelta(0), timedelta(days=3), timedelta(days=-3)]


@pytest.mark.parametrize("skew", SKEWS)
def test_an_owner_elsewhere_that_is_silent_for_a_minute_loses_it_whatever_the_clocks_say(
    skew: timedelta,
) -> None:
    texts, waited, told = left_by(FAR, skew), [], []
    with start(texts, waited.append, told) as lease:
        lease.check()
    assert sum(waited) == pytest.approx(60 + leases.SETTLING_SECONDS)
    assert "(on far, process 77, since" in told[0]
    assert "waits for up to 60 s" in told[0]


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("last_look", [1, 59])
def test_an_owner_elsewhere_that_renews_it_keeps_it_whatever_the_clocks_say(
    skew: timedelta, last_look: int
) -> None:
    texts, waited = left_by(FAR, skew), []

    def renewing(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == last_look:
            texts.store(LEASE, to_json(replace(claim_of(FAR, skew), renewals=1)))

    with (
        pytest.raises(StudyBusy, match=r"far, process 77, since .*, last heard of just now"),
        start(texts, renewing),
    ):
        pytest.fail("taken from a living owner")
    assert len(waited) == last_look
    assert claim_in(texts) is not None


def test_a_lease_given_back_while_it_is_watched_is_free() -> None:
    texts = left_by(FAR)
    waited: list[float] = []

    def ending(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            texts.store(LEASE, "")

    with start(texts, ending) as lease:
        lease.check()
    assert len(waited) == 4


def test_of_two_starts_at_the_same_moment_one_wins() -> None:
    texts = Memory()
    second: list[Lease] = []

    def overtaken(seconds: float) -> None:
        """While the first waits, another that had seen no lease takes it."""
        other = Lease(texts, "search 'x'", [].append)
        other.take(at_once)
        second.append(other)

    with pytest.raises(StudyBusy, match="process"), start(texts, overtaken):
        pytest.fail("both won")
    assert second[0].is_mine()


def test_of_ten_threads_at_the_same_moment_one_wins(tmp_path: Path) -> None:
    companion = optuna.create_study(storage=open_storage(str(tmp_path / "a")), study_name="x.runs")
    together, refused, won = threading.Barrier(10), [], []
    all_told = threading.Event()

    def run() -> None:
        together.wait()
        try:
            with leased(RunStore(companion), "x", StudyBusy, [].append):
                won.append(1)
                all_told.wait(20)
        except StudyBusy as error:
            refused.append(error)
        if len(refused) == 9:
            all_told.set()

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(refused)) == (1, 9)


def taken_over(by: str, then: Callable[[Lease], None]) -> Memory:
    """The texts after a start that goes on when another claim is stored."""
    texts = Memory()
    with start(texts) as lease:
        lease.check()
        texts.store(LEASE, by)
        then(lease)
    return texts


def test_an_owner_that_was_taken_for_dead_leaves_the_others_lease_alone() -> None:
    other = to_json(claim_of(FAR))
    assert taken_over(other, Lease.renew) == {LEASE: other}


@pytest.mark.parametrize(
    ("by", "who"),
    [(to_json(claim_of(FAR)), "start on far, process 77"), ("", "start, which has ended")],
)
def test_an_owner_that_was_taken_for_dead_is_told_before_it_writes(by: str, who: str) -> None:
    with pytest.raises(TakenOver, match=f"search 'x' was taken over by another {who}"):
        taken_over(by, Lease.check)


def test_an_error_is_put_down_to_the_other_start_where_there_is_one() -> None:
    lease = Lease(texts := Memory(), "search 'x'", [].append)
    lease.take(at_once)
    lease.explain(ValueError("a fault"))  # this start's own
    texts.store(LEASE, to_json(claim_of(FAR)))
    error = ValueError("that trial has ended")
    with pytest.raises(TakenOver, match="process 77") as caught:
        lease.explain(error)
    assert caught.value.__cause__ is error
    lease.explain(caught.value)  # which says so already
    lease.release()


class Broken(Memory):
    """Cannot be written while it is out of order."""

    works = True

    def store(self, key: str, text: str) -> None:
        if not self.works:
            raise OSError("disk full")
        super().store(key, text)


def test_a_renewal_that_fails_is_told_once_and_ends_nothing() -> None:
    texts, told = Broken(), []
    with start(texts, told=told) as lease:
        texts.works = False
        lease.renew()
        lease.check()
        lease.check()
        texts.works = True
        lease.renew()
        lease.check()
    assert told == ["The lease of search 'x' was not renewed: OSError: disk full."]


def test_a_thread_renews_the_lease_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.001)
    texts, renewed = Memory(), threading.Event()

    class Watched(Memory):
        def store(self, key: str, text: str) -> None:
            texts.store(key, text)
            claim = claim_in(texts)
            if claim is not None and claim.renewals == 3:
                renewed.set()

        def stored(self, key: str) -> str | None:
            return texts.stored(key)

    with start(Watched()):
        assert renewed.wait(20)
    assert texts == {LEASE: ""}
    assert not [thread for thread in threading.enumerate() if thread.name == "lease"]


def test_the_end_does_not_fail_where_the_storage_is_gone() -> None:
    texts = Broken()
    with start(texts):
        texts.works = False
    texts.works = True
    with start(texts) as lease:  # whose owner is known to have ended
        lease.check()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"owner": 1}', "null"])
def test_what_is_no_claim_is_nobodys(text: str) -> None:
    assert claim_in(Memory({LEASE: text})) is None
    assert claim_in(Memory()) is None


def test_a_lease_of_another_day_says_which() -> None:
    assert ", since 20" in claim_of(FAR, timedelta(days=400)).who
    assert claim_of(FAR, timedelta(minutes=3)).last_heard() == "last heard of 3 min ago"
    assert claim_of(FAR, timedelta(minutes=-3)).last_heard() == "last heard of 0 s ago"
