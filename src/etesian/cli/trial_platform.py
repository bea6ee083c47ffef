"""What a task that is tried in this process may ask: the store answers, but nothing of the trial is kept."""

from __future__ import annotations

from etesian.foundation.clock import utc_now
from etesian.protocol.requests import (
    Answer,
    ClearRun,
    DeleteState,
    DeleteVariable,
    Done,
    GetXCom,
    PushXCom,
    Refused,
    Request,
    SetRenderedFields,
    SetState,
    SetVariable,
    TriggerRun,
    XComItem,
    XComItems,
)
from etesian.store import Store
from etesian.store.answers import answer

_REFUSED = (SetVariable, DeleteVariable, TriggerRun, ClearRun, SetState, DeleteState)


class TrialPlatform:
    """Reads from the store; keeps XComs in memory; refuses what would change the platform."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pushed: dict[tuple[str, int, str], PushXCom] = {}

    def ask(self, request: Request) -> Answer:
        """Return the answer to one request."""
        match request:
            case PushXCom():
                self._pushed[request.task_id, request.map_index, request.value.key] = request
                return Done(id=request.id)
            case GetXCom():
                return self._find_xcoms(request)
            case SetRenderedFields():
                return Done()
            case _ if isinstance(request, _REFUSED):
                what = type(request).__name__
                return Refused(
                    id=request.id, reason=f"{what} would change the platform; this is only a trial"
                )
        return answer(self._store, request, now=utc_now())

    def _find_xcoms(self, request: GetXCom) -> Answer:
        own = tuple(
            XComItem(
                task_id=item.task_id,
                map_index=item.map_index,
                run_id=item.run_id,
                key=item.value.key,
                value=item.value.value,
            )
            for item in self._pushed.values()
            if _is_asked_for(item, request)
        )
        return XComItems(id=request.id, items=own) if own else answer(self._store, request, now=utc_now())


def _is_asked_for(item: PushXCom, request: GetXCom) -> bool:
    return (
        (request.key is None or request.key == item.value.key)
        and (request.task_ids is None or item.task_id in request.task_ids)
        and (request.map_indexes is None or item.map_index in request.map_indexes)
    )
