"""A sensor waits until something is true, here without holding a worker's slot meanwhile."""

from __future__ import annotations

import time
from datetime import timedelta

from etesian import dag, task


@dag(schedule=None, tags=["example"], dagrun_timeout=timedelta(minutes=5))
def waiting() -> None:
    """Wait for an even second of the clock, then go on."""

    @task.sensor(poke_interval=1.0, timeout=60.0, mode="reschedule")
    def even_second() -> bool:
        """Return whether it is time."""
        return int(time.time()) % 2 == 0

    @task
    def go_on() -> None:
        """Run once the sensor has seen it."""
        print("it is even now")

    even_second() >> go_on()


waiting()
