# A member's home, jobs, new jobs.

crumbs = Where you are
list-of = { $first } and { $last }

no-account-title = You can look, not compute yet
no-account-what = No account of the machine is linked to you.
no-account-help = A job runs under an account of the machine, with its files and rights. An operator of the centre links one to you, or makes one; there is nothing for you to do.
no-account-operator = A job runs under an account of the machine, with its files and rights. You are an operator: link one to yourself, or have one made, on the members’ page.

jobs-title = Jobs
jobs-which = Which
jobs-all = All
jobs-open = Running and waiting
jobs-well = Ended well
jobs-badly = Failed or ended
jobs-name = Name
jobs-look = Search
jobs-everybody = Everybody’s
jobs-new = New job
jobs-job = Job
jobs-state = State
jobs-submitted = Submitted
jobs-ran = Ran
jobs-energy = Energy
jobs-tasks = { $tasks ->
    [one] one task
   *[other] { $tasks } tasks
}
jobs-none = There is no job here.
jobs-none-help = You have not submitted anything yet.
jobs-none-such = No job is like what you look for.
jobs-none-yet = Among the latest ones there is none; look further back.
jobs-pages = Pages
jobs-newest = Latest
jobs-older = Older

job-state-pending = waiting
job-state-held = held
job-state-running = running
job-state-suspended = suspended
job-state-configuring = preparing
job-state-completing = ending
job-state-completed = done
job-state-cancelled = cancelled
job-state-failed = failed
job-state-timeout = out of time
job-state-node-fail = breakdown
job-state-preempted = made place
job-state-deadline = missed its deadline
job-state-out-of-memory = out of memory
job-state-boot-fail = breakdown at start
job-state-requeued = back in the queue
job-state-resizing = changing size
job-state-revoked = withdrawn
job-state-signaling = signalled
job-state-special-exit = held
job-state-stage-out = ending
job-state-stopped = stopped

job-runs = It has run for { $elapsed }; { $left } are left at most.
job-runs-unlimited = It has run for { $elapsed }, without a time limit.
job-ended-completed = It ended well { $when }.
job-ended-failed = { $signal ->
    [0] It failed { $when }: its script returned { $code }. The end of its output often says more.
   *[other] It failed { $when }: a signal ({ $signal }) ended it. The end of its output often says more.
}
job-ended-timeout = It was ended { $when } at its time limit. Give it more, or let it save what is done.
job-ended-out-of-memory = It was ended { $when }: it took more memory than it had asked for. Give it more.
job-ended-cancelled = It was cancelled { $when }.
job-ended-node-fail = The machine, or what watched over it, broke down { $when }. It is not to blame: run it again.
job-ended-preempted = It was ended { $when } to make place for more important work.
job-ended-deadline = It could not have ended before its deadline.
job-ended-requeued = It was put back into the queue.
job-ended-boot-fail = The machine did not start.
job-ended-pending = It has not begun yet.
job-ended-running = It runs.
job-ended-suspended = It is suspended.
job-ended-completing = It is ending.

job-do-cancel = Cancel
job-do-hold = Hold
job-do-release = Release
job-do-again = Run again
job-do-national = Take it to a national centre
done-job-submitted = Submitted. The job is on disk: it will not be forgotten.
done-job-cancel = It is being cancelled.
done-job-hold = The job is held.
done-job-release = The job is released.

job-output = Output
job-output-cut = Only the end is shown.
job-output-live = What it writes is shown as it is written.
job-output-over = The job is over. Reload the page for its figures.
job-output-reload = Reload the page for more.
job-output-empty = It has written nothing.
job-output-none = Its output cannot be shown here.
job-output-whole = All of it
job-asked = Asked for
job-used = Used
job-nothing-used = Nothing yet: it has not begun.
job-nothing-measured = Nothing was measured yet.
job-runs-over = Runs that are over
job-busiest = The busiest
job-busiest-of = { $busy } CPUs on average
job-submitted = Submitted
job-project = Project
job-owner = Of
job-cpus = CPUs
job-memory = Memory
job-usual = as usual
job-limit = Longest time
job-gpus = GPUs
job-tasks = Tasks
job-folder = Folder
job-ran = Ran
job-busy = Computed
job-busy-of = on { $busy } CPUs on average, of { $cpus }
job-most-memory = Most memory
job-energy = Energy
job-cost = Electricity
job-carbon-production = Carbon, average of production
job-carbon-lifecycle = Carbon, consumption and life cycle
job-over-time = Over time
job-cpus-over-time = Busy CPUs
job-memory-over-time = Memory
job-power-over-time = Power
job-asked-for = asked for
job-steps = Steps
job-step-script = script
job-attempt = { $number ->
    [1] job
   *[other] attempt { $number }
}
job-part = Part
job-started = Began
job-exit = Code
job-signal = signal { $signal }
job-cpu-time = Computed
job-script = Script
job-script-get = Download the script
job-tasks-wait = { $count ->
    [one] one task waits
   *[other] { $count } tasks wait
}
job-tasks-not-started = These tasks ended before they began.
job-no-task-over = No task is over yet.
job-more-tasks = Next tasks

new-lead = Choose an application, write a script, or begin with an earlier job. What it will cost is shown before you submit it.
new-faulty = A template is wrong:
new-from-form = From an application
new-from-script = From a script
new-script = Script
new-script-about = A script as for sbatch: its #SBATCH lines are checked as you type. It runs at a national centre, too.
new-write-script = Write a script
new-from-job = From an earlier job
new-copy = Copy
new-learned = Time and memory are proposed after your job { $job }, which ran { $time } and took { $memory }.
new-optional = (optional)
new-file-help = A path in your folder.
new-editor = Script
new-editor-help = Lines with #SBATCH say what it needs; they count up to the first command.
new-more = More settings
new-folder = Working folder
new-folder-help = Empty: a new folder in jobs/, for this job alone.
new-submit = Submit
new-readme = Read more

quote-title = What it will take
quote-count = Calculate
quote-wrong = To be mended:
quote-faulty = To be mended in #SBATCH lines:
quote-line = Line { $line }
quote-refused = It would be refused:
quote-start = Start
quote-at-once = at once
quote-unknown-start = nobody can say
quote-length = Time
quote-moment = a moment
quote-no-limit = unlimited
quote-most = { $most } at most
quote-at-most = at most
quote-learned-same = as your last { $runs } jobs of this name and size ({ $low } to { $high }); { $most } at most
quote-learned-application = as your last { $runs } jobs of this name ({ $low } to { $high }); { $most } at most
quote-learned-member = as your last { $runs } jobs ({ $low } to { $high }); { $most } at most
quote-not-learned = your next jobs of this name will tell better
quote-energy = Energy
quote-electricity = Electricity
quote-price = To be paid by the project, without tax
quote-not-measured = Energy and cost are not known: nobody has measured this machine yet.
quote-assumed = The price of electricity is assumed ({ $contract }).
quote-tasks = For all { $tasks } tasks, as if they ran at once.
quote-could-wait = If it could wait, it would start { $time } and save { $saving }.
quote-waits = It waits for cheap hours: it starts { $time } and saves { $saving }.

app-fault-missing = to be filled in
app-fault-number = this is no number
app-fault-time = this is no length of time; write 30 min, 2 h or 1:30:00, for example
app-fault-memory = this is no size of memory; write 500M or 4G, for example
app-fault-small = { $bound } at least
app-fault-great = { $bound } at most
app-fault-choice = choose from the list
app-fault-pattern = this does not fit (it should look like { $bound })
app-fault-long = { $bound } letters at most
app-fault-letters = it has characters that are none
app-fault-file = a file { $bound } is wanted
app-fault-many = { $bound } values at most

jobs-refused-other = { $detail }
jobs-refused-invalid-account = There is no such project, or you are no member of it. { $detail }
jobs-refused-invalid-partition = There is no such partition. { $detail }
jobs-refused-invalid-qos = There is no such QOS, or it is not for you. { $detail }
jobs-refused-node-config-unavailable = The machine does not have so many CPUs. { $detail }
jobs-refused-memory-unavailable = The machine does not have so much memory. { $detail }
jobs-refused-too-many-jobs = The queue is full.
jobs-refused-too-many-of-user = You have as many jobs as one may have.
jobs-refused-invalid-time-limit = That is longer than allowed. { $detail }
jobs-refused-invalid-time = Its times contradict each other. { $detail }
jobs-refused-array-too-large = The array has too many tasks. { $detail }
jobs-refused-access-denied = That is not allowed. { $detail }
jobs-refused-invalid-gres = There are not so many of these resources. { $detail }
jobs-refused-storage-failed = The centre cannot write anything now. Nothing was submitted.

home-hello = Hello { $name }
home-first = A first job in two minutes
home-first-1 = Submit a small Python program as it is.
home-first-try = Try it
home-first-2 = Its page shows what it writes while it runs, and then what it took.
home-first-3 = Its results are in your files.
home-running = Running
home-nothing-runs = Nothing runs.
home-waiting = Waiting
home-nothing-waits = Nothing waits.
home-runs = { $elapsed } of { $limit } at most
home-left = What is left
home-budget-once = { $left } of { $limit } left
home-budget-month = { $left } of { $limit } left this month
home-budget-year = { $left } of { $limit } left this year
home-core-hours = { $hours } core-hours
home-recent = Latest jobs
home-all = All jobs

national-title = Take it to a national centre
national-lead = This script is written in Slurm’s language: it runs there as it is, or nearly.
national-change = What to change for it
national-account = Account
national-account-help = --account={ $project } becomes the number of the project that you were given there (hours are applied for beforehand, by DARI in France).
national-partition = Partition
national-partition-help = Each centre has its own, or a --constraint: look at `sinfo` and its pages, and name one.
national-time = Time
national-time-help = { $limit } will do with as many CPUs that are as fast. Do not ask for more: short jobs start sooner.
national-time-none = Say a time (--time): it is needed there.
national-scratch = Files
national-scratch-help = { $folder } is not there. Copy what it reads (rsync), let it work in $SCRATCH, and fetch the results: that folder is emptied after some weeks.
national-modules = Programs
national-modules-help = Programs come by `module load`: look for them with `module avail` ({ $programs }), and load them at the script’s beginning.
national-size = Size
national-size-help = A node there often has 100 cores and more, and is given as a whole. Put several small jobs into one, or use a shared partition.
national-comment = --comment=flexible
national-comment-help = Means nothing there: cheap hours are our own affair. Take it away if you like.
national-algoric = algoric
national-algoric-help = This program is not there. It is one file: copy it to your folder and call it by its path.
national-no-script = This job had no script.

jobs-forget = Show all
jobs-more-filters = Project, state, application, dates
jobs-any = any
jobs-application = Application
jobs-since = From
jobs-until = To
home-advice = Advice
home-advice-later = None yet: advice comes when a job of yours is over.
home-advice-short = None yet: your last jobs ran too briefly to tell.
home-advice-fits = None: what your last jobs asked for fits what they used.
