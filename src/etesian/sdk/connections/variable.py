"""Variables: settings that DAGs share, by key."""

from __future__ import annotations

import json
from typing import Any, Final

from etesian.protocol.requests import DeleteVariable, Done, FoundValue, GetVariable, SetVariable
from etesian.sdk.connections.secrets_masker import mask_secret
from etesian.sdk.exceptions import AirflowException, AirflowNotFoundException, AirflowRuntimeError
from etesian.sdk.runtime import ask, has_platform
from etesian.sdk.secrets_backends.chain import active_backends

#: Told apart from None, which is a default like any other.
_UNSET: Final = object()


class VariableNotFoundError(AirflowNotFoundException, AirflowRuntimeError, KeyError):
    """A variable that does not exist; files catch it as a ``KeyError`` or, in Airflow 3, as its runtime error."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Variable {key} does not exist; add it with `etesian variables set {key} ...` or give a default"
        )
        self.key = key

    __str__ = Exception.__str__  # KeyError would show the repr of the sentence


class VariableError(AirflowException):
    """A variable that cannot be read as asked for."""


class Variable:
    """One variable. The class methods reach the secrets backends, the environment, and the platform's store.

    Values whose key speaks of a secret (``password``, ``token`` ...) are masked in logs from then on.
    """

    def __init__(
        self, key: str, value: Any = None, description: str | None = None, *, val: Any = None
    ) -> None:
        self.key = key
        self.value = val if value is None else value
        self.description = description

    @property
    def val(self) -> Any:
        """The value, by its name in Airflow 2."""
        return self.value

    def __repr__(self) -> str:
        return f"Variable(key={self.key!r})"

    @classmethod
    def get(
        cls, key: str, default: Any = _UNSET, deserialize_json: bool = False, *, default_var: Any = _UNSET
    ) -> Any:
        """Return a variable's text, or what its JSON says with ``deserialize_json``.

        A default is returned as it is.

        Raises:
            VariableNotFoundError: there is no such variable, and no default was given.
            VariableError: the text is not JSON.
        """
        text = _find(key)
        if text is None:
            fallback = default_var if default is _UNSET else default
            if fallback is _UNSET:
                raise VariableNotFoundError(key)
            return fallback
        mask_secret(text, key)
        if not deserialize_json:
            return text
        try:
            value = json.loads(text)
        except ValueError as error:
            raise VariableError(f"variable {key!r} is not valid JSON: {error}") from error
        mask_secret(value, key)
        return value

    @classmethod
    def set(cls, key: str, value: Any, description: str | None = None, serialize_json: bool = False) -> None:
        """Write a variable: as JSON with ``serialize_json``, else as text.

        Raises:
            RequestRefusedError: the platform does not take it.
        """
        text = json.dumps(value, indent=2) if serialize_json else str(value)
        mask_secret(text, key)
        ask(SetVariable(key=key, value=text, description=description), Done)

    @classmethod
    def update(cls, key: str, value: Any, serialize_json: bool = False) -> None:
        """Write a variable that exists.

        Raises:
            VariableNotFoundError: there is no such variable.
        """
        if _find(key) is None:
            raise VariableNotFoundError(key)
        cls.set(key, value, serialize_json=serialize_json)

    @classmethod
    def delete(cls, key: str) -> int:
        """Delete a variable of the platform; return how many there were."""
        if ask(GetVariable(key=key), FoundValue).value is None:
            return 0
        ask(DeleteVariable(key=key), Done)
        return 1

    @classmethod
    def setdefault(
        cls, key: str, default: Any, description: str | None = None, deserialize_json: bool = False
    ) -> Any:
        """Return a variable; write ``default`` first when there is none.

        Raises:
            VariableError: there is none, and the default is None.
        """
        found = cls.get(key, None, deserialize_json=deserialize_json)
        if found is not None:
            return found
        if default is None:
            raise VariableError(
                f"variable {key!r} has no value, and its default is None; give another default"
            )
        cls.set(key, default, description=description, serialize_json=deserialize_json)
        return default


def _find(key: str) -> str | None:
    for backend in active_backends():
        text = backend.get_variable(key)
        if text is not None:
            return text
    if not has_platform():
        return None
    return ask(GetVariable(key=key), FoundValue).value
