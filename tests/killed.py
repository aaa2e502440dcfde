"""Processes made to be killed: each is forked from one clean process that has imported everything once.

A test process has one such server, whichever test asks first, so all of them ask here. A child that had to import for
itself would take seconds, and the trials would mostly kill imports.
"""

from __future__ import annotations

import multiprocessing

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(
    ["pipelines.ingest", "pipelines.flood", "pipelines.risk", "pipelines.publish", "pipelines.command.thing"]
)
