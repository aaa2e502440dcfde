"""Which coordinate system a delivery was written in: told by its attributes and by what it lies beside, or refused.

`Detection` is what a city declares about it, `known` gathers what its registry knows as witness, `detect` judges, and
`Verdict` says what was found, and how exactly. A bounding box may rule a reading out; it never accepts one.
"""

from sdi.detection.areas import naming
from sdi.detection.candidate import Candidate, Detection
from sdi.detection.detection import detect
from sdi.detection.reference import Reference, known
from sdi.detection.verdict import Standing, Verdict

__all__ = ["Candidate", "Detection", "Reference", "Standing", "Verdict", "detect", "known", "naming"]
