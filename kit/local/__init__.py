"""PostgreSQL, NATS and a development CA as plain files and child processes.

For `make run` and for tests. Everything lives in the folder that is given; nothing is installed,
no user is made, no socket is left, and the processes end with the one that started them.
"""
