"""The immutable description of a DAG: one model for parser, scheduler, worker, API and UI."""
