# `algoric job`.

job-unknown = There is no job { $job } that you may see
job-unknown-advice = Other people's jobs are theirs. `sacct` lists yours.
job-title = Job { $job } { $name }: { $state }, of { $user } for { $project }
job-times = submitted    { $submitted }, started { $started }, ended { $ended }
job-asked = asked for    { $cpus ->
    [one] one CPU
   *[other] { $cpus } CPUs
}, memory { $memory }, time { $limit }{ $gpus ->
    [0] { "" }
    [one] , one GPU
   *[other] , { $gpus } GPUs
}
job-used = used         { $busy } CPUs on average, memory { $memory } at most, time { $elapsed }
job-unlimited = unlimited
job-no-energy = energy       not measured
job-energy = energy       { $energy }: computing { $dynamic }, reserved { $idle }{ $gpus ->
    [0] { "" }
   *[other] , GPUs { $gpu }
}; measured { $measured } of its time
job-cost = electricity  { $euros }
job-carbon = carbon       { $production } g CO2e (production average) · { $lifecycle } g CO2e (consumption, life cycle)

advice-too-short = It ran too briefly for advice.
advice-broken = It did not come to its end by itself: what it used says little about what it needs.
advice-out-of-time = It was ended at its time limit. How long it needs is not known.
advice-out-of-memory = It was ended for want of memory. How much it needs is not known.
advice-fits = What it asked for fits what it used.
advice-next = The next run should ask for:
advice-saves = That would have spared { $energy } of reserved power and { $euros } ({ $percent } of it): room for others while the machine is on, and less to pay.
advice-phases = CPUs are a mean: a program that computes on all of them for a part of its time would be slower.
advice-sooner = That saves no electricity, but a shorter limit starts sooner: it fits into more gaps.
