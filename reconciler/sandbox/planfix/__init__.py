"""A Planfix account to try things on: `SandboxPlanfix`, its `Fault`s and its `Manners`."""

from reconciler.sandbox.planfix.faults import Fault, Manners
from reconciler.sandbox.planfix.gate import Request
from reconciler.sandbox.planfix.server import SandboxPlanfix
from reconciler.sandbox.planfix.views import IncomeView, OrderView

__all__ = ["Fault", "IncomeView", "Manners", "OrderView", "Request", "SandboxPlanfix"]
