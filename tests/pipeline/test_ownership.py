"""One search at a time in a study and in a report's folder."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from autosuperconv.core.events import Event, Note
from autosuperconv.core.serialization import to_json
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import NothingCompleted, OutputUnwritable, StudyBusy, TakenOver
from autosuperconv.pipeline.ownership import FolderTexts, refuse_busy
from autosuperconv.pipeline.rebuild import rebuild
from autosuperconv.pipeline.steps import run_steps
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.lease import LEASE, Claim, claim_in
from autosuperconv.tuning.store.process import Process
from autosuperconv.tuning.store.run_store import RunStore
from autosuperconv.tuning.store.storage import in_memory, open_storage
from autosuperconv.tuning.store.studies import companion_of, is_known
from tests.surface import make_setup, surface_work

ELSEWHERE = Process("far", "abc", "abc", "pid:[1]", 77, "123")


def companion(folder: Path, name: str = "surface") -> RunStore:
    found = companion_of(open_storage(str(folder / "study.journal")), name)
    assert found is not None
    return RunStore(found)


def never(job: Job, on_point: OnPoint | None = None) -> Trace:
    pytest.fail("trained although another start runs")


def test_the_same_search_is_refused_while_it_runs_and_its_remedy_works(tmp_path: Path) -> None:
    with surface_work(tmp_path) as first:
        with (
            pytest.raises(StudyBusy, match=r"'surface' is running already on .* --study-name"),
            surface_work(tmp_path, trainer=never),
        ):
            pytest.fail("two starts at a time")
        other = make_setup(tmp_path, study_name="another", out=tmp_path / "another")
        with surface_work(tmp_path, other) as second:
            assert second.session.study.study_name == "another"
        with pytest.raises(StudyBusy, match="running already"):
            refuse_busy(str(tmp_path / "study.journal"), "surface")
        assert first.session.stored("setup") == to_json(first.setup)
    refuse_busy(str(tmp_path / "study.journal"), "surface")
    refuse_busy(str(tmp_path / "study.journal"), "no such search")
    with surface_work(tmp_path):
        assert claim_in(companion(tmp_path)) is not None
    assert claim_in(companion(tmp_path)) is None


def test_another_search_may_not_write_its_report_into_the_same_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with surface_work(tmp_path):
        with (
            pytest.raises(OutputUnwritable, match=r"--out must be .* process \d+.* with --out"),
            surface_work(tmp_path, make_setup(tmp_path, study_name="another")),
        ):
            pytest.fail("two searches in one folder")
        assert not is_known(open_storage(str(tmp_path / "study.journal")), "another")
    with surface_work(tmp_path, make_setup(tmp_path, study_name="another")):
        assert claim_in(FolderTexts(out)) is not None
    assert [file.name for file in out.iterdir()] == []


def test_another_folder_for_the_same_search_is_said(tmp_path: Path) -> None:
    said: list[list[str]] = []
    for name in ("out", "out", "other"):
        told: list[Event] = []
        with surface_work(
            tmp_path, make_setup(tmp_path, out=tmp_path / name), listener=told.append
        ):
            said.append([event.text for event in told if isinstance(event, Note)])
    assert said[:2] == [[], []]
    (text,) = said[2]
    assert f"went to '{tmp_path}/out'. From now on it goes to '{tmp_path}/other'" in text


def test_what_a_folder_keeps_is_read_as_it_was_written(tmp_path: Path) -> None:
    texts = FolderTexts(tmp_path)
    assert texts.stored("a") is None
    texts.store("a", "größer")
    assert texts.stored("a") == "größer"
    texts.store("a", "")
    texts.store("a", "")
    assert list(tmp_path.iterdir()) == []


def test_a_full_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *args: object, **kwargs: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputUnwritable, match=r"out' cannot be written: No space left"):
        FolderTexts(tmp_path / "out").store("a", "b")


def test_a_folder_that_is_taken_away_is_not_put_down_to_another_start(tmp_path: Path) -> None:
    def tidy(job: Job, on_point: OnPoint | None = None) -> Trace:
        (tmp_path / "out" / ".running-lease").unlink()
        raise ValueError("a fault")

    with (
        pytest.raises(ValueError, match="a fault"),
        surface_work(tmp_path, trainer=tidy) as work,
    ):
        run_steps(work)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_study_is_free_however_the_search_ends(
    error: type[BaseException], tmp_path: Path
) -> None:
    def ends(job: Job, on_point: OnPoint | None = None) -> Trace:
        if job.recipe.schedule == "1cycle" and job.recipe.seed < 900:
            raise error
        return SurfaceTrainer()(job, on_point)

    with pytest.raises(error), surface_work(tmp_path, trainer=ends) as work:
        run_steps(work)
    assert claim_in(companion(tmp_path)) is None
    assert list((tmp_path / "out").glob(".*")) == []


def test_a_report_leaves_the_running_trial_of_a_search_alone(tmp_path: Path) -> None:
    states: list[optuna.trial.TrialState] = []

    def watched(job: Job, on_point: OnPoint | None = None) -> Trace:
        study = work.session.study
        if study.trials and not states:
            with pytest.raises(NothingCompleted, match=r"'surface' is still running on .* Wait"):
                rebuild(str(tmp_path / "study.journal"), None, None)
            states.extend(trial.state for trial in study.trials)
        return SurfaceTrainer()(job, on_point)

    with surface_work(tmp_path, trainer=watched) as work:
        run_steps(work)
    assert states[0] is optuna.trial.TrialState.RUNNING


def test_a_start_that_was_taken_for_dead_stops_before_it_writes(tmp_path: Path) -> None:
    other = Claim(ELSEWHERE, "n", since="2026-01-01T10:00+00:00", renewed="2026-01-01T10:00+00:00")
    trials: list[int] = []

    def overtaken(job: Job, on_point: OnPoint | None = None) -> Trace:
        if len(work.session.study.trials) == 3 and not trials:
            trials.append(len(work.session.study.trials))
            companion(tmp_path).store(LEASE, to_json(other))
            optuna.load_study(  # as the other start does with a trial that it takes for left over
                study_name="surface", storage=open_storage(str(tmp_path / "study.journal"))
            ).tell(2, state=optuna.trial.TrialState.FAIL)
        return SurfaceTrainer()(job, on_point)

    with (
        pytest.raises(TakenOver, match=r"'surface' was taken over by another start on far"),
        surface_work(tmp_path, trainer=overtaken) as work,
    ):
        run_steps(work)
    assert len(work.session.study.trials) == 3
    assert claim_in(companion(tmp_path)) == other


def test_an_owner_elsewhere_is_watched_and_the_user_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with surface_work(tmp_path):
        pass
    claim = Claim(ELSEWHERE, "n", since="2026-01-01T10:00+00:00", renewed="2026-01-01T10:00+00:00")
    companion(tmp_path).store(LEASE, to_json(claim))
    FolderTexts(tmp_path / "out").store(LEASE, to_json(claim))
    monkeypatch.setattr("autosuperconv.tuning.store.lease.LOOK_SECONDS", 0.001)
    told: list[Event] = []
    with surface_work(tmp_path, listener=told.append):
        assert claim_in(companion(tmp_path)) != claim
    texts = [event.text for event in told if isinstance(event, Note)]
    assert sum("on far, process 77" in text for text in texts) == 1  # the folder is not waited for


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("sqlite://", True),
        ("sqlite:///:memory:", True),
        ("sqlite+pysqlite:///:memory:", True),
        ("sqlite:///a.db", False),
        ("sqlite:////tmp/a.db?timeout=5", False),
        ("postgresql://localhost/a", False),
        ("a.journal", False),
    ],
)
def test_a_database_in_memory_is_known_by_its_url(url: str, private: bool) -> None:
    assert in_memory(url) is private
