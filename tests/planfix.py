"""What the Planfix tests share: the sample settings as a value, a memory, a throttle that only remembers, a desk on a sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reconciler.desks.planfix import PlanfixDesk
from reconciler.desks.planfix.client import Planfix
from reconciler.desks.planfix.settings import DeskSettings
from reconciler.http import Http
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.secret import Secret


@dataclass(frozen=True, kw_only=True)
class Settings:
    """[desks.factory] of the sample settings."""

    name: str = "factory"
    url: str = ""
    token: Secret = Secret("sandbox-token")  # noqa: RUF009 - it never changes
    currency: str = "UAH"
    order_number: str | int = "task"
    order_template: str | int = "Замовлення"
    payment_template: str | int = "Оплата"
    due: str | int = "Сума до оплати"
    paid: str | int = "Оплачено"
    difference: str | int = "Різниця"
    income: str | int = "Доходи"
    income_sum: str | int = "Сума"
    income_date: str | int = "Дата"
    income_payment_id: str | int = "ID платежу"
    difference_sign: str = ""
    advance_from: Sequence[str | int] = ("Очікує оплати",)
    production_status: str | int = "У виробництві"
    after_production: Sequence[str | int] = ()
    timeout_seconds: float = 10.0


class DictMemory:
    def __init__(self) -> None:
        self.kept: dict[str, Mapping[str, Any]] = {}

    def recall(self, name: str) -> Mapping[str, Any] | None:
        return self.kept.get(name)

    def remember(self, name: str, value: Mapping[str, Any]) -> None:
        self.kept[name] = value


class FreeThrottle:
    """Lets everything through, and remembers."""

    def __init__(self) -> None:
        self.taken = 0
        self.penalties: list[float] = []

    def acquire(self) -> None:
        self.taken += 1

    def penalise(self, seconds: float) -> None:
        self.penalties.append(seconds)


class Rig:
    """A sandbox account and what talks to it."""

    def __init__(self, planfix: SandboxPlanfix, http: Http) -> None:
        self.planfix = planfix
        self.http = http
        self.throttle = FreeThrottle()
        self.memory = DictMemory()
        self.settings = Settings(url=planfix.url)

    def client(self, **changes: Any) -> Planfix:
        return Planfix(self.configured(**changes), self.http, self.throttle)

    def desk(self, **changes: Any) -> PlanfixDesk:
        """A desk whose names are known and whose requests are counted from now on."""
        desk = PlanfixDesk(self.configured(**changes), self.http, self.throttle, self.memory)
        desk.resolve(verify=False)
        self.planfix.forget_requests()
        return desk

    def configured(self, **changes: Any) -> DeskSettings:
        return replace(self.settings, **changes)


@pytest.fixture(scope="session")
def planfix_server() -> Iterator[SandboxPlanfix]:
    with SandboxPlanfix() as planfix:
        yield planfix


@pytest.fixture
def rig(planfix_server: SandboxPlanfix) -> Iterator[Rig]:
    """A new account each time; only the server behind it is shared, because starting one takes longer than a test."""
    planfix_server.reset()
    with Http() as http:
        yield Rig(planfix_server, http)
