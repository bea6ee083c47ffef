"""What a failed attempt reports: one line for people, a decision about another try, and the traceback for the
log.
"""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from etesian.protocol.reports import Failed
from etesian.sdk.connections.secrets_masker import redact
from etesian.sdk.exceptions import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowTaskTerminated,
    AirflowTaskTimeout,
    TaskDeferralTimeout,
)
from etesian.sdk.tasks.retry_policy import RetryAction, RetryDecision

MAX_REASON_CHARACTERS: Final = 500
_OUR_FOLDER: Final = str(Path(__file__).parents[2])


def fail_outcome(error: BaseException, ti: Any, context: Any) -> Failed:
    """Return the outcome of an attempt that ended with ``error``."""
    decision = _decide(error, ti, context)
    reason = describe_error(error)
    if decision.reason:
        reason = f"{reason} ({decision.reason})"
    delay: timedelta | None = decision.retry_delay
    return Failed(
        reason=reason,
        cause=_cause(error),
        retry=decision.action is not RetryAction.FAIL,
        retry_delay_seconds=delay.total_seconds() if delay is not None else None,
        error_type=f"{type(error).__module__}.{type(error).__qualname__}",
    )


def _decide(error: BaseException, ti: Any, context: Any) -> RetryDecision:
    if isinstance(error, AirflowFailException | AirflowSensorTimeout):
        return RetryDecision(action=RetryAction.FAIL)
    policy = getattr(ti.task, "retry_policy", None)
    if policy is None:
        return RetryDecision()
    decision: RetryDecision = policy.evaluate(error, ti.try_number, ti.max_tries, context)
    return decision


def _cause(error: BaseException) -> str:
    if isinstance(error, AirflowTaskTimeout | AirflowSensorTimeout | TaskDeferralTimeout):
        return "timeout"
    return "stopped" if isinstance(error, AirflowTaskTerminated) else "error"


def describe_error(error: BaseException) -> str:
    """Return an exception on one line: its class and the first line of its text, secrets masked, cut where it
    is long.
    """
    if isinstance(error, SystemExit):
        return f"the task called sys.exit({error.code!r})"
    lines = str(redact(str(error))).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return text if len(text) <= MAX_REASON_CHARACTERS else f"{text[: MAX_REASON_CHARACTERS - 3]}..."


def log_failure(log: logging.Logger, error: BaseException) -> None:
    """Write an exception to the task's log, from the first frame that is the author's."""
    shown = traceback.format_exception(type(error), error, _from_author(error.__traceback__))
    log.error("The task failed: %s\n%s", describe_error(error), str(redact("".join(shown))).rstrip())


def _from_author(tb: TracebackType | None) -> TracebackType | None:
    """Return the traceback without our frames at its beginning; all of it if there are only those."""
    here = tb
    while here is not None and here.tb_frame.f_code.co_filename.startswith(_OUR_FOLDER):
        here = here.tb_next
    return here if here is not None else tb
