"""Your own network: any function that returns a fresh `nn.Module`. Finds its learning rates."""

from pathlib import Path

from torch import nn

from autosuperconv import SearchOptions, load_dataset, range_test


def network() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.0), nn.Linear(64, 10)
    )


def main() -> None:
    digits = load_dataset("digits", data_dir=Path("data"))
    options = SearchOptions(storage="own_model.journal", device="cpu", workers=1)
    found = range_test(network, digits, options)
    print(found.reason)
    for cell in found.cells:
        edge = "no edge" if cell.edge is None else f"edge {cell.edge:.2g}"
        print(f"batch {cell.batch_size}, weight decay {cell.weight_decay:g}: {edge}")


if __name__ == "__main__":
    main()
