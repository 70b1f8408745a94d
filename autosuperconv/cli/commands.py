"""The commands. Results go to standard output, progress and errors to standard error."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

import autosuperconv
from autosuperconv.cli import BEGAN
from autosuperconv.cli.encoding import write_in_any_encoding
from autosuperconv.cli.examples import examples
from autosuperconv.cli.exit import by_option, complain, failure, not_lost
from autosuperconv.cli.options import (
    AS_JSON,
    BOUNDS,
    CRITERION,
    CURVES,
    OUTPUT,
    PATH,
    RECIPE,
    SEARCH,
    SEARCHED,
    STORED,
    TASK,
    TRAINED,
)
from autosuperconv.cli.parse import (
    ManyFiles,
    named_task,
    nothing_besides,
    recipe_from,
    search_from,
    text_of,
    values_given,
)
from autosuperconv.core.verdict import Criterion
from autosuperconv.errors import InvalidInput

if TYPE_CHECKING:
    from autosuperconv.core.trace import Split


@click.group(
    epilog=examples(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(autosuperconv.__version__, prog_name="autosuperconv")
def cli() -> None:
    """Can this network, on this data, be trained several times faster with one large
    learning-rate cycle, at no loss of accuracy, and which regularization must give way for it?

    `search` answers this question: range test, tuned baseline, Optuna study, confirmation on fresh
    seeds, ablation, verdict. `range-test`, `train` and `judge` run its parts one at a time.
    """


@cli.command(cls=ManyFiles, epilog=examples("search"))
@SEARCH
@click.option("--dry-run", is_flag=True, help="Stop after the plan and its forecast.")
def search(dry_run: bool, **given: Any) -> None:
    """Run the whole search and give the verdict.

    If the search is interrupted, the same command resumes it.
    """
    from autosuperconv.api import plan as make_plan
    from autosuperconv.api import search as run_search
    from autosuperconv.reporting.files import files_in
    from autosuperconv.reporting.progress import make_listener
    from autosuperconv.reporting.terminal import plan_text, report_text

    factory, data, options = search_from(given, SEARCHED, BOUNDS)
    with make_listener(quiet=given["quiet"]) as listener:
        if dry_run:
            plan = make_plan(factory, data, options, listener, BEGAN)
        else:
            report = run_search(factory, data, options, listener, BEGAN)
    if dry_run:
        _show(plan, plan_text(plan), given["as_json"])
        return
    _show(report, report_text(report, files_in(report.setup.out)), given["as_json"])


@cli.command("range-test", cls=ManyFiles, epilog=examples("range-test"))
@SEARCH
@click.option(
    "--read",
    type=PATH,
    metavar="CSV",
    help="Read a recorded sweep instead of training one: a CSV with the column lr and at least one "
    "of test_accuracy, accuracy, test_loss, train_loss, loss.",
)
def range_test(read: Path | None, **given: Any) -> None:
    """Sweep the learning rate: is super-convergence possible?

    Prints the answer, then the floor (where learning starts) and the edge (up to where accuracy is
    kept) of each cell. The sweeps are stored in the study, so `search` with the same options does
    not repeat them.
    """
    if read is not None:
        from autosuperconv.core.range_test.recorded import read_recorded
        from autosuperconv.reporting.terminal import reading_text

        nothing_besides("read", "as_json", "quiet")
        reading = read_recorded(text_of(read))
        _show(reading, reading_text(reading), given["as_json"])
        return
    from autosuperconv.api import range_test as run_range_test
    from autosuperconv.reporting.progress import make_listener
    from autosuperconv.reporting.terminal import range_test_text

    factory, data, options = search_from(given, SEARCHED, BOUNDS)
    with make_listener(quiet=given["quiet"]) as listener:
        result = run_range_test(factory, data, options, listener)
    _show(result, range_test_text(result), given["as_json"])


@cli.command(epilog=examples("train"))
@TASK
@click.option("--recipe", type=PATH, help="A recipe.json to start from.")
@RECIPE
@click.option(
    "--on",
    type=click.Choice(["validation", "test"], case_sensitive=False),
    default="validation",
    show_default=True,
    help="Split on which accuracy is measured.",
)
@click.option(
    "--curvature", is_flag=True, help="Also measure the learning rate that the curvature suggests."
)
@OUTPUT
def train(
    recipe: Path | None, on: Split, curvature: bool, as_json: bool, quiet: bool, **given: Any
) -> None:
    """Train one recipe, from options or a recipe.json.

    An option replaces the value in the file. The defaults fill in what neither gives.
    """
    from autosuperconv.api import train as run_train
    from autosuperconv.reporting.progress import make_listener
    from autosuperconv.reporting.terminal import trace_text

    fields = values_given(given, TRAINED)
    source = click.get_current_context().get_parameter_source("seed")
    if recipe is None or source is not ParameterSource.DEFAULT:
        fields["seed"] = given["seed"]
    _, factory, data = named_task({**given, "quiet": quiet})
    with make_listener(quiet=quiet) as listener:
        chosen = recipe_from(recipe, fields)
        trace = run_train(
            *(factory, data, chosen, on, given["device"], listener, curvature),
            deterministic=given["deterministic"],
        )
    _show(trace, trace_text(trace), as_json)


@cli.command(cls=ManyFiles, epilog=examples("judge"))
@CURVES
@CRITERION
@AS_JSON
def judge(
    candidate: tuple[Path, ...],
    baseline: tuple[Path, ...],
    control: tuple[Path, ...],
    batch_size: int,
    n_train: int,
    n_test: int | None,
    chance: float | None,
    as_json: bool,
    **bounds: float,
) -> None:
    """Give the verdict on recorded curves (CSV files).

    The columns are iteration, lr, and test_accuracy or accuracy (a fraction of 1). Give several
    files after one option, or repeat the option. The sides need not have equally many runs.
    """
    from autosuperconv.core.verdict.recorded import judge_recorded
    from autosuperconv.reporting.terminal import verdict_text

    verdict = judge_recorded(
        [text_of(path) for path in candidate],
        [text_of(path) for path in baseline],
        [text_of(path) for path in control],
        batch_size,
        n_train,
        Criterion(**bounds),
        chance=chance,
        evaluated=n_test,
    )
    _show(verdict, verdict_text(verdict), as_json)


@cli.command(epilog=examples("report"))
@STORED
@click.option("--out", type=PATH, help="Folder for the report.  [default: that of the search]")
@OUTPUT
def report(
    storage: str, study_name: str | None, out: Path | None, quiet: bool, as_json: bool
) -> None:
    """Write the report again, from the stored study.

    Needs neither the data nor the model, and trains nothing.
    """
    from autosuperconv.pipeline.rebuild import rebuild
    from autosuperconv.reporting.files import files_in
    from autosuperconv.reporting.terminal import report_text

    result, folder = rebuild(storage, study_name, out)
    _show(result, report_text(result, files_in(folder)), as_json)


@cli.command(epilog=examples("reproduce"))
@click.argument("study", type=PATH)
def reproduce(study: Path) -> None:
    """Run a study of this repository again.

    STUDY is a folder that holds a run.py, such as studies/smith_logs.
    """
    import runpy

    script = study / "run.py"
    if not script.is_file():
        raise InvalidInput(f"{str(study)!r} is not a study: it is not a folder with a run.py.")
    sys.path.insert(0, str(study.resolve()))  # where its other modules are, as for `python run.py`
    sys.argv = [str(script)]
    runpy.run_path(str(script), run_name="__main__")


@cli.command(epilog=examples("dashboard"))
@STORED
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on; 0: any free one.")
@click.option(
    "--artifacts", type=PATH, help="Folder of the artifacts.  [default: that of the search]"
)
@click.option(
    "--open/--no-open", "open_browser", default=False, help="Open a browser.  [default: no]"
)
def dashboard(
    storage: str,
    study_name: str | None,
    host: str,
    port: int,
    artifacts: Path | None,
    open_browser: bool,
) -> None:
    """Open optuna-dashboard on the study and its artifacts."""
    from autosuperconv.reporting.dashboard.server import serve
    from autosuperconv.tuning.store.storage import open_existing
    from autosuperconv.tuning.store.studies import artifacts_of

    folder = artifacts or artifacts_of(storage, study_name)
    serve(open_existing(storage), folder, host, port, open_browser)


def _show(value: object, renderable: Any, as_json: bool) -> None:
    """Print a result: JSON for machines, or text for people."""
    if as_json:
        from autosuperconv.core.serialization import to_json

        click.echo(to_json(value))
        return
    from rich.console import Console

    Console().print(renderable)


def main() -> None:
    """The command `autosuperconv`. Exit status: 0 for success, 1 for a failure, 2 for invalid
    input, 130 for Ctrl-C or SIGTERM."""
    sys.unraisablehook = not_lost
    write_in_any_encoding()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a scheduler's Ctrl-C
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except InvalidInput as error:
        complain(by_option(str(error), sys.argv))
        sys.exit(2)
    except (Exception, KeyboardInterrupt) as error:
        sys.exit(failure(error))
