"""The operators, sensors and hooks of Airflow's own distribution, at their homes of every era."""

from etesian.compat.names.authoring import CONTEXT, HOOK, SENSOR
from etesian.compat.names.build import names

BASH = names("etesian.operators.bash", "BashOperator")
PYTHON = (
    names("etesian.operators.python_callable", "PythonOperator")
    | names("etesian.operators.python_branch", "BranchPythonOperator", "ShortCircuitOperator")
    | names(
        "etesian.operators.python_elsewhere",
        "PythonVirtualenvOperator",
        "ExternalPythonOperator",
        "BranchPythonVirtualenvOperator",
        "BranchExternalPythonOperator",
    )
    | names("etesian.operators.skipping", "SkipMixin")
    | names("etesian.compat.tasks.calls", "is_venv_installed")
    | CONTEXT
)
EMPTY = names("etesian.operators.empty", "EmptyOperator")
DUMMY = names("etesian.operators.empty", "DummyOperator", "EmptyOperator")
EMAIL = names("etesian.operators.email", "EmailOperator")
BRANCH = names("etesian.operators.branch", "BaseBranchOperator") | names(
    "etesian.operators.skipping", "BranchMixIn"
)
LATEST_ONLY = names("etesian.operators.latest_only", "LatestOnlyOperator")
TRIGGER = names("etesian.operators.trigger_dagrun", "TriggerDagRunOperator", "DagRunOrder")
SUBDAG = names("etesian.operators.subdag", "SubDagOperator", "SkippedStatePropagationOptions")
DATETIME = names("etesian.operators.datetime", "BranchDateTimeOperator", "target_times_as_dates")
WEEKDAY = names("etesian.operators.weekday", "BranchDayOfWeekOperator")
SMOOTH = names("etesian.operators.empty", "SmoothOperator")
HITL = names(
    "etesian.operators.hitl", "HITLOperator", "ApprovalOperator", "HITLBranchOperator", "HITLEntryOperator"
)
EXTERNAL = names("etesian.sensors.external_task", "ExternalTaskSensor") | names(
    "etesian.operators.external_task_marker", "ExternalTaskMarker"
)
BASH_SENSOR = names("etesian.sensors.bash", "BashSensor")
PYTHON_SENSOR = names("etesian.sensors.python", "PythonSensor")
FILE_SENSOR = names("etesian.sensors.filesystem", "FileSensor")
TIME = names("etesian.sensors.time", "TimeSensor", "TimeSensorAsync")
TIME_DELTA = names("etesian.sensors.time_delta", "TimeDeltaSensor", "TimeDeltaSensorAsync", "WaitSensor")
DATE_TIME = names("etesian.sensors.date_time", "DateTimeSensor", "DateTimeSensorAsync")
WEEKDAY_SENSOR = names("etesian.sensors.weekday", "DayOfWeekSensor")
FS_HOOK = names("etesian.hooks.filesystem", "FSHook")
SUBPROCESS_HOOK = names("etesian.hooks.subprocess", "SubprocessHook", "SubprocessResult")
PACKAGE_INDEX_HOOK = names("etesian.hooks.package_index", "PackageIndexHook")
TEMPORAL = names("etesian.triggers.temporal", "DateTimeTrigger", "TimeDeltaTrigger")
FILE_TRIGGER = names("etesian.triggers.file", "FileTrigger", "FileDeleteTrigger")
EXTERNAL_TRIGGER = names("etesian.triggers.external_task", "WorkflowTrigger", "DagStateTrigger")

ALL_OPERATORS = BASH | PYTHON | EMPTY | DUMMY | EMAIL | LATEST_ONLY | TRIGGER | SUBDAG
ALL_SENSORS = SENSOR | EXTERNAL | TIME | TIME_DELTA

MODULES = {
    # 1.10
    "airflow.operators": ALL_OPERATORS,
    "airflow.operators.bash_operator": BASH,
    "airflow.operators.python_operator": PYTHON,
    "airflow.operators.dummy_operator": DUMMY,
    "airflow.operators.email_operator": EMAIL,
    "airflow.operators.branch_operator": BRANCH,
    "airflow.operators.latest_only_operator": LATEST_ONLY,
    "airflow.operators.dagrun_operator": TRIGGER,
    "airflow.operators.subdag_operator": SUBDAG,
    "airflow.operators.sensors": ALL_SENSORS,
    "airflow.sensors": {},
    "airflow.sensors.base_sensor_operator": SENSOR,
    "airflow.sensors.external_task_sensor": EXTERNAL,
    "airflow.sensors.time_sensor": TIME,
    "airflow.sensors.time_delta_sensor": TIME_DELTA,
    "airflow.sensors.date_time_sensor": DATE_TIME,
    "airflow.sensors.weekday_sensor": WEEKDAY_SENSOR,
    "airflow.hooks": HOOK,
    "airflow.hooks.base_hook": HOOK,
    "airflow.contrib": {},
    "airflow.contrib.hooks": {},
    "airflow.contrib.hooks.fs_hook": FS_HOOK,
    "airflow.contrib.operators": {},
    "airflow.contrib.sensors": {},
    "airflow.contrib.sensors.bash_sensor": BASH_SENSOR,
    "airflow.contrib.sensors.file_sensor": FILE_SENSOR,
    "airflow.contrib.sensors.python_sensor": PYTHON_SENSOR,
    "airflow.contrib.sensors.weekday_sensor": WEEKDAY_SENSOR,
    # 2.x
    "airflow.operators.bash": BASH,
    "airflow.operators.python": PYTHON,
    "airflow.operators.dummy": DUMMY,
    "airflow.operators.empty": EMPTY,
    "airflow.operators.email": EMAIL,
    "airflow.operators.branch": BRANCH,
    "airflow.operators.latest_only": LATEST_ONLY,
    "airflow.operators.trigger_dagrun": TRIGGER,
    "airflow.operators.subdag": SUBDAG,
    "airflow.operators.datetime": DATETIME,
    "airflow.operators.weekday": WEEKDAY,
    "airflow.operators.smooth": SMOOTH,
    "airflow.sensors.base": SENSOR,
    "airflow.sensors.bash": BASH_SENSOR,
    "airflow.sensors.python": PYTHON_SENSOR,
    "airflow.sensors.filesystem": FILE_SENSOR,
    "airflow.sensors.external_task": EXTERNAL,
    "airflow.sensors.time_delta": TIME_DELTA,
    "airflow.sensors.date_time": DATE_TIME,
    "airflow.sensors.weekday": WEEKDAY_SENSOR,
    "airflow.hooks.base": HOOK,
    "airflow.hooks.filesystem": FS_HOOK,
    "airflow.hooks.subprocess": SUBPROCESS_HOOK,
    "airflow.hooks.package_index": PACKAGE_INDEX_HOOK,
    "airflow.triggers.temporal": TEMPORAL,
    "airflow.triggers.file": FILE_TRIGGER,
    "airflow.triggers.external_task": EXTERNAL_TRIGGER,
}
