"""Why findings are there: what differs is labelled cell by cell, findings with one explanation become one cause, and slices say where they are."""

from dq.diagnose.cells import make_labelled
from dq.diagnose.diagnosis import Diagnosis, diagnose
from dq.diagnose.population import Subject

__all__ = ["Diagnosis", "Subject", "diagnose", "make_labelled"]
