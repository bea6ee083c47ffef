"""Names that provider packages no longer have, at the places where DAG files look for them.

They are added to the modules of installed providers; a name that the installed version has is left to it. The modules
of ``airflow.providers.standard`` are here whole, for environments that do not install that distribution.
"""

from collections.abc import Mapping

from etesian.compat.names import operators as o
from etesian.compat.names.build import names

_SQL = "etesian.compat.adapters.sql"
_DATAPROC = "etesian.compat.adapters.dataproc"
_BIGQUERY = "etesian.compat.adapters.bigquery"
_PODS = "airflow.providers.cncf.kubernetes"

#: Modules and names that installed providers lack.
REMOVED: Mapping[str, Mapping[str, str]] = {
    "airflow.providers.postgres.operators": {},
    "airflow.providers.postgres.operators.postgres": names(_SQL, "PostgresOperator"),
    "airflow.providers.mysql.operators": {},
    "airflow.providers.mysql.operators.mysql": names(_SQL, "MySqlOperator"),
    "airflow.providers.microsoft.mssql.operators": {},
    "airflow.providers.microsoft.mssql.operators.mssql": names(_SQL, "MsSqlOperator"),
    "airflow.providers.sqlite.operators": {},
    "airflow.providers.sqlite.operators.sqlite": names(_SQL, "SqliteOperator"),
    "airflow.providers.jdbc.operators": {},
    "airflow.providers.jdbc.operators.jdbc": names(_SQL, "JdbcOperator"),
    "airflow.providers.vertica.operators": {},
    "airflow.providers.vertica.operators.vertica": names(_SQL, "VerticaOperator"),
    "airflow.providers.trino.operators": {},
    "airflow.providers.trino.operators.trino": names(_SQL, "TrinoOperator"),
    "airflow.providers.exasol.operators": {},
    "airflow.providers.exasol.operators.exasol": names(_SQL, "ExasolOperator"),
    "airflow.providers.oracle.operators.oracle": names(_SQL, "OracleOperator"),
    "airflow.providers.snowflake.operators.snowflake": names(_SQL, "SnowflakeOperator"),
    "airflow.providers.amazon.aws.operators.redshift_sql": names(_SQL, "RedshiftSQLOperator"),
    "airflow.providers.http.operators.http": names("etesian.compat.adapters.http", "SimpleHttpOperator"),
    f"{_PODS}.operators.kubernetes_pod": names(f"{_PODS}.operators.pod", "KubernetesPodOperator"),
    "airflow.providers.slack.notifications.slack_notifier": names(
        "airflow.providers.slack.notifications.slack", "SlackNotifier", "send_slack_notification"
    ),
    "airflow.providers.microsoft.azure.transfers.azure_blob_to_gcs": names(
        "airflow.providers.google.cloud.transfers.azure_blob_to_gcs", "AzureBlobStorageToGCSOperator"
    ),
    "airflow.providers.google.cloud.operators.bigquery": names(
        _BIGQUERY, "BigQueryExecuteQueryOperator", "BigQueryCreateEmptyTableOperator"
    ),
    "airflow.providers.google.cloud.operators.dataproc": names(
        _DATAPROC,
        "DataprocSubmitPigJobOperator",
        "DataprocSubmitHiveJobOperator",
        "DataprocSubmitSparkSqlJobOperator",
        "DataprocSubmitSparkJobOperator",
        "DataprocSubmitHadoopJobOperator",
        "DataprocSubmitPySparkJobOperator",
    ),
    "airflow.providers.amazon.aws.operators.s3_file_transform": names(
        "airflow.providers.amazon.aws.operators.s3", "S3FileTransformOperator"
    ),
}

_STANDARD = "airflow.providers.standard"

#: Packages of packages, there also when none of theirs is installed, so that the one that is missing is named.
_FAMILIES = ("apache", "atlassian", "cncf", "common", "dbt", "ibm", "microsoft")

#: ``airflow.providers.standard``, made of our own operators, and the packages around providers.
STANDARD: Mapping[str, Mapping[str, str]] = {
    "airflow.providers": {},
    **{f"airflow.providers.{family}": {} for family in _FAMILIES},
    _STANDARD: {},
    f"{_STANDARD}.operators": {},
    f"{_STANDARD}.operators.bash": o.BASH,
    f"{_STANDARD}.operators.python": o.PYTHON,
    f"{_STANDARD}.operators.empty": o.EMPTY,
    f"{_STANDARD}.operators.branch": o.BRANCH,
    f"{_STANDARD}.operators.latest_only": o.LATEST_ONLY,
    f"{_STANDARD}.operators.trigger_dagrun": o.TRIGGER,
    f"{_STANDARD}.operators.datetime": o.DATETIME,
    f"{_STANDARD}.operators.weekday": o.WEEKDAY,
    f"{_STANDARD}.operators.smooth": o.SMOOTH,
    f"{_STANDARD}.sensors": {},
    f"{_STANDARD}.sensors.bash": o.BASH_SENSOR,
    f"{_STANDARD}.sensors.python": o.PYTHON_SENSOR,
    f"{_STANDARD}.sensors.filesystem": o.FILE_SENSOR,
    f"{_STANDARD}.sensors.external_task": o.EXTERNAL,
    f"{_STANDARD}.sensors.time": o.TIME,
    f"{_STANDARD}.sensors.time_delta": o.TIME_DELTA,
    f"{_STANDARD}.sensors.date_time": o.DATE_TIME,
    f"{_STANDARD}.sensors.weekday": o.WEEKDAY_SENSOR,
    f"{_STANDARD}.hooks": {},
    f"{_STANDARD}.hooks.filesystem": o.FS_HOOK,
    f"{_STANDARD}.hooks.subprocess": o.SUBPROCESS_HOOK,
    f"{_STANDARD}.hooks.package_index": o.PACKAGE_INDEX_HOOK,
    f"{_STANDARD}.triggers": {},
    f"{_STANDARD}.triggers.temporal": o.TEMPORAL,
    f"{_STANDARD}.triggers.file": o.FILE_TRIGGER,
    f"{_STANDARD}.triggers.external_task": o.EXTERNAL_TRIGGER,
    f"{_STANDARD}.utils": {},
    f"{_STANDARD}.utils.skipmixin": names("etesian.operators.skipping", "SkipMixin"),
    f"{_STANDARD}.utils.weekday": names("etesian.sdk.time.weekday", "WeekDay"),
    f"{_STANDARD}.decorators": {},
}

#: Modules that reach into Airflow's own server: ours, whatever is installed.
OURS: Mapping[str, Mapping[str, str]] = {f"{_STANDARD}.operators.hitl": o.HITL}
