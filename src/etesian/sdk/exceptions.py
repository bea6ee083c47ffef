"""What authors raise and catch. The names are the ones that DAG files of every Airflow era already use.

Control signals (``TaskDeferred``, time-outs) are not errors: they derive from ``BaseException``, so that an
``except Exception`` in user code does not swallow them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from etesian.foundation.errors import EtesianError


class AirflowException(EtesianError):
    """Base of the errors that authoring and operators raise."""

    status_code = 500


class AirflowBadRequest(AirflowException):
    """Input that cannot be right."""

    status_code = 400


class AirflowNotFoundException(AirflowException):
    """A connection, variable, DAG or run that does not exist."""

    status_code = 404


class AirflowRuntimeError(AirflowException):
    """What a running task asks for cannot be had; files of Airflow 3 catch it around ``Variable.get``."""


class AirflowConfigException(AirflowException):
    """A setting that cannot be used."""


class AirflowInternalRuntimeError(BaseException):
    """The runtime contradicts itself; user code cannot handle it."""


class AirflowOptionalProviderFeatureException(AirflowException):
    """A feature needs an optional dependency that is not installed."""


# --- how a task says what is to become of it ----------------------------------------------------------------


class AirflowSkipException(AirflowException):
    """Raised by a task that wants to be skipped."""


class AirflowFailException(AirflowException):
    """Raised by a task that must fail now, without another try."""


class AirflowRescheduleException(AirflowException):
    """Raised by a sensor that wants to look again at ``reschedule_date``."""

    def __init__(self, reschedule_date: datetime) -> None:
        super().__init__(f"reschedule at {reschedule_date}")
        self.reschedule_date = reschedule_date


class AirflowSensorTimeout(AirflowException):
    """A sensor's condition did not hold within its time-out; the task fails without another try."""


class AirflowPokeFailException(AirflowException):
    """A sensor's poke failed in a way that ``soft_fail`` may turn into a skip."""


class AirflowTaskTimeout(BaseException):
    """A task ran longer than its ``execution_timeout``."""


class AirflowTaskTerminated(BaseException):
    """A task was told to stop."""


class TaskDeferred(BaseException):
    """Raised by ``defer()``: the task gives its slot back and goes on when ``trigger`` fires."""

    def __init__(
        self,
        *,
        trigger: Any,  # Any: a trigger, of a class above this layer; None: only a person is waited for
        method_name: str,
        kwargs: dict[str, Any] | None = None,
        timeout: timedelta | float | None = None,
        awaiting_input: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"deferred to {method_name}")
        #: the question, where a person is to answer
        self.awaiting_input = awaiting_input
        self.trigger = trigger
        self.method_name = method_name
        self.kwargs = kwargs or {}
        self.timeout = timedelta(seconds=timeout) if isinstance(timeout, int | float) else timeout


class TaskAwaitingInput(TaskDeferred):
    """Raised by a task that asks a person: it gives its slot back until someone answers ``question``."""

    def __init__(
        self,
        *,
        question: Mapping[str, Any],
        method_name: str,
        kwargs: dict[str, Any] | None = None,
        timeout: timedelta | float | None = None,
    ) -> None:
        super().__init__(
            trigger=None, method_name=method_name, kwargs=kwargs, timeout=timeout, awaiting_input=question
        )
        self.question = question


class TaskDeferralError(AirflowException):
    """The trigger that a task waited for has failed."""


class TaskDeferralTimeout(AirflowException):
    """The trigger that a task waited for did not fire in time."""


class DownstreamTasksSkipped(AirflowException):
    """Raised by a task that succeeds and skips ``tasks``: task_ids, or pairs of task_id and map index."""

    def __init__(self, *, tasks: Sequence[str | tuple[str, int]]) -> None:
        super().__init__(f"skip {', '.join(map(str, tasks))}")
        self.tasks = tasks


class DagRunTriggerException(AirflowException):
    """Raised by operators of provider packages: start a run of another DAG, as ``TriggerDagRunOperator`` does."""

    def __init__(
        self, *, trigger_dag_id: str, dag_run_id: str, note: str | None = None, **options: Any
    ) -> None:
        super().__init__(f"run DAG {trigger_dag_id} as {dag_run_id}")
        self.trigger_dag_id = trigger_dag_id
        self.dag_run_id = dag_run_id
        self.note = note
        self.options = options


# --- what can be wrong with a DAG ---------------------------------------------------------------------------


class InvalidDagError(AirflowException):
    """A DAG, task or group that cannot be what its author wrote."""


class AirflowDagCycleException(InvalidDagError):
    """Tasks that wait for each other; ``path`` begins and ends with the same task_id."""

    def __init__(self, message: str, path: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.path = tuple(path)


class AirflowDagDuplicatedIdException(InvalidDagError):
    """Two DAGs of one name."""


class DuplicateTaskIdFound(InvalidDagError):
    """Two tasks or groups of one name in one DAG."""


class TaskAlreadyInTaskGroup(InvalidDagError):
    """A task that was given to two groups."""


class TaskNotFound(AirflowNotFoundException):
    """A task_id that its DAG does not have."""


class AirflowTimetableInvalid(InvalidDagError):
    """A schedule that cannot be understood."""


class FailFastDagInvalidTriggerRule(InvalidDagError):
    """A fail-fast DAG takes tasks of the rules ``all_success`` and, for teardowns, ``all_done_setup_success``
    only.
    """


class ParamValidationError(AirflowException):
    """A param without a value, or with one that its schema refuses."""


class MissingArgumentError(AirflowException, TypeError):
    """An operator was made without an argument that it needs; the text begins with the operator."""

    def __init__(self, message: str, *, owner: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.owner = owner
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.owner}: {self.args[0]}{self.hint}"


class UnknownArgumentError(AirflowException, TypeError):
    """A DAG or operator was given an argument that it does not have."""

    def __init__(self, message: str, names: Collection[str] = ()) -> None:
        super().__init__(message)
        self.names = tuple(names)


class AirflowClusterPolicyViolation(AirflowException):
    """A cluster policy refuses a DAG or a task."""


class AirflowClusterPolicySkipDag(AirflowException):
    """A cluster policy wants a DAG to be left out without an error."""


class AirflowClusterPolicyError(AirflowException):
    """A cluster policy itself failed."""


# --- mapping and XCom ---------------------------------------------------------------------------------------


class UnmappableOperator(InvalidDagError):
    """A task that cannot be expanded."""


class UnmappableXComTypePushed(AirflowException):
    """A task that others are mapped over returned something that has no elements."""


class UnmappableXComLengthPushed(AirflowException):
    """A task that others are mapped over returned more elements than allowed."""


class XComForMappingNotPushed(AirflowException):
    """A task that others are mapped over returned nothing."""


class XComNotFound(AirflowException):
    """An XCom that was needed has not been pushed."""

    def __init__(self, dag_id: str, task_id: str, key: str) -> None:
        super().__init__(f"task {dag_id}.{task_id} has pushed no XCom of key {key!r}")
        self.dag_id = dag_id
        self.task_id = task_id
        self.key = key


class DeserializingResultError(ValueError):
    """What a function in another interpreter returned cannot be read here."""

    def __str__(self) -> str:
        return (
            "the function's result cannot be read: the two interpreters have different versions of Python or of "
            "the libraries that its type is from"
        )


class XComSerializationError(AirflowException, TypeError):
    """A value that cannot be written as an XCom, or text that cannot be read back."""


# --- names that files import to catch -----------------------------------------------------------------------


class DagNotFound(AirflowNotFoundException):
    """A dag_id that is not known."""


class DagRunNotFound(AirflowNotFoundException):
    """A run that is not known."""


class TaskInstanceNotFound(AirflowNotFoundException):
    """A task instance that is not known."""


class PoolNotFound(AirflowNotFoundException):
    """A pool that is not known."""


class DagRunAlreadyExists(AirflowBadRequest):
    """A run of that id or date exists."""

    def __init__(
        self, dag_run: Any = None, **parts: object
    ) -> None:  # Any: a run object of any era, kept as given
        described = ", ".join(f"{name}={value}" for name, value in parts.items()) or str(dag_run)
        super().__init__(f"the DAG run exists already: {described}")
        self.dag_run = dag_run


class AirflowInactiveAssetInInletOrOutletException(AirflowException):
    """A task reads or writes an asset that no active DAG uses."""

    def __init__(self, inactive_asset_keys: Collection[Any]) -> None:
        super().__init__(f"inactive assets: {', '.join(map(str, inactive_asset_keys))}")
        self.inactive_asset_keys = inactive_asset_keys


class AirflowWebServerException(AirflowException):
    """The API refused a request."""


class AirflowFileParseException(AirflowException):
    """A file of connections or variables that cannot be read; ``parse_errors`` says where."""

    def __init__(self, msg: str, file_path: str = "", parse_errors: Sequence[Any] = ()) -> None:
        super().__init__(f"{msg} ({file_path})" if file_path else msg)
        self.file_path = file_path
        self.parse_errors = parse_errors


class AirflowUnsupportedFileTypeException(AirflowException):
    """A file of connections or variables of an unknown kind."""


class ConnectionNotUnique(AirflowException):
    """Two connections of one id in one file."""


class VariableNotUnique(AirflowException):
    """Two variables of one key in one file."""


class RemovedInAirflow3Warning(DeprecationWarning):
    """Kept because files filter it."""

    deprecated_since: str | None = None


class AirflowProviderDeprecationWarning(DeprecationWarning):
    """Emitted by provider packages."""

    deprecated_provider_since: str | None = None
