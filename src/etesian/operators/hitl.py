"""Tasks that ask a person: they wait in state ``awaiting_input``, hold no slot, and go on with the answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import quote, urlencode

from etesian.foundation.clock import utc_now
from etesian.operators.skipping import BranchMixIn, SkipMixin, push_result
from etesian.sdk.exceptions import AirflowException, InvalidDagError, TaskAwaitingInput, TaskDeferralTimeout
from etesian.sdk.params.param import ParamsDict
from etesian.sdk.tasks.notifier import BaseNotifier
from etesian.sdk.tasks.operator import BaseOperator
from etesian.sdk.web_address import web_address

if TYPE_CHECKING:
    from etesian.sdk.context import Context

#: Shown as the one who answered when nobody did in time and the defaults were taken.
NOBODY: Final[Mapping[str, str]] = {"id": "fallback to defaults", "name": "fallback to defaults"}


class HumanInputError(AirflowException):
    """An answer that does not fit its question."""


class HITLTimeoutError(AirflowException):
    """Nobody answered in time, and the task has no defaults."""


class HITLRejectException(AirflowException):
    """A person rejected what was to be approved."""


class HITLOperator(BaseOperator):
    """Asks a person to choose among ``options`` and to fill in ``params``; the answer is the task's XCom.

    Without an answer within ``response_timeout`` the ``defaults`` are taken, or the task fails if it has
    none. ``notifiers`` are called when the question is asked. Only ``assigned_users`` may answer, if any
    are named.

    Raises:
        InvalidDagError: there is nothing to choose from, or a default is not one of the options.
    """

    template_fields: Collection[str] = ("subject", "body")

    def __init__(
        self,
        *,
        subject: str,
        options: Sequence[str],
        body: str | None = None,
        defaults: str | Sequence[str] | None = None,
        multiple: bool = False,
        params: Mapping[str, Any] | None = None,
        notifiers: Sequence[BaseNotifier] | BaseNotifier | None = None,
        assigned_users: Any = None,
        response_timeout: timedelta | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if self.execution_timeout and not response_timeout:
            # That is what files of Airflow 3.1 mean by it: they want the wait to be bounded.
            response_timeout, self.execution_timeout = self.execution_timeout, None
        self.subject = subject
        self.body = body
        self.options = list(options)
        self.defaults = (
            [defaults] if isinstance(defaults, str) else defaults if defaults is None else list(defaults)
        )
        self.multiple = multiple
        self.params = params if isinstance(params, ParamsDict) else ParamsDict(params or {})
        self.notifiers = [notifiers] if isinstance(notifiers, BaseNotifier) else list(notifiers or ())
        self.assigned_users = [assigned_users] if isinstance(assigned_users, Mapping) else assigned_users
        self.response_timeout = response_timeout
        self._check_arguments()

    def _check_arguments(self) -> None:
        what = f"{type(self).__name__} {self.task_id!r}"
        if not self.options:
            raise InvalidDagError(f"{what} needs one option or more")
        if "_options" in self.params:
            raise InvalidDagError(f'{what} cannot have a param "_options": links use that name')
        if strangers := [option for option in self.defaults or () if option not in self.options]:
            raise InvalidDagError(
                f"{what}: defaults {strangers!r} are not among the options {self.options!r}"
            )
        if not self.multiple and len(self.defaults or ()) > 1:
            raise InvalidDagError(f"{what} takes one option, but has {len(self.defaults or ())} defaults")

    def execute(self, context: Context) -> Any:
        """Ask.

        Raises:
            TaskAwaitingInput: always; it is the signal to the platform.
        """
        self.log.info("Asking: %s", self.subject)
        for notifier in self.notifiers:
            notifier(context)
        raise TaskAwaitingInput(
            question=self.question(), method_name="execute_complete", timeout=self.response_timeout
        )

    def question(self) -> dict[str, Any]:
        """Return the question as plain data, as people and programs see it."""
        return {
            "subject": self.subject,
            "body": self.body,
            "options": self.options,
            "defaults": self.defaults,
            "multiple": self.multiple,
            "params": {name: param.dump() for name, param in self.params.items()},
            "assigned_users": list(self.assigned_users or ()),
        }

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on with the answer, or with the defaults when there was none in time.

        Raises:
            HITLTimeoutError: there was none in time, and there are no defaults.
        """
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as error:
            if self.defaults is None:
                raise HITLTimeoutError(
                    f"nobody answered {self.subject!r} within {self.response_timeout}, without defaults"
                ) from error
            self.log.info("Nobody answered in time: taking the defaults %s", self.defaults)
            answer = {"chosen_options": self.defaults, "params_input": {}, "responded_by_user": dict(NOBODY)}
            return self.execute_complete(context, answer)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Check the answer and return it.

        Raises:
            HumanInputError: it does not fit the question.
        """
        chosen = list(event["chosen_options"])
        values = dict(event.get("params_input") or {})
        self._check_answer(chosen, values)
        for name, value in values.items():
            self.params[name] = value
        return {
            "chosen_options": chosen,
            "params_input": values,
            "responded_at": event.get("responded_at") or utc_now(),
            "responded_by_user": event.get("responded_by_user"),
        }

    def _check_answer(self, chosen: list[str], values: dict[str, Any]) -> None:
        if strangers := [option for option in chosen if option not in self.options]:
            raise HumanInputError(f"the answer {strangers!r} is not among the options {self.options!r}")
        if not self.multiple and len(chosen) > 1:
            raise HumanInputError(f"the question {self.subject!r} takes one option, got {chosen!r}")
        if values and set(values) != set(self.params):
            raise HumanInputError(
                f"the answer gives {sorted(values)!r}, but the question asks for {sorted(self.params)!r}"
            )

    def generate_link_to_ui(
        self,
        *,
        task_instance: Any,
        base_url: str | None = None,
        options: str | Sequence[str] | None = None,
        params_input: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the address at which a person can answer, with options and values filled in if given.

        Raises:
            HumanInputError: an option or a value is not part of the question.
        """
        wanted = [options] if isinstance(options, str) else list(options or ())
        strangers = [*set(wanted) - set(self.options), *set(params_input or {}) - set(self.params)]
        if strangers:
            raise HumanInputError(
                f"{strangers!r} are neither options nor params of the question {self.subject!r}"
            )
        address = base_url or web_address()
        parts = (task_instance.dag_id, task_instance.run_id, task_instance.task_id)
        dag_id, run_id, task_id = (quote(part, safe="") for part in parts)
        query = {
            **({"_options": wanted} if wanted else {}),
            **(params_input or {}),
            "map_index": task_instance.map_index,
        }
        path = f"/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/required_actions"
        return f"{address.rstrip('/')}{path}?{urlencode(query, doseq=True)}"

    @staticmethod
    def generate_link_to_ui_from_context(*, context: Context, **kwargs: Any) -> str:
        """Return the address at which a person can answer the task of ``context``; for notifiers.

        Raises:
            HumanInputError: the task asks nobody.
        """
        task = context["task"]
        if not isinstance(task, HITLOperator):
            raise HumanInputError(f"task {task.task_id!r} is a {type(task).__name__}, which asks nobody")
        return task.generate_link_to_ui(task_instance=context["ti"], **kwargs)


class ApprovalOperator(HITLOperator, SkipMixin):
    """Asks whether to go on. "Reject" skips what follows, or fails the task with ``fail_on_reject``."""

    APPROVE: ClassVar[str] = "Approve"
    REJECT: ClassVar[str] = "Reject"

    def __init__(
        self, *, ignore_downstream_trigger_rules: bool = False, fail_on_reject: bool = False, **kwargs: Any
    ) -> None:
        for name in ("options", "multiple"):
            if name in kwargs:
                raise InvalidDagError(
                    f"an ApprovalOperator decides its {name} itself; leave the argument out"
                )
        super().__init__(options=[self.APPROVE, self.REJECT], multiple=False, **kwargs)
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules
        self.fail_on_reject = fail_on_reject

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Go on, skip or fail.

        Raises:
            HITLRejectException: it was rejected, and that is to fail the task.
        """
        answer = super().execute_complete(context, event)
        if answer["chosen_options"] == [self.APPROVE]:
            return answer
        if self.fail_on_reject:
            raise HITLRejectException(f"{self.subject!r} was rejected")
        relatives = (
            self.get_flat_relatives() if self.ignore_downstream_trigger_rules else self.downstream_list
        )
        skipped = [task for task in relatives if not task.is_teardown]
        if skipped:
            push_result(context, answer)
        self.skip(context["ti"], skipped)
        return answer


class HITLBranchOperator(HITLOperator, BranchMixIn):
    """Lets a person choose which of the tasks after it run; an option is a task_id, or is mapped to one."""

    def __init__(self, *, options_mapping: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options_mapping = dict(options_mapping or {})
        if strangers := [option for option in self.options_mapping if option not in self.options]:
            raise InvalidDagError(
                f"task {self.task_id!r}: options_mapping has {strangers!r}, which are not among the options"
            )

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Go on with what was chosen, and skip the rest."""
        answer = super().execute_complete(context, event)
        chosen = [self.options_mapping.get(option, option) for option in answer["chosen_options"]]
        return self.do_branch(context, chosen)


class HITLEntryOperator(HITLOperator):
    """Asks a person to fill in ``params``; the only option is "OK"."""

    OK: ClassVar[str] = "OK"

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("options", [self.OK])
        kwargs.setdefault("defaults", [self.OK])
        super().__init__(**kwargs)
