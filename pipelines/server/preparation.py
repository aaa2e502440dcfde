"""What is done before a workspace is served: ``python -m pipelines.server.preparation WORKSPACE``.

A process of its own, so that what it needs of memory is free again while the workers serve.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

from catalogs import packaged
from pipelines import publish, recovery
from pipelines.server.task import DONE, told
from sdi.errors import PhusaError
from sdi.workspace import Workspace

_OUT = 1


def main(folder: Path) -> int:
    """Finish what a killed run left, and bring the publications up to the registry.

    Parameters
    ----------
    folder : Path
        Folder of the workspace; one that only reads is left as it is.

    Returns
    -------
    int
        Exit code.
    """
    try:
        workspace = Workspace.open(folder, packaged())
        if not workspace.only_reads:
            with closing(workspace.registry()) as registry:
                recovery.run(workspace, registry)
                publish.run(workspace, registry)
    except PhusaError as error:
        os.write(_OUT, told(error))
        return 1
    os.write(_OUT, DONE)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
