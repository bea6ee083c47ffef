"""Run the providers' own unit tests on Etesian's ``airflow``, and write docs/providers.md.

    python -m scripts.provider_suites --python ENV/bin/python [--real-python AIRFLOW_ENV/bin/python]
    python -m scripts.provider_suites --python ENV/bin/python slack http      some suites, printed only
    python -m scripts.provider_suites --python ENV/bin/python --imports       the part of the page about imports

Each environment needs the providers, pytest, pytest-asyncio and pytest-timeout, and what the tests import besides; the
second one apache-airflow instead of Etesian. What the second one gives is kept as the baseline for runs without it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from scripts.provider_suites.baseline import Baseline, make_baseline, read_baselines, write_baselines
from scripts.provider_suites.fetching import FetchError, fetch_sdist
from scripts.provider_suites.imports import (
    ImportReportError,
    count_imports,
    find_imports,
    render_imports,
    replace_imports,
)
from scripts.provider_suites.outcomes import Outcome, SuiteOutcomes
from scripts.provider_suites.page import Result, render_page
from scripts.provider_suites.running import run_suite
from scripts.provider_suites.suites import SUITES, Suite

PAGE: Final = Path(__file__).parents[2] / "docs" / "providers.md"


def main() -> int:
    """Run what the command line asks for; the exit code says whether every suite was complete."""
    options = _parse()
    if options.imports:
        return _write_imports(options.python)
    suites = [suite for suite in SUITES if not options.providers or suite.provider in options.providers]
    with tempfile.TemporaryDirectory(prefix="provider-sdists-") as temporary:
        folder = options.sdists or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            results = [_run(suite, folder.resolve(), options) for suite in suites]
        except FetchError as error:
            print(error, file=sys.stderr)
            return 2
    if options.real_python:
        measured = {result.suite.provider: result.baseline for result in results if result.baseline}
        write_baselines(read_baselines() | measured)
    if options.providers:
        _print_failures(results)
    else:
        imports = find_imports(PAGE.read_text(encoding="utf-8"))
        PAGE.write_text(render_page(results, imports), encoding="utf-8")
        print(f"wrote {PAGE}")
    return 0 if all(result.ours.is_complete for result in results) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "providers", nargs="*", choices=[[], *(suite.provider for suite in SUITES)], default=[]
    )
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="has Etesian and the providers"
    )
    parser.add_argument("--real-python", type=Path, help="has apache-airflow and the same providers")
    parser.add_argument(
        "--imports", action="store_true", help="import the providers' modules, and run no suite"
    )
    parser.add_argument("--sdists", type=Path, help="where sdists are kept; by default nowhere")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for one suite")
    return parser.parse_args()


def _write_imports(python: Path) -> int:
    try:
        imports = count_imports(python)
    except ImportReportError as error:
        print(error, file=sys.stderr)
        return 2
    PAGE.write_text(
        replace_imports(PAGE.read_text(encoding="utf-8"), render_imports(imports)), encoding="utf-8"
    )
    for provider, counted in imports.items():
        for module, why in counted.failures.items():
            print(f"{provider} {module}: {why}")
    print(f"wrote {PAGE}")
    return 1 if any(counted.failures for counted in imports.values()) else 0


def _run(suite: Suite, folder: Path, options: argparse.Namespace) -> Result:
    version = _version(options.python, suite.distribution)
    sdist = fetch_sdist(suite.distribution, version, folder)
    baseline: Baseline | None = read_baselines().get(suite.provider)
    if options.real_python:
        real = run_suite(suite, sdist, version=version, python=options.real_python, timeout=options.timeout)
        _print_counts("Airflow", real)
        baseline = make_baseline(real, _version(options.real_python, "apache-airflow-core"))
    ours = run_suite(suite, sdist, version=version, python=options.python, timeout=options.timeout)
    _print_counts("Etesian", ours)
    return Result(suite=suite, ours=ours, baseline=baseline)


def _version(python: Path, distribution: str) -> str:
    """Return the version of a distribution in the environment of an interpreter.

    Raises:
        FetchError: it is not installed there.
    """
    code = f"from importlib.metadata import version; print(version({distribution!r}))"
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if result.returncode:
        raise FetchError(f"{distribution} is not installed for {python}; install it there first")
    return result.stdout.strip()


def _print_counts(where: str, outcomes: SuiteOutcomes) -> None:
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in Outcome)
    print(f"{outcomes.provider} {outcomes.version} on {where}: {counts}", flush=True)
    if not outcomes.is_complete:
        print("  the time was over before the last test; --timeout gives more", flush=True)


def _print_failures(results: list[Result]) -> None:
    for result in results:
        for test in result.only_there:
            print(f"\n{result.suite.provider} {test}\n{result.ours.messages.get(test, '')}")


if __name__ == "__main__":
    sys.exit(main())
