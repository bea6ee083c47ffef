"""What a task reads and writes, in the words of Airflow 1 and 2. Assets are the words of today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

#: As an inlet: what the tasks before this one write.
AUTO: Final = "auto"


def apply_lineage(function: Function) -> Function:
    """Return the function: inlets and outlets are known from the DAG, and nothing has to be sent."""
    return function


def prepare_lineage(function: Function) -> Function:
    """Return the function: inlets and outlets are rendered with the other fields."""
    return function


@dataclass
class File:
    """A file."""

    template_fields: ClassVar[Sequence[str]] = ("url",)

    url: str
    type_hint: str | None = None


@dataclass(kw_only=True)
class User:
    """A person."""

    template_fields: ClassVar[Sequence[str]] = ("email", "first_name", "last_name")

    email: str
    first_name: str | None = None
    last_name: str | None = None


@dataclass(kw_only=True)
class Tag:
    """A word that classifies data."""

    template_fields: ClassVar[Sequence[str]] = ("tag_name",)

    tag_name: str


@dataclass(kw_only=True)
class Column:
    """A column of a table."""

    template_fields: ClassVar[Sequence[str]] = ("name", "description", "data_type", "tags")

    name: str
    description: str | None = None
    data_type: str
    tags: list[Tag] = field(default_factory=list)


@dataclass(kw_only=True)
class Table:
    """A table of a database."""

    template_fields: ClassVar[Sequence[str]] = (
        "database",
        "cluster",
        "name",
        "tags",
        "description",
        "columns",
        "owners",
    )

    database: str
    cluster: str
    name: str
    tags: list[Tag] = field(default_factory=list)
    description: str | None = None
    columns: list[Column] = field(default_factory=list)
    owners: list[User] = field(default_factory=list)
    extra: dict[str, Any] | None = None
    type_hint: str | None = None
