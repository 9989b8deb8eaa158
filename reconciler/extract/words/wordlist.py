"""
The words by which letters about payments are told apart, in three languages: all reconstructed, like the labels.

A table for `reconciler.extract.words.kinds.decide`, whose closed grammar of success it is: words that are missing here hold a
letter, they never let one through. Patterns that stand for one word are matched against whole words.
"""

from __future__ import annotations

import re

from reconciler.extract.words.wording import Words
from reconciler.model import Kind

_PAID = (  # the words of success, in the forms that speak of one payment
    r"успішн(?:ий|а|е|о|у|ого|им|ою|ій)|успешн(?:ый|ая|ое|о|ую|ого|ым|ой|а)|успешен|success|successful|successfully|approved|paid|"
    r"(?:оплачен|сплачен|підтверджен)(?:о|ий|а|е|у)?|(?:оплачен|подтвержд[её]н)(?:о|ный|ная|ное|а)?"
)
_MADE = r"(?:проведен|виконан|завершен|выполнен)(?:о|ий|а|е|ный|ная)?|провед[её]н|заверш[её]н|completed"
_WENT = r"пройш(?:ов|ла)|прош(?:[её]л|ла)"  # "оплата пройшла"; what did not go through has a word before it that is not known

WORDS = Words(
    veto=(
        (Kind.CHARGEBACK, re.compile(r"charge-?back|чардж?-?бек|чардж?бэк|оскаржен|опротестован")),
        (Kind.REFUND, re.compile(r"\b(?:повернен|повернут|повертаєм|возврат|возвращ|refund|сторно|money back)")),
        (Kind.VOID, re.compile(r"\b(?:скасован|скасуван|анульован|анулюван|отмен|аннулирован|reversed|reversal|void|cancell?ed|cancellation)")),
        (Kind.DECLINED, re.compile(
            r"неуспішн|неуспешн|\bне\s?(?:успішн|успешн|вдал|удал|пройш|прош[её]л|оплачен|підтвердж|подтвержд|проведен|виконан|сплачен)"
            r"|\b(?:відхилен|відхилил|відмов|отклон|отказ|declin|failed|failure|fail\b|unsuccess|reject|denied|unpaid|expired|"
            r"прострочен|просроч|помилк|ошибк|error|insufficient|недостатн|недостаточн|термін дії \w* ?(?:минув|сплив|закінч))"
            r"|\bбанк\w* (?:\w+ )?не\b|\bbank (?:\w+ )?(?:did not|didn't|refus)|\bне (?:дав|дал)\w* (?:згод|дозвол|соглас|разреш)"
            r"|\bnot (?:successful|approved|paid|completed|processed|charged|authori[sz]ed|accepted)|\bcould not\b|\bcouldn't\b"
        )),
        (Kind.PENDING, re.compile(
            r"\b(?:очіку|ожида|чекає|pending|в обробці|на обробці|обробляєт|в обработке|обрабатыва|на перевірці|на проверке|waiting|"
            r"await|in\s?process|processing|холд|hold\b|on hold|заблокован|блокуван|заблокирован|preauth|авторизац|authoriz|"
            r"створено|создан|created)|inprocessing"
        )),
    ),
    happened=re.compile(
        r"\b(?:повернено|повернуто|скасовано|відхилено|неуспішн\w+|возвращен\w*|отменен\w*|отклонен\w*|refunded|declined|voided|"
        r"reversed|cancell?ed|charged back)\b|\bне (?:оплачен|пройш|прош[её]л|зарахован)"
    ),
    status=re.compile(rf"{_PAID}|ok|ок|(?:зарахован|зачислен)(?:о|ий|а)"),
    done=re.compile(rf"{_MADE}|1100|{_WENT}"),
    noun=re.compile(
        r"плат[іе]ж|плат[её]ж|платеж(?:у|а|ем|ом)|оплат[аиуыоюеі]|оплатою|оплатой|списання|списание|покупк[аиуы]|"
        r"операці[яїю]|операци[яию]|транзакці[яїю]|транзакци[яию]|кошти|коштів|средств|средства|гроші|деньги|"
        r"payment|transaction|purchase|operation|(?:оплачен|сплачен)(?:о|ий|а|е|у|ный|ная|ное)?|paid"
    ),
    success=re.compile(
        rf"{_PAID}|проведен[оа]?|провед[её]н|completed|confirmed|received|(?:отриман|зарахован|получен|зачислен)(?:о|ий|а)?|отримали|отрима(?:в|ла)|получила?|"
        rf"получили|надійш(?:ов|ла|ло|ли)|поступил[аои]?|{_WENT}"
    ),
    money=re.compile(r"грн|гривень|гривні|гривня|гривен|uah|usd|eur|євро|евро|[₴$€£]"),
    new=re.compile(r"нов(?:ий|а|у|ого|ої|ый|ая|ую|ое)|new"),
    typed=re.compile(
        r"^(?:\w+ ){0,2}\w*(?:тип\b|вид\b|type\b|операці[яї]\b|операци[яи]\b|operation\b|action\b|дія\b|действие\b)"
    ),
    code=re.compile(
        r"^(?:код (?:помилки|ошибки|причини|причины|результату|результата|відмови|отказа)|(?:error|reason|result)[ _]?code)\W+"
        r"(?!(?:1100|0+)\b)\w|^transaction[ _]?type\W+(?!(?:charge|purchase|payment|sale)\b)\w"
    ),
    harmless=re.compile(
        r"\bкод\w* (?:авторизац|підтвердж|подтвержд)\w*|\b(?:auth(?:ori[sz]ation)?|approval|confirmation) (?:code|number|no|id)\b|"
        r"\b(?:чек\w*|квитанці\w*|квитанци\w*) (?:прро|рро|#)\w*|\b(?:номер|#) чек\w*|\bфі?и?скальн\w+ (?:чек|номер)\w*|\bfiscal receipt\b|"
        r"\breceipt (?:no|number|id|#)\b|"
        r"\b(?:лист|листа|повідомлення|письмо|сообщение|letter|message|e-?mail|mail) (?:(?:було|был|было|is|was|has been) )?"
        r"(?:створен|сформован|надіслан|згенерован|создан|сформирован|отправлен|сгенерирован|created|generated|sent)\w*|"
        r"\b(?:дата|час|время) (?:(?:та|і|й|и) (?:час|время) )?(?:створення|создания)\b|"
        r"\b(?:(?:date|time) (?:of creation|created)|(?:order|invoice|payment) (?:created|creation)(?: (?:at|on|date|time))?|created at)\b|"
        r"\b(?:замовлення|заказ) (?:створено|создан)\b|\bprocessing (?:cost|fee)\b|"
        r"\b(?:сповіщення|повідомлення|листи|уведомления|оповещения|notifications?|alerts?|e-?mails?|letters) (?:про|о|об|about|of|on) "
        r"(?:(?:успішні|нові|всі|усі|успешные|новые|все|successful|new|all) )?(?:платежі|оплати|платежи|оплаты|payments|transactions)\b|"
        r"\bпідсумок(?=:? [^\W\d]+$)|\b(?:створено|создано?|created) (?:та|і|й|и|and) (?=оплачен|сплачен|paid)"
    ),
    plain=re.compile(
        r"від|вам|got|в|у|на|по|за|із|з|зі|до|для|і|й|та|от|с|со|из|к|и|через|про|о|об|здійснен\w|совершен\w|соверш[её]н|прийнят\w{1,2}|принят[аоы]?|for|from|of|on|in|at|by|to|via|the|a|an|and|"
        r"has|have|been|was|is|now|було|був|була|были|был|было|пройш(?:ов|ла|ло)|прош[её]л|прошла|прошло|новий|нова|нову|нового|"
        r"новый|новая|новую|нового|new|регулярн\w{1,3}|рекурентн\w{1,3}|рекуррентн\w{1,3}|повторн\w{1,3}|recurring|regular|"
        r"замовлення|замовленням|заказ|заказа|заказу|order|номер|номером|number|номера|суму|сума|сумі|сумму|сумма|сумме|amount|sum|total|"
        r"грн|гривень|гривні|гривня|гривен|коп|uah|usd|eur|дол|євро|евро|клієнт\w{0,4}|покупець|покупця|покупцем|клиент\w{0,4}|"
        r"покупател[яьею]м?|платник\w{0,3}|плательщик\w{0,3}|customer|client|buyer|payer|магазин\w{0,3}|сайт\w{0,3}|shop|store|site|website|"
        r"картк[оаиу]ю?|карт[аыо]й?|card|visa|mastercard|online|онлайн|інтернет|интернет|вітаємо|поздравляем|congratulations|"
        r"повідомлення|уведомление|сповіщення|оповещение|notification|notice|details|деталі|детали|wayforpay|р|року|г|года|"
        r"січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня|января|февраля|марта|апреля|мая|"
        r"июня|июля|августа|сентября|октября|ноября|декабря|january|february|march|april|may|june|july|august|september|october|"
        r"november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|am|pm|повідомляємо|інформуємо|сообщаем|уведомляем|"
        r"информируем|we|inform|you|google|apple|pay|privat\w{0,4}|приват\w{0,4}|monobank|монобанк"
    ),
    stem=re.compile(
        r"успіш|успеш|success|оплачен|сплачен|підтвердж|подтвержд|\bpaid\b|approved|confirmed|completed|отриман|надійш|зарахован|"
        r"получен|поступил|зачислен|прийнят|принят|accepted|\breceived\b"
    ),
    negation=re.compile(r"\b(?:не|ні|ані|нет|ни|not|never|no|non|none|cannot|without|false|без\w*)\b|n't\b|\bне(?=успіш|успеш)|\bun(?=success|paid)"),
    other=re.compile(
        r"\b(?:рефанд|рефонд|назад|back\b|returned|поверта|вернул|вернут|відклик|отозван|revoked|відмін|"
        r"зарезерв|резерв|захолд|замороз|заморож|held\b|reserv|freez|froze|blocked|преавт|предавт|"
        r"верифік|верифик|verif|підписк|подписк|subscri|обробк|обработк|потребує|требует|requires?\b|призупин|приостан|suspend|"
        r"диспут|dispute|подвійн|двойн|duplicat|абонентськ|абонентск|абонплат|переказ|перевод[аеу]?\b|поповнен|пополнен|top-?up|заявк|"
        r"ручн\w+ (?:перевір|провер)|manual review|частков\w+ оплат|частичн\w+ оплат|partial|"
        r"підсум|зведен|сводк|итоги|summary|daily|digest|платежі|платежи|платежів|платежей|payments|transactions)"
        r"|\b(?:рахун|сч[её]т|invoice)\w{0,8} (?:\w{1,20} ){0,2}(?:надісл|відправл|виставл|створ|отправл|выставл|созда|sent\b|issued|created)"
        r"|\b(?:надісл|відправл|виставл|отправл|выставл|sent|issued)\w{0,8} (?:\w{1,20} ){0,2}(?:рахун|сч[её]т|invoice)"
    ),
    service=re.compile(r"\b(?:підписк|подписк|subscription|регулярн\w+ (?:плат|спис)|regular payments)"),
    receipt=re.compile(
        r"квитанці(?!\w{0,8} (?:надіслан|відправлен|платник))|квитанци(?!\w{0,8} (?:отправлен|плательщ))|\breceipt(?! of)|\bчек\b|"
        r"\bви (?:\S{1,20} )?(?:оплатили|сплатили|здійснили)|\bвы (?:\S{1,20} )?(?:оплатили|совершили)|\byou(?: have|'ve)? (?:\S{1,20} )?paid\b|"
        r"\bваш(?:а|у|ого|ої|ей)? (?!кл[іи][єе]?нт|покуп|платник|магазин|сайт)(?:\S{1,20} )?(?:плат[іе]ж|оплат|покупк)|\bваш(?:а|у|ого|ої|ей)? покупк|\byour (?:\S{1,20} )?(?:payment|purchase)\b|"
        r"дякуємо за (?:\S{1,20} )?(?:оплат|покупк|платіж|замовлення)|спасибо за (?:\S{1,20} )?(?:оплат|покупк|плат[её]ж|заказ)|"
        r"благодарим за (?:оплат|покупк|заказ)|thank(?:s| you) for (?:your |the )?(?:payment|purchase|order)"
    ),
    payer_thanked=re.compile(
        r"\bви (?:\S{1,20} )?(?:оплатили|сплатили|здійснили)|\bвы (?:\S{1,20} )?(?:оплатили|совершили)|\byou(?: have|'ve)? paid\b|"
        r"дякуємо за (?:вашу )?(?:оплат|покупк)|(?:спасибо|благодарим) за (?:вашу )?(?:оплат|покупк)|"
        r"thank(?:s| you) for (?:your |the )?(?:payment|purchase)"
    ),
    payer=re.compile(
        r"\bшановн\w{0,8} (?:\w{1,20} )?(?:покуп|клієнт|платник)|\bуважаем\w{0,8} (?:\w{1,20} )?(?:покуп|клиент|плательщ)|\bdear (?:\w+ )?(?:customer|client|buyer|payer)|"
        r"\bваш\w* (?:замовлен|картк|заказ|карт)|\byour (?:order|card)\b|\bвами\b"
    ),
    merchant=re.compile(r"\b(?:ви отримали|вы получили|you(?: have|'ve)? received)\b|ваш\w{0,4} (?:магазин|сайт|кліє?нт|покупе?ц|клиент|покупател)\w{0,3}|your (?:shop|store|customer|client|merchant|website|site)\b"),
    register=re.compile(r"\b(?:реєстр|реестр|register|registry|звіт|отч[её]т|report\b|statement|виписк|выписк)"),
    payout=re.compile(r"\b(?:виплат|выплат|payout|settlement|розрахунков\w{1,9} період|перераховано на (?:ваш|рахунок)|withdrawal)"),
    test=re.compile(r"\bтестов\w+ (?:плат|оплат|режим|операці|операци|магазин|транзакц)|\btest (?:mode|payment|transaction|shop|merchant)|\bsandbox\b"),
    tested=re.compile(r"\b(?:тест\w*|демо\w*|tests?|testing|demo|is_?test|test_?\w*mode|sandbox\w*)\b"),
)  # fmt: skip
