"""Links from a task to an external system."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar


class BaseOperatorLink(ABC):
    """A button that leads to where a task's work can be seen."""

    operators: ClassVar[list[type]] = []

    @property
    @abstractmethod
    def name(self) -> str:
        """The text of the button."""

    @property
    def xcom_key(self) -> str:
        """The XCom that keeps the address."""
        return f"_link_{type(self).__name__}"

    @abstractmethod
    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address; empty for none."""
