"""What a workspace can execute as a job, each with the schema of its inputs.

The functions stand in `pipelines/execution.py`, which imports everything they compute with; this table imports
nothing of it, so that a job that waits for its turn takes no more than it needs for waiting.
"""

from __future__ import annotations

from typing import Any

from sdi.declaration import Label
from sdi.work.jobs import Jobs
from sdi.work.process import Process
from sdi.workspace import Workspace

WORKER = "pipelines.worker"

_SCENARIO = {
    "type": ["string", "object"],
    "description": "name of a scenario of the catalogue, or what a scenario file says; `phusa flood schema`",
    "examples": ["storm"],
}
_DATA = {"type": "string", "description": "folder of delivered data, where a tide keeps its constants there"}
_TERRAIN = {"type": "string", "examples": ["terrain"]}


def _length(text: str, default: float | None = None) -> dict[str, Any]:
    """Return the schema of a height [m]."""
    said: dict[str, Any] = {"type": "number", "minimum": -1000, "maximum": 10_000, "description": f"{text} [m]"}
    return said if default is None else {**said, "default": default}


def _inputs(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    """Return the schema of the inputs of a process."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


PROCESSES = (
    Process(
        "flood-run",
        "1.0.0",
        Label("Mô phỏng ngập", "Flood run"),
        Label("Mô phỏng một kịch bản và công bố kết quả", "Simulate one scenario and publish the result"),
        _inputs(("scenario",), scenario=_SCENARIO, data=_DATA),
        "pipelines.execution:flood_run",
    ),
    Process(
        "flood-ensemble",
        "1.0.0",
        Label("Tập hợp mô phỏng ngập", "Flood ensemble"),
        Label(
            "Mô phỏng một kịch bản trên nhiều địa hình và công bố chỗ chúng không thống nhất",
            "Simulate one scenario on several terrains and publish where they disagree",
        ),
        _inputs(
            ("scenario", "terrains"),
            scenario=_SCENARIO,
            terrains={"type": "array", "items": _TERRAIN, "minItems": 2, "uniqueItems": True},
            data=_DATA,
        ),
        "pipelines.execution:flood_ensemble",
    ),
    Process(
        "risk",
        "1.0.0",
        Label("Rủi ro ngập", "Flood risk"),
        Label(
            "Những gì bị ngập và thiệt hại kỳ vọng hằng năm, theo các lần mô phỏng đã công bố",
            "What is wet and the expected annual damage, over the published runs",
        ),
        _inputs(
            (),
            runs={
                "type": "array",
                "items": {"type": "string", "examples": ["flood-storm"]},
                "minItems": 1,
                "uniqueItems": True,
                "description": "coverages of the runs; all of them where absent",
            },
            curves={"type": "string", "default": "default", "description": "name of the depth-damage curves"},
            rule={
                "type": "string",
                "enum": ["log-linear", "trapezoid", "sum-frequency"],
                "default": "log-linear",
                "description": "how the damages of the return periods become one figure",
            },
        ),
        "pipelines.execution:risk",
    ),
    Process(
        "whatif",
        "1.0.0",
        Label("Nếu thì", "What if"),
        Label(
            "So sánh mức ngập trước và sau khi san nền một khu quy hoạch",
            "Compare the flood before and after a plan zone is graded to another level",
        ),
        _inputs(
            ("zone", "ground_level", "scenario"),
            zone={"type": "string", "description": "identifier of a plan zone, or a code that it carries"},
            ground_level=_length("level of the ground, datum of the terrain"),
            scenario=_SCENARIO,
            title={
                "type": "object",
                "properties": {"vi": {"type": "string"}, "en": {"type": "string"}},
                "required": ["vi", "en"],
                "additionalProperties": False,
                "description": "name of the proposal",
            },
            data=_DATA,
        ),
        "pipelines.execution:whatif",
    ),
    Process(
        "level",
        "1.0.0",
        Label("Dự tính mực nước", "Water level"),
        Label(
            "Dự tính quá trình mực nước của một trạm từ hằng số điều hòa",
            "Predict the hydrograph of a gauge from tidal constants",
        ),
        _inputs(
            ("gauge", "tide", "start", "duration"),
            gauge={"type": "string", "description": "identifier of a gauge, or a code that it carries"},
            tide={"type": "string", "description": "name of the constants in the catalogue", "examples": ["synthetic"]},
            start={"type": "string", "examples": ["2025-10-22T00:00:00+07:00"]},
            duration={"type": "string", "examples": ["48 h"]},
            mean_level=_length("mean level above the datum of the gauge; that of the constants where absent"),
            residual=_length("what the tide does not explain: surge, river", 0.0),
            sea_level_rise=_length("rise of the sea since the epoch of the constants", 0.0),
            subsidence=_length("sinking of the ground since then", 0.0),
            epoch={"type": "string", "description": "when the mean level held, ISO 8601", "examples": ["2020"]},
            data=_DATA,
        ),
        "pipelines.execution:level",
    ),
)


def jobs(workspace: Workspace) -> Jobs:
    """Return the jobs of a workspace.

    Parameters
    ----------
    workspace : Workspace
        The city.

    Returns
    -------
    Jobs
        That run the processes of this module.
    """
    return Jobs(workspace.folder, PROCESSES, WORKER)
