"""Rules per exception: whether a failed task is tried again, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from etesian.sdk.exceptions import InvalidDagError


class RetryAction(StrEnum):
    """What a rule decides."""

    RETRY = "retry"  #: try again, as far as ``retries`` allows
    FAIL = "fail"  #: fail now
    DEFAULT = "default"  #: as without a policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDecision:
    """What is to happen after one failure."""

    action: RetryAction = RetryAction.DEFAULT
    retry_delay: timedelta | None = None  #: instead of the task's own delay
    reason: str | None = None  #: why, for people


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """Applies to exceptions of a class, or of a qualified class name where the class is not at hand."""

    exception: type[BaseException] | str
    action: RetryAction = RetryAction.RETRY
    retry_delay: timedelta | None = None
    reason: str | None = None
    match_subclasses: bool = True

    def matches(self, error: BaseException) -> bool:
        """Return whether the rule speaks of this exception."""
        kinds = type(error).__mro__ if self.match_subclasses else (type(error),)
        if isinstance(self.exception, str):
            return any(
                self.exception in (kind.__name__, f"{kind.__module__}.{kind.__qualname__}") for kind in kinds
            )
        return self.exception in kinds


class RetryPolicy:
    """Decides after each failure; subclass it for rules of one's own."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Return what is to happen after ``exception`` in try ``try_number``, counted from 1."""
        raise NotImplementedError(f"{type(self).__name__} has no evaluate()")


class ExceptionRetryPolicy(RetryPolicy):
    """The first rule that matches decides."""

    def __init__(self, rules: Sequence[RetryRule], default: RetryAction = RetryAction.DEFAULT) -> None:
        for rule in rules:
            if not isinstance(rule, RetryRule):
                raise InvalidDagError(
                    f"a retry policy takes RetryRule objects, got {type(rule).__name__}: {rule!r:.80}"
                )
        self.rules = tuple(rules)
        self.default = default

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Return what the first matching rule says."""
        for rule in self.rules:
            if rule.matches(exception):
                return RetryDecision(action=rule.action, retry_delay=rule.retry_delay, reason=rule.reason)
        return RetryDecision(action=self.default)
