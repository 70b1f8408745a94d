"""results.json -> RESULTS.md."""

from __future__ import annotations

from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

TRIED = """## Accuracy in bfloat16

`precision.py`: ResNet-8, 3,000 CIFAR-10 images, 5 epochs, batch 64, six paired seeds, 10,000 test
images: float32 38.44 % (sd 0.82), bfloat16 and channels-last 38.37 % (sd 1.09), difference -0.07
points, standard error 0.18.

## Tried, and left out

One run each on the machine above, one thread.

- `torch.compile`: LeNet at batch 128 trains 2310 samples/s plain, 3554 compiled, 5870 in bfloat16
  and channels-last, 4715 so and compiled; ResNet-8 558, 838, 1458, 1272. The first step takes 11
  to 60 s. It loses to bfloat16 and channels-last without it.
- Several seeds as one model (`torch.func.vmap`), against one after the other, processor time: MLP
  at batch 64, 4 seeds 0.86 x (0.65 to 1.12), 16 seeds 1.04 x (0.92 to 1.40); LeNet, 4 seeds, batch
  128 0.77 x (0.69 to 0.90), batch 32 1.06 x (0.99 to 1.10).
- Evaluation in batches of 50, 100, 200, 500 and 1000: 8039, 8494, 8816, 9042 and 5112 samples/s.
- Fewer samples for batch-norm statistics: over random subsets the accuracy's standard deviation
  is 0.5 points with 256 samples, 0.4 with 512, 0.3 with 1024 and 0.25 with 2048.
- Around a trial, before: a picture by matplotlib 230 ms (now Pillow), a journal forced onto the
  disk at every entry 80 to 110 ms a trial (now once a second)."""
GOALS = {"peer": 2.5, "hour": 3.0, "bare": 0.85, "overhead": 0.03}
TRIAL_MS = 2000


def write(results: dict[str, Any], path: Path) -> None:
    """The page, from the measurements alone."""
    parts = [
        head(results),
        goals(results),
        speeds(results),
        accuracies(results),
        settings(results),
        hour(results),
        overhead(results),
        TRIED,
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def spread(values: list[float], digits: int = 2) -> str:
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def head(results: dict[str, Any]) -> str:
    m = results["machine"]
    versions = ", ".join(
        f"{name} {m[name]}"
        for name in ("python", "torch", "torchvision", "optuna", "fastai", "lightning", "skorch")
    )
    return f"""# Throughput

{m["processor"]}, {m["cores"]} cores, GPU {m["gpu"]}. {versions}.
Load average {m["load_average"][0]} at the start, {results["load_average_at_end"][0]} at the end
(this benchmark accounts for 1 to 2 of it); {results["minutes"]} minutes.
Made by `python studies/throughput/run.py`.

Same net, data, batch size, number of steps, 1cycle and augmentation in every loop; data are in
memory before the clock starts, evaluation is outside it. One thread, no loader processes,
and processor time, since the machine was shared. Medians of 5 interleaved turns (extremes);
ratios are taken within a turn. **GPU: not measured.**"""


def verdict(met: bool) -> str:
    return "met" if met else "**not met**"


def goals(results: dict[str, Any]) -> str:
    rows = ["## Goals", "", "| goal | measured | |", "| - | - | - |"]
    for case in results["one_trial"]:
        values = case["to_best_peer"]
        rows.append(
            f"| >= {GOALS['peer']} x the best peer, {case['case']} | {spread(values)} x "
            f"{case['best_peer']} | {verdict(median(values) >= GOALS['peer'])} |"
        )
    hours = results["trials_per_hour"]["ratio"]
    rows.append(
        f"| >= {GOALS['hour']:.0f} x the trials an hour | {spread(hours)} x "
        f"{results['trials_per_hour']['peer']} | {verdict(median(hours) >= GOALS['hour'])} |"
    )
    for case in results["one_trial"]:
        shares = [100 * value for value in case["to_bare"]]
        rows.append(
            f"| >= {GOALS['bare']:.0%} of the bare step, {case['case']} | "
            f"{spread(shares, 0)} % | {verdict(median(shares) >= 100 * GOALS['bare'])} |"
        )
    share = results["overhead_ms"] / TRIAL_MS
    rows.append(
        f"| <= {GOALS['overhead']:.0%} around a {TRIAL_MS / 1000:.0f}-second trial | "
        f"{100 * share:.1f} % | {verdict(share <= GOALS['overhead'])} |"
    )
    return "\n".join(rows)


def speeds(results: dict[str, Any]) -> str:
    names = list(results["one_trial"][0]["samples_per_second"])
    rows = [
        "## Training samples per processor second, one trial, one thread",
        "",
        "| case | " + " | ".join(names) + " |",
        "| - |" + " - |" * len(names),
    ]
    for case in results["one_trial"]:
        rates = case["samples_per_second"]
        cells = " | ".join(spread(rates[name], 0) for name in names)
        size = f"n = {case['n_train']}, batch {case['batch_size']}, {case['epochs']} epochs"
        rows.append(f"| {case['case']}: {size} | {cells} |")
    rows += ["", "The bare step: the same net and setting, one batch that stays where it is."]
    return "\n".join(rows)


def accuracies(results: dict[str, Any]) -> str:
    names = list(results["one_trial"][0]["accuracy"])
    rows = [
        "## Accuracy at the end, %",
        "",
        "Every model measured alike: float32, batch-norm statistics recalibrated, the same "
        "validation samples. Mean and standard deviation over the seeds; the last column is the "
        "largest distance of ours from a peer, in standard errors of the difference.",
        "",
        "| case | " + " | ".join(names) + " | distance |",
        "| - |" + " - |" * (len(names) + 1),
    ]
    for case in results["one_trial"]:
        ends = case["accuracy"]
        cells = " | ".join(
            f"{100 * mean(v):.1f} +- {100 * stdev(v):.1f}" for v in (ends[n] for n in names)
        )
        rows.append(f"| {case['case']} | {cells} | {furthest(ends):.1f} |")
    return "\n".join(rows)


def furthest(ends: dict[str, list[float]]) -> float:
    """The largest |difference of means| / its standard error, ours against each peer."""
    own = ends["ours"]

    def distance(other: list[float]) -> float:
        error = ((stdev(own) ** 2 + stdev(other) ** 2) / len(own)) ** 0.5
        return abs(mean(own) - mean(other)) / max(error, 1e-9)

    return max(distance(values) for name, values in ends.items() if name != "ours")


def settings(results: dict[str, Any]) -> str:
    rows = [
        "## What was chosen by measuring",
        "",
        "| case | chosen | samples/s of every setting |",
        "| - | - | - |",
    ]
    for case in results["one_trial"]:
        speeds = ", ".join(f"{name} {rate}" for name, rate in case["settings"].items())
        rows.append(f"| {case['case']} | {case['setting']} | {speeds} |")
    return "\n".join(rows)


def hour(results: dict[str, Any]) -> str:
    h = results["trials_per_hour"]
    return f"""## Trials an hour, {h["case"]}

Ours: {results["machine"]["cores"]} processes of one thread each, evaluation at seven phases and
at the end included: {spread(h["ours"], 0)}. {h["peer"]}, trial after trial with its better number
of threads, {h["peer_threads"]}, no evaluation: {spread(h["theirs"], 0)}.
Ratio: {spread(h["ratio"])}. By the clock, so other load on the machine is in it."""


def overhead(results: dict[str, Any]) -> str:
    rows = [
        "## Around a trial, besides training it",
        "",
        "| part | ms, median (extremes) |",
        "| - | - |",
    ]
    for part, s in results["around_a_trial_ms"].items():
        rows.append(f"| {part} | {s['median']:.1f} ({s['min']:.1f} to {s['max']:.1f}) |")
    total = results["overhead_ms"]
    rows.append(f"| all | {total:.0f} = {100 * total / TRIAL_MS:.1f} % of two seconds |")
    return "\n".join(rows)
