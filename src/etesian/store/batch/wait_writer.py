"""Writing what waits for somebody else: triggers for the triggerer, callbacks for a worker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from etesian.protocol.workloads import RunCallback
from etesian.store.batch.changes import NewTrigger
from etesian.store.batch.driver_sql import DriverSql
from etesian.store.batch.scope import Scope
from etesian.store.tables import callbacks_table, triggers_table

_TRIGGER_COLUMNS: Final = (
    "trigger_id", "run_pk", "task_id", "map_index", "trigger_class", "trigger_kwargs", "timeout_at",
    "created_at",
)  # fmt: skip
_CALLBACK_COLUMNS: Final = ("callback_id", "dag_id", "callback", "created_at")


class WaitWriter:
    """The statements for ``triggers`` and ``callbacks``, on one driver."""

    def __init__(self, sql: DriverSql) -> None:
        self._upsert_trigger = sql.upsert(triggers_table, _TRIGGER_COLUMNS, ("trigger_id",))
        self._delete_trigger = sql.delete(triggers_table, ("trigger_id",))
        self._upsert_callback = sql.upsert(callbacks_table, _CALLBACK_COLUMNS, ("callback_id",))
        self._delete_callback = sql.delete(callbacks_table, ("callback_id",))
        self._bind_moment = sql.binder(triggers_table, "timeout_at")
        self._encoder = msgspec.msgpack.Encoder()

    def write_triggers(self, scope: Scope, triggers: Iterable[NewTrigger], now: datetime) -> None:
        """Store triggers for the triggerer to await."""
        created_at = self._bind_moment(now)
        rows = [
            (
                trigger.trigger_id,
                *scope.task_key(trigger.key),
                trigger.trigger_class,
                trigger.trigger_kwargs,
                None if trigger.timeout_at is None else self._bind_moment(trigger.timeout_at),
                created_at,
            )
            for trigger in triggers
        ]
        scope.execute_many(self._upsert_trigger, rows)

    def delete_triggers(self, scope: Scope, trigger_ids: Iterable[str]) -> None:
        """Forget triggers whose tasks no longer wait."""
        scope.execute_many(self._delete_trigger, [(trigger_id,) for trigger_id in trigger_ids])

    def write_callbacks(self, scope: Scope, callbacks: Iterable[RunCallback], now: datetime) -> None:
        """Keep callbacks until they have run."""
        created_at = self._bind_moment(now)
        rows = [
            (callback.callback_id, callback.run.dag_id, self._encoder.encode(callback), created_at)
            for callback in callbacks
        ]
        scope.execute_many(self._upsert_callback, rows)

    def delete_callbacks(self, scope: Scope, callback_ids: Iterable[str]) -> None:
        """Forget callbacks that have run."""
        scope.execute_many(self._delete_callback, [(callback_id,) for callback_id in callback_ids])
