"""results.json -> RESULTS.md."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from precision import FOUND, in_words

TRIED = """## Tried and rejected

One run each on the machine above, one thread.

- `torch.compile` of model and loss in bfloat16 and channels-last: 0.45 x the speed without it for
  LeNet at batch 128, 0.86 x for ResNet-8, 1.11 x for an MLP at batch 64 (1.02 x in float32). The
  first steps take 20, 24 and 6 s in each process, and again for each batch size, while an MLP's
  whole trial takes less than one second.
- An MLP's step at batch 64 takes 463 microseconds. Its float32 matrix products take about 270, the
  optimizer and the step's own Python 70, and autograd's dispatch the rest. In bfloat16 the products
  take about 100, but with casts and more dispatch the step still takes 425. Without an optimizer
  object it would take 411. So no step can be 2.5 x as fast as that of plain PyTorch; the gain is in
  the data handling.
- A ResNet's step in bfloat16 and channels-last: convolutions take 54 % of ResNet-8's step and 65 %
  of ResNet-20's, batch norm 24 and 20 %; additions, ReLUs and their gradients take most of the rest
  (torch.profiler). Adding the shortcut in place gives 1.00 to 1.01 x the speed.
- glibc's mallopt (mmap threshold 1 GiB, no trimming): 0.97 to 1.05 x the speed, depending on the
  case (medians of four pairs of processes); indistinguishable from noise.
- Several seeds trained as one model (`torch.func.vmap`), compared with one after the other in
  processor time: MLP at batch 64, 4 seeds 0.86 x (0.65 to 1.12), 16 seeds 1.04 x (0.92 to 1.40);
  LeNet with 4 seeds, batch 128 0.77 x (0.69 to 0.90), batch 32 1.06 x (0.99 to 1.10).
- Evaluation in batches of 50, 100, 200, 500 and 1000: 8039, 8494, 8816, 9042 and 5112 samples/s.
- Evaluations in a short trial: two epochs of 1,920 images take 1.8 s of processor time with one
  evaluation at the end. Seven evaluations, each with 512 samples for statistics and 1,000 for
  accuracy, made it 3.2 s; seven evaluations limited to a tenth of the training's cost, 2.1 s.
- Gradients left in the layout they arrive in: a ResNet-8 step in bfloat16 and channels-last took
  1.42 x as long, ResNet-20 1.12 x, WRN-10-1 1.04 x, LeNet and ResNet-18 1.02 x.
- Fewer samples for batch-norm statistics: over random subsets, the standard deviation of accuracy
  is 0.5 percentage points with 256 samples, 0.4 with 512, 0.3 with 1024 and 0.25 with 2048.
- Overhead of a trial in earlier versions: 230 ms for a picture by matplotlib (now Pillow), and 80
  to 110 ms for a journal that was synced to the disk at every entry (now once a second)."""
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
        searched(results),
        overhead(results),
        precision(),
        TRIED,
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def precision() -> str:
    """Accuracy in bfloat16, as `precision.py` found it."""
    ends = json.loads(FOUND.read_text(encoding="utf-8"))
    return f"""## Accuracy in bfloat16

`precision.py`: ResNet-8, 3,000 CIFAR-10 images, 5 epochs, batch 64, six paired seeds, 10,000 test
images: {in_words(ends)}."""


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
Written by `python studies/throughput/run.py`.

Every loop has the same network, data, batch size, number of steps, 1cycle and augmentation. The
data are in memory before the clock starts, and evaluation is not timed. One thread, no loader
processes; processor time, because the machine was shared. Values are medians of 5 interleaved turns
(extremes in brackets), and ratios are taken within a turn. **Nothing was measured on a GPU.**"""


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
    search = results["whole_search"]
    rows.append(
        f"| >= {GOALS['hour']:.0f} x the trials an hour, a whole search | {search['ratio']:.2f} x "
        f"{search['peer']} | {verdict(search['ratio'] >= GOALS['hour'])} |"
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
    rows += [
        "",
        "The bare step: the same network and setting, on one batch that is never replaced.",
    ]
    return "\n".join(rows)


def accuracies(results: dict[str, Any]) -> str:
    names = list(results["one_trial"][0]["accuracy"])
    rows = [
        "## Accuracy at the end, %",
        "",
        "Every model is measured in the same way: float32, recalibrated batch-norm statistics, the "
        "same validation samples. Mean and standard deviation over the seeds. The last column is "
        "the largest distance between ours and a peer, in standard errors of the difference.",
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
        "## Settings chosen by measurement",
        "",
        "| case | chosen | samples/s of every setting |",
        "| - | - | - |",
    ]
    for case in results["one_trial"]:
        speeds = ", ".join(f"{name} {rate}" for name, rate in case["settings"].items())
        rows.append(f"| {case['case']} | {case['setting']} | {speeds} |")
    return "\n".join(rows)


def searched(results: dict[str, Any]) -> str:
    s = results["whole_search"]
    ours, theirs = (3600 * s["trials"] / s[name] for name in ("seconds", "peer_seconds"))
    ends = ", ".join(f"{n} {why}" for why, n in s["ended"].items())
    share = 1 - s["samples_trained"] / s["samples_whole"]
    return f"""## Trials an hour of a whole search, {s["case"]}

The study step of a real search on {s["n_train"]} images, in wall-clock time: proposals,
{s["workers"]} runs at once, evaluations along the way and at the end, pruning, and storage.
{s["trials"]} trials ({ends}; {share:.0%} of their training was saved)
took {s["seconds"]:.0f} s, which is {ours:.0f} an hour.
Then {s["peer"]}, with its better number of threads ({s["peer_threads"]}), trained the same recipes
one after the other to their ends, without any evaluation. That took
{s["peer_seconds"]:.0f} s, which is {theirs:.0f} an hour.
The ratio is {s["ratio"]:.2f}, from one run, and includes other load on the machine. The range test
and the baseline come before the study and are in neither figure. How the search trained:
{" ".join(s["choices"])}"""


def overhead(results: dict[str, Any]) -> str:
    rows = [
        "## Overhead of a trial",
        "",
        "| part | ms, median (extremes) |",
        "| - | - |",
    ]
    for part, s in results["around_a_trial_ms"].items():
        rows.append(f"| {part} | {s['median']:.1f} ({s['min']:.1f} to {s['max']:.1f}) |")
    total = results["overhead_ms"]
    rows.append(f"| all | {total:.0f} = {100 * total / TRIAL_MS:.1f} % of two seconds |")
    return "\n".join(rows)
