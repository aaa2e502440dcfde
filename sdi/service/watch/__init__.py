"""What is noted about every request: a line of the access log, and counts for Prometheus."""
