# Projects.

projects-none = You are in no project.
projects-none-help = A job is always counted on a project. Ask who answers for one to invite you, or an operator to make one.
projects-none-operator = A project is what jobs are counted on, and who pays. On the machine, make one, put its members in, give it a budget:
projects-members = { $count ->
    [one] 1 member
   *[other] { $count } members
}
project-you-manager = you answer for it
project-you-member = you compute in it
project-you-viewer = you look at it
project-closed = closed
project-closed-help = This project is closed: it takes no more jobs, its past stays.
project-way = Way
project-parts = Parts of the project
project-overview = Overview
project-members = Members
project-invoices = Invoices
project-report = Yearly report
project-now = Jobs that run
project-pending = { $count ->
    [0] none waits
    [one] 1 waits
   *[other] { $count } wait
}
project-hours = Core-hours
project-core-hours = { $hours } core-h
project-jobs = Jobs
project-runs = { $count ->
    [one] 1 job ended
   *[other] { $count } jobs ended
}
project-carbon-of = { $production } (production) or { $lifecycle } (consumption, life cycle)
project-paid = To pay, without tax
project-payer = Paid by { $name }
project-budget = Budget
project-budgets = Budgets
project-no-budget = There is no budget.
project-no-budget-help = A treasurer or an operator sets one by “algoric project budget”; until then nothing is refused for that reason.
project-unit-euros = Euros
project-unit-core_hours = Core-hours
project-unit-kwh = Energy
project-per-once = once for all
project-per-month = each month
project-per-year = each year
project-taken = { $taken } of { $limit }, with what is set aside
project-spent = Spent
project-reserved = Set aside by quotes
project-left = Left
project-limit = Limit
project-full-stop = Beyond it, submissions are refused.
project-full-warn = Beyond it, members are warned and go on.
project-over-time-euros = Spent, added up
project-over-time-core_hours = Core-hours, added up
project-over-time-kwh = Energy, added up
project-quotes = Quotes in force: the most that accepted jobs will cost
project-unbilled = Used, not billed yet
project-credit = Credit left
project-in-kind = Hours in the public interest left
project-prepaid = Prepaid hours left
project-use = Use
project-unused = Nothing ended in this period.
project-unused-help = A job counts on the day on which it ends. Look at another period, or start one.
project-new-job = New job
project-hours-by-time = Core-hours over time
project-by-month = By month
project-by-member = By member
project-by-member-who = Member
project-others = The other members
project-by-application = By application
project-by-application-who = Application
project-other-applications = Other applications
project-wait = Mean wait
project-cost = Price without tax
project-use-note = An application is a job’s name without its digits. The energy of a job that runs is not counted yet.
project-thank = Thank the centre
project-thank-help = A sentence for your papers, reports and posters. It helps the centre to show what it is good for.
project-thanks = The computations of project { $project } were made at the computing centre { $centre }, on recycled machines that its volunteers look after, with the software Algoric.
project-copy = Copy
project-copied = Copied
project-settings = Settings
project-words = What this project does
project-words-hint = In a sentence, for members and, if you agree, for visitors.
project-public = Visitors may know
project-public-hint = The public page then shows the name and the sentence of this project while it computes. Otherwise it says “a job” only.
project-save = Save
project-name = Name
project-account = Account
project-role = Role
project-you = you
project-promised = no account yet
project-nobody = Nobody is in this project.
project-nobody-help = Invite somebody below.
project-role-manager = Lead
project-role-manager-help = Answers for the project: members, invoices, settings.
project-role-member = Member
project-role-member-help = Starts jobs and sees their price.
project-role-viewer = Viewer
project-role-viewer-help = Looks, starts nothing.
project-role-none = Remove from the project
project-invite = Invite
project-invite-email = E-mail address (optional)
project-invite-hint = Without an address you get a code to print or to tell.
project-invite-send = Invite
project-invitation = Invitation
project-invitation-sent = It has gone to { $address }. Here is the same, in case it does not arrive.
project-invitation-print = Pass this address on, or print this page.
project-invitation-address = Address
project-invitation-code = Code
project-invitation-until = Good until
project-invitation-once = It is good once, and is not shown again.
project-next-invoice = The next invoice will have at least { $amount } without tax.
project-no-invoices = No invoice was issued.
project-no-invoices-help = The treasurer bills after the end of each month.
project-no-customer-help = Nobody pays for this project: its jobs are free.
project-number = Number
project-month = Month
project-issued = Issued on
project-total = Total
project-state = State
project-papers = Papers
project-credit-of = credit note for { $number }
project-credit-note = Credit note
project-settled = Paid
project-due = { $amount } to be paid by { $day }
project-papers-note = The PDF holds its data for accountants (Factur-X); the XML is these data alone.
project-report-of = Report { $year } of the project, computing centre { $centre }
project-completed = Ended without error
project-active = Active members
project-carbon-production = CO₂e, production average
project-carbon-lifecycle = CO₂e, consumption and life cycle
project-electricity = Electricity, at the price of its hours
project-carbon-note = The two figures of carbon say two things and are never added: what power stations emit, and the electricity consumed with its whole life cycle.
project-held = Quotes in force, job by job
project-held-help = What each accepted job may cost at most is set aside until it is over; then the project pays what it really used.
project-held-job = Job
project-held-who = Whose
project-held-state = State
project-held-until = Set aside until
project-held-most = At most
project-held-running = { $count ->
    [one] runs
   *[other] { $count } run
  }
project-held-pending = { $count ->
    [one] waits
   *[other] { $count } wait
  }
project-held-after = its end, at most { $limit } after it begins
project-held-end = its end
project-held-others = { $count ->
    [one] One other job
   *[other] { $count } other jobs
  }
