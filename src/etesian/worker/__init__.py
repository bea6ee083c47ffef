"""One host's attempts: a supervisor, a zygote, one DAG host per DAG file, and each attempt in a process of
its own.

::

    scheduler <-- unix socket --> supervisor --- starts ---> zygote        imports what all tasks need, once
                                   |     |                     | forks
                                   |     +--- control ------> DAG host     imports one DAG file, once
                                   |                           | forks
                                   +--- channel, output ----> attempt      runs one task's code, then ends

The supervisor is the only one that talks to the scheduler. It runs no user code and waits for nothing. What
it tells a process goes through a socket that only the two of them hold; when the supervisor dies, all of them
notice and end.
"""
