"""Why findings are there: what differs is labelled cell by cell, and findings with one explanation become one cause."""

from dq.diagnose.causes import find_causes, label_cells

__all__ = ["find_causes", "label_cells"]
