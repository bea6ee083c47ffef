"""``@asset``: a function that makes an asset, with a DAG of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from etesian.operators.python_callable import PythonOperator
from etesian.sdk.assets.asset import Asset, AssetAll, AssetWatcher, BaseAsset
from etesian.sdk.assets.asset_access import AssetAccessControl
from etesian.sdk.dags.dag import DAG
from etesian.sdk.exceptions import InvalidDagError
from etesian.sdk.tasks.taskflow import TaskDecorator

#: Parameters that do not name an asset to read.
OWN_PARAMETERS = ("self", "context", "outlet_events")


class AssetOperator(PythonOperator):
    """Runs the function of an asset.

    A parameter ``self`` gets the asset that it makes, ``context`` the context and ``outlet_events`` what is said of
    the update; any other one without a default names an asset that it reads.
    """

    custom_operator_name = "@asset"

    @property
    def task_type(self) -> str:
        """Return the name under which Airflow shows tasks of this kind; plugins and policies ask for it."""
        return "_AssetMainOperator"

    def __init__(self, *, definition: BaseAsset, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.definition = definition

    def determine_kwargs(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the function's parameters stand for."""
        known = {"self": self.definition, "context": context, "outlet_events": context["outlet_events"]}
        names = inspect.signature(self.python_callable).parameters
        return {
            name: known.get(name, Asset(name=name))
            for name, parameter in names.items()
            if name in known or parameter.default is parameter.empty
        }


class AssetDefinition(Asset):
    """An asset together with the function that makes it."""

    def __init__(self, function: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = function


class MultiAssetDefinition(AssetAll):
    """Several assets together with the one function that makes them."""

    def __init__(self, function: Callable[..., Any], name: str, outlets: Sequence[BaseAsset]) -> None:
        super().__init__(*outlets)
        self.function = function
        self.name = name


class asset:  # a decorator
    """Turn a function into an asset; a DAG with one task runs the function and updates the asset.

    ``schedule`` says when, as for a DAG; further arguments are the DAG's.
    """

    def __init__(
        self,
        *,
        schedule: Any,
        name: str | None = None,
        uri: str | None = None,
        group: str = Asset.asset_type,
        extra: Mapping[str, Any] | None = None,
        watchers: Sequence[AssetWatcher] = (),
        access_control: AssetAccessControl | None = None,
        dag_id: str | None = None,
        **dag_arguments: Any,
    ) -> None:
        self._schedule = schedule
        self._asset_arguments = {
            "uri": uri,
            "group": group,
            "extra": extra,
            "watchers": watchers,
            "access_control": access_control,
        }
        self._name = name
        self._dag_id = dag_id
        self._dag_arguments = dag_arguments

    def __call__(self, function: Callable[..., Any]) -> AssetDefinition:
        """Return the asset.

        Raises:
            InvalidDagError: the function's name cannot be used, or it is a coroutine's.
        """
        name = self._name or function.__name__
        definition = AssetDefinition(function, name=name, **self._asset_arguments)
        _make_dag(
            function, definition, [definition], self._dag_id or name, self._schedule, self._dag_arguments
        )
        return definition

    class multi:  # a decorator
        """Turn a function into the maker of several assets."""

        def __init__(
            self,
            *,
            schedule: Any,
            outlets: Sequence[BaseAsset],
            dag_id: str | None = None,
            **dag_arguments: Any,
        ) -> None:
            if not outlets:
                raise InvalidDagError("@asset.multi needs one outlet or more; use @asset for a single one")
            self._schedule = schedule
            self._outlets = list(outlets)
            self._dag_id = dag_id
            self._dag_arguments = dag_arguments

        def __call__(self, function: Callable[..., Any]) -> MultiAssetDefinition:
            """Return the assets."""
            name = self._dag_id or function.__name__
            definition = MultiAssetDefinition(function, name, self._outlets)
            _make_dag(function, definition, self._outlets, name, self._schedule, self._dag_arguments)
            return definition


def _make_dag(
    function: Callable[..., Any],
    definition: BaseAsset,
    outlets: Sequence[BaseAsset],
    dag_id: str,
    schedule: Any,
    dag_arguments: Mapping[str, Any],
) -> None:
    """Make the DAG. A function that is a task already, by ``@task``, keeps the arguments of that."""
    if isinstance(function, TaskDecorator):
        with DAG(dag_id, schedule=schedule, **{"catchup": False, **dag_arguments}) as dag:
            function.override(outlets=list(outlets))()
        dag.fileloc = function.function.__code__.co_filename
        return
    parameters = inspect.signature(function).parameters
    inlets = [
        Asset.ref(name=name)
        for name, parameter in parameters.items()
        if name not in OWN_PARAMETERS and parameter.default is parameter.empty
    ]
    arguments = {"catchup": False, "doc_md": inspect.getdoc(function), **dag_arguments}
    with DAG(dag_id, schedule=schedule, **arguments) as dag:
        AssetOperator(
            task_id=function.__name__,
            python_callable=function,
            definition=definition,
            inlets=inlets,
            outlets=list(outlets),
        )
    dag.fileloc = function.__code__.co_filename
