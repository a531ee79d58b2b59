"""What the evidence means: one pure judgement over frozen facts, the same for the command line and for Great Expectations."""

from dq.judgement.entities import judge_entity

__all__ = ["judge_entity"]
