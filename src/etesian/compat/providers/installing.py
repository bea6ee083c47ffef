"""Installing provider packages without the Airflow that they declare as a dependency."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from etesian.compat.environment import STAND_IN_VERSION
from etesian.foundation.errors import EtesianError

_PREFIX: Final = "apache-airflow-providers-"
#: Never installed: ours stands in for them.
_EXCLUDED: Final = ("apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk")
#: Libraries that providers import and leave to Airflow to bring.
_UNDECLARED: Final = (
    "packaging", "deprecated", "tenacity", "pendulum", "structlog", "jinja2", "attrs", "python-slugify", "requests",
    "aiohttp", "lazy-object-proxy", "sqlalchemy",
)  # fmt: skip
#: The same, of single providers.
_UNDECLARED_OF: Final[Mapping[str, Sequence[str]]] = {
    "celery": ("psutil", "setproctitle"),
    "openlineage": ("psutil", "setproctitle"),
    "slack": ("tabulate",),
}


class ProviderInstallError(EtesianError):
    """A provider package cannot be installed."""


def distribution_of(name: str) -> str:
    """Return the distribution of a provider, whichever way it is written; a version is kept.

    >>> distribution_of("apache.hive==9.7.1")
    'apache-airflow-providers-apache-hive==9.7.1'
    """
    if name.startswith(_PREFIX):
        return name
    end = min((name.index(sign) for sign in "=<>!~[; " if sign in name), default=len(name))
    return _PREFIX + name[:end].replace(".", "-").replace("_", "-") + name[end:]


def distributions_for(names: Iterable[str]) -> list[str]:
    """Return the distributions of providers, and the libraries that they leave to Airflow to bring.

    >>> distributions_for(["slack==9.11.1"])[-1]
    'tabulate'
    """
    wanted = [distribution_of(name) for name in names]
    also = dict.fromkeys(
        library
        for distribution in wanted
        for provider, libraries in _UNDECLARED_OF.items()
        if re.fullmatch(rf"{_PREFIX}{provider}\b(?!-).*", distribution)
        for library in libraries
    )
    return [*wanted, *_UNDECLARED, *also]


def install_providers(names: Sequence[str], *, upgrade: bool = False) -> list[str]:
    """Install providers with uv, else pip, into this environment; return the command that did it.

    Raises:
        ProviderInstallError: the installer failed; its own words came before.
    """
    wanted = distributions_for(names)
    with tempfile.TemporaryDirectory(prefix="etesian-providers-") as folder:
        command = _command(Path(folder), wanted, upgrade=upgrade)
        if subprocess.run(command, check=False).returncode:
            raise ProviderInstallError(
                f"{' '.join(names)} could not be installed; what the installer said is above. "
                "A provider is named as its modules are: `airflow.providers.apache.hive` is `apache.hive`"
            )
    return command


def _command(folder: Path, wanted: Sequence[str], *, upgrade: bool) -> list[str]:
    uv = shutil.which("uv")
    options = ["--upgrade"] if upgrade else []
    if uv is not None:
        overrides = folder / "overrides.txt"
        overrides.write_text("".join(f"{name} ; sys_platform == 'never'\n" for name in _EXCLUDED))
        python = ["--python", sys.executable]
        return [uv, "pip", "install", *python, "--overrides", str(overrides), *options, *wanted]
    if find_spec("pip") is None:
        raise ProviderInstallError(
            "there is neither uv nor pip in this environment; install one: python -m ensurepip"
        )
    constraints = folder / "constraints.txt"
    lines = [f"{name} @ {_marker_wheel(folder, name).as_uri()}\n" for name in _EXCLUDED]
    constraints.write_text("".join(lines))
    return [sys.executable, "-m", "pip", "install", "--constraint", str(constraints), *options, *wanted]


def _marker_wheel(folder: Path, name: str) -> Path:
    """Make a distribution without files that satisfies what depends on Airflow."""
    from zipfile import ZipFile  # late: only pip needs it

    stem = f"{name.replace('-', '_')}-{STAND_IN_VERSION}"
    path = folder / f"{stem}-py3-none-any.whl"
    info = f"{stem}.dist-info"
    with ZipFile(path, "w") as wheel:
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {STAND_IN_VERSION}\n"
        )
        wheel.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: etesian\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{info}/RECORD", f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path
