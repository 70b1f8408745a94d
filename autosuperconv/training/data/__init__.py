"""Classification data: by name, from a folder of images, or the caller's own.

Every task comes in three parts, for three different purposes:

* `train` is what the network learns from.
* `validation` is what the search measures: the range test, the baseline's tuning, every trial
  and the choice of the winner. The winner is the best of many, so its validation accuracy is too
  high by selection, and no estimate of its accuracy on new data.
* `test` is what the verdict is judged on. Only the confirmation and the ablation runs are
  measured on it, and nothing is chosen by it.

The official test set of MNIST, Fashion-MNIST and CIFAR is `test`, whole; `validation` is a
stratified part of the official training set (6,000 and 5,000 samples). A data set without
official splits (digits, one folder, one array) is divided 60/20/20. The division is the same for
every seed, so that all searches on one data set are judged on the same samples.
"""

from autosuperconv.training.data.registry import DATASETS, load_dataset

__all__ = ["DATASETS", "load_dataset"]
