"""The proof that a run can fail: copies of a few rows are corrupted by a seed's choice of operators, and every fault must be found."""

from dq.canaries.crosswalk import release_maps
from dq.canaries.releasing import release, which_claim, whose_export, whose_natives
from dq.canaries.result import CanaryResult, together

__all__ = ["CanaryResult", "release", "release_maps", "together", "which_claim", "whose_export", "whose_natives"]
