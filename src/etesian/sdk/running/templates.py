"""Jinja: how texts, and structures and objects that contain texts, are rendered for one run.

Jinja itself is imported when the first text needs it: most tasks have none that does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from etesian.sdk.context import resolve_lazy
from etesian.sdk.exceptions import AirflowException
from etesian.sdk.xcoms.xcom_arg import ResolveMixin

if TYPE_CHECKING:
    import jinja2

Context = Mapping[str, Any]


class TemplateRenderError(AirflowException):
    """A template that cannot be rendered; the text names the task and the field."""


class LiteralValue(ResolveMixin):
    """A value that is passed on as it is, whatever it looks like."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def resolve(self, context: Context) -> Any:
        """Return the value."""
        return self.value


def literal(value: Any) -> LiteralValue:
    """Keep a text with braces, or a name that ends like a template file, from being rendered."""
    return LiteralValue(value)


# --- environments -------------------------------------------------------------------------------------------


@cache
def _environment_class(native: bool) -> type[jinja2.Environment]:
    """Return the sandboxed environment; names with one leading underscore stay allowed, as DAG files use
    them.
    """
    from jinja2.nativetypes import NativeEnvironment
    from jinja2.runtime import Context as JinjaContext
    from jinja2.sandbox import SandboxedEnvironment

    class LazyContext(JinjaContext):
        """Gives the values themselves: ``is none`` and native rendering would see the stand-ins."""

        def resolve_or_missing(self, key: str) -> Any:
            return resolve_lazy(super().resolve_or_missing(key))

    class TemplateEnvironment(SandboxedEnvironment):
        context_class = LazyContext

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return not attr.startswith("__")

    class NativeTemplateEnvironment(NativeEnvironment, TemplateEnvironment):
        pass

    return NativeTemplateEnvironment if native else TemplateEnvironment


def create_environment(
    *,
    searchpath: Iterable[str] = (),
    undefined: type[jinja2.Undefined] | None = None,
    is_lenient: bool = False,
    macros: Mapping[str, Any] | None = None,
    filters: Mapping[str, Callable[..., Any]] | None = None,
    native: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> jinja2.Environment:
    """Return a Jinja environment with our filters; a name that is not defined is an error unless
    ``undefined`` says otherwise, or they are to be empty (``is_lenient``).
    """
    import jinja2

    options: dict[str, Any] = {
        "loader": jinja2.FileSystemLoader(list(searchpath)),
        "undefined": undefined or (jinja2.Undefined if is_lenient else jinja2.StrictUndefined),
        "extensions": ["jinja2.ext.do"],
        "cache_size": 0,
    }
    options.update(extra or {})
    environment = _environment_class(native)(**options)
    environment.filters.update(FILTERS)
    if macros:
        environment.globals.update(macros)
    if filters:
        environment.filters.update(filters)
    return environment


def _when_set(write: Callable[[datetime], str]) -> Callable[[datetime | None], str | None]:
    return lambda value: write(value) if value is not None else None


#: What ``{{ logical_date | ds }}`` and its sisters do.
FILTERS: dict[str, Callable[..., Any]] = {
    "ds": _when_set(lambda value: value.strftime("%Y-%m-%d")),
    "ds_nodash": _when_set(lambda value: value.strftime("%Y%m%d")),
    "ts": _when_set(lambda value: value.isoformat()),
    "ts_nodash": _when_set(lambda value: value.strftime("%Y%m%dT%H%M%S")),
    "ts_nodash_with_tz": _when_set(lambda value: value.isoformat().replace("-", "").replace(":", "")),
}


# --- rendering ----------------------------------------------------------------------------------------------


class Templater:
    """Something with ``template_fields``: an operator, a notifier, or an object inside a field of one."""

    template_fields: Collection[str] = ()
    template_ext: Sequence[str] = ()
    #: ids of values that came from other tasks: they are data, and no templates
    _resolved_ids: frozenset[int] = frozenset()

    def get_template_env(
        self, dag: Any = None
    ) -> jinja2.Environment:  # Any: a DAG, defined above this module
        """Return the environment of the DAG, or one with the defaults."""
        return dag.get_template_env() if dag is not None else create_environment()

    def prepare_template(self) -> None:
        """Change fields before they are rendered; for subclasses."""

    def resolve_template_files(self) -> None:
        """Let fields that name a template file hold its text; files are also found while rendering."""
        self.prepare_template()

    def render_template_fields(self, context: Context, jinja_env: jinja2.Environment | None = None) -> None:
        """Render every template field in place; a function is called with ``context`` and ``jinja_env``.

        Raises:
            TemplateRenderError: a field cannot be rendered; the message names it.
        """
        self._do_render_template_fields(self, self.template_fields, context, jinja_env, {id(self)})

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Return ``content`` with every text in it rendered and every reference resolved, at any depth."""
        if id(content) in self._resolved_ids:
            return content
        if isinstance(content, str):
            return self._render_text(content, context, jinja_env)
        if isinstance(content, ResolveMixin):
            return content.resolve(context)
        seen = seen_oids if seen_oids is not None else set()
        if isinstance(content, tuple):
            parts = [self.render_template(part, context, jinja_env, seen) for part in content]
            return type(content)(*parts) if type(content) is not tuple else tuple(parts)
        if isinstance(content, list):
            return [self.render_template(part, context, jinja_env, seen) for part in content]
        if isinstance(content, dict):
            return {
                key: self.render_template(value, context, jinja_env, seen) for key, value in content.items()
            }
        if isinstance(content, set):
            return {self.render_template(part, context, jinja_env, seen) for part in content}
        self._render_nested_template_fields(content, context, jinja_env, seen)
        return content

    def _render_nested_template_fields(
        self, content: Any, context: Context, jinja_env: jinja2.Environment | None, seen_oids: set[int]
    ) -> None:
        """Render an object inside of a field, in place; operators override this for classes of other
        libraries.
        """
        fields = getattr(content, "template_fields", None)
        if isinstance(fields, list | tuple) and id(content) not in seen_oids:
            seen_oids.add(id(content))
            self._do_render_template_fields(content, fields, context, jinja_env, seen_oids)

    def _do_render_template_fields(
        self,
        parent: Any,
        template_fields: Iterable[str],
        context: Context,
        jinja_env: jinja2.Environment | None,
        seen_oids: set[int],
    ) -> None:
        """Render attributes of an object in place."""
        for name in template_fields:
            try:
                value = getattr(parent, name)
            except AttributeError:
                raise TemplateRenderError(
                    f"{parent!r} lists {name!r} in template_fields but has no such attribute"
                ) from None
            if value is None or value is parent:
                continue
            rendered = self._render_field(parent, name, value, context, jinja_env, seen_oids)
            if rendered is not value:
                setattr(parent, name, rendered)

    def _render_field(
        self,
        owner: Any,
        name: str,
        value: Any,
        context: Context,
        jinja_env: jinja2.Environment | None,
        seen: set[int],
    ) -> Any:
        try:
            if callable(value) and not isinstance(value, ResolveMixin):
                return value(context=context, jinja_env=jinja_env)
            return self.render_template(value, context, jinja_env, seen)
        except AirflowException:
            raise
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "jinja2":
                raise
            described = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise TemplateRenderError(
                f"template field {name!r} of {owner!r} cannot be rendered: {described}"
            ) from error

    def _render_text(self, text: str, context: Context, jinja_env: jinja2.Environment | None) -> Any:
        is_file = any(text.endswith(ending) for ending in self.template_ext)
        dag = context.get("dag")
        if not is_file and jinja_env is None and _is_plain(text, dag, self):
            return text.removesuffix("\n")
        environment = jinja_env if jinja_env is not None else self.get_template_env(dag)
        template = environment.get_template(text) if is_file else environment.from_string(text)
        return template.render(context)


def _is_plain(text: str, dag: Any, owner: Any) -> bool:
    """Whether Jinja would give the text back as it is, but for one line end."""
    if "{" in text or "\r" in text:
        return False
    if getattr(owner, "render_template_as_native_obj", None) or getattr(
        dag, "render_template_as_native_obj", False
    ):
        return False
    return not getattr(dag, "jinja_environment_kwargs", None)
