"""``PostgresOperator`` and its sisters: SQL operators named after their database, over the one that serves them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator


class PostgresOperator(SQLExecuteQueryOperator):
    """Runs SQL in PostgreSQL; ``runtime_parameters`` are set for its session."""

    ui_color = "#ededed"

    def __init__(
        self,
        *,
        postgres_conn_id: str = "postgres_default",
        runtime_parameters: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        if runtime_parameters:
            options = " ".join(f"-c {name}={value}" for name, value in runtime_parameters.items())
            kwargs["hook_params"] = {**kwargs.get("hook_params", {}), "options": options}
        super().__init__(conn_id=postgres_conn_id, **kwargs)
        self.postgres_conn_id = postgres_conn_id
        self.runtime_parameters = runtime_parameters


class MySqlOperator(SQLExecuteQueryOperator):
    """Runs SQL in MySQL or MariaDB."""

    def __init__(self, *, mysql_conn_id: str = "mysql_default", **kwargs: Any) -> None:
        super().__init__(conn_id=mysql_conn_id, **kwargs)
        self.mysql_conn_id = mysql_conn_id


class MsSqlOperator(SQLExecuteQueryOperator):
    """Runs SQL in Microsoft SQL Server."""

    def __init__(self, *, mssql_conn_id: str = "mssql_default", **kwargs: Any) -> None:
        super().__init__(conn_id=mssql_conn_id, **kwargs)
        self.mssql_conn_id = mssql_conn_id


class SqliteOperator(SQLExecuteQueryOperator):
    """Runs SQL in SQLite."""

    def __init__(self, *, sqlite_conn_id: str = "sqlite_default", **kwargs: Any) -> None:
        super().__init__(conn_id=sqlite_conn_id, **kwargs)
        self.sqlite_conn_id = sqlite_conn_id


class OracleOperator(SQLExecuteQueryOperator):
    """Runs SQL in Oracle."""

    def __init__(self, *, oracle_conn_id: str = "oracle_default", **kwargs: Any) -> None:
        super().__init__(conn_id=oracle_conn_id, **kwargs)
        self.oracle_conn_id = oracle_conn_id


class JdbcOperator(SQLExecuteQueryOperator):
    """Runs SQL through a JDBC driver."""

    def __init__(self, *, jdbc_conn_id: str = "jdbc_default", **kwargs: Any) -> None:
        super().__init__(conn_id=jdbc_conn_id, **kwargs)
        self.jdbc_conn_id = jdbc_conn_id


class VerticaOperator(SQLExecuteQueryOperator):
    """Runs SQL in Vertica."""

    def __init__(self, *, vertica_conn_id: str = "vertica_default", **kwargs: Any) -> None:
        super().__init__(conn_id=vertica_conn_id, **kwargs)
        self.vertica_conn_id = vertica_conn_id


class TrinoOperator(SQLExecuteQueryOperator):
    """Runs SQL in Trino."""

    def __init__(self, *, trino_conn_id: str = "trino_default", **kwargs: Any) -> None:
        super().__init__(conn_id=trino_conn_id, **kwargs)
        self.trino_conn_id = trino_conn_id


class ExasolOperator(SQLExecuteQueryOperator):
    """Runs SQL in Exasol."""

    def __init__(self, *, exasol_conn_id: str = "exasol_default", **kwargs: Any) -> None:
        super().__init__(conn_id=exasol_conn_id, **kwargs)
        self.exasol_conn_id = exasol_conn_id


class RedshiftSQLOperator(SQLExecuteQueryOperator):
    """Runs SQL in Amazon Redshift."""

    def __init__(self, *, redshift_conn_id: str = "redshift_default", **kwargs: Any) -> None:
        super().__init__(conn_id=redshift_conn_id, **kwargs)
        self.redshift_conn_id = redshift_conn_id


class SnowflakeOperator(SQLExecuteQueryOperator):
    """Runs SQL in Snowflake; what names a part of the account goes to the hook."""

    def __init__(
        self,
        *,
        snowflake_conn_id: str = "snowflake_default",
        warehouse: str | None = None,
        database: str | None = None,
        role: str | None = None,
        schema: str | None = None,
        authenticator: str | None = None,
        session_parameters: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        given = {
            "warehouse": warehouse,
            "database": database,
            "role": role,
            "schema": schema,
            "authenticator": authenticator,
            "session_parameters": session_parameters,
        }
        hook_params = {name: value for name, value in given.items() if value is not None}
        kwargs["hook_params"] = {**hook_params, **kwargs.get("hook_params", {})}
        super().__init__(conn_id=snowflake_conn_id, **kwargs)
        self.snowflake_conn_id = snowflake_conn_id
