"""Planfix as a desk: `PlanfixDesk` is what the line uses, `DeskSettings` what it has to be told."""

from reconciler.desks.planfix.desk import PlanfixDesk
from reconciler.desks.planfix.settings import DeskSettings

__all__ = ["DeskSettings", "PlanfixDesk"]
