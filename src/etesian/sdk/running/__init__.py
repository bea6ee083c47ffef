"""What a running task and its templates can ask: context, task instance, run, rendered fields."""
