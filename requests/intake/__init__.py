"""The door that members' documents come in by: each file is judged before anything of it is kept."""

from .judging import TakenFile, judge, why_not_another

__all__ = ["TakenFile", "judge", "why_not_another"]
