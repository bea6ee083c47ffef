"""What can go wrong with the metadata store. Every message names the cause and the cure."""

from __future__ import annotations

from etesian.foundation.errors import EtesianError


class StoreError(EtesianError):
    """The metadata store could not do what was asked."""


class StoreUnavailableError(StoreError):
    """The database cannot be reached, or the connection to it broke; trying again later may help."""


class StoreBusyError(StoreUnavailableError):
    """Another writer held the database longer than the time-out."""


class StoreReadOnlyError(StoreError):
    """The database's file or folder cannot be written to."""


class StoreFullError(StoreError):
    """There is no room on the disk."""


class StoreCorruptError(StoreError):
    """The database file is damaged, or is not a database."""


class InvalidValueError(StoreError):
    """A value that no column can hold: a number that is too large, a text with a NUL."""


class UnsupportedDatabaseError(StoreError):
    """The URL names a database that is not SQLite or PostgreSQL."""


class SchemaMissingError(StoreError):
    """The database has no tables of ours yet."""


class SchemaTooOldError(StoreError):
    """The tables are of an earlier release."""


class SchemaTooNewError(StoreError):
    """The tables are of a later release than this program."""


class LeadershipLostError(StoreError):
    """Another scheduler leads now: nothing was written, and this one must stop deciding."""


class StaleMemoryError(LeadershipLostError):
    """The store is not as the scheduler remembers it: nothing was written, it must load all anew.

    Writing the same batch again would fail again, so this ends a term as the loss of the lease does.
    """


class UnknownDagError(StoreError):
    """No DAG of that name is in the store."""

    def __init__(self, dag_id: str) -> None:
        super().__init__(f"DAG {dag_id!r} is not known; `etesian dags list` shows those that are")
        self.dag_id = dag_id


class UnknownRunError(StoreError):
    """No such run of the DAG is in the store."""

    def __init__(self, dag_id: str, run_id: str) -> None:
        super().__init__(
            f"DAG {dag_id!r} has no run {run_id!r}; `etesian dags list-runs {dag_id}` shows those it has"
        )
        self.dag_id, self.run_id = dag_id, run_id


class RunExistsError(StoreError):
    """A DAG has at most one run of a run_id, and at most one of a logical date."""

    def __init__(self, dag_id: str, run_id: str, *, existing_run_id: str) -> None:
        if run_id == existing_run_id:
            text = f"DAG {dag_id!r} already has a run {run_id!r}; choose another run_id"
        else:
            text = (
                f"DAG {dag_id!r} already has the run {existing_run_id!r} with the logical date wanted for "
                f"{run_id!r}; choose another logical date, or none"
            )
        super().__init__(text)
        self.dag_id, self.run_id, self.existing_run_id = dag_id, run_id, existing_run_id


class DuplicateDagError(StoreError):
    """Two files define the same dag_id."""

    def __init__(self, dag_id: str, *, known_place: str, new_place: str) -> None:
        super().__init__(
            f"DAG {dag_id!r} is defined in {known_place} and again in {new_place}; "
            "the first one stays, rename one of them"
        )
        self.dag_id, self.known_place, self.new_place = dag_id, known_place, new_place
