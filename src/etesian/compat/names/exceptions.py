"""The exceptions, at their homes of every era."""

from etesian.sdk import exceptions

EXCEPTIONS = {
    name: f"{exceptions.__name__}:{name}"
    for name, value in vars(exceptions).items()
    if isinstance(value, type) and issubclass(value, BaseException) and not name.startswith("_")
}

MODULES = {"airflow.exceptions": EXCEPTIONS}
