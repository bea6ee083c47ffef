from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from etesian.telemetry.process_logs import configure_process_log

logger = logging.getLogger("etesian.somewhere")


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Give the root logger back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_message_is_one_line_with_time_level_and_process() -> None:
    stream = io.StringIO()
    configure_process_log("scheduler", stream=stream)

    logger.info("leading with epoch %d", 3)
    logger.debug("not kept")

    line = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} info    scheduler  leading with epoch 3\n"
    assert re.fullmatch(line, stream.getvalue())


def test_a_traceback_follows_on_lines_of_its_own() -> None:
    stream = io.StringIO()
    configure_process_log("api", stream=stream)

    try:
        raise ValueError("no luck")
    except ValueError:
        logger.exception("it failed")

    head, *traceback = stream.getvalue().splitlines()
    assert head.endswith("error   api        it failed")
    assert traceback[-1] == "ValueError: no luck"


def test_json_lines_hold_the_same_in_fields() -> None:
    stream = io.StringIO()
    configure_process_log("parser", level="debug", format="json", stream=stream)

    logger.warning("line\nbreak")
    try:
        raise ValueError("no luck")
    except ValueError:
        logger.exception("it failed")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "warning",
        "process": "parser",
        "logger": "etesian.somewhere",
        "message": "line\nbreak",
    }
    assert second["exception"].endswith("ValueError: no luck")


def test_after_a_fork_the_child_logs_as_itself() -> None:
    stream = io.StringIO()
    configure_process_log("standalone", stream=stream)
    configure_process_log("worker", stream=stream)

    logger.info("hello")

    assert stream.getvalue().count("hello") == 1
    assert " worker " in stream.getvalue()
