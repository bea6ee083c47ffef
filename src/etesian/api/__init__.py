"""The REST API: routes by resource, the shapes of their answers, and the live event stream."""
