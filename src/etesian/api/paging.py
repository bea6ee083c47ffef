"""The parameters of all lists: ``limit``, ``offset`` and ``order_by``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Query

from etesian.api.context import Context
from etesian.store.queries.page import Paging

DEFAULT_LIMIT = 50


def read_paging(
    context: Context,
    limit: Annotated[int, Query(ge=0)] = DEFAULT_LIMIT,
    offset: Annotated[int, Query(ge=0)] = 0,
    order_by: Annotated[list[str] | None, Query(max_length=10)] = None,
) -> Paging:
    """Return what part of a list is asked for. A ``limit`` above the largest gives the largest."""
    return Paging(
        limit=min(limit, context.settings.api.page_limit), offset=offset, order_by=tuple(order_by or ())
    )


def renamed(paging: Paging, names: Mapping[str, str]) -> Paging:
    """Return ``paging`` with the API's field names in ``order_by`` turned into the store's."""

    def rename(name: str) -> str:
        sign, bare = ("-", name[1:]) if name.startswith("-") else ("", name)
        return sign + names.get(bare, bare)

    return Paging(limit=paging.limit, offset=paging.offset, order_by=tuple(map(rename, paging.order_by)))


#: A route's parameter of this type is filled from the query.
PagingQuery = Annotated[Paging, Depends(read_paging)]
