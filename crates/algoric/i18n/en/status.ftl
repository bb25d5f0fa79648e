# `algoric status`.

status-title = { $name } — Algoric { $version }, process { $pid }, since { $since }
status-ready = Ready.
status-not-ready = NOT READY: { $why }
status-data = Data: { $data }
status-url = Pages: { $url }
status-machine = Machine { $name }: { $used } of { $cpus } CPUs and { $memory_used } of { $memory } given to jobs, load { $load }
status-gpus = , { $used } of { $gpus } GPUs
status-simulated = SIMULATED: the configuration declares more CPUs than the machine has; nothing is bound.
status-drained = OUT OF SERVICE since { $since }: { $why }
status-power = Machines: { $nodes }
status-power-on = { $on } of { $of } on
status-power-off = off: { $nodes }
status-power-booting = booting: { $nodes }
status-power-going-off = going off: { $nodes }
status-power-failed = not coming up: { $nodes }
status-guarantees = Limits: { $text }
status-jobs = Jobs: { $running } running, { $pending } waiting, { $suspended } suspended
status-budget = Project { $project } has used { $percent } % of a budget.
