"""The built-in weight rules as ``airflow.utils.weight_rule`` names them."""

from __future__ import annotations

from enum import StrEnum


class WeightRule(StrEnum):
    """How the priority of a task follows from the weights of the tasks around it."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    ABSOLUTE = "absolute"

    @classmethod
    def is_valid(cls, weight_rule: str) -> bool:
        """Return whether there is a rule of that name."""
        return weight_rule in cls.all_weight_rules()

    @classmethod
    def all_weight_rules(cls) -> set[str]:
        """Return the names of all rules."""
        return {str(rule) for rule in cls}
