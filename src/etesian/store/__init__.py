"""The metadata database: tables, migrations, queries, inbox, bell. Rows in, frozen records out."""

from etesian.store.database import Store, open_store
from etesian.store.errors import StoreError

__all__ = ["Store", "StoreError", "open_store"]
