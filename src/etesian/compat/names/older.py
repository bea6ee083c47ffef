"""Names of Airflow 1 and 2 at places that few DAG files import from."""

from etesian.compat.names import sdk
from etesian.compat.names.build import names

_DECORATORS = "etesian.compat.tasks.task_decorators"
_TYPING = names(
    "typing",
    "Annotated", "Any", "Callable", "ClassVar", "Final", "Literal", "NamedTuple", "ParamSpec", "Protocol", "Self",
    "TypedDict", "TypeGuard", "Unpack", "runtime_checkable",
)  # fmt: skip
_EDGES = names("etesian.sdk.graph.dependency", "DependencyMixin", TaskMixin="DependencyMixin") | names(
    "etesian.sdk.tasks.task_node", DAGNode="TaskNode"
)

MODULES = {
    "airflow.config_templates": {},
    "airflow.config_templates.airflow_local_settings": {"": "etesian.compat.logging_names"},
    "airflow.decorators": names("etesian.sdk.tasks.taskflow", "TaskDecoratorCollection"),
    "airflow.decorators.bash": names(_DECORATORS, "bash_task"),
    "airflow.decorators.branch_external_python": names(_DECORATORS, "branch_external_python_task"),
    "airflow.decorators.branch_python": names(_DECORATORS, "branch_task"),
    "airflow.decorators.branch_virtualenv": names(_DECORATORS, "branch_virtualenv_task"),
    "airflow.decorators.condition": names(_DECORATORS, "run_if", "skip_if"),
    "airflow.decorators.external_python": names(_DECORATORS, "external_python_task"),
    "airflow.decorators.python": names(_DECORATORS, "python_task"),
    "airflow.decorators.python_virtualenv": names(_DECORATORS, "virtualenv_task"),
    "airflow.decorators.sensor": names(_DECORATORS, "sensor_task"),
    "airflow.decorators.setup_teardown": names(_DECORATORS, "setup_task", "teardown_task"),
    "airflow.decorators.short_circuit": names(_DECORATORS, "short_circuit_task"),
    "airflow.hooks.dbapi": names("airflow.providers.common.sql.hooks.sql", "DbApiHook"),
    "airflow.lineage": names("etesian.compat.tasks.lineage_entities", "AUTO", "apply_lineage", "prepare_lineage"),
    "airflow.lineage.entities": names(
        "etesian.compat.tasks.lineage_entities", "Column", "File", "Table", "Tag", "User"
    ),
    "airflow.models.base": names("etesian.compat.constants", "ID_LEN", "COLLATION_ARGS"),
    "airflow.models.baseoperator": names("etesian.sdk.tasks.operator_meta", "BaseOperatorMeta"),
    "airflow.models.dagparam": names("etesian.sdk.params.param", "DagParam"),
    "airflow.models.operator": names("etesian.sdk.tasks.operator", Operator="BaseOperator"),
    "airflow.models.renderedtifields": names("etesian.compat.models.views", "RenderedTaskInstanceFields"),
    "airflow.models.slamiss": names("etesian.compat.models.views", "SlaMiss"),
    "airflow.models.taskfail": names("etesian.compat.models.views", "TaskFail"),
    "airflow.models.taskmixin": _EDGES,
    "airflow.models.taskreschedule": names("etesian.compat.models.views", "TaskReschedule"),
    "airflow.models.xcom_arg": names(
        "etesian.sdk.xcoms.xcom_arg", "ConcatXComArg", "MapXComArg", "PlainXComArg", "ZipXComArg"
    ),
    "airflow.operators.trigger_dagrun": names("etesian.sdk.dags.dag_links", "TriggerDagRunLink")
    | names("etesian.operators.trigger_dagrun", "XCOM_RUN_ID"),
    "airflow.sensors.external_task": names(
        "etesian.sdk.dags.dag_links", "ExternalDagLink", ExternalTaskSensorLink="ExternalDagLink"
    ),
    "airflow.timetables.simple": names(
        "etesian.sdk.timetables.timetable_classes", DatasetTriggeredTimetable="AssetTriggeredTimetable"
    ),
    "airflow.typing_compat": _TYPING,
    "airflow.utils": names("etesian.compat.tasks.calls", "apply_defaults"),
    "airflow.utils.context": names("etesian.sdk.context_keys", KNOWN_CONTEXT_KEYS="CONTEXT_KEYS"),
    "airflow.utils.json": names(
        "etesian.compat.json_encoder", "AirflowJsonEncoder", WebEncoder="AirflowJsonEncoder"
    ),
    "airflow.utils.net": names("etesian.compat.support.security", "get_hostname", getfqdn="get_hostname"),
    "airflow.utils.setup_teardown": names("etesian.sdk.graph.setup_teardown", "SetupTeardownContext"),
    "airflow.utils.task_group": names("etesian.sdk.graph.scope", "TaskGroupContext"),
    "airflow.utils.weight_rule": names("etesian.compat.tasks.weight_rule", "WeightRule"),
    "airflow.utils.xcom": sdk.XCOM,
    "airflow.www": {},
    "airflow.www.utils": names("etesian.compat.renderers", "get_attr_renderer"),
}  # fmt: skip
