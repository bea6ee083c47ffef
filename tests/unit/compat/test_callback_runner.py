"""Functions of tasks, as operators of provider packages run them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

from etesian.compat.tasks.callback_runner import create_async_executable_runner, create_executable_runner
from etesian.sdk.assets.asset import Asset
from etesian.sdk.assets.asset_events import Metadata, OutletEventAccessors

ORDERS = Asset("orders")
LOG = logging.getLogger(__name__)


def rows_of(events: OutletEventAccessors) -> Any:
    return events[ORDERS].extra.get("rows")


def test_a_generator_tells_of_outlets_and_returns() -> None:
    def load(number: int) -> Iterator[Any]:
        yield Metadata(ORDERS, {"rows": number})
        return "done"

    events = OutletEventAccessors()
    assert create_executable_runner(load, events, logger=LOG).run(3) == "done"
    assert rows_of(events) == 3
    assert create_executable_runner(len, events, logger=LOG).run("ab") == 2


def test_an_asynchronous_function_is_awaited_and_a_generator_followed() -> None:
    async def double(number: int) -> int:
        return 2 * number

    async def load() -> AsyncIterator[Any]:
        yield Metadata(ORDERS, {"rows": 5})

    events = OutletEventAccessors()
    assert asyncio.run(create_async_executable_runner(double, events, logger=LOG).run(4)) == 8
    (item,) = asyncio.run(create_async_executable_runner(load, events, logger=LOG).run())
    assert (item.extra, rows_of(events)) == ({"rows": 5}, 5)
