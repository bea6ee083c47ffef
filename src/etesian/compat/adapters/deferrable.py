"""Operators and sensors that had a class of their own for waiting on the triggerer; today it is an argument."""

from __future__ import annotations

from typing import Any, Final

from etesian.compat.module_loading import import_string

_GOOGLE: Final = "airflow.providers.google.cloud.sensors"
_DATABRICKS: Final = "airflow.providers.databricks.operators.databricks"

#: the class of its own -> the one that takes ``deferrable``
_PLAIN: Final = {
    "BigQueryTableExistenceAsyncSensor": f"{_GOOGLE}.bigquery.BigQueryTableExistenceSensor",
    "BigQueryTableExistencePartitionAsyncSensor": f"{_GOOGLE}.bigquery.BigQueryTablePartitionExistenceSensor",
    "GCSObjectExistenceAsyncSensor": f"{_GOOGLE}.gcs.GCSObjectExistenceSensor",
    "WasbBlobAsyncSensor": "airflow.providers.microsoft.azure.sensors.wasb.WasbBlobSensor",
    "AzureDataFactoryPipelineRunStatusAsyncSensor": (
        "airflow.providers.microsoft.azure.sensors.data_factory.AzureDataFactoryPipelineRunStatusSensor"
    ),
    "DbtCloudJobRunAsyncSensor": "airflow.providers.dbt.cloud.sensors.dbt.DbtCloudJobRunSensor",
    "DatabricksSubmitRunDeferrableOperator": f"{_DATABRICKS}.DatabricksSubmitRunOperator",
    "DatabricksRunNowDeferrableOperator": f"{_DATABRICKS}.DatabricksRunNowOperator",
}


def __getattr__(name: str) -> Any:
    """Make a class of its own: the plain one that waits on the triggerer unless told otherwise."""
    if name not in _PLAIN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    plain: Any = import_string(_PLAIN[name])

    def __init__(self: Any, *args: Any, deferrable: bool = True, **kwargs: Any) -> None:
        plain.__init__(self, *args, deferrable=deferrable, **kwargs)

    made = type(plain)(
        name, (plain,), {"__init__": __init__, "__module__": __name__, "__doc__": plain.__doc__}
    )
    globals()[name] = made
    return made
