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
job-price-line = price        { $text }
job-price-fact = { $label }: { $text }
