"""DAGs, operators, TaskFlow, XComs, params and assets, under the names that each era gave them."""

from etesian.compat.names.build import names

DAG = names("etesian.sdk.dags.dag", "DAG", "dag")
OPERATOR = names("etesian.sdk.tasks.operator", "BaseOperator")
LINK = names("etesian.compat.tasks.links", "BaseOperatorLink")
MAPPED = names("etesian.sdk.tasks.operator", "MappedOperator") | names(
    "etesian.sdk.tasks.mapping", "OperatorPartial"
)
EDGES = names("etesian.sdk.graph.edges", "chain", "chain_linear", "cross_downstream")
LABEL = names("etesian.sdk.graph.edges", "Label", "EdgeModifier")
TASKFLOW = names("etesian.sdk.tasks.taskflow", "task", "setup", "teardown", "result")
PARSING_CONTEXT = names("etesian.sdk.dags.parsing_context", "get_parsing_context", "AirflowParsingContext")
ASSET_ACCESS = names("etesian.sdk.assets.asset_access", "AssetAccessControl")
TASK_GROUP = names("etesian.sdk.tasks.task_group", "TaskGroup")
TASK_GROUP_DECORATOR = names("etesian.sdk.tasks.task_group_decorator", "task_group")
XCOM_ARG = names("etesian.sdk.xcoms.xcom_arg", "XComArg")
PARAMS = names("etesian.sdk.params.param", "Param", "ParamsDict", "DagParam")
VARIABLE = names("etesian.sdk.connections.variable", "Variable")
CONNECTION = names("etesian.sdk.connections.connection", "Connection")
CONTEXT = names("etesian.sdk.context", "Context", "get_current_context", "context_merge")
TRIGGER_RULE = names("etesian.spec.trigger_rule", "TriggerRule")
NOTIFIER = names("etesian.sdk.tasks.notifier", "BaseNotifier")
SENSOR = names("etesian.sensors.base", "BaseSensorOperator", "PokeReturnValue", "poke_mode_only")
HOOK = names("etesian.hooks.base", "BaseHook")
ASSETS = names(
    "etesian.sdk.assets.asset",
    "Asset", "AssetAlias", "AssetAll", "AssetAny", "AssetWatcher", "Model",
) | names("etesian.sdk.assets.asset_events", "Metadata")  # fmt: skip
ASSET_DECORATOR = names("etesian.operators.asset", "asset")
DATASETS = names(
    "etesian.sdk.assets.asset",
    Dataset="Asset", DatasetAlias="AssetAlias", DatasetAll="AssetAll", DatasetAny="AssetAny",
)  # fmt: skip
TRIGGERS = names(
    "etesian.sdk.trigger",
    "BaseTrigger", "BaseEventTrigger", "TriggerEvent", "StartTriggerArgs", "BaseTaskEndEvent",
    "TaskSuccessEvent", "TaskFailedEvent", "TaskSkippedEvent",
)  # fmt: skip
TASK_DECORATORS = names(
    "etesian.sdk.tasks.taskflow", "TaskDecorator", "TaskDecoratorCollection", "task_decorator_factory"
)
DECORATED = names("etesian.sdk.tasks.decorated_operator", "DecoratedOperator", "get_unique_task_id")
WEIGHTS = names("etesian.sdk.tasks.weight_rules", "PriorityWeightStrategy")

MODULES = {
    "airflow": DAG | XCOM_ARG | DATASETS | names("etesian.sdk.assets.asset", "Asset")
    | names("etesian.sdk.exceptions", "AirflowException"),
    "airflow.decorators": TASKFLOW | TASK_GROUP_DECORATOR | names("etesian.sdk.dags.dag", "dag"),
    "airflow.decorators.base": TASK_DECORATORS | DECORATED,
    "airflow.decorators.task_group": TASK_GROUP_DECORATOR,
    "airflow.datasets": DATASETS,
    "airflow.datasets.metadata": names("etesian.sdk.assets.asset_events", "Metadata"),
    "airflow.models": DAG | OPERATOR | XCOM_ARG | PARAMS | VARIABLE | CONNECTION | MAPPED,
    "airflow.models.dag": DAG | PARAMS | CONTEXT,
    "airflow.models.baseoperator": OPERATOR | EDGES | LINK,
    "airflow.models.mappedoperator": MAPPED,
    "airflow.models.xcom_arg": XCOM_ARG,
    "airflow.models.param": PARAMS,
    "airflow.models.variable": VARIABLE,
    "airflow.models.connection": CONNECTION,
    "airflow.notifications": {},
    "airflow.notifications.basenotifier": NOTIFIER,
    "airflow.task": {},
    "airflow.task.priority_strategy": WEIGHTS,
    "airflow.triggers": {},
    "airflow.triggers.base": TRIGGERS,
    "airflow.triggers.shared_stream": names(
        "etesian.compat.support.shared_stream",
        "AckTimeout", "AdvanceItem", "AdvanceOutcome", "SharedStreamProducer", "reject_shared_stream_event",
    ),
    "airflow.utils": {},
    "airflow.utils.dag_parsing_context": PARSING_CONTEXT,
    "airflow.utils.edgemodifier": LABEL,
    "airflow.utils.task_group": TASK_GROUP,
    "airflow.utils.trigger_rule": TRIGGER_RULE,
    "airflow.utils.context": CONTEXT,
    "airflow.utils.helpers": EDGES,
    "airflow.utils.dates": names(
        "etesian.sdk.time.dates", "days_ago", "date_range", "round_time", "cron_presets", "parse_execution_date"
    ),
    "airflow.utils.timezone": names(
        "etesian.sdk.time.timezone", "utc", "utcnow", "utc_epoch", "is_localized", "is_naive", "make_aware",
        "make_naive", "convert_to_utc", "datetime", "parse", "coerce_datetime", "parse_timezone", "td_format",
    ),
    "airflow.utils.weekday": names("etesian.sdk.time.weekday", "WeekDay"),
    "airflow.macros": {"": "etesian.sdk.running.macros"},
}  # fmt: skip
