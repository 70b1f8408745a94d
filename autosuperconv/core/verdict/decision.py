"""Which runs are needed next, and what the rungs have shown so far.

A rung is a length that the verdict distinguishes. Everything is worked out again from the recorded
runs at every call, so a search that was interrupted goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autosuperconv.core.stats.moderated import SeedSpread, has_interval
from autosuperconv.core.verdict.comparison import (
    Bound,
    Comparison,
    LookPlan,
    RungState,
    compare_sides,
    look_at,
)
from autosuperconv.core.verdict.evidence import Evidence
from autosuperconv.core.verdict.looks import Looks
from autosuperconv.core.verdict.margin import Margin, margin_for
from autosuperconv.core.verdict.rungs import DECIDED, Course, Needed, RungCourse, RungRuns
from autosuperconv.core.verdict.runs import diverged_in, sound, too_many
from autosuperconv.core.verdict.types import Criterion, RunCurve
from autosuperconv.errors import InvalidInput

LONE_RUNG = 0.82
"""Of the error, to pass the only rung that is looked at, and to fail any. All of it would be right
for normal noise of one spread; where the baseline spreads twice as much, this much is
(`studies/verdict_power`)."""
EACH_RUNG = 0.58
"""Of the error, to pass each of several rungs: passing any of them is a gain."""
HOPELESS = -1.0
"""A rung whose posterior is this many seed sds short of the target is not looked at first."""
SAFE = 1.0
"""A rung whose posterior is this many seed sds above the target spares the longer one, at first."""


def next_look(
    rungs: Sequence[RungRuns],
    baseline: Sequence[RunCurve],
    evidence: Evidence,
    criterion: Criterion = Criterion(),
) -> Needed:
    """Runs to train before the next look; `nothing` where the decision stands."""
    return follow(rungs, baseline, evidence, criterion).needed


def follow(
    rungs: Sequence[RungRuns],
    baseline: Sequence[RunCurve],
    evidence: Evidence,
    criterion: Criterion = Criterion(),
) -> Course:
    """The looks so far, in their order, as far as there are runs for them; without a plan, one
    look at all the runs.

    The longest rung is asked last where it was spared and the others have shown no gain.

    Raises:
        InvalidInput: there is no rung, or two have one speed-up.
    """
    fastest_first = sorted(rungs, key=lambda rung: -rung.speedup)
    speedups = [rung.speedup for rung in fastest_first]
    if not rungs or len(set(speedups)) < len(speedups):
        raise InvalidInput(f"A decision needs rungs of different speed-ups, but got {speedups}.")
    asking = Asking(tuple(fastest_first), tuple(baseline), evidence, criterion)
    if evidence.looks is None:
        return Course(asking.at_once(), DECIDED)
    first, longest = asked_first(fastest_first), fastest_first[-1]
    courses: dict[float, RungCourse] = {}
    for asked in (first, [] if longest in first else [longest]):
        needed = asking.look(asked, courses)
        if not needed.nothing or shows_gain(courses):
            return Course(courses, needed)
    return Course(courses, DECIDED)


def asked_first(fastest_first: Sequence[RungRuns]) -> list[RungRuns]:
    """The rungs that have a chance, and the longest one unless a shorter one looks safe."""
    *shorter, longest = fastest_first
    hopeful = [rung for rung in shorter if rung.posterior is None or rung.posterior > HOPELESS]
    safe = any(rung.posterior is not None and rung.posterior > SAFE for rung in hopeful)
    return hopeful if safe else [*hopeful, longest]


def shows_gain(courses: Mapping[float, RungCourse]) -> bool:
    """Whether any rung has passed."""
    return any(course.state is RungState.PASSED for course in courses.values())


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions, and the runs that answer them.

    Args:
        rungs: the fastest first.
        baseline: its runs.
        evidence: with the planned looks.
        criterion: the bounds.
    """

    rungs: tuple[RungRuns, ...]
    baseline: tuple[RunCurve, ...]
    evidence: Evidence
    criterion: Criterion

    def at_once(self) -> dict[float, RungCourse]:
        """One look at each rung that has runs."""
        return {
            rung.speedup: course_of(
                (rung.candidate, self.baseline, rung.control or ()),
                *(self.margin, self.criterion, self.evidence, self.share),
            )
            for rung in self.rungs
            if rung.candidate
        }

    def look(self, asked: Sequence[RungRuns], courses: dict[float, RungCourse]) -> Needed:
        """Look as often as there are runs, and note in `courses` what is seen; returns the runs
        that are lacking. Those that would hardly settle anything are not asked for."""
        for look, size in enumerate(self.looks.sizes):
            open_ = [
                rung
                for rung in asked
                if self.goes_on(rung, courses) and self.is_worth_it(rung, courses, size)
            ]
            lacking = self.lacking(open_, courses, size)
            if not lacking.nothing:
                return lacking
            for rung in open_:
                courses[rung.speedup] = self.looked(rung, courses.get(rung.speedup), look)
            lacking = self.lacking_control(open_, courses, size)
            if not lacking.nothing:
                return lacking
            for rung in open_:
                courses[rung.speedup] = self.looked_at_control(rung, courses[rung.speedup], look)
        return DECIDED

    @property
    def looks(self) -> Looks:
        """As planned."""
        if self.evidence.looks is None:
            raise AssertionError("without a plan there is one look at all the runs")
        return self.evidence.looks

    @property
    def margin(self) -> Margin:
        """Frozen, or from all runs."""
        sides = [self.baseline, *(rung.candidate for rung in self.rungs if rung.candidate)]
        return margin_for(sides, self.criterion, self.evidence)

    @property
    def share(self) -> float:
        """Of the error, for passing one rung. Whether a rung is hopeless was seen on validation
        data, so it does not depend on the runs that are judged."""
        return LONE_RUNG if asked_first(self.rungs) == [self.rungs[-1]] else EACH_RUNG

    def goes_on(self, rung: RungRuns, courses: Mapping[float, RungCourse]) -> bool:
        """Whether another look at this rung can change the verdict."""
        course = courses.get(rung.speedup, RungCourse())
        if course.state is RungState.PASSED:
            return self.wants_control(rung) and course.control_state is RungState.OPEN
        if course.state is RungState.FAILED:
            return False
        shorter = [c.state for k, c in courses.items() if k > rung.speedup]
        longer = [c.state for k, c in courses.items() if k < rung.speedup]
        return not (RungState.PASSED in shorter or RungState.FAILED in longer)

    def is_worth_it(
        self, rung: RungRuns, courses: Mapping[float, RungCourse], size: tuple[int, int]
    ) -> bool:
        """Whether another look may settle something, or costs no run."""
        course = courses.get(rung.speedup, RungCourse())
        if not course.is_futile(longest=rung is self.rungs[-1]):
            return True
        return self.lacking([rung], courses, size).nothing

    def wants_control(self, rung: RungRuns) -> bool:
        """Whether the control is asked of this rung: only where it would be "reached"."""
        return rung.speedup >= self.criterion.min_speedup and rung.control is not None

    def lacking(
        self,
        open_: Sequence[RungRuns],
        courses: Mapping[float, RungCourse],
        size: tuple[int, int],
    ) -> Needed:
        """Runs that are lacking before the rungs' next look."""
        n, m = size
        few = {rung.speedup: m for rung in open_ if len(rung.candidate) < m}
        states = [courses.get(rung.speedup, RungCourse()).state for rung in open_]
        wanted = n if RungState.OPEN in states and len(self.baseline) < n else 0
        controls = {
            rung.speedup: m
            for rung, state in zip(open_, states, strict=True)
            if state is RungState.PASSED and len(rung.control or ()) < m
        }
        return Needed(wanted, few, controls)

    def lacking_control(
        self,
        open_: Sequence[RungRuns],
        courses: Mapping[float, RungCourse],
        size: tuple[int, int],
    ) -> Needed:
        """Control runs that are lacking once a rung has passed."""
        passed = [rung for rung in open_ if self.asks_control(rung, courses[rung.speedup])]
        few = {rung.speedup: size[1] for rung in passed if len(rung.control or ()) < size[1]}
        return Needed(0, {}, few)

    def asks_control(self, rung: RungRuns, course: RungCourse) -> bool:
        """Whether the control is to be looked at now."""
        return course.state is RungState.PASSED and self.wants_control(rung)

    def looked(self, rung: RungRuns, course: RungCourse | None, look: int) -> RungCourse:
        """After a look at a rung's accuracy, where that is open."""
        course = course or RungCourse()
        if course.state is not RungState.OPEN:
            return course
        n, m = self.looks.sizes[look]
        runs, plan = rung.candidate[:m], accuracy_plan(self.looks, self.criterion, self.share)
        found = look_at(
            runs, self.baseline[:n], self.margin.bound, plan, look, self.evidence.spread
        )
        return RungCourse(found, None, too_many(diverged_in(runs), len(runs)))

    def looked_at_control(self, rung: RungRuns, course: RungCourse, look: int) -> RungCourse:
        """After a look at a rung's control, where that is asked."""
        if not self.asks_control(rung, course):
            return course
        m = self.looks.sizes[look][1]
        runs, control = rung.candidate[:m], (rung.control or ())[:m]
        plan = control_plan(self.looks, self.criterion)
        spread = self.evidence.spread
        found = look_at(
            runs, control, control_bound(runs, control, self.margin, spread), plan, look, spread
        )
        diverges = too_many(diverged_in(runs), len(runs))
        return RungCourse(course.accuracy, unreliable_is_beaten(found, control), diverges)


def accuracy_plan(looks: Looks, criterion: Criterion, share: float) -> LookPlan:
    """How candidate and baseline are looked at; `share` of the error is for passing."""
    error = 1 - criterion.confidence
    return LookPlan(looks.sizes, share * error, max(share, LONE_RUNG) * error)


def control_plan(looks: Looks, criterion: Criterion) -> LookPlan:
    """How candidate and control are looked at: at the same looks, with equally many runs."""
    error = 1 - criterion.confidence
    return LookPlan(tuple((m, m) for _, m in looks.sizes), error, error)


def control_bound(
    runs: Sequence[RunCurve],
    control: Sequence[RunCurve],
    margin: Margin,
    spread: SeedSpread | None,
) -> Bound:
    """What the lead over the control must be above: 0, or the margin where there is no interval."""
    sure = has_interval(len(sound(runs)), len(sound(control)), spread)
    return Bound(0.0 if sure else margin.value)


def unreliable_is_beaten(found: Comparison, control: Sequence[RunCurve]) -> Comparison:
    """A control that diverges too often is beaten, however accurate its other runs are."""
    if too_many(diverged_in(control), len(control)):
        return replace(found, state=RungState.PASSED)
    return found


def course_of(
    sides: tuple[Sequence[RunCurve], Sequence[RunCurve], Sequence[RunCurve]],
    margin: Margin,
    criterion: Criterion,
    evidence: Evidence,
    share: float = LONE_RUNG,
) -> RungCourse:
    """What one candidate has shown, at as many of the planned looks as there are runs for.

    Args:
        sides: runs of the candidate, of the baseline and of the control, which may be empty.
        share: of the error, to pass; all of it where the margin pays for its own.
    """
    candidate, baseline, control = sides
    looks, spread = evidence.looks or Looks(((len(baseline), len(candidate)),)), evidence.spread
    plan = accuracy_plan(looks, criterion, share / LONE_RUNG if margin.error else share)
    accuracy = compare_sides(candidate, baseline, margin.bound, plan, spread)
    diverges = too_many(diverged_in(candidate), len(candidate))
    if not control:
        return RungCourse(accuracy, None, diverges)
    bound = control_bound(candidate, control, margin, spread)
    if evidence.looks is None:
        looks = Looks(((len(control), len(candidate)),))
    found = compare_sides(candidate, control, bound, control_plan(looks, criterion), spread)
    return RungCourse(accuracy, unreliable_is_beaten(found, control), diverges)
