"""The base of notifiers: objects that tell people, usable wherever a callback is."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from copy import copy
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from etesian.sdk.context import Context
from etesian.sdk.templates import Templater

if TYPE_CHECKING:
    import jinja2


#: Arguments of the oldest kind of callback, told of missed SLAs.
_SLA_ARGUMENTS: Final = ("dag", "task_list", "blocking_task_list", "slas", "blocking_tis")


class BaseNotifier(Templater):
    """Tells someone: a subclass writes ``notify(context)`` and names its ``template_fields``.

    An instance is a callback: each call renders a copy of it for the task or run that it speaks of. A notice
    that cannot be sent is logged; it does not change what became of the task.
    """

    #: added to the context of each call; subclasses need not call ``__init__``
    context: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, context: Context | None = None) -> None:
        self.context = dict(context or {})

    @cached_property
    def log(self) -> logging.Logger:
        """Where this notifier's messages go."""
        return logging.getLogger(f"{type(self).__module__}.{type(self).__qualname__}")

    @abstractmethod
    def notify(self, context: Context) -> None:
        """Tell of ``context``; template fields hold their final text."""

    async def async_notify(self, context: Context) -> None:
        """Tell of ``context`` from an event loop."""
        self.notify(context)

    def render(self, context: Context, jinja_env: jinja2.Environment | None = None) -> BaseNotifier:
        """Return a copy whose template fields are rendered for ``context``."""
        rendered = copy(self)
        rendered.render_template_fields(context, jinja_env)
        return rendered

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Render a copy for the context, and let it notify; a failure is logged."""
        context = self._full_context(*args, **kwargs)
        try:
            self.render(context).notify(context)
        except Exception:
            self.log.exception("%s could not notify", type(self).__name__)

    def _full_context(self, *args: Any, **kwargs: Any) -> Context:
        given = args[0] if len(args) == 1 else dict(zip(_SLA_ARGUMENTS, args, strict=False))
        return Context({**self.context, **given, **kwargs})
