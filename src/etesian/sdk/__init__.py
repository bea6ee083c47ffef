"""What DAG authors write with: DAGs, tasks, TaskFlow, XComs, params, assets, templates. Light; no database."""
