"""The process that waits on behalf of deferred tasks and asset watchers, for thousands of them at once."""
