"""What to do where no trial of a study completed."""

from __future__ import annotations

from autosuperconv.core.format import number
from autosuperconv.core.space import Range, ends
from autosuperconv.errors import NothingCompleted
from autosuperconv.tuning.steps.study import StudySettings, finished
from autosuperconv.tuning.store.session import Session


def none_completed(session: Session, settings: StudySettings, trials: int) -> NothingCompleted:
    """Why there is no answer."""
    name = session.study.study_name
    return NothingCompleted(
        f"No trial of study {name!r} completed: all {trials} were pruned or diverged. "
        f"{_without_learning(session) or _instead(settings, trials)}"
    )


def _without_learning(session: Session) -> str:
    """What to search where no learning rate was too high; "" where one may have been."""
    details = [t.detail for t in finished(session.study) if t.trained]
    if not details or not all("no better than" in end or "cannot reach" in end for end in details):
        return ""
    return (
        "None was lost to a high learning rate: they were too short, or aimed too high. Search "
        "longer cycles (--epochs), or allow a larger --margin."
    )


def _instead(settings: StudySettings, trials: int) -> str:
    """What to search where no trial completed."""
    base = settings.base.max_lr
    low, high = ends(settings.space.dimensions.get("max_lr", Range(base, base)))
    if low == high:
        return (
            f"max_lr is fixed at {number(low)}: give a range of lower ones, such as --max-lr "
            f"{low / 100:.3g}:{low:.3g}, or longer cycles (--epochs)."
        )
    return (
        f"Search more trials (--trials {2 * trials}), longer cycles (--epochs), or lower learning "
        f"rates, such as --max-lr {low / 10:.3g}:{high / 10:.3g}."
    )
