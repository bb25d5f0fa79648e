# Replaying traces.

column-boot-waits = WAITED FOR A BOOT
column-bound = BOUND
column-cost = COST
column-differ = DIFFER
column-dropped = LEFT OUT
column-energy = ENERGY
column-jobs = JOBS
column-longest-wait = LONGEST WAIT
column-loose-bound = LOOSE BOUND
column-makespan = ALL DONE AFTER
column-mean-wait = MEAN WAIT
column-park-and-policy = PARK, POLICY
column-policy = POLICY
column-saved = SAVED
column-share-of-bound = OF THE BOUND
column-slowdown = SLOWDOWN
column-took = TOOK
column-trace = TRACE
column-used = IN USE

simulate-malformed = { $place }: { $fault }
simulate-malformed-advice = A line of a trace is 18 numbers. With --lenient, lines that are not are left out.
simulate-malformed-lines = { $trace }: { $count } lines are not in the format and were left out
simulate-no-procs = { $trace }: the header does not say how many cores the machine has
simulate-no-procs-advice = Say it with --procs.
simulate-load = a load of { $load } makes no sense
simulate-load-advice = Write 0.7 for a machine that has work for seven tenths of the time.
simulate-by-run = { $trace }: no job requests a time; its run time is taken instead
simulate-dropped-no-run-time = { $trace }: { $count } jobs were left out that did not run
simulate-dropped-no-cores = { $trace }: { $count } jobs were left out that need no cores
simulate-dropped-too-large = { $trace }: { $count } jobs were left out that need more cores than there are
simulate-dropped-no-submit-time = { $trace }: { $count } jobs were left out that were submitted before the trace begins
simulate-dropped-no-estimate = { $trace }: { $count } jobs were left out that request no time
simulate-dropped-too-much-memory = { $trace }: { $count } jobs were left out that need more memory for their cores than the machines have
simulate-own-order = { $trace }: predictive brings its own order of jobs; { $policy } is not played

# Pictures.

picture-queue = { $trace }: jobs waiting
picture-use = { $trace }: cores in use
picture-waits = { $trace }: part of the jobs that waited at most so long
picture-watts = { $trace }: what machines drew in the mean, over what it costs
picture-upright-queue = jobs
picture-upright-use = cores
picture-upright-waits = part
picture-upright-watts = kW
picture-axis-days = days
picture-axis-hours = hour of the day
picture-axis-waited = time waited
picture-waited = { $seconds ->
    [10] 10 s
    [60] 1 min
    [600] 10 min
    [3600] 1 h
    [36000] 10 h
    [86400] 1 day
    [864000] 10 days
    [8640000] 100 days
   *[other] { $seconds } s
}
