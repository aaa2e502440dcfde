"""Child process of one job: ``python -m pipelines.worker WORKSPACE JOB``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from catalogs import packaged
from pipelines import processes
from sdi.work import worker as work
from sdi.workspace import Workspace

SHOW = "pipelines.execution:show"


def main(arguments: Sequence[str]) -> int:
    """Do the work of one job.

    Parameters
    ----------
    arguments : sequence of str
        Folder of the workspace and identifier of the job.

    Returns
    -------
    int
        Exit code.
    """
    folder, identifier = arguments
    workspace = Workspace.open(Path(folder), packaged())
    return work.run(processes.jobs(workspace), identifier, workspace, SHOW)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
