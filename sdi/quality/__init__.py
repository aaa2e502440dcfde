"""Whether delivered rows fit a register: checked, repaired with a ledger, put aside or refused.

`check` holds every row of a delivery against a declaration. What can be repaired without guessing is repaired, and the
area a repair moved is stated; a row that cannot is bad. Bad rows refuse the delivery, unless register or entry allow a
share of them to be put aside. Every row has an outcome, and the `Report` says why, for machines and for people.
"""

from sdi.quality.checking import Checked, check
from sdi.quality.report import Report

__all__ = ["Checked", "Report", "check"]
