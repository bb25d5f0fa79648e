# Titles of columns, and words that lists and amounts are made of.

column-cores = CORES
column-cpus = CPUS
column-cpu-time = CPU TIME
column-default = DEFAULT
column-description = DESCRIPTION
column-detail = DETAIL
column-elapsed = ELAPSED
column-end = UNTIL
column-fixed = IN THE CONFIGURATION FILE
column-job = JOB
column-members = MEMBERS
column-memory = MEMORY
column-name = NAME
column-pending = WAITING
column-project = PROJECT
column-projects = PROJECTS
column-running = RUNNING
column-shares = SHARES
column-start = FROM
column-state = STATE
column-task = TASK
column-user = USER
column-users = USERS
column-what = WHAT
column-when = WHEN

all-cores = all
list-and = and
list-empty = There is nothing to list.
no = no
unit-day = d
unit-gib = { $amount } GiB
unit-mib = { $amount } MiB
yes = yes

# What happened to a job.
history-submitted = submitted
history-changed = changed
history-held = held
history-released = released
history-started = started
history-suspended = suspended
history-resumed = resumed
history-requeued = requeued
history-cancelled = cancelled
history-ended = ended
history-urgent = declared urgent
