"""The study's note while the search runs."""

from __future__ import annotations

from functools import partial

import optuna
from optuna_dashboard import get_note

from autosuperconv.core.events import Note, RunFinished, Step, StepFinished, StepStarted
from autosuperconv.reporting.dashboard.note import (
    LiveNote,
    earlier_result,
    set_note,
    settle_note,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def told() -> tuple[LiveNote, list[str], Clock]:
    written: list[str] = []
    clock = Clock()
    return LiveNote("resnet8 on digits", written.append, clock), written, clock


def test_the_note_tells_the_step_how_far_it_is_and_what_was_found() -> None:
    live, written, clock = told()
    live(StepFinished(Step.RANGE_TEST, "possible: [4] of 4 cells"))
    live(StepStarted(Step.STUDY, 30, 10, 70.0))
    clock.now = 11.0
    live(RunFinished(Step.STUDY, "trial 11", "97.2 % after 3 epochs", "97.9 % (trial 4)", 61.0))
    assert written[-1] == (
        "## Running: resnet8 on digits\n\n"
        "**study**: run 11 of 30; about 61 s left.\n\n"
        "Best so far: 97.9 % (trial 4).\n\n"
        "Last: trial 11: 97.2 % after 3 epochs\n\n"
        "- **range test**: possible: \\[4\\] of 4 cells\n"
    )


def test_inside_a_step_the_note_is_written_every_ten_seconds_at_most() -> None:
    live, written, clock = told()
    live(StepStarted(Step.STUDY, 30, 0, None))
    for second in range(25):
        clock.now = float(second)
        live(RunFinished(Step.STUDY, f"trial {second}", "97 %", None, None))
    # at the start, then after 10 and 20 seconds
    assert len(written) == 3
    assert "run 21 of 30" in written[-1]


def test_the_end_of_a_step_and_a_word_to_the_user_are_written_at_once() -> None:
    live, written, _ = told()
    live(StepStarted(Step.PLAN, 5, 0, None))
    live(Note("The model has no dropout layer."))
    live(StepFinished(Step.PLAN, "100 runs"))
    assert len(written) == 3
    assert written[-1].endswith("- **plan**: 100 runs\n\n- The model has no dropout layer.\n")


def test_the_best_of_an_earlier_run_stays_until_there_is_a_better_one() -> None:
    live, _, _ = told()
    live(StepStarted(Step.STUDY, 30, 0, None))
    live(RunFinished(Step.STUDY, "trial 0", "97 %", "97 % (trial 0)", None))
    live(RunFinished(Step.STUDY, "trial 1", "pruned", None, None))
    assert "Best so far: 97 % (trial 0)." in live.text()


def test_the_live_note_is_written_only_when_it_changes(study: optuna.Study) -> None:
    set_note(study, "**12 of 40** trials")
    version = study._storage.get_study_system_attrs(study._study_id)["dashboard:note_ver"]
    set_note(study, "**12 of 40** trials")
    assert study._storage.get_study_system_attrs(study._study_id)["dashboard:note_ver"] == version
    set_note(study, "**13 of 40** trials")
    assert get_note(study) == "**13 of 40** trials"


def running(study: optuna.Study) -> None:
    """Something runs on the study, and does not say that it has ended."""
    publish, earlier = partial(set_note, study), partial(earlier_result, study)
    live = LiveNote("net", publish, Clock(), earlier)
    live(StepStarted(Step.PLAN, 5, 0, None))


def test_the_result_of_a_finished_search_stays_below_whatever_runs_and_comes_back() -> None:
    study = optuna.create_study()
    set_note(study, "# REACHED\n")
    running(study)
    assert get_note(study).startswith("## Running: net\n\n**plan**: run 0 of 5.\n")
    assert get_note(study).endswith("# REACHED\n")
    running(study)  # the first was killed
    assert get_note(study).count("# REACHED") == 1
    settle_note(study)
    assert get_note(study) == "# REACHED\n"


def test_a_search_that_stopped_before_its_end_says_so() -> None:
    study = optuna.create_study()
    running(study)
    settle_note(study)
    stopped = "## Stopped: net\n\n**plan**: run 0 of 5.\n\nThe same command goes on from here.\n"
    assert get_note(study) == stopped
    assert earlier_result(study) == ""
    running(study)
    assert get_note(study) == "## Running: net\n\n**plan**: run 0 of 5.\n"


def test_the_note_of_a_finished_search_is_left_alone() -> None:
    study = optuna.create_study()
    set_note(study, "# REACHED\n")
    settle_note(study)
    assert get_note(study) == "# REACHED\n"
