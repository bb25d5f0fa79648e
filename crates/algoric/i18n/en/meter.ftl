# `algoric meter test`.

meter-column-meter = METER
meter-column-covers = COVERS
meter-column-watts = WATTS
meter-column-counter = COUNTER
meter-column-sure = WITHIN
meter-socket = the wall socket
meter-board = the board
meter-processors = processors and memory
meter-gpus = graphics cards
meter-estimate = nothing: an estimate
meter-failed = { $name } does not answer: { $why }
meter-none-configured = No [[meter]] in { $path }. What this machine has by itself:
meter-none-found = Nothing in this machine tells what it draws. A plug with a meter is the best one; failing that, an estimate:
    { "[[meter]]" }
    kind = "model"
    idle_watts = 60
    milliwatts_per_cpu = 8000

# `algoric meter calibrate`.

calibrate-begin = { $phases } phases against { $meter }. Ctrl-C ends it; nothing is changed before the end.
calibrate-ask = { $cpus ->
    [0] Nothing computes.
    [one] One CPU computes.
   *[other] { $cpus } CPUs compute.
} When the wattmeter is steady, type what it shows, in watts:
calibrate-no-number = That is no number of watts.
calibrate-wattmeter = a wattmeter that was read off
calibrate-column-load = LOAD
calibrate-column-busy = CPUS BUSY
calibrate-result = Idle { $idle } W, and { $more } W more for each CPU that computes; within { $percent } %.
calibrate-factor = The processors’ own counters times { $factor }/1000 are the whole: kind = "rapl", factor_permille = { $factor }.
calibrate-model = As a meter for when no other answers:
    { "[[meter]]" }
    kind = "model"
    idle_watts = { $idle }
    milliwatts_per_cpu = { $more }
calibrate-stored = Stored. From now on idle power is shared by it. `algoric resume` puts the machine back into service.
calibrate-not-drained = The machine takes jobs, which would be measured along
calibrate-not-drained-advice = `algoric drain --reason calibration`, wait for the jobs to end, then once more.
calibrate-busy = Jobs run or are suspended here ({ $jobs }), and would be measured along
calibrate-busy-advice = Wait for their end: `squeue` shows them. The machine is drained, no new ones start.
calibrate-not-idle = { $cpus } CPUs compute where { $load } should: something else than jobs runs here
calibrate-not-idle-advice = End it (`top` shows it), or wait until it is over. Nothing was stored.
calibrate-no-meter = No [[meter]] of config.toml sees the whole machine and answers { $why }
calibrate-no-meter-advice = Configure a plug, a PDU or the board (`algoric meter test`), or read a wattmeter off: --watts
calibrate-silent = { $meter } told no power: { $why }
calibrate-given-up = No watts were given; nothing was stored
calibrate-no-watts = { $text } is no number of watts; nothing was stored
