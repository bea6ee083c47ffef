"""What a refusal of the store means to whoever asked, so that API and command line answer alike."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from etesian.foundation.ids import InvalidKeyError
from etesian.store.backfill_requests import BackfillRefusedError
from etesian.store.errors import (
    InvalidValueError,
    RunExistsError,
    StoreUnavailableError,
    UnknownDagError,
    UnknownRunError,
)
from etesian.store.queries.backfills import BackfillOverError, UnknownBackfillError
from etesian.store.queries.connections import InvalidConnectionError
from etesian.store.queries.page import InvalidOrderError
from etesian.store.queries.pools import InvalidPoolError, UnknownPoolError
from etesian.store.queries.task_instances import UnknownTaskInstanceError
from etesian.store.queries.variables import InvalidVariableError
from etesian.store.queries.versions import UnknownVersionError
from etesian.store.questions import AnswerRefusedError, NothingAskedError
from etesian.store.run_requests import RunRefusedError


class Refusal(Enum):
    """Why something was not done."""

    UNKNOWN = auto()  #: it names something that does not exist
    CONFLICT = auto()  #: it is there already, or its state does not allow the change
    INVALID = auto()  #: the request makes no sense
    UNAVAILABLE = auto()  #: not now; later it may be done


#: The first class that an error belongs to gives its meaning.
_MEANINGS: Final = {
    UnknownDagError: Refusal.UNKNOWN,
    UnknownRunError: Refusal.UNKNOWN,
    UnknownPoolError: Refusal.UNKNOWN,
    UnknownTaskInstanceError: Refusal.UNKNOWN,
    UnknownVersionError: Refusal.UNKNOWN,
    UnknownBackfillError: Refusal.UNKNOWN,
    RunExistsError: Refusal.CONFLICT,
    BackfillOverError: Refusal.CONFLICT,
    NothingAskedError: Refusal.CONFLICT,
    AnswerRefusedError: Refusal.INVALID,
    BackfillRefusedError: Refusal.INVALID,
    RunRefusedError: Refusal.INVALID,
    InvalidOrderError: Refusal.INVALID,
    InvalidPoolError: Refusal.INVALID,
    InvalidVariableError: Refusal.INVALID,
    InvalidConnectionError: Refusal.INVALID,
    InvalidKeyError: Refusal.INVALID,
    InvalidValueError: Refusal.INVALID,
    StoreUnavailableError: Refusal.UNAVAILABLE,
}


def refusal_of(error: Exception) -> Refusal | None:
    """Return what an error means; None if it is no answer to a request, but a fault."""
    return next((meaning for kind, meaning in _MEANINGS.items() if isinstance(error, kind)), None)
