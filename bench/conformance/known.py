"""Known differences from the independent readers, each with its reason.

A listed file that does not differ any more fails the run until its line is removed.
"""

#: Path below the corpora's folder: why the counts differ.
DIFFERENCES = {}
