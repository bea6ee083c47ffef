"""``import airflow`` itself."""

MODULES = {
    "airflow": {
        "DAG": "etesian.sdk.dag:DAG",
        "Asset": "etesian.sdk.assets:Asset",
        "Dataset": "etesian.sdk.assets:Asset",
        "XComArg": "etesian.sdk.xcom_arg:XComArg",
        "AirflowException": "etesian.sdk.exceptions:AirflowException",
    },
    "airflow.exceptions": {},
}
