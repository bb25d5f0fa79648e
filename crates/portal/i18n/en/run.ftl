# What a run paid, and what the next one should ask for: in commands and pages.

advice-too-short = It ran too briefly for advice.
advice-broken = It did not come to its end by itself: what it used says little about what it needs.
advice-out-of-time = It was ended at its time limit. How long it needs is not known.
advice-out-of-memory = It was ended for want of memory. How much it needs is not known.
advice-fits = What it asked for fits what it used.
advice-next = The next run should ask for:
advice-saves = That would have spared { $energy } of reserved power and { $euros } ({ $percent } of it): room for others while the machine is on, and less to pay.
advice-phases = CPUs are a mean: a program that computes on all of them for a part of its time would be slower.
advice-sooner = That saves no electricity, but a shorter limit starts sooner: it fits into more gaps.
advice-of-tasks = By { $runs ->
    [one] the run that is over.
   *[other] { $runs } runs that are over.
}
advice-not-over = It is not over: what it needs is known at its end.
advice-none = None of it has run, so there is nothing to advise.

price-label = Price
price-free-none = Free: it counts for no project.
price-free = Free: nobody pays for the jobs of project { $project }.
price-used = { $amount } = { $terms }
price-term-core-hour = { $quantity } core-hours × { $price }
price-term-memory-gib-hour = { $quantity } GiB-hours of memory × { $price }
price-term-gpu-hour = { $quantity } GPU-hours × { $price }
price-term-machine-hour = { $quantity } machine-hours × { $price }
price-term-kwh = { $quantity } kWh × { $price }
price-term-gib-month = { $quantity } GiB-months × { $price }
price-work = Used
price-off-in-kind = Hours in the public interest
price-off-prepaid = Hours paid before
price-off-credit = Credit
price-off-overrun = More than was quoted: the centre bears it
price-back-failure = Given back: the machine failed
price-back-displaced = Given back: an urgent job displaced it
price-back-adjustment = Corrected
price-paid = The project pays
price-paid-so-far = The project pays so far
price-tax = { $amount } without tax; { $vat } VAT makes { $total }
price-no-tax = { $amount }, no VAT
price-running = Running now, estimated so far
price-most = Set aside for what is not over, at most
price-due = { $runs ->
    [one] It is over, and gets its final price in a moment, when its energy is known.
   *[other] { $runs } runs are over, and get their final price in a moment, when their energy is known.
}
price-rounding = An invoice adds jobs up and is rounded once, to the cent.
price-not-yet = Nothing yet: the price is known when it has run.
