from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from etesian.sdk.tasks.mapping import DictOfListsExpandInput

INPUTS = st.dictionaries(
    st.sampled_from("abcde"), st.lists(st.integers(), min_size=1, max_size=4), min_size=1, max_size=4
)


@given(INPUTS)
def test_the_instances_are_the_product_in_the_order_of_the_arguments(values: dict[str, list[int]]) -> None:
    expand_input = DictOfListsExpandInput(values)
    context: dict[str, Any] = {"ti": SimpleNamespace(map_lengths={})}
    combinations = list(product(*values.values()))
    found = [expand_input.resolve(context, index)[0] for index in range(len(combinations))]
    assert found == [dict(zip(values, combination, strict=True)) for combination in combinations]
