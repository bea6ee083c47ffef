"""``airflow.utils.json``: JSON of what DAG files put into texts of their own."""

from __future__ import annotations

import json
from collections.abc import Set
from datetime import date, datetime
from decimal import Decimal
from typing import Any


class AirflowJsonEncoder(json.JSONEncoder):
    """Also writes dates, decimals, sets, bytes, and what answers to ``tolist`` or ``item``, as numbers of numpy do."""

    def default(self, o: Any) -> Any:
        """Return a plain value for ``o``.

        Raises:
            TypeError: there is none.
        """
        if isinstance(o, datetime | date):
            return o.isoformat()
        if isinstance(o, Decimal):
            return int(o) if o == o.to_integral_value() else float(o)
        if isinstance(o, Set):
            return list(o)
        if isinstance(o, bytes):
            return o.decode("unicode_escape")
        for plain in ("tolist", "item"):
            if hasattr(o, plain):
                return getattr(o, plain)()
        return super().default(o)
