"""How Etesian tells what it does: the logs of its processes and of the attempts it runs."""
