"""
The one line to Planfix's REST API: a verb's path and body go in, a decoded answer or one of our errors comes out.

Reads (`get`, `ask`) may be repeated by whoever called; their errors say whether waiting helps:

    DeskStopped      token, scope, subscription, wrong address: a person mends the account
    QuotaSpent       code 22 or HTTP 429: asked again after `retry_after`
    DeskUnreachable  no answer, 5xx, a page of HTML, cut-off JSON, code 0
    DeskRefused      any other code: the desk understood and says no

A write (`send`) raises these four only where the answer proves that nothing was written. Everything else that is not a
clear success is `UnknownOutcome`: time-out, dropped line, 5xx, redirect, HTML, cut-off JSON, wrong content type, and
code 0, with which Planfix itself says that it does not know what happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from reconciler.desks.planfix import decode
from reconciler.desks.planfix.decode import Odd, Refusal, Row
from reconciler.desks.planfix.settings import DeskSettings
from reconciler.errors import DeskRefused, DeskStopped, DeskUnreachable, QuotaSpent, ReconcilerError, UnknownOutcome
from reconciler.http import Answer, Http, NoAnswer, NotSent, Redirected
from reconciler.ports import Throttle

LIMIT_CODE = 22
SCOPE_CODE = 5
# codes that stand for the whole account, not for one request (help page "Коды ошибок")
STOP_CODES: Mapping[int, str] = {
    1: "the token is unknown: create one in Account management → API access and put it into the settings",
    2: "the token is switched off: switch it on in Account management → API access",
    5: "the token lacks a scope: task_readonly, task_update, datatag_readonly, datatag_add and comment_add are needed",
    10: "the account is blocked",
    11: "the account is frozen",
    16: "the token's user is inactive: switch the user (or robot) on",
    20: "the subscription is unpaid",
    21: "the API is not part of the free plan",
}
# statuses under which a fail envelope with a code is taken for a refusal that wrote nothing; 2xx carries them too (live)
REFUSING = frozenset({200, 201, 202, 400, 401, 403, 404, 405, 429})
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
LONGEST_REFUSAL = 24 * 3600.0  # a day's quota is renewed within a day, whatever an answer says


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A write that was accepted. 202: put into a queue, to be applied later or never."""

    status: int
    answer: Row  # empty where the body was: some updates are answered with nothing (spec)

    @property
    def queued(self) -> bool:
        return self.status == 202


class Planfix:
    """Requests to one account, one at a time, each after a token of its throttle."""

    def __init__(self, settings: DeskSettings, http: Http, throttle: Throttle) -> None:
        self._base = settings.url.rstrip("/") + "/"
        self._token = settings.token
        self._timeout = settings.timeout_seconds
        self._http = http
        self._throttle = throttle
        self._limited = 0  # refusals for the rate in a row
        self._prepared = False  # a token is in hand for the next request
        self.remaining: int | None = None  # X-RateLimit-Remaining: about ten minutes old, for people only

    def __repr__(self) -> str:
        return f"Planfix({self._base!r})"

    # ------------------------------------------------------------ verbs

    def prepare(self) -> None:
        """Draw the next request's token now; raises QuotaSpent as the request itself would."""
        if not self._prepared:
            self._throttle.acquire()
            self._prepared = True

    def get(self, path: str, **params: str) -> Row:
        query = "?" + urlencode(params, quote_via=quote, safe=",") if params else ""
        return self._read("GET", path + query, None)

    def ask(self, path: str, body: Row) -> Row:
        """A read that is spelled POST: lists and their filters."""
        return self._read("POST", path, body)

    def send(self, path: str, body: Row) -> Sent:
        """Change something: once, over a connection of its own."""
        step = f"POST {path}"
        try:
            answer = self._request("POST", path, body, fresh=True)
        except NotSent as exc:
            raise DeskUnreachable(f"Planfix is not reachable: {exc}", step=step) from exc
        except NoAnswer as exc:
            raise UnknownOutcome(f"{step} was sent and not answered: {exc}", step=step) from exc
        return self._sent(step, answer)

    # ------------------------------------------------------------ classes of answers

    def _read(self, method: str, path: str, body: Row | None) -> Row:
        step = f"{method} {path.partition('?')[0]}"
        try:
            answer = self._request(method, path, body, fresh=False)
        except Redirected as exc:
            raise DeskStopped(
                f"Planfix moved: {exc}. Put that host into the desk's url", step=step, host=exc.host, status=exc.status
            ) from exc
        except (NotSent, NoAnswer) as exc:
            raise DeskUnreachable(f"Planfix is not reachable: {exc}", step=step) from exc
        try:
            envelope = _envelope(answer)
        except Odd as exc:
            self._refuse_by_status(step, answer)
            raise DeskUnreachable(f"{step} was answered {answer.status}, {exc}", step=step) from exc
        refused = decode.refusal(envelope)
        if refused is not None:
            self._refuse(step, answer, refused)
            if refused.code == 0 or answer.status >= 500:
                raise DeskUnreachable(f"{step}: {refused.error}", step=step, status=answer.status, code=refused.code)
            raise _refused(step, answer, refused)
        self._refuse_by_status(step, answer)
        if answer.status != 200 or not decode.succeeded(envelope):
            raise DeskUnreachable(f"{step} was answered {answer.status} without saying success", step=step)
        self._limited = 0
        return envelope

    def _sent(self, step: str, answer: Answer) -> Sent:
        if not answer.body and answer.status in (200, 201, 202, 204):
            self._limited = 0
            return Sent(status=answer.status, answer={})
        try:
            envelope = _envelope(answer)
        except Odd as exc:
            self._refuse_by_status(step, answer, write=True)
            self._unknown(step, answer, str(exc), exc)
        refused = decode.refusal(envelope)
        if refused is not None:
            if answer.status < 500 or refused.code == LIMIT_CODE:
                self._refuse(step, answer, refused)
            if refused.code == 0 or answer.status not in REFUSING:
                self._unknown(step, answer, refused.error)
            raise _refused(step, answer, refused)
        self._refuse_by_status(step, answer, write=True)
        if answer.status not in (200, 201, 202) or not decode.succeeded(envelope):
            self._unknown(step, answer, "no word of success")
        self._limited = 0
        return Sent(status=answer.status, answer=envelope)

    def _refuse(self, step: str, answer: Answer, refused: Refusal) -> None:
        """Raises for the codes that mean the same under every status; all of them wrote nothing."""
        if refused.code == LIMIT_CODE or answer.status == 429:
            raise self._quota(step, answer, refused)
        if refused.code in STOP_CODES:
            raise DeskStopped(
                f"{step}: {STOP_CODES[refused.code]} ({refused.error})",
                step=step,
                code=refused.code,
                error=refused.error,
            )

    def _refuse_by_status(self, step: str, answer: Answer, *, write: bool = False) -> None:
        """Raises for statuses that need no envelope. A 403 page may come from anything in between, so for a write it proves nothing."""
        if answer.status == 429:
            raise self._quota(step, answer, None)
        if answer.status == 401:
            raise DeskStopped(f"{step}: the token is not accepted", step=step, status=401)
        if answer.status == 403 and not write:
            raise DeskStopped(
                f"{step}: access is denied before Planfix answers (address rules?)", step=step, status=403
            )

    def _unknown(self, step: str, answer: Answer, why: str, cause: Exception | None = None) -> NoReturn:
        raise UnknownOutcome(
            f"{step} was answered {answer.status} in a way that proves nothing: {why}", step=step, status=answer.status
        ) from cause

    def _quota(self, step: str, answer: Answer, refused: Refusal | None) -> QuotaSpent:
        self._limited += 1
        told = refused.seconds_to_reset if refused is not None else None
        if told is None:
            told = _retry_after(answer)
        seconds = told if told is not None else min(FIRST_PAUSE * 2 ** min(self._limited - 1, 16), LONGEST_PAUSE)
        seconds = min(seconds, LONGEST_REFUSAL)
        self._throttle.penalise(seconds)
        return QuotaSpent(
            f"{step}: Planfix takes no more requests for {seconds:.0f} s",
            retry_after=seconds,
            step=step,
            status=answer.status,
        )

    def _request(self, method: str, path: str, body: Row | None, *, fresh: bool) -> Answer:
        self.prepare()
        self._prepared = False
        headers = {"authorization": f"Bearer {self._token.reveal()}"}
        answer = self._http.request(
            method, self._base + path, json=body, headers=headers, timeout=self._timeout, fresh=fresh
        )
        left = answer.headers.get("x-ratelimit-remaining", "")
        if left.isascii() and left.isdigit():
            self.remaining = int(left)
        return answer


def _envelope(answer: Answer) -> Row:
    if not answer.body:
        raise Odd("with an empty body")
    if not answer.content_type.endswith("json"):
        raise Odd(f"as {answer.content_type or 'nothing in particular'} instead of JSON")
    return decode.parse(answer.body)


def _refused(step: str, answer: Answer, refused: Refusal) -> ReconcilerError:
    return DeskRefused(
        f"Planfix refused {step}: {refused.error}",
        step=step,
        code=refused.code,
        error=refused.error,
        status=answer.status,
    )


def _retry_after(answer: Answer) -> float | None:
    """Seconds, or a date (RFC 9110)."""
    text: Any = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
