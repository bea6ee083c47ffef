"""How many triggers one process awaits."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import psutil, sys, threading, time
from datetime import timedelta
from etesian.foundation.clock import utc_now
from etesian.sdk.xcoms.xcom import serialize
from etesian.triggerer.source import TriggerRow
from etesian.triggerer.triggerer import Triggerer, TriggererSettings
from tests.integration.triggerer.memory_source import MemorySource, wait_until

source = MemorySource()
soon = utc_now() + timedelta(seconds=8)
path = "etesian.triggers.temporal.DateTimeTrigger"
for number in range(10_000):
    kwargs = serialize({"moment": soon, "end_from_trigger": False})
    row = TriggerRow(trigger_id=f"t{number}", trigger_class=path, trigger_kwargs=kwargs, label="d.t@r")
    source.rows[row.trigger_id] = row
triggerer = Triggerer(source, TriggererSettings(capacity=10_000))
triggerer.refresh()
assert len(triggerer) == 10_000
time.sleep(max(0, (soon - utc_now()).total_seconds() - 0.5))
memory = psutil.Process().memory_info().rss // 2**20
wait_until(lambda: len(source.results) == 10_000, 60)
triggerer.stop()
print(memory)
"""


@pytest.mark.slow
def test_ten_thousand_triggers_wait_in_one_process_below_300_mb() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=110, check=True
    )
    assert int(done.stdout) < 300
