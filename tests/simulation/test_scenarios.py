"""Thousands of random scenarios. ``ETESIAN_SCENARIOS`` sets how many, ``ETESIAN_FIRST_SEED`` where they begin."""

from __future__ import annotations

import os

import pytest

from tests.simulation.scenario import play

SCENARIOS = int(os.environ.get("ETESIAN_SCENARIOS", "10000"))
FIRST_SEED = int(os.environ.get("ETESIAN_FIRST_SEED", "0"))
BATCH = 500


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + SCENARIOS, BATCH))
def test_random_scenarios_keep_all_promises(first: int) -> None:
    for seed in range(first, min(first + BATCH, FIRST_SEED + SCENARIOS)):
        play(seed)
