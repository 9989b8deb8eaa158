"""
The labels by which letters about payments name their fields, in three languages: all reconstructed.

field → labels; compared whole, in any case, look-alike letters folded (`text.fold_label`), a currency behind them allowed.
"""

from __future__ import annotations

ORDER_LABELS = (
    "Номер замовлення", "№ замовлення", "Замовлення №", "Замовлення", "Номер Вашого замовлення", "Ваш номер замовлення",
    "Номер заказа", "№ заказа", "Заказ №", "Заказ", "Номер вашего заказа",
    "Order number", "Order No", "Order #", "Order", "Your order number", "Order No.",
)  # fmt: skip

LABELS: dict[str, tuple[str, ...]] = {
    "amount": (
        "Сума", "Сума платежу", "Сума оплати", "Сума операції", "Сума транзакції", "До сплати", "Оплачено", "Сплачено",
        "Загальна сума", "Разом", "Всього", "Усього", "Сума до сплати", "Сума замовлення", "Сума списання",
        "Сумма", "Сумма платежа", "Сумма оплаты", "Сумма операции", "Сумма транзакции", "К оплате", "Итого", "Общая сумма",
        "Amount", "Payment amount", "Total", "Total amount", "Paid", "Amount paid", "Transaction amount", "Sum",
    ),
    "refund_amount": (
        "Сума повернення", "Повернено", "Повернута сума", "Сума до повернення", "Сумма возврата", "Возвращено",
        "Refund amount", "Refunded", "Refunded amount", "Amount refunded",
    ),
    "currency": ("Валюта", "Валюта платежу", "Валюта платежа", "Currency", "Payment currency"),
    "reference": (
        "Номер платежу", "ID платежу", "Номер транзакції", "ID транзакції", "Ідентифікатор", "Ідентифікатор платежу",
        "Ідентифікатор транзакції", "№ платежу", "№ транзакції", "Референс", "Транзакція", "Код платежу", "Платіж №",
        "Номер платежа", "ID платежа", "Номер транзакции", "ID транзакции", "Идентификатор", "Идентификатор платежа",
        "Идентификатор транзакции", "№ платежа", "№ транзакции", "Транзакция",
        "Payment number", "Payment ID", "Transaction ID", "Transaction number", "Order reference", "orderReference",
        "Payment reference", "Reference", "Transaction", "Payment No", "Payment #",
    ),
    "date": (
        "Дата", "Дата платежу", "Дата оплати", "Дата та час", "Дата і час", "Дата й час", "Дата операції", "Дата транзакції",
        "Дата/час", "Дата та час платежу", "Дата та час оплати", "Дата і час платежу", "Дата і час оплати",
        "Дата платежа", "Дата оплаты", "Дата и время", "Дата операции", "Дата транзакции", "Дата/время",
        "Дата и время платежа", "Дата и время оплаты",
        "Date", "Payment date", "Date and time", "Date/time", "Date & time", "Transaction date", "Date of payment", "Paid at",
        "Payment date and time",
    ),
    "time": ("Час", "Час платежу", "Час оплати", "Час операції", "Время", "Время платежа", "Время оплаты", "Time", "Payment time"),
    "status": (
        "Статус", "Статус платежу", "Статус оплати", "Статус транзакції", "Статус операції", "Результат", "Стан", "Стан платежу",
        "Статус платежа", "Статус оплаты", "Статус транзакции", "Статус операции", "Состояние",
        "Status", "Payment status", "Transaction status", "Result", "State", "transactionStatus",
    ),
    "operation": (
        "Тип операції", "Операція", "Тип транзакції", "Вид операції", "Тип операции", "Операция", "Тип транзакции", "Вид операции",
        "Transaction type", "Operation", "Operation type", "Type",
    ),
    "reason": ("Причина", "Причина відмови", "Причина відхилення", "Причина отказа", "Decline reason", "Reason"),
    "merchant": (
        "Магазин", "Сайт", "Мерчант", "Акаунт", "Назва магазину", "Мерчант акаунт", "Продавець", "Отримувач",
        "Торговец", "Продавец", "Аккаунт", "Название магазина", "Получатель",
        "Shop", "Store", "Site", "Website", "Merchant", "Merchant account", "merchantAccount", "Merchant login",
    ),
    "payer": (
        "Платник", "ПІБ", "Клієнт", "Ім'я", "Ім'я платника", "Ім'я клієнта", "Покупець", "ПІБ платника",
        "Плательщик", "ФИО", "Клиент", "Имя", "Покупатель", "ФИО плательщика",
        "Payer", "Customer", "Client name", "Client", "Customer name", "Payer name", "Name", "Full name",
    ),
    "email": (
        "Email", "E-mail", "Пошта", "Електронна пошта", "Email платника", "E-mail платника", "Почта", "Электронная почта",
        "Email плательщика", "Customer email", "Payer email", "Email address",
    ),
    "phone": ("Телефон", "Номер телефону", "Телефон платника", "Номер телефона", "Phone", "Phone number", "Customer phone"),
    "card": (
        "Картка", "Карта", "Номер картки", "Спосіб оплати", "Платіжний метод", "Платіжна картка", "Метод оплати",
        "Номер карты", "Способ оплаты", "Платёжная карта", "Метод оплаты",
        "Card", "Card number", "Payment method",
    ),
    # told apart from the amount by having labels of their own, and never read
    "fee": ("Комісія", "Сума комісії", "Комиссия", "Сумма комиссии", "Fee", "Commission", "Service fee"),
    "credited": (
        "До зарахування", "Сума до зарахування", "Сума зарахування", "Зараховано", "До виплати", "К зачислению",
        "Сумма к зачислению", "Зачислено", "Net amount", "To be credited", "Amount to be credited", "Credited", "Net",
    ),
    "purpose": (
        "Призначення", "Призначення платежу", "Опис", "Товар", "Товари", "Послуга", "Коментар", "Примітка",
        "Назначение", "Назначение платежа", "Описание", "Товары", "Услуга", "Комментарий",
        "Purpose", "Description", "Product", "Products", "Comment", "Note", "Payment purpose",
    ),
    "price": ("Ціна", "Вартість", "Цена", "Стоимость", "Price", "Unit price"),
}  # fmt: skip

# a table with one of these for a column is a list of goods: its sums are no payment's
LISTING = (
    "Кількість",
    "К-сть",
    "Кіл-сть",
    "Ціна",
    "Количество",
    "Кол-во",
    "Цена",
    "Quantity",
    "Qty",
    "Price",
    "Unit price",
)

# labels that are spoken words too: over a sum, a date or nothing, and the value of a status; over a card's number, and a way to pay
SPOKEN = (
    "Оплачено", "Сплачено", "Paid", "Повернено", "Возвращено", "Refunded", "Зараховано", "Зачислено", "Credited",
    "Картка", "Карта", "Card",
)  # fmt: skip
