"""What DAG files and providers use besides authoring: settings, models, helpers, plugins, logging."""

from etesian.compat.names import authoring as a
from etesian.compat.names import sdk
from etesian.compat.names.build import names

SESSION = names("etesian.compat.models.session", "provide_session", "create_session", "NEW_SESSION")
TYPES = names("etesian.compat.models.states", "DagRunType", "DagRunTriggeredByType") | sdk.ARGUMENTS
HELPERS = names(
    "etesian.compat.support.helpers",
    "validate_key", "chunks", "reduce_in_chunks", "as_flattened_list", "as_tuple", "is_container",
    "merge_dicts", "prune_dict", "exactly_one", "at_most_one", "partition", "convert_camel_to_snake",
    "build_airflow_url_with_query", "ask_yesno",
)  # fmt: skip
VIEWS = names(
    "etesian.compat.models.views",
    "DagModel", "DagTag", "SlaMiss", "TaskFail", "TaskReschedule", "Log", "ImportError",
    "RenderedTaskInstanceFields", "SerializedDagModel", "Pool", "Job", "Trigger", "DagVersion", "clear_task_instances",
)  # fmt: skip
BAG = names("etesian.compat.dag_bag", "DagBag", "FileLoadStat")
RUNS = names("etesian.compat.models.columns", "DagRun")
INSTANCES = names("etesian.sdk.running.task_instance", "TaskInstance", "TaskInstanceKey")
SECRETS = names("etesian.compat.support.secrets_backend", "BaseSecretsBackend")
LINEAGE = names(
    "etesian.compat.support.lineage",
    "AssetLineageInfo", "ExtraLineageInfo", "HookLineage", "HookLineageCollector", "HookLineageReader",
    "LineageContext", "NoOpCollector", "get_hook_lineage_collector",
)  # fmt: skip

MODULES = {
    "airflow": names("etesian.compat.version", "__version__") | names(
        "etesian.compat.settings.settings_names", "PY36", "PY37", "PY38"
    ) | names("etesian.compat.constants", "PY39", "PY310", "PY311", "PY312"),
    "airflow.version": names("etesian.compat.version", "version", "__version__"),
    "airflow.configuration": {"": "etesian.compat.settings.configuration"},
    "airflow.settings": {"": "etesian.compat.settings.settings_names"},
    "airflow.models": RUNS | BAG | INSTANCES | VIEWS | sdk.XCOM | sdk.LINK | sdk.SKIPMIXIN | sdk.OPERATORS
    | names("etesian.sdk.tasks.operator", Operator="BaseOperator"),
    "airflow.models.dagrun": RUNS,
    "airflow.models.taskinstance": INSTANCES | a.CONTEXT | names("etesian.compat.models.views", "clear_task_instances"),
    "airflow.models.taskinstancekey": names("etesian.sdk.running.task_instance", "TaskInstanceKey"),
    "airflow.models.xcom": sdk.XCOM | names("etesian.compat.models.xcom", "LazyXComAccess"),
    "airflow.models.dagbag": BAG,
    "airflow.models.pool": names("etesian.compat.models.views", "Pool"),
    "airflow.models.log": names("etesian.compat.models.views", "Log"),
    "airflow.models.errors": names("etesian.compat.models.views", "ImportError"),
    "airflow.models.serialized_dag": names("etesian.compat.models.views", "SerializedDagModel"),
    "airflow.models.baseoperatorlink": sdk.LINK,
    "airflow.models.abstractoperator": names("etesian.sdk.tasks.operator", AbstractOperator="BaseOperator"),
    "airflow.models.skipmixin": sdk.SKIPMIXIN,
    "airflow.models.crypto": {},
    "airflow.models.asset": names("etesian.compat.models.views", "AssetEvent", "expand_alias_to_assets"),
    "airflow.models.dag_version": names("etesian.compat.models.views", "DagVersion"),
    "airflow.models.trigger": names("etesian.compat.models.views", "Trigger"),
    "airflow.models.dag": names("etesian.compat.models.views", "DagModel", "DagTag")
    | names("etesian.sdk.exceptions", "AirflowException")
    | names("etesian.sdk.graph.scope", "DagContext"),
    "airflow.dag_processing": {},
    "airflow.dag_processing.dagbag": BAG,
    "airflow.executors.base_executor": names(
        "etesian.compat.support.executors", "BaseExecutor", "EventBufferValueType"
    ),
    "airflow.executors.workloads": names("etesian.compat.support.executors", "ExecuteTask", "ExecuteCallback"),
    "airflow.executors.workloads.types": names("etesian.compat.support.executors", "WorkloadKey"),
    "airflow.jobs": names("etesian.compat.models.views", "BaseJob"),
    "airflow.jobs.base_job": names("etesian.compat.models.views", "BaseJob"),
    "airflow.jobs.job": names("etesian.compat.models.views", "Job"),
    "airflow.plugins_manager": sdk.PLUGINS,
    "airflow.listeners": names("etesian.compat.plugins.plugin", "hookimpl"),
    "airflow.providers_manager": names("etesian.compat.providers.providers_manager", "ProvidersManager"),
    "airflow.stats": names("etesian.compat.support.stats", "Stats"),
    "airflow.policies": names("etesian.compat.plugins.plugin", "hookimpl"),
    "airflow.io": names("etesian.compat.file_systems", "attach", "get_fs", "has_fs"),
    "airflow.io.path": names("etesian.compat.support.object_storage", "ObjectStoragePath"),
    "airflow.security": {},
    "airflow.security.utils": names(
        "etesian.compat.support.security",
        "get_components", "get_hostname", "get_fqdn", "replace_hostname_pattern", "principal_from_username",
    ),
    "airflow.security.kerberos": names("etesian.compat.support.security", "renew_from_kt"),
    "airflow.secrets": SECRETS,
    "airflow.secrets.base_secrets": SECRETS,
    "airflow.secrets.environment_variables": names(
        "etesian.sdk.secrets_backends.environment", "EnvironmentVariablesBackend"
    ),
    "airflow.secrets.local_filesystem": names(
        "etesian.sdk.secrets_backends.local_file", "LocalFilesystemBackend"
    ),
    "airflow.example_dags": {},
    "airflow.example_dags.subdags": {},
    "airflow.example_dags.subdags.subdag": names("etesian.compat.examples.example_dags", "subdag"),
    "airflow.example_dags.plugins": {},
    "airflow.example_dags.plugins.decreasing_priority_weight_strategy": names(
        "etesian.compat.examples.example_priority", "DecreasingPriorityStrategy"
    ),
    "airflow.example_dags.plugins.workday": names("etesian.compat.examples.workday", "AfterWorkdayTimetable"),
    "airflow.contrib.example_dags": {},
    "airflow.contrib.example_dags.libs": {},
    "airflow.contrib.example_dags.libs.helper": names("etesian.compat.examples.example_dags", "print_stuff"),
    "airflow.example_dags.libs": {},
    "airflow.example_dags.libs.helper": names("etesian.compat.examples.example_dags", "print_stuff"),
    "airflow.security.permissions": {"": "etesian.compat.models.permissions"},
    "airflow.serialization.encoders": names("etesian.compat.models.serialized", "coerce_to_core_timetable"),
    "airflow.serialization.serialized_objects": names(
        "etesian.compat.models.serialized", "SerializedDAG", "SerializedBaseOperator"
    ),
    "airflow.serialization.definitions.mappedoperator": names(
        "etesian.compat.models.serialized", "SerializedMappedOperator"
    ),
    "airflow.timetables": {},
    "airflow.timetables.base": sdk.TIMETABLE_BASE,
    "airflow.timetables.interval": sdk.TIMETABLES,
    "airflow.timetables.trigger": sdk.TIMETABLES | sdk.PARTITION_TIMETABLES,
    "airflow.timetables.events": sdk.TIMETABLES,
    "airflow.timetables.simple": sdk.TIMETABLES,
    "airflow.timetables.assets": sdk.TIMETABLES | sdk.PARTITION_TIMETABLES,
    "airflow.timetables.datasets": names("etesian.compat.tasks.dataset_names", "DatasetOrTimeSchedule"),
    "airflow.api_fastapi.auth.managers.models.resource_details": names(
        "etesian.compat.models.resource_details", "AssetAliasDetails", "AssetDetails"
    ),
    "airflow.api": {},
    "airflow.api.common": {},
    "airflow.api.common.trigger_dag": names("etesian.compat.support.actions", "trigger_dag"),
    "airflow.api.common.experimental": {},
    "airflow.api.common.experimental.trigger_dag": names("etesian.compat.support.actions", "trigger_dag"),
    "airflow.api.common.experimental.get_task_instance": names("etesian.compat.support.actions", "get_task_instance"),
    "airflow.lineage": {},
    "airflow.lineage.hook": LINEAGE,
    "airflow.sdk.lineage": LINEAGE,
    "airflow.utils.db": SESSION,
    "airflow.utils.session": SESSION,
    "airflow.utils.decorators": names("etesian.compat.tasks.calls", "apply_defaults"),
    "airflow.utils.operator_helpers": sdk.CALLS | sdk.EXECUTION_CONTEXT,
    "airflow.utils.helpers": HELPERS,
    "airflow.utils.strings": names("etesian.compat.support.helpers", "to_boolean"),
    "airflow.utils.module_loading": sdk.MODULE_LOADING,
    "airflow.utils.process_utils": names(
        "etesian.compat.support.process_utils", "patch_environ", "execute_in_subprocess"
    ),
    "airflow.utils.platform": names("etesian.compat.support.process_utils", "getuser"),
    "airflow.utils.hashlib_wrapper": names("etesian.compat.support.process_utils", "md5"),
    "airflow.utils.log": {},
    "airflow.utils.log.logging_mixin": sdk.LOGGING_MIXIN,
    "airflow.utils.log.secrets_masker": sdk.MASKER,
    "airflow.utils.email": names(
        "etesian.compat.support.email", "send_email", "send_email_smtp", "build_mime_message", "get_email_address_list"
    ),
    "airflow.utils.state": sdk.STATES,
    "airflow.utils.types": TYPES,
    "airflow.utils.timeout": names("etesian.compat.support.timeout", "timeout"),
    "airflow.utils.cli": names("etesian.compat.support.actions", "process_subdir"),
    "airflow.utils.dag_cycle_tester": names("etesian.compat.support.actions", "check_cycle", test_cycle="check_cycle"),
    "airflow.utils.file": names(
        "etesian.compat.support.files",
        "TemporaryDirectory", "get_unique_dag_module_name", "correct_maybe_zipped", "mkdirs",
    ),
    "airflow.utils.yaml": {"": "yaml"},
    "airflow.utils.deprecation_tools": names("etesian.compat.tasks.calls", "add_deprecated_classes"),
}  # fmt: skip
