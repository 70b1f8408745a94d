"""The command line: what it takes, and one clear message for each wrong input."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from autosuperconv.cli import commands as module
from autosuperconv.cli.commands import cli, main
from autosuperconv.core.options import SearchOptions
from autosuperconv.errors import InvalidInput
from autosuperconv.tuning.store.storage import open_storage

TASK = {
    "--dataset",
    "--data-dir",
    "--n-train",
    "--augment",
    "--image-size",
    "--normalise",
    "--skip-broken",
    "--model",
    "--seed",
    "--device",
    "--deterministic",
}
STUDY = {"--storage", "--study-name"}
OUTPUT = {"--quiet", "--json"}
CRITERION = {"--margin", "--confidence", "--min-speedup", "--min-lr-ratio"}
SEARCH = (
    TASK
    | STUDY
    | OUTPUT
    | {"--out", "--trials", "--timeout", "--epochs", "--baseline-epochs", "--target"}
    | {"--no-baseline"}
    | {"--baseline", "--baseline-curves", "--baseline-batch-size"}
    | {"--objective", "--seeds", "--max-seeds", "--max-lr", "--weight-decay", "--dropout"}
    | {"--batch-size", "--optimizer", "--schedule", "--sampler", "--pruner", "--workers"}
    | {"--precision", "--memory-format", "--explain", "--sweep", "--range-test-share"}
    | CRITERION
)
FLAGS = {
    "search": SEARCH | {"--dry-run"},
    "range-test": SEARCH | {"--read"},
    "train": TASK
    | OUTPUT
    | {"--recipe", "--max-lr", "--epochs", "--batch-size", "--weight-decay", "--dropout", "--on"}
    | {"--max-momentum", "--base-momentum", "--optimizer", "--schedule", "--curvature"},
    "judge": {"--candidate", "--baseline", "--control", "--batch-size", "--n-train", "--chance"}
    | CRITERION
    | {"--json", "--n-test"},
    "report": STUDY | OUTPUT | {"--out"},
    "dashboard": STUDY | {"--host", "--port", "--artifacts", "--open", "--no-open"},
    "reproduce": set(),
}
SMALL = ["--dataset", "digits", "--model", "mlp", "--workers", "1", "--device", "cpu"]


def run(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """The command, in this process: its exit status."""
    monkeypatch.setattr(sys, "argv", ["autosuperconv", *argv])
    open_storage.cache_clear()
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> object:
    """Runs a command that must be refused before it trains; gives its message."""

    def check(argv: list[str], status: int = 2) -> str:
        monkeypatch.chdir(tmp_path)
        found = run(argv, monkeypatch)
        out, err = capsys.readouterr()
        assert found == status, err
        assert out == ""
        assert "Traceback" not in err
        assert len(re.findall(r"^Error: ", err, re.MULTILINE)) == 1
        return " ".join(err.split("Error: ", 1)[1].split())

    return check


def test_the_flags_of_each_command_are_these_and_no_others() -> None:
    found = {
        name: {
            flag
            for parameter in command.params
            if isinstance(parameter, click.Option)
            for flag in (*parameter.opts, *parameter.secondary_opts)
        }
        for name, command in cli.commands.items()
    }
    assert found == FLAGS


@pytest.mark.parametrize("name", ["", *sorted(FLAGS)])
def test_every_help_page_has_examples(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"] if name else ["--help"], monkeypatch) == 0
    out = capsys.readouterr().out
    assert "Examples:" in out
    shown = set(re.findall("^ +autosuperconv ([a-z-]+)", out, re.MULTILINE))
    assert shown == ({name} if name else set(FLAGS))


@pytest.mark.parametrize("name", sorted(FLAGS))
def test_every_option_is_explained(name: str) -> None:
    for parameter in cli.commands[name].params:
        if isinstance(parameter, click.Option):
            assert re.match("[A-Z0-9a-z][^\\[]{3}", parameter.help or ""), parameter.name


def test_the_version_is_the_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--version"], monkeypatch) == 0
    assert capsys.readouterr().out == "autosuperconv, version 0.1.0\n"


WRONG_NAMES = [
    (["--dataset", "digit"], "Unknown data set 'digit'. Did you mean 'digits'?"),
    (["--dataset", "digits", "--model", "resnet18x"], "Unknown model 'resnet18x'. Did you mean"),
    ([*SMALL, "--schedule", "1cycel"], "Unknown schedule '1cycel'. Did you mean '1cycle'?"),
    ([*SMALL, "--optimizer", "sdg"], "Unknown optimizer 'sdg'. Did you mean 'sgd'?"),
    ([*SMALL, "--sampler", "tpee"], "Unknown sampler 'tpee'. Did you mean 'tpe'?"),
    ([*SMALL, "--pruner", "fase"], "Unknown pruner 'fase'. Did you mean 'phase'?"),
    ([*SMALL, "--objective", "costs"], "Unknown objective 'costs'. Did you mean 'cost'?"),
    ([*SMALL, "--sweep", "lin"], "Unknown sweep 'lin'. Did you mean 'linear'?"),
]
WRONG_VALUES = [
    (["--max-lr", "8:0.5"], "expected LOW:HIGH with 0 <= LOW <= HIGH, but got '8:0.5'"),
    (["--max-lr", "0:1"], "but got 0:1. Begin above 0, as in 1e-05:1."),
    (["--range-test-share", "1"], "--range-test-share must be a share of the search in"),
    (["--max-lr", "abc"], "as in 0.1:3 or 0.1, but got 'abc'"),
    (["--max-lr=-1:2"], "expected LOW:HIGH with 0 <= LOW <= HIGH"),
    (["--dropout", "0:1.5"], "--dropout must be in [0, 1), but got 1.5."),
    (["--epochs", "0:3"], "--epochs must be LOW:HIGH with 0 < LOW <= HIGH, but got (0.0, 3.0)."),
    (["--epochs", "1:inf"], "--epochs must be LOW:HIGH"),
    (["--timeout", "10"], "expected a duration with its unit, as in 90s, 20m or 1h, but got '10'"),
    (["--timeout", "1x"], "expected a duration with its unit"),
    (["--timeout", "0s"], "timeout must be above 0, but got 0.0."),
    (["--batch-size", "0,32"], "expected sizes of at least 1, as in 32,64,128, but got '0,32'"),
    (["--batch-size", "5000"], "--batch-size must be at most the number of training"),
    (["--target", "2"], "--target must be an accuracy in (0, 1), but got 2.0."),
    (["--trials", "0"], "--trials must be at least 1, but got 0."),
    (["--seeds", "1"], "--seeds must be at least 2, to have a spread, but got 1."),
    (["--max-seeds", "2"], "--max-seeds must be at least the number of seeds, 3, but got 2."),
    (["--workers", "0"], "--workers must be at least 1, but got 0."),
    (["--seed", "-1"], "--seed must be at least 0, but got -1."),
    (["--baseline-epochs", "nan"], "--baseline-epochs must be above 0 and finite, but got nan."),
    (["--n-train", "0"], "--n-train must be"),
    (["--schedule", "nosuch.module:f"], "nosuch"),
    (["--trails", "3"], "No such option '--trails'."),
    (["--device", "cuda"], "device 'cuda' was requested, but torch finds 0 CUDA devices on this"),
    (["--device", "gpu"], "--device must be one of auto, cpu, cuda, mps or cuda:N, but got 'gpu'."),
]


@pytest.mark.parametrize(("argv", "message"), WRONG_NAMES, ids=lambda x: str(x)[-30:])
def test_a_wrong_name_is_refused_with_a_near_one(
    argv: list[str], message: str, refused: object
) -> None:
    assert message in refused(["search", *argv])  # type: ignore[operator]


@pytest.mark.parametrize(("argv", "message"), WRONG_VALUES, ids=lambda x: str(x)[-30:])
def test_a_wrong_value_is_refused_with_the_rule(
    argv: list[str], message: str, refused: object
) -> None:
    if argv == ["--device", "cuda"] and cuda_is_there():
        pytest.skip("this machine has CUDA")
    assert message in refused(["search", *SMALL, *argv])  # type: ignore[operator]


def cuda_is_there() -> bool:
    import torch

    return torch.cuda.is_available()


def picture(path: Path, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), value, np.uint8)).save(path)


def test_a_missing_folder_is_named(refused: object, tmp_path: Path) -> None:
    assert "nowhere" in refused(["search", "--dataset", "folder:nowhere"])  # type: ignore[operator]


def test_an_empty_folder_is_refused(refused: object, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty" in refused(["search", "--dataset", "folder:empty"])  # type: ignore[operator]


def test_a_folder_of_one_class_is_refused(refused: object, tmp_path: Path) -> None:
    for i in range(12):
        picture(tmp_path / "one" / "cat" / f"{i}.png")
    message = refused(["search", "--dataset", "folder:one"])  # type: ignore[operator]
    assert "class" in message


def test_a_corrupt_image_is_named(refused: object, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        for i in range(12):
            picture(tmp_path / "two" / name / f"{i}.png", i)
    (tmp_path / "two" / "dog" / "5.png").write_bytes(b"not an image")
    message = refused(["search", "--dataset", "folder:two"])  # type: ignore[operator]
    assert "5.png" in message


NETS = """
from torch import nn
def narrow(): return nn.Sequential(nn.Flatten(), nn.Linear(64, 7))
def empty(): return nn.Flatten()
def broken(): raise RuntimeError("no weights here")
def misfit(): return nn.Linear(3, 10)
"""


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("narrow", "'digits', which has 10 classes, its output has shape"),
        ("empty", "must have parameters to train, but no parameter of Flatten has requires_grad"),
        ("broken", "which raised RuntimeError: no weights here"),
        ("misfit", "cannot run on 'digits', whose samples have shape (1, 8, 8)"),
        ("nosuch", "module 'unfit_nets' has no 'nosuch'"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(
    factory: str, message: str, refused: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unfit_nets.py").write_text(NETS)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert message in refused(["search", "--model", f"unfit_nets:{factory}"])  # type: ignore[operator]


def test_dropout_cannot_be_searched_without_a_layer_for_it(
    refused: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "plain_net.py").write_text(
        "from torch import nn\ndef net(): return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))"
    )
    argv = ["search", "--model", "plain_net:net", "--workers", "1", "--dropout", "0:0.3"]
    assert "the model has no dropout layer" in refused(argv)  # type: ignore[operator]


def test_an_output_folder_that_cannot_be_made_is_refused(refused: object, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    message = refused(["search", *SMALL, "--out", "file/out"])  # type: ignore[operator]
    assert "--out 'file/out' cannot be written: Not a directory. Name another folder." in message


@pytest.mark.parametrize(
    ("url", "status", "message"),
    [
        ("sqlite:////proc/nope/x.db", 1, "cannot be used"),
        ("nosuch://host/db", 2, "cannot be opened"),
        ("/proc/nope/a.journal", 1, "cannot be used"),
    ],
)
def test_a_storage_that_does_not_answer_is_named(
    url: str, status: int, message: str, refused: object
) -> None:
    said = refused(["search", *SMALL, "--storage", url], status)  # type: ignore[operator]
    assert url in said
    assert message in said


def test_the_command_that_a_report_shows_has_no_password(
    refused: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: object, __: object, options: SearchOptions, *more: object) -> None:
        raise InvalidInput(options.command)

    monkeypatch.setattr("autosuperconv.api.search", stop)
    url = "postgresql://me:secret@host/x"
    shown = refused(["search", *SMALL, "--storage", url])  # type: ignore[operator]
    assert "postgresql://me:***@host/x" in shown
    assert "secret" not in shown


@pytest.mark.parametrize("command", ["report", "dashboard"])
def test_a_database_that_is_not_there_is_not_made(
    command: str, refused: object, tmp_path: Path
) -> None:
    message = refused([command, "--storage", "sqlite:///gone.db"])  # type: ignore[operator]
    assert "There is no study storage at 'sqlite:///gone.db'" in message
    assert not list(tmp_path.iterdir())


def test_a_server_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    url = "postgresql://127.0.0.1:1/x"
    assert run(["search", *SMALL, "--storage", url], monkeypatch) in (1, 2)  # 2: no driver here
    err = capsys.readouterr().err
    assert err.count("Error: ") == 1
    assert url in err
    assert "Traceback" not in err


def test_what_reading_a_sweep_would_ignore_is_refused(refused: object) -> None:
    argv = ["range-test", "--read", "sweep.csv", "--json", "--dataset", "mnist", "--seed", "3"]
    message = refused(argv)  # type: ignore[operator]
    assert "--dataset, --seed would have no effect" in message


RECIPES = [
    ('{"max_lr": 0.1, "weight_decy": 1e-4}', "'recipe.json' is not a valid recipe: Unknown"),
    (
        '{"max_lr": 0.1, "epochs": "many"}',
        'Recipe.epochs must be a number, but got "many". Write it as in "epochs": 10.0.',
    ),
    ('{"epochs": 3}', 'Recipe.max_lr must be given. Add it, as in "max_lr": 0.1.'),
    ('{"max_lr": -1}', "Recipe.max_lr must be above 0, but got -1"),
    ('{"max_lr": 0.1, "optimizer": "sdg"}', "Did you mean 'sgd'?"),
    ('{"max_lr": 0.1, "schedule": "1cycel"}', "Did you mean '1cycle'?"),
    ("not json", "The file must be JSON, but line 1, column 1 is not"),
    ("[1, 2]", "must hold one object with the fields of a recipe, but got [1, 2]"),
]


@pytest.mark.parametrize(("text", "message"), RECIPES, ids=[text[:30] for text, _ in RECIPES])
def test_a_wrong_recipe_is_refused_with_the_field(
    text: str, message: str, refused: object, tmp_path: Path
) -> None:
    (tmp_path / "recipe.json").write_text(text)
    argv = ["train", "--dataset", "digits", "--model", "mlp", "--recipe", "recipe.json"]
    assert message in refused([*argv, "--quiet"])  # type: ignore[operator]


def test_an_unknown_recipe_field_is_told_its_near_one(refused: object, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"max_lr": 0.1, "weight_decy": 1e-4}')
    message = refused(["train", "--model", "mlp", "--recipe", "recipe.json"])  # type: ignore[operator]
    assert "Did you mean 'weight_decay'?" in message


def test_a_recipe_needs_a_rate(refused: object) -> None:
    message = refused(["train", "--model", "mlp"])  # type: ignore[operator]
    assert "give --max-lr, or a --recipe file" in message


def test_a_missing_recipe_file_is_named(refused: object) -> None:
    message = refused(["train", "--model", "mlp", "--recipe", "gone.json"])  # type: ignore[operator]
    assert "'gone.json' cannot be read: No such file or directory." in message


def test_a_timeout_that_is_too_short_is_refused(refused: object) -> None:
    argv = ["search", *SMALL, "--timeout", "0.01s", "--quiet"]
    message = refused(argv, 1)  # type: ignore[operator]
    assert "--timeout is too short: the time was up during the plan" in message
    assert "Give more time" in message


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--no-baseline"], "no_baseline leaves nothing to compare with. Give the accuracy"),
        (
            ["--no-baseline", "--target", ".9", "--baseline-epochs", "9"],
            "no_baseline trains no baseline, but baseline_epochs needs one. Give one of the two. "
            "The longest cycle is given by epochs.",
        ),
        (
            ["--no-baseline", "--target", ".9", "--explain", "always"],
            "no_baseline trains no baseline, but explain 'always' needs one.",
        ),
        (
            ["--target", ".9", "--objective", "accuracy"],
            "target asks for the shortest cycle that reaches it, but objective 'accuracy'",
        ),
    ],
)
def test_options_that_ask_two_questions_are_refused(
    argv: list[str], message: str, refused: object
) -> None:
    assert message in refused(["search", *SMALL, *argv])  # type: ignore[operator]


def test_a_report_of_nothing_is_refused(refused: object) -> None:
    message = refused(["report"])  # type: ignore[operator]
    assert "There is no study storage at 'autosuperconv.journal'" in message


@pytest.mark.parametrize(("flags", "seed"), [([], 5), (["--seed", "0"], 0)])
def test_a_recipe_files_seed_holds_unless_a_flag_gives_another(
    flags: list[str],
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "recipe.json"
    file.write_text('{"max_lr": 0.1, "epochs": 1, "seed": 5}')
    argv = ["train", "--model", "mlp", "--recipe", str(file), "--json", "--quiet", *flags]
    assert run(argv, monkeypatch) == 0
    assert json.loads(capsys.readouterr().out)["recipe"]["seed"] == seed


def test_a_recipe_is_trained_from_flags(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    argv = "train --dataset digits --model mlp --max-lr 0.3 --epochs 1 --batch-size 64 --json"
    assert run(argv.split(), monkeypatch) == 0
    out, err = capsys.readouterr()
    trace = json.loads(out)
    assert trace["recipe"]["max_lr"] == 0.3
    assert trace["stopped_because"] == "completed"
    assert "epoch" in err


def test_a_disk_that_fails_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "autosuperconv.journal")

    monkeypatch.setattr(module, "search_from", full)
    assert run(["search"], monkeypatch) == 1
    err = capsys.readouterr().err
    assert err.count("Error: ") == 1
    assert "autosuperconv.journal: No space left on device" in err


def test_the_module_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autosuperconv", "--version"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stdout.startswith("autosuperconv, version")


def test_an_interrupt_that_python_would_ignore_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def __del__(self) -> None:
            raise KeyboardInterrupt

    def interrupted(*_: object, **__: object) -> None:
        Interrupted()
        time.sleep(5)
        pytest.fail("went on after Ctrl-C")

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(module, "search_from", interrupted)
    assert run(["search", "--quiet"], monkeypatch) == 130
    assert "Interrupted." in capsys.readouterr().err


def test_an_interrupt_that_became_another_error_on_its_way_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise RuntimeError("Error: did not possess lock")  # noqa: B904 - as it is there

    monkeypatch.setattr(module, "search_from", interrupted)
    assert run(["search", "--quiet"], monkeypatch) == 130
    assert "Interrupted." in capsys.readouterr().err


def test_an_error_that_nobody_expected_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(module, "search_from", broken)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        run(["search", "--quiet"], monkeypatch)


def test_a_study_is_run_again_with_the_modules_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "helper_of_a_study.py").write_text("SAID = 'made again'\n")
    (tmp_path / "run.py").write_text(
        "import sys\nfrom helper_of_a_study import SAID\nprint(SAID, len(sys.argv))\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert run(["reproduce", str(tmp_path)], monkeypatch) == 0
    assert capsys.readouterr().out == "made again 1\n"


def test_a_folder_without_a_study_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["reproduce", str(tmp_path)], monkeypatch) == 2
    assert "it is not a folder with a run.py" in capsys.readouterr().err
