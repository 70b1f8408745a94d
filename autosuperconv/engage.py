"""How to train, settled by measurement: precision, memory layout, and how many runs at once."""

from __future__ import annotations

from dataclasses import replace

import optuna

from autosuperconv.core.codec import from_json
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.setup import Setup
from autosuperconv.training.choosing import EngineChoice, choose
from autosuperconv.training.environment import cpu_workers, describe_environment
from autosuperconv.training.loop import TorchTrainer
from autosuperconv.tuning.executor import Executor, InProcess, Processes
from autosuperconv.tuning.session import COMPANION
from autosuperconv.tuning.storage import open_storage

ENGINE = "engine"  # where `Session.store` keeps the choice


def settle(
    trainer: TorchTrainer, setup: Setup, options: SearchOptions
) -> tuple[EngineChoice, Executor, Setup]:
    """The choice, who carries out jobs by it, and the setup that says so.

    Measured at the first start, kept with the study, read at every other: a resumed search goes
    on as it began, so its traces can be compared.
    """
    choice = stored_choice(options.storage, setup.settings.study_name) or choose(
        *(trainer, setup.base, options.precision, options.memory_format),
        *(options.workers, cpu_workers()),
    )
    workers = options.workers or choice.workers
    engine = replace(
        trainer.engine,
        precision=choice.precision,
        memory_format=choice.memory_format,
        threads=1 if workers > 1 else None,
    )
    trainer = trainer.having(engine)
    executor: Executor = Processes(trainer, workers) if workers > 1 else InProcess(trainer)
    told = replace(
        setup,
        choices=(*trainer.choices(), *choice.reasons),
        environment=describe_environment(engine),
    )
    return choice, executor, told


def stored_choice(storage: str, study_name: str) -> EngineChoice | None:
    """What an earlier start of the study has settled."""
    opened, runs = open_storage(storage), study_name + COMPANION
    if runs not in optuna.study.get_all_study_names(opened):
        return None
    text = optuna.load_study(study_name=runs, storage=opened).user_attrs.get(ENGINE)
    return from_json(EngineChoice, text) if text else None
