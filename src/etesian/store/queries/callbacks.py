"""Callbacks that have not run yet. The scheduler stores and forgets them through ``batch``."""

from __future__ import annotations

import logging

import msgspec
from sqlalchemy import Connection, select

from etesian.protocol.workloads import RunCallback
from etesian.store.tables import callbacks_table

logger = logging.getLogger(__name__)

_decoder = msgspec.msgpack.Decoder(RunCallback)


def load_pending(connection: Connection) -> list[RunCallback]:
    """Return the callbacks that have not run, the oldest first; one that cannot be read is logged instead."""
    callback = callbacks_table.c
    found: list[RunCallback] = []
    for callback_id, data in connection.execute(
        select(callback.callback_id, callback.callback).order_by(callback.created_at, callback.callback_id)
    ):
        try:
            found.append(_decoder.decode(data))
        except msgspec.MsgspecError as error:
            logger.error("callback %s cannot be read and will not run: %s", callback_id, error)
    return found
