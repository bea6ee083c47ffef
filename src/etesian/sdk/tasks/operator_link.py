"""Links of an operator to other systems, shown as buttons beside its task instances.

A link is computed where the task ran, by the author's code, and kept as an XCom: the API shows it without
running anything.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from typing import Any, ClassVar

_log = logging.getLogger("etesian.task")


class BaseOperatorLink:
    """A link: ``name`` is the button's text, ``get_link`` its address for one task instance, empty if there
    is none.
    """

    name: str = ""
    #: for plugins: the operator classes that get the link
    operators: ClassVar[list[type]] = []

    @property
    def xcom_key(self) -> str:
        """Return the key under which the address is kept."""
        return link_key(self.name)

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address for a task instance."""
        raise NotImplementedError(f"{type(self).__name__} has no get_link()")


def link_key(name: str) -> str:
    """Return the XCom key of the link of that name."""
    return f"_link_{name}"


def compute_links(operator: Any, ti: Any) -> Iterator[tuple[str, str]]:
    """Yield key and address of each link that has one; a link that fails is logged and left out."""
    for link in operator.operator_extra_links:
        name = getattr(link, "name", None)
        if not name:
            continue
        try:
            address = _address(link, operator, ti)
        except Exception as error:
            _log.warning(
                "The link %r of %r cannot be computed: %s: %s", name, operator, type(error).__name__, error
            )
            continue
        if address:
            yield link_key(name), str(address)


def _address(link: Any, operator: Any, ti: Any) -> Any:
    """Ask a link in the way of its era: by the key of the task instance, or by the date of its run."""
    if "ti_key" in inspect.signature(link.get_link).parameters:
        return link.get_link(operator, ti_key=ti.key)
    return link.get_link(operator, ti.execution_date)
