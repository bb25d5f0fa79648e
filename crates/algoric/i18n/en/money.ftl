# The words of whoever sees to money.

money-column-accepted = ACCEPTED BY
money-column-account = ACCOUNT
money-column-amount = AMOUNT
money-column-balance = BALANCE
money-column-budgets = BUDGETS
money-column-by = PREPARED BY
money-column-category = CATEGORY
money-column-customer = CUSTOMER
money-column-day = DAY
money-column-due = DUE
money-column-late = DAYS LATE
money-column-lines = LINES
money-column-net = WITHOUT TAX
money-column-number = NUMBER
money-column-open = OPEN
money-column-reminder = REMINDER
money-column-reserved = SET ASIDE
money-column-siren = SIREN
money-column-spent = SPENT
money-column-total = TOTAL
money-column-town = TOWN
money-column-unbilled = NOT BILLED

money-budget = { $left } left of { $limit } { $period }
money-period-once = in all
money-period-month = a month
money-period-year = a year

ledger-broken = The ledger is not what was written: { $what }
ledger-sound = { $entries } entries and { $documents } documents are what was written. Head: { $hash }
invoice-paid = { $invoice }: { $amount } paid
invoice-left-over = { $amount } belong to no invoice, and stay the customer's

history-noted = noted
