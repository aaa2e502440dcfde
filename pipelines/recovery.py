"""What is left of work that was killed: finished where it was recorded, forgotten where it was not."""

from __future__ import annotations

from pipelines import processes, publish
from sdi import provenance
from sdi.registry import Registry
from sdi.store import pending
from sdi.store.description import RasterDescription
from sdi.workspace import Workspace


def run(workspace: Workspace, registry: Registry) -> None:
    """Find the jobs that have vanished, and finish or forget what they left; not while another one is at work.

    What they had recorded is shown, the rest forgotten.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    """
    jobs = processes.jobs(workspace)
    jobs.recover()
    if all(job.is_finished for job in jobs.list()):
        rasters(workspace, registry)
        publish.run(workspace, registry)


def rasters(workspace: Workspace, registry: Registry) -> None:
    """Finish or forget the rasters that a killed run left behind.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry: what it has recorded is finished, everything else forgotten.
    """
    pending.sweep(workspace.rasters)
    for waiting in pending.list_pending(workspace.rasters):
        if is_recorded(registry, waiting):
            pending.complete(workspace.rasters, waiting.name)
        else:
            pending.abandon(workspace.rasters, waiting.name)


def is_recorded(registry: Registry, written: RasterDescription) -> bool:
    """Tell whether the registry holds what belongs to these very rasters.

    Parameters
    ----------
    registry : Registry
        Where it would be.
    written : RasterDescription
        The rasters, shown or waiting.
    """
    last = provenance.last(registry, written.name)
    return last is not None and last[0] == written.version
