"""Your own data: NumPy arrays, here a table of 569 breast-cancer cases with 30 features."""

from sklearn.datasets import load_breast_cancer
from torch import nn

from autosuperconv import SearchOptions, search


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Dropout(0.0), nn.Linear(32, 2))


def main() -> None:
    table = load_breast_cancer()
    options = SearchOptions(
        storage="own_data.journal",
        trials=6,
        epochs=(1.0, 3.0),
        baseline_epochs=10.0,
        device="cpu",
        workers=1,
    )
    report = search(network, (table.data, table.target), options)
    print(report.verdict.sentence)


if __name__ == "__main__":
    main()
