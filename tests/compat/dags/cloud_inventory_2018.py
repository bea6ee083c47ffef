"""A daily inventory of cloud instances, as a data engineer wrote it in 2018, for Airflow 1.10."""

import os

import requests
from airflow import DAG, utils
from airflow.operators.bash_operator import BashOperator
from airflow.operators.email_operator import EmailOperator
from airflow.operators.python_operator import PythonOperator

SERVICES = ['compute', 'sql', 'spanner', 'redis', 'bigtable']
WEBHOOK_URL = os.environ.get('INVENTORY_WEBHOOK_URL', 'http://localhost:9000/hooks/inventory')

default_args = {
    'start_date': utils.dates.days_ago(1),
    'retries': 1,
}

dag = DAG(
    'cloud_inventory_2018',
    default_args=default_args,
    schedule_interval='0 16 * * *',
    catchup=False,
)


def list_task_id(service):
    return 'list_{}_instances'.format(service)


def pull_inventory(context):
    listings = context['task_instance'].xcom_pull(task_ids=[list_task_id(service) for service in SERVICES])
    return [(service, (listing or '').split()) for service, listing in zip(SERVICES, listings)]


def notify_chat(**context):
    inventory = pull_inventory(context)
    total = sum(len(names) for _, names in inventory)
    response = requests.post(WEBHOOK_URL, json={
        'text': 'Instances on {}: {}'.format(context['ds'], total),
        'attachments': [
            {'title': service, 'text': ', '.join(names) or 'none', 'color': 'good' if names else 'warning'}
            for service, names in inventory
        ],
    })
    response.raise_for_status()


def prepare_email(**context):
    rows = ''.join(
        '<tr><td>{}</td><td>{}</td><td>{}</td></tr>'.format(service, len(names), ', '.join(names))
        for service, names in pull_inventory(context)
    )
    html = '<h1>Instances on {}</h1><table>{}</table>'.format(context['ds'], rows)
    context['task_instance'].xcom_push(key='email', value=html)


notify_chat_task = PythonOperator(
    task_id='notify_chat_task',
    python_callable=notify_chat,
    provide_context=True,
    dag=dag,
)

prepare_email_task = PythonOperator(
    task_id='prepare_email_task',
    python_callable=prepare_email,
    provide_context=True,
    dag=dag,
)

send_email_task = EmailOperator(
    task_id='send_email_task',
    to='platform-team@example.com',
    subject='Cloud inventory of {{ ds }}',
    html_content="{{ task_instance.xcom_pull(task_ids='prepare_email_task', key='email') }}",
    dag=dag,
)

for service in SERVICES:
    list_instances = BashOperator(
        task_id=list_task_id(service),
        bash_command=(
            "set -o pipefail; "
            "gcloud {} instances list | tail -n +2 | (grep -oE '^[a-z0-9-]+' || true) | tr '\\n' ' ' && echo"
        ).format(service),
        xcom_push=True,
        dag=dag,
    )
    list_instances >> notify_chat_task
    list_instances >> prepare_email_task

prepare_email_task >> send_email_task
