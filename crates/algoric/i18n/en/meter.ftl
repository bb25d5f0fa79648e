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
