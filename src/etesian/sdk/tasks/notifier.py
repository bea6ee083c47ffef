"""The base of notifiers: objects that tell people, usable wherever a callback is."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Generator, Mapping
from copy import copy
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from etesian.sdk.context import Context
from etesian.sdk.running.templates import Templater

if TYPE_CHECKING:
    import jinja2


#: Arguments of the oldest kind of callback, told of missed SLAs.
_SLA_ARGUMENTS: Final = ("dag", "task_list", "blocking_task_list", "slas", "blocking_tis")


class BaseNotifier(Templater):
    """Tells someone: a subclass writes ``notify(context)`` and names its ``template_fields``.

    An instance is a callback: each call renders a copy of it for the task or run that it speaks of. Its fields show
    what was sent last, and the next call begins with the templates again. Templates may name other fields. A notice
    that cannot be sent is logged; it does not change what became of the task. With ``await`` it is sent from an
    event loop, for the context that it was made with.
    """

    #: added to the context of each call; subclasses need not call ``__init__``
    context: Mapping[str, Any] = MappingProxyType({})
    #: by field: its template, and the rendered value that it shows since the last call
    _sent: Mapping[str, tuple[Any, Any]] = MappingProxyType({})

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
        """Return a copy whose template fields are rendered for ``context``, and show their values."""
        rendered = copy(self)
        for name, (template, shown) in self._sent.items():
            if getattr(self, name) is shown:  # else it was given a new template since
                setattr(rendered, name, template)
        templates = {
            name: getattr(rendered, name) for name in self.template_fields if hasattr(rendered, name)
        }
        rendered.render_template_fields(Context({**context, **templates}), jinja_env)
        self._show(rendered, templates)
        return rendered

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Render a copy for the context, and let it notify; a failure is logged."""
        context = self._full_context(*args, **kwargs)
        try:
            self.render(context).notify(context)
        except Exception:
            self.log.exception("%s could not notify", type(self).__name__)

    def __await__(self) -> Generator[Any, None, None]:
        """Render a copy for the notifier's own context, and let it notify from the event loop.

        Raises:
            Exception: what ``async_notify`` raised; who awaits it decides what that means.
        """
        context = self._full_context({})
        return self.render(context).async_notify(context).__await__()

    def _show(self, rendered: BaseNotifier, templates: Mapping[str, Any]) -> None:
        for name in templates:
            setattr(self, name, getattr(rendered, name))
        self._sent = {name: (template, getattr(rendered, name)) for name, template in templates.items()}

    def _full_context(self, *args: Any, **kwargs: Any) -> Context:
        given = args[0] if len(args) == 1 else dict(zip(_SLA_ARGUMENTS, args, strict=False))
        return Context({**self.context, **given, **kwargs})
