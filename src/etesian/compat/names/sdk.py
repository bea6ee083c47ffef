"""``airflow.sdk``: the authoring names of Airflow 3, and the internals of it that provider packages reach into."""

from etesian.compat.names import authoring as a
from etesian.compat.names.build import names
from etesian.compat.names.exceptions import EXCEPTIONS

TIMETABLES = names(
    "etesian.sdk.timetables.timetable_classes",
    "CronTriggerTimetable",
    "CronDataIntervalTimetable",
    "DeltaTriggerTimetable",
    "DeltaDataIntervalTimetable",
    "MultipleCronTriggerTimetable",
    "EventsTimetable",
    "AssetOrTimeSchedule",
    "ContinuousTimetable",
    "NullTimetable",
    "OnceTimetable",
    "AssetTriggeredTimetable",
)
PARTITIONS = (
    names(
        "etesian.sdk.assets.partition_mappers",
        "PartitionMapper", "IdentityMapper", "AllowedKeyMapper", "FixedKeyMapper", "ProductMapper", "ChainMapper",
        "RollupMapper", "FanOutMapper", "StartOfHourMapper", "StartOfDayMapper", "StartOfWeekMapper",
        "StartOfMonthMapper", "StartOfQuarterMapper", "StartOfYearMapper",
    )
    | names(
        "etesian.sdk.assets.partition_windows",
        "Window", "HourWindow", "DayWindow", "WeekWindow", "MonthWindow", "QuarterWindow", "YearWindow",
        "SegmentWindow", "WaitPolicy", "WaitForAll", "MinimumCount",
    )
)  # fmt: skip
PARTITION_TIMETABLES = names(
    "etesian.sdk.timetables.partition_timetables",
    "CronPartitionTimetable",
    "PartitionedAssetTimetable",
    "PartitionedAtRuntime",
)
TIMETABLE_BASE = names(
    "etesian.sdk.timetables.timetable_base", "Timetable", "DataInterval", "TimeRestriction", "DagRunInfo"
)
DEADLINES = names(
    "etesian.sdk.dags.deadline", "DeadlineAlert", "DeadlineReference", "SyncCallback", "AsyncCallback"
)
RETRIES = names(
    "etesian.sdk.tasks.retry_policy",
    "RetryAction",
    "RetryDecision",
    "RetryRule",
    "RetryPolicy",
    "ExceptionRetryPolicy",
)
STATES = names("etesian.compat.models.states", "TaskInstanceState", "DagRunState", "State", "TerminalTIState")
LOG = names("etesian.sdk.connections.secrets_masker", "mask_secret", "redact")
MASKER = names(
    "etesian.compat.support.redaction",
    "Redactable",
    "Redacted",
    "SecretsMasker",
    "_secrets_masker",
    "mask_secret",
    "redact",
    "should_hide_value_for_key",
)
LOGGING_MIXIN = names("etesian.compat.support.logging_mixin", "LoggingMixin", "logging")
ARGUMENTS = names("etesian.sdk.xcoms.xcom_arg", "NOTSET", "ArgNotSet") | names(
    "etesian.compat.tasks.arguments", "is_arg_set", "SET_DURING_EXECUTION"
)
XCOM = names("etesian.compat.models.xcom", "XCom", "BaseXCom", XCOM_RETURN_KEY="XCOM_RETURN_KEY")
LINK = a.LINK
MODULE_LOADING = names(
    "etesian.compat.module_loading", "import_string", "qualname", "iter_namespace", "is_valid_dotpath"
)
CONF = names("etesian.compat.settings.configuration", "conf", "AirflowConfigParser", "AIRFLOW_HOME")
SKIPMIXIN = names("etesian.operators.skipping", "SkipMixin")
BRANCH = names("etesian.operators.branch", "BaseBranchOperator") | names(
    "etesian.operators.skipping", "BranchMixIn"
)
CALLS = names(
    "etesian.compat.tasks.calls",
    "determine_kwargs",
    "KeywordParameters",
    "is_async_callable",
    "make_kwargs_callable",
)
OPERATORS = (
    a.OPERATOR | a.EDGES | a.MAPPED | names("etesian.compat.tasks.base_operators", "BaseAsyncOperator")
)
EXECUTION_CONTEXT = names(
    "etesian.compat.tasks.context_names",
    "AIRFLOW_VAR_NAME_FORMAT_MAPPING",
    "DEFAULT_FORMAT_PREFIX",
    "context_to_airflow_vars",
    "context_get_outlet_events",
) | names("etesian.sdk.running.state_store", "NEVER_EXPIRE")
CALLBACK_RUNNER = names(
    "etesian.compat.tasks.callback_runner",
    "create_executable_runner",
    "create_async_executable_runner",
    "ExecutionCallableRunner",
    "AsyncExecutionCallableRunner",
)
PLUGINS = names("etesian.compat.plugins.plugin", "AirflowPlugin")

SDK = (
    a.DAG
    | OPERATORS
    | a.LABEL
    | a.TASKFLOW
    | a.TASK_GROUP
    | a.TASK_GROUP_DECORATOR
    | a.XCOM_ARG
    | a.PARAMS
    | a.VARIABLE
    | a.CONNECTION
    | a.CONTEXT
    | a.TRIGGER_RULE
    | a.NOTIFIER
    | a.SENSOR
    | a.HOOK
    | a.ASSETS
    | a.ASSET_DECORATOR
    | a.ASSET_ACCESS
    | a.PARSING_CONTEXT
    | a.WEIGHTS
    | TIMETABLES
    | PARTITIONS
    | PARTITION_TIMETABLES
    | DEADLINES
    | RETRIES
    | STATES
    | LINK
    | SKIPMIXIN
    | BRANCH
    | XCOM
    | names("etesian.compat.support.object_storage", "ObjectStoragePath")
    | names("etesian.sdk.tasks.resumable", "ResumableJobMixin")
    | names("etesian.compat.version", "__version__")
)

_MAPPERS = [
    "base",
    "identity",
    "allowed_key",
    "chain",
    "fixed_key",
    "product",
    "temporal",
    "wait_policy",
    "window",
]
MODULES = {
    "airflow.sdk": SDK,
    "airflow.partition_mappers": PARTITIONS,
    **{f"airflow.partition_mappers.{name}": PARTITIONS for name in _MAPPERS},
    "airflow.sdk.definitions.partition_mappers": PARTITIONS,
    **{f"airflow.sdk.definitions.partition_mappers.{name}": PARTITIONS for name in _MAPPERS},
    "airflow.sdk.bases": {},
    "airflow.sdk.bases.operator": OPERATORS,
    "airflow.sdk.bases.sensor": a.SENSOR,
    "airflow.sdk.bases.hook": a.HOOK,
    "airflow.sdk.bases.notifier": a.NOTIFIER,
    "airflow.sdk.bases.skipmixin": SKIPMIXIN,
    "airflow.sdk.bases.branch": BRANCH,
    "airflow.sdk.bases.decorator": a.TASK_DECORATORS | a.DECORATED | CALLS,
    "airflow.sdk.bases.operatorlink": LINK,
    "airflow.sdk.bases.xcom": XCOM,
    "airflow.sdk.configuration": CONF,
    "airflow.sdk.definitions": {},
    "airflow.sdk.definitions.dag": a.DAG,
    "airflow.sdk.definitions.asset": a.ASSETS,
    "airflow.sdk.definitions.asset.access_control": a.ASSET_ACCESS,
    "airflow.sdk.definitions.asset.decorators": a.ASSET_DECORATOR,
    "airflow.sdk.definitions.asset.metadata": names("etesian.sdk.assets.asset_events", "Metadata"),
    "airflow.sdk.definitions.connection": a.CONNECTION,
    "airflow.sdk.definitions.context": a.CONTEXT | a.PARSING_CONTEXT,
    "airflow.sdk.definitions.deadline": DEADLINES,
    "airflow.sdk.definitions.decorators": a.TASKFLOW | a.TASK_GROUP_DECORATOR,
    "airflow.sdk.definitions.edges": a.LABEL,
    "airflow.sdk.definitions.mappedoperator": a.MAPPED,
    "airflow.sdk.definitions.notifier": a.NOTIFIER,
    "airflow.sdk.definitions.param": a.PARAMS,
    "airflow.sdk.definitions.retry_policy": RETRIES,
    "airflow.sdk.definitions.timetables": {},
    "airflow.sdk.definitions.timetables.assets": TIMETABLES | PARTITION_TIMETABLES,
    "airflow.sdk.definitions.timetables.events": TIMETABLES,
    "airflow.sdk.definitions.timetables.interval": TIMETABLES,
    "airflow.sdk.definitions.timetables.simple": TIMETABLES,
    "airflow.sdk.definitions.timetables.trigger": TIMETABLES | PARTITION_TIMETABLES,
    "airflow.sdk.definitions.taskgroup": a.TASK_GROUP,
    "airflow.sdk.definitions.template": names("etesian.sdk.running.templates", "literal"),
    "airflow.sdk.definitions.variable": a.VARIABLE,
    "airflow.sdk.definitions.xcom_arg": a.XCOM_ARG,
    "airflow.sdk.definitions._internal": {},
    "airflow.sdk.definitions._internal.types": ARGUMENTS,
    "airflow.sdk.definitions._internal.logging_mixin": LOGGING_MIXIN,
    "airflow.sdk.definitions._internal.contextmanager": names("etesian.sdk.graph.scope", "DagContext"),
    "airflow.sdk.exceptions": EXCEPTIONS,
    "airflow.sdk.execution_time": {},
    "airflow.sdk.execution_time.callback_runner": CALLBACK_RUNNER,
    "airflow.sdk.execution_time.context": EXECUTION_CONTEXT
    | names("etesian.sdk.assets.asset_events", TriggeringAssetEventsAccessor="TriggeringAssetEvents"),
    "airflow.sdk.execution_time.hitl": names(
        "etesian.compat.tasks.human_input",
        "HITLUser",
        "upsert_hitl_detail",
        "update_hitl_detail_response",
        "get_hitl_detail_content_detail",
    ),
    "airflow.sdk.execution_time.xcom": XCOM,
    "airflow.sdk.execution_time.comms": names(
        "etesian.compat.models.supervisor_messages", "XComResult", "VariableResult", "ConnectionResult"
    )
    | names(
        "etesian.sdk.assets.asset_events",
        AssetEventResult="AssetEvent",
        AssetEventDagRunReferenceResult="AssetEvent",
    ),
    "airflow.sdk.execution_time.timeout": names("etesian.compat.support.timeout", "timeout"),
    "airflow.sdk.execution_time.task_runner": names(
        "etesian.sdk.running.task_instance", RuntimeTaskInstance="TaskInstance"
    ),
    "airflow.sdk.log": LOG,
    "airflow.sdk.module_loading": MODULE_LOADING,
    "airflow.sdk.plugins_manager": PLUGINS,
    "airflow.sdk.providers_manager_runtime": names(
        "etesian.compat.providers.providers_manager", ProvidersManagerTaskRuntime="ProvidersManager"
    ),
    "airflow.sdk.observability": {},
    "airflow.sdk.observability.stats": names("etesian.compat.support.stats", "Stats"),
    "airflow.sdk.timezone": {"": "etesian.sdk.time.timezone"},
    "airflow.sdk.types": names("etesian.sdk.context", "Context"),
    "airflow.sdk._shared": {},
    "airflow.sdk._shared.secrets_masker": MASKER,
    "airflow.sdk.execution_time.secrets_masker": MASKER,
    "airflow.sdk._shared.module_loading": MODULE_LOADING,
    "airflow.sdk.io": names("etesian.compat.support.object_storage", "ObjectStoragePath")
    | names("etesian.compat.file_systems", "attach", "get_fs", "has_fs"),
}
