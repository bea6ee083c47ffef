"""Stored task instances: there is no database."""

from .database import needing_database

TaskInstanceWrapper = needing_database("TaskInstanceWrapper")
create_task_instance = needing_database("create_task_instance")
get_template_context = needing_database("get_template_context")
render_template_fields = needing_database("render_template_fields")
run_task_instance = needing_database("run_task_instance")
