"""The weight rule of Airflow's examples."""

from __future__ import annotations

from typing import Any

from etesian.sdk.tasks.weight_rules import PriorityWeightStrategy


class DecreasingPriorityStrategy(PriorityWeightStrategy):
    """Each try is less urgent than the one before."""

    def get_weight(self, ti: Any) -> int:
        """Return the effective priority of a try."""
        return max(4 - (ti.try_number or 0), 1)
