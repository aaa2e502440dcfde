"""Work: processes that run as jobs, each in a child process that can be ended."""
