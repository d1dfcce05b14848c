"""Case studies: structures built from prototypes, with references computed for them.

The references are shown beside predictions and never trained on: no data set of the package
contains them.
"""

from deepdos_nb.cases.studies import Case, case_studies

__all__ = ["Case", "case_studies"]
