"""The cases of `python -m tests.bad_inputs`: each has its exit code and says what to do."""

from pathlib import Path

import pytest

from tests.bad_inputs import CASES, RUN, Case
from tests.conftest import Call


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_bad_input_has_its_code_and_its_words(
    case: Case, datayield: Call, tmp_path: Path
) -> None:
    case.make(tmp_path)
    if case.spoil:
        assert datayield(*RUN).code == 0
        case.spoil(tmp_path)
    done = datayield(*RUN)
    assert done.code == case.code
    for text in case.says:
        assert text in " ".join((done.out + done.err).split())
    assert "Traceback" not in done.err
