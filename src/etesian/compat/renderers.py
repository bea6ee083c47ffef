"""``airflow.www.utils``, of which operators ask how the languages of their templates are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

_LANGUAGES: Final = (
    "bash", "bash_command", "doc", "doc_json", "doc_md", "doc_rst", "doc_yaml", "hql", "html", "jinja", "json", "md",
    "mysql", "postgresql", "powershell", "py", "python_callable", "rst", "sql", "tsql", "yaml",
)  # fmt: skip


def get_attr_renderer() -> Mapping[str, Callable[[object], str]]:
    """Return the languages that ``template_fields_renderers`` may name, each with what shows a text of it."""
    return dict.fromkeys(_LANGUAGES, str)
