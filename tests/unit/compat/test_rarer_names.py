"""Helpers of Airflow that few DAG files import."""

from __future__ import annotations

import importlib
import json
import logging
from datetime import date
from decimal import Decimal

import pytest

from etesian.sdk.assets.asset_events import AssetEvent


def test_the_encoder_writes_what_json_cannot() -> None:
    encoder = importlib.import_module("airflow.utils.json").AirflowJsonEncoder
    given = {"day": date(2030, 1, 2), "whole": Decimal(3), "part": Decimal("0.5"), "set": {1}, "raw": b"x"}
    text = '{"day": "2030-01-02", "whole": 3, "part": 0.5, "set": [1], "raw": "x"}'
    assert json.dumps(given, cls=encoder) == text
    with pytest.raises(TypeError, match="object"):
        json.dumps(object(), cls=encoder)


def test_the_options_of_logging_can_be_imported_by_name() -> None:
    settings = importlib.import_module("airflow.config_templates.airflow_local_settings")
    record = logging.LogRecord("x", logging.INFO, "dags/a.py", 7, "read %d rows", (3,), None)
    assert logging.Formatter(settings.LOG_FORMAT).format(record).endswith("{a.py:7} INFO - read 3 rows")
    assert settings.REMOTE_LOGGING is False


def test_operators_may_ask_which_languages_of_templates_there_are() -> None:
    renderers = importlib.import_module("airflow.www.utils").get_attr_renderer()
    assert "postgresql" in renderers
    assert renderers["sql"]("select 1") == "select 1"


def test_an_event_that_triggered_a_run_has_the_name_of_the_supervisors_message() -> None:
    comms = importlib.import_module("airflow.sdk.execution_time.comms")
    assert comms.AssetEventDagRunReferenceResult is AssetEvent


def test_constants_that_libraries_import_have_the_values_of_this_installation() -> None:
    defaults = importlib.import_module("airflow.models.abstractoperator")
    assert (defaults.DEFAULT_QUEUE, defaults.DEFAULT_RETRIES, defaults.DEFAULT_POOL_SLOTS) == (
        "default",
        0,
        1,
    )
    assert importlib.import_module("airflow.models.base").ID_LEN == 250
    assert "true" in importlib.import_module("airflow.utils.strings").TRUE_LIKE_VALUES


def test_the_decorator_of_1_is_found_in_its_package_too() -> None:
    utils = importlib.import_module("airflow.utils")
    assert utils.apply_defaults is importlib.import_module("airflow.utils.decorators").apply_defaults
    assert importlib.import_module("airflow.utils.timezone").utcnow
