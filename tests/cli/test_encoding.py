from __future__ import annotations

import io
import sys

import pytest

from autosuperconv.cli.encoding import write_in_any_encoding


def test_what_ascii_lacks_is_written_as_its_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    write_in_any_encoding()
    stream.write("98.42 \u00b1 0.43 %, edge \u2265 3, 0.1 \u2192 0.2, \u65e5")
    stream.flush()
    assert stream.buffer.getvalue() == b"98.42 +- 0.43 %, edge >= 3, 0.1 -> 0.2, ?"  # type: ignore[attr-defined]


def test_a_stream_that_has_no_encoding_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    write_in_any_encoding()
