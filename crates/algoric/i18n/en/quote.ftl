# `algoric quote`: what a job would take, cost and wait.

quote-size = { $cpus ->
        [one] One CPU
       *[other] { $cpus } CPUs
    }, { $memory }, partition { $partition }, QOS { $qos }.
quote-size-gpus = { $cpus ->
        [one] One CPU
       *[other] { $cpus } CPUs
    }, { $memory }, GPUs: { $gpus } (what they draw is not in the figures), partition { $partition }, QOS { $qos }.
quote-size-tasks = { $tasks } tasks, each with { $cpus ->
        [one] one CPU
       *[other] { $cpus } CPUs
    }, { $memory }, partition { $partition }, QOS { $qos }. Energy and cost are those of all tasks, as if they ran at once.
quote-size-gpus-tasks = { $tasks } tasks, each with { $cpus ->
        [one] one CPU
       *[other] { $cpus } CPUs
    }, { $memory }, GPUs: { $gpus } (what they draw is not in the figures), partition { $partition }, QOS { $qos }. Energy and cost are those of all tasks, as if they ran at once.
quote-memory-unlimited = memory without a limit
quote-no-limit = without any limit
quote-length-same = It should run for { $expected } (eight of ten between { $low } and { $high }), as your last { $runs } jobs of this name and size did; at most { $most }.
quote-length-application = It should run for { $expected } (eight of ten between { $low } and { $high }), as your last { $runs } jobs of this name did; at most { $most }.
quote-length-member = It should run for { $expected } (eight of ten between { $low } and { $high }), as your last { $runs } jobs did; at most { $most }.
quote-length-unknown = How long it will run is not known: too few like it have run, or your time limits tell more than they do. At most: { $most }.
quote-amounts = { $expected } expected ({ $low } to { $high }), { $most } at most
quote-amounts-expected = { $expected } expected ({ $low } to { $high })
quote-amounts-most = { $most } at most
quote-energy-model = Energy: { $amounts } ({ $watts } W each while it computes, by the operator's figures for this machine).
quote-energy-calibration = Energy: { $amounts } ({ $watts } W each while it computes, as this machine was measured).
quote-energy-unknown = Energy and cost are not known: nobody has measured this machine yet.
quote-start-now = at once
quote-start = at { $time }
quote-start-unknown = at a time that nobody can tell
quote-now = Submitted now, it would start { $start }.
quote-now-cost = Submitted now, it would start { $start }. Electricity: { $cost }.
quote-flexible = It fears no delay, and would start { $start } instead.
quote-flexible-cost = It fears no delay, and would start { $start } instead. Electricity: { $cost }.
quote-if-flexible = With --comment=flexible it would start { $start }.
quote-if-flexible-cost = With --comment=flexible it would start { $start }. Electricity: { $cost }.
quote-saving = Waiting saves { $saving } ({ $percent } %).
quote-price-unknown = Some of these prices are assumed ({ $contract }): the contract does not tell them yet, or none was named.
quote-price = The project pays { $amounts }, without tax (tariff { $tariff }).
quote-refused = It would be refused now: { $why }.
