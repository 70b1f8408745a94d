"""Labels, and values that are no numbers."""

from __future__ import annotations

import numpy as np
import torch
from numpy.lib.recfunctions import structured_to_unstructured

from autosuperconv.training.data.labels import as_labels
from tests.messages.data import RNG, X, Y, labelled, renumbered, task
from tests.messages.table import Row, call

LABELS = "training/data/labels.py"
SAMPLES = "training/data/samples.py"
SEVERAL = f"{LABELS} as_labels 1"
FLOATS = f"{LABELS} as_labels 2"
SEVERAL_ONES = np.c_[Y > 0, Y > 1, Y > 0]
LETTERS = np.array(list("abc"))[Y]
ONE_HOT = np.eye(3)[Y]
STRUCTURED = X.view([(name, "f4") for name in "abcdefgh"])[:, 0]
UNSIGNED = np.uint64(2**63) + RNG.integers(0, 9, (60, 8)).astype(np.uint64)
LARGE = 2**60 + RNG.integers(0, 256, (60, 4, 4))


CUT = "another kind of task: the message says that it is not supported"
ROWS = [
    Row(
        SEVERAL,
        call(labelled, ONE_HOT),
        "y.argmax(axis=1)",
        lambda: labelled(ONE_HOT.argmax(axis=1)),
    ),
    Row(
        SEVERAL,
        call(labelled, torch.tensor(ONE_HOT)),
        "y.argmax(axis=1)",
        lambda: labelled(torch.tensor(ONE_HOT).argmax(axis=1)),
    ),  # type: ignore[call-overload]
    Row(
        SEVERAL,
        call(labelled, SEVERAL_ONES),
        "give y[:, 0] or another column",
        lambda: labelled(SEVERAL_ONES[:, 0]),
    ),
    Row(
        SEVERAL,
        call(labelled, 0.7 * ONE_HOT + 0.1),
        "give y.argmax(axis=1)",
        lambda: labelled((0.7 * ONE_HOT + 0.1).argmax(axis=1)),
    ),
    Row(
        SEVERAL,
        call(labelled, np.c_[Y, 2 * Y]),
        "Give one of them, such as y[:, 0]",
        lambda: labelled(np.c_[Y, 2 * Y][:, 0]),
    ),
    Row(SEVERAL, call(labelled, RNG.normal(size=(60, 2))), "regression", nothing=CUT),
    Row(SEVERAL, call(labelled, np.zeros((60, 24, 24), dtype=int)), "segmentation", nothing=CUT),
    Row(SEVERAL, call(labelled, Y[None]), "y.reshape(-1)", lambda: labelled(Y[None].reshape(-1))),
    Row(SEVERAL, call(as_labels, np.array(1), "y"), "one label for each sample", call(labelled, Y)),
    Row(
        FLOATS,
        call(labelled, Y / 1),
        "y.astype('int64')",
        lambda: labelled((Y / 1).astype("int64")),
    ),
    Row(
        FLOATS,
        call(labelled, torch.tensor(Y) / 1),
        "y.long()",
        lambda: labelled((torch.tensor(Y) / 1).long()),
    ),
    Row(
        FLOATS,
        call(labelled, (Y / 1).tolist()),
        "numpy.asarray(y).astype('int64')",
        lambda: labelled(np.asarray((Y / 1).tolist()).astype("int64")),
    ),
    Row(
        FLOATS,
        call(labelled, X[:, 0]),
        "numpy.digitize(y, limits)",
        lambda: labelled(np.digitize(X[:, 0], [0.0])),
    ),
    Row(
        FLOATS,
        call(labelled, np.where(Y > 1, np.nan, Y)),
        "Remove the samples without a label",
        lambda: task((X[Y < 2], Y[Y < 2])),
    ),
    Row(
        f"{LABELS} _whole_objects 1",
        call(labelled, [*Y[:-1].tolist(), None]),
        "Remove that sample or give it a label",
        call(labelled, Y.tolist()),
    ),
    Row(
        f"{LABELS} as_text 1",
        call(labelled, [*LETTERS[:-1].tolist(), None]),
        "Remove that sample or give it a label",
        call(labelled, LETTERS.tolist()),
    ),
    Row(
        f"{LABELS} class_numbers 1",
        call(task, ((X, Y), (X, LETTERS))),
        "Give both as text",
        call(task, ((X, LETTERS), (X, LETTERS))),
    ),
    Row(
        f"{LABELS} _numbered 1",
        call(task, ((X, LETTERS), (X, Y))),
        "or both as integers",
        call(task, ((X, Y), (X, Y))),
    ),
    Row(
        f"{LABELS} _numbered 2",
        call(task, ((X, LETTERS), (X[:1], np.array(["d"])))),
        "add some of their class",
        call(task, ((X, LETTERS), (X[:1], np.array(["a"])))),
    ),
    Row(
        f"{SAMPLES} numbers 1",
        call(task, (torch.tensor(X) * 1j, Y)),
        "torch.stack([x.real, x.imag], 1)",
        lambda: task((torch.stack([(torch.tensor(X) * 1j).real, torch.tensor(X)], 1), Y)),
    ),
    Row(
        f"{SAMPLES} numbers 2",
        call(task, (X * 1j, Y)),
        "numpy.stack([x.real, x.imag], 1)",
        lambda: task((np.stack([(X * 1j).real, (X * 1j).imag], 1), Y)),
    ),
    Row(
        f"{SAMPLES} numbers 2",
        call(task, (X.astype(object), Y)),
        "numpy.asarray(x).astype('float64')",
        lambda: task((np.asarray(X.astype(object)).astype("float64"), Y)),
    ),
    Row(
        f"{SAMPLES} numbers 2",
        call(task, (STRUCTURED, Y)),
        "numpy.lib.recfunctions.structured_to_unstructured(x)",
        lambda: task((structured_to_unstructured(STRUCTURED), Y)),
    ),
    Row(
        f"{SAMPLES} numbers 3",
        call(labelled, Y.astype(np.uint64) << np.uint64(62)),
        "numpy.unique(y, return_inverse=True)[1].",
        lambda: labelled(renumbered(Y.astype(np.uint64) << np.uint64(62))),
    ),
    Row(
        f"{SAMPLES} numbers 3",
        call(task, (UNSIGNED, Y)),
        "numpy.unique(x, return_inverse=True)[1].reshape(x.shape)",
        lambda: task((np.unique(UNSIGNED, return_inverse=True)[1].reshape(UNSIGNED.shape), Y)),
    ),
    Row(
        f"{SAMPLES} dense_tensor 1",
        call(task, (torch.tensor(X).to_sparse(), Y)),
        "Give x.to_dense()",
        lambda: task((torch.tensor(X).to_sparse().to_dense(), Y)),
    ),
    Row(
        f"{SAMPLES} _stored 1",
        call(task, (LARGE, Y)),
        "Give x - x.min()",
        lambda: task((LARGE - LARGE.min(), Y)),
    ),
    Row(
        f"{SAMPLES} as_array 1",
        call(task, (np.ma.masked_greater(X, 2), Y)),
        "x.filled(0)",
        lambda: task((np.ma.masked_greater(X, 2).filled(0), Y)),
    ),
    Row(
        f"{SAMPLES} numbers 2",
        call(task, (np.c_[X, LETTERS].astype(object), Y)),
        "The value at index (0, 8) is 'a'",
        call(task, (X, Y)),
    ),
    Row(
        f"{SAMPLES} numbers 2",
        call(labelled, np.datetime64("2020-01-01") + Y),
        "numpy.unique(y, return_inverse=True)[1]",
        lambda: labelled(renumbered(np.datetime64("2020-01-01") + Y)),
    ),
    Row(
        f"{SAMPLES} as_array 2",
        call(task, ([[1.0], [1.0, 2.0]], [0, 1])),
        "Pad or cut",
        call(task, ([[float(i), 1.0] for i in range(60)], Y)),
    ),
    Row(
        f"{SAMPLES} as_samples 1",
        call(task, (X[:, 0], Y)),
        "numpy.reshape(x, (-1, 1))",
        lambda: task((np.reshape(X[:, 0], (-1, 1)), Y)),
    ),
    Row(
        f"{SAMPLES} as_samples 2",
        call(task, (X[:, :0], Y)),
        "at least one number",
        call(task, (X[:, :1], Y)),
    ),
    Row(
        f"{SAMPLES} _check_finite 1",
        call(task, (np.where(X > 2, np.nan, X), Y)),
        "numpy.nan_to_num(x)",
        lambda: task((np.nan_to_num(np.where(X > 2, np.nan, X)), Y)),
    ),
    Row(
        f"{SAMPLES} _check_finite 1",
        call(task, (np.where(X > 2, np.nan, X), Y)),
        "say how many such samples may be left out (skip_broken)",
        lambda: task((np.where(X > 2, np.nan, X), Y), skip_broken=int((X > 2).any(1).sum())),
    ),
]
