"""The settings page, from the declarations: ``python -m etesian.config.reference > docs/settings.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import getdoc
from typing import Final

from etesian.config.option import OptionInfo
from etesian.config.settings import SECTIONS, options_of

_HEAD: Final = """\
# Settings

Every setting can be given in two ways; the first one that gives it wins:

1. an environment variable `ETESIAN__SECTION__KEY`, for example `ETESIAN__CORE__PARALLELISM=64`;
2. the file `$ETESIAN_HOME/etesian.toml`, for example

   ```toml
   [core]
   parallelism = 64
   ```

What neither says is taken from an Airflow installation, if there is one: `AIRFLOW__SECTION__KEY`, then `airflow.cfg`
(`$AIRFLOW_CONFIG`, or in `$AIRFLOW_HOME`), and `$AIRFLOW_HOME/dags` as folder of the DAG files.
[Airflow](airflow.md#settings) lists which settings these are.

`ETESIAN_HOME` is the folder that Etesian keeps its files in; without it, `~/etesian`. `etesian config list`
shows the values in force and where each came from. An unknown section or key, or a value that does not fit,
stops the command with a sentence that says so.

This page is generated: `python -m etesian.config.reference > docs/settings.md`.
"""


def render() -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *(line for section in SECTIONS for line in _section(section))])


def default_text(option: OptionInfo) -> str:
    """Return an option's default as people write it."""
    if option.in_home:
        return option.in_home.format(home="$ETESIAN_HOME")
    match option.default:
        case None:
            return "none"
        case bool(flag):
            return str(flag).lower()
        case tuple(items):
            return ", ".join(items) or "none"
        case float(number):
            return f"{number:g}"
        case other:
            return str(other)


def _section(name: str) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{getdoc(SECTIONS[name])}\n"
    yield "| setting | default | values | meaning |"
    yield "|---|---|---|---|"
    for option in options_of(name):
        unit = f", {option.unit}" if option.unit else ""
        secret = " Secret." if option.is_secret else ""
        values = f"{option.allowed()}{unit}"
        yield f"| `{option.key}` | `{default_text(option)}` | {values} | {option.meaning}{secret} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(render())
