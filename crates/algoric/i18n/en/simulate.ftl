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
simulate-forgets-memory = { $trace }: { $policy } does not look at memory here; machines may get more jobs than they have memory for
