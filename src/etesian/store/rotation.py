"""Moving every stored secret to the newest key, after which older keys can be thrown away."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from etesian.store.secrets import SecretBox
from etesian.store.tables import connections_table, variables_table


def rotate_secrets(connection: Connection, secrets: SecretBox) -> int:
    """Encrypt all secrets with the newest key, in the caller's transaction, and return how many there are.

    Raises:
        DecryptionError: one was encrypted with an unknown key; the transaction is to be rolled back.
    """
    count = 0
    variable, known = variables_table.c, connections_table.c
    for key, value in connection.execute(select(variable.key, variable.value)).all():
        rotated = update(variables_table).where(variable.key == key).values(value=secrets.rotate(value))
        connection.execute(rotated)
        count += 1
    for conn_id, password, extra in connection.execute(
        select(known.conn_id, known.password, known.extra)
    ).all():
        values = {
            name: secrets.rotate(value)
            for name, value in (("password", password), ("extra", extra))
            if value is not None
        }
        if values:
            connection.execute(update(connections_table).where(known.conn_id == conn_id).values(values))
            count += len(values)
    return count
