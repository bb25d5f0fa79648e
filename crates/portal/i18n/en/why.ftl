# `algoric why`: one sentence for each reason, then what stands before the job, what is short, and when it should start.

state-pending = Job { $job } waits.
state-running = Job { $job } does not wait: it is running.
state-suspended = Job { $job } is suspended: its processes stand still until it is resumed.
state-completing = Job { $job } is just ending.
state-completed = Job { $job } has ended well. `sacct -j { $job }` shows what it used.
state-cancelled = Job { $job } was cancelled. `algoric history { $job }` shows by whom.
state-failed = Job { $job } has failed. `sacct -j { $job } -o JobID,State,ExitCode` shows its exit code; the end of its output file often says more.
state-timeout = Job { $job } reached its time limit. Ask for more with --time.
state-node-fail = Job { $job } ended because the machine, or what watched over the job, failed. It can be submitted again.
state-preempted = Job { $job } was ended to make place for more important work.
state-deadline = Job { $job } could not have ended before its deadline.
state-out-of-memory = Job { $job } took more memory than it had asked for. Ask for more with --mem.
state-requeued = Job { $job } is back in the queue.

why-none = Job { $job } has not been looked at yet; it will be at once.
why-priority = Job { $job } waits for its turn.
why-resources = Job { $job } is the next to start, as soon as the machine has enough free.
why-dependency = Job { $job } waits for other jobs:
why-dependency-never-satisfied = Job { $job } can never start, because what it waits for can no longer happen. Cancel it, or change its dependency (scontrol update JobId={ $job } Dependency=).
why-begin-time = Job { $job } is not to start before { $time }.
why-cheap-hours = Job { $job } fears no delay: it waits for cheaper electricity.
why-at-once = `scontrol update JobId={ $job } Comment=inflexible` lets it start when there is room.
why-job-held-user = Job { $job } is held by its owner. `scontrol release { $job }` lets it go.
why-job-held-admin = Job { $job } is held by an operator, who alone can release it.
why-job-array-task-limit = The array of job { $job } runs as many tasks at once as it allows itself ({ $value }). `scontrol update JobId={ $job } ArrayTaskThrottle=N` changes that.
why-partition-config = Job { $job } asks for more than its partition has ({ $cpus } CPUs asked for, { $total } there). It will not start as it is: cancel it and submit it with less.
why-partition-time-limit = Job { $job } asks for more time than its partition allows ({ $value }). `scontrol update JobId={ $job } TimeLimit=...` asks for less.
why-partition-down = The partition of job { $job } is down. An operator can put it up again.
why-partition-inactive = The partition of job { $job } starts nothing for now. An operator can put it up again.
why-node-down = Job { $job } waits because the machine is out of service: { $why }
why-reservation = Job { $job } waits for its reservation { $value }, which has not begun or is taken by other jobs.
why-qos-grp-cpu-limit = The QOS of job { $job } allows all its jobs together no more CPUs ({ $value }).
why-qos-max-cpu-per-user = The QOS of job { $job } allows its user no more CPUs at once ({ $value }).
why-qos-max-jobs-per-user = The QOS of job { $job } allows its user no more jobs at once ({ $value }).
why-assoc-grp-cpu-limit = The project of job { $job } may have no more CPUs at once ({ $value }).
why-assoc-grp-billing-limit = The budget of the project does not cover job { $job }.
why-non-zero-exit-code = Job { $job } ended with an exit code other than 0.
why-job-launch-failure = Job { $job } could not be started, or was killed. Its output file says more.
why-time-limit = Job { $job } reached its time limit.
why-out-of-memory = Job { $job } took more memory than it had asked for.
why-node-failure = Job { $job } ended because the machine failed.
why-dead-line = Job { $job } could not end before its deadline.
why-requeued-held = Job { $job } was put back in the queue and is held. `scontrol release { $job }` lets it go.
why-prolog = The operator's preparation script failed for job { $job }.

cause-held = Its owner holds it.
cause-held-by-operator = An operator holds it, who alone can release it.
cause-held-after-requeue = It was put back in the queue and is held.
cause-dependency = It waits for other jobs.
cause-begin = It is not to start before { $time }.
cause-cheap-hours = From { $time } on its electricity costs { $percent } % less, if it runs for { $span }.
cause-cheap-hours-euros = From { $time } on its electricity costs { $percent } % less: { $saving } if it runs for { $span }.
cause-array-limit = Its array runs { $running } tasks at once and allows itself { $limit }.
cause-partition-down = Its partition { $name } is down or not there any more.
cause-too-big = It asks for more than its partition has ({ $cpus } CPUs asked for, { $of } there).
cause-too-long = It asks for more time than it may have ({ $limit }).
cause-drained = { $by } took the machine out of service at { $since }: { $why }.
cause-reservation = Its reservation { $name } is from { $start } to { $end }: it is not open now, or too short or too small for this job.
cause-reservation-unknown = Its reservation { $name } is not there any more.
cause-qos-limit = A limit of its QOS { $qos } is reached ({ $limit }).
cause-partition-full = Its partition { $name } may use { $cores } cores at once, and its jobs have too many of them.
cause-kept = Part of the machine is kept for the reservation { $name } from { $start } to { $end }.
cause-booting = Machines are booting: { $nodes }, up by { $time }.
cause-node-failed = { $node } does not come up: { $why }.
cause-priority = Other jobs go first.
cause-resources = There is no room for it now.

dependency-after = job { $job } must have started
dependency-afterany = job { $job } must have ended, well or badly
dependency-afterok = job { $job } must end well (exit code 0)
dependency-afternotok = job { $job } must fail
dependency-aftercorr = the task of the same number in job { $job } must end well
dependency-singleton = no earlier job of the same name and user may be left
dependency-failed = { $what }: this can no longer happen

why-ahead =
    { $count ->
        [one] One job goes before it.
       *[other] { $count } jobs go before it.
    }
why-ahead-named =
    { $count ->
        [one] One job goes before it: { $jobs }.
       *[other] { $count } jobs go before it: { $jobs }.
    }
why-cpus =
    It needs { $needs ->
        [one] one CPU
       *[other] { $needs } CPUs
    }, { $free } { $free ->
        [one] is
       *[other] are
    } free now.
why-memory = It needs { $needs } of memory, { $free } are free now.
why-gpus =
    It needs { $needs ->
        [one] one GPU
       *[other] { $needs } GPUs
    }, { $free } { $free ->
        [one] is
       *[other] are
    } free now.
why-behind =
    { $count ->
        [one] One job is running; what it has becomes free when it ends.
       *[other] { $count } jobs are running; what they have becomes free when they end.
    }
why-behind-named =
    { $count ->
        [one] One job is running; what it has becomes free when it ends. It is { $jobs }.
       *[other] { $count } jobs are running; what they have becomes free when they end. You can see { $jobs }.
    }
why-start-now = It should start at any moment.
why-start = It should start at { $time } (in { $span }) at the latest, if the jobs before it take all the time they asked for.
why-start-unknown = When it will start cannot be told: jobs before it have no time limit.
