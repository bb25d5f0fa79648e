# The machines, one by one.

nav-machines = Machines
machines-how = What runs is told of projects that agreed. Watts come from meters, health from probes that each machine runs by itself.
machines-energy = Where the energy goes
machines-none = No machine is known yet
machines-none-help = Slurm has not told its machines: they are asked for every half a minute.
machines-next = More machines
machine-busy = computes
machine-free = free
machine-drained = looked after: takes no new job
machine-off = off
machine-switching = being switched
machine-down = does not answer
machine-reports = only reports, runs no jobs
machine-health-unknown = health not checked
machine-health-good = well
machine-health-bad = a fault was found
machine-health-silent = silent
machine-cores = { $busy } of { $cores ->
    [one] 1 core
   *[other] { $cores } cores
  }
machine-memory-used = { $used } of { $all } of memory
machine-memory = { $all } of memory
machine-no-power = no meter
machine-others = { $count ->
    [one] and 1 more
   *[other] and { $count } more
  }
machine-reason = Out of service:
machine-cluster = Cluster
machine-use = Reserved
machine-energy = its energy
machine-slurm = Slurm’s words
machine-seen = Last report
machine-never-seen = never
machine-model = Machine
machine-counts = { $cores ->
    [one] 1 core
   *[other] { $cores } cores
  }, { $threads ->
    [one] 1 thread
   *[other] { $threads } threads
  }, { $memory }
machine-meter = Meter
machine-idle = Idle: { $power }.
machine-clock = Its clock
machine-ahead = { $span } ahead
machine-behind = { $span } behind
machine-readings = Readings
machine-readings-told = { $waiting } waiting to be shared, { $lost } lost
machine-agent = Agent
machine-jobs = What runs there
machine-idle-now = Nothing runs there at the moment
machine-probes = Probes
machine-probe = Probe
machine-found = Found
machine-said = In its words
machine-probe-good = good
machine-probe-bad = fault
machine-probe-unknown = not told
machine-no-probes = No probe has answered yet
machine-no-probes-help = The machine sends what its probes find with its next report.
machine-no-report = This machine does not report
machine-no-report-help = “algoric node invite” lets it in; its agent then says how it is, and what it draws.
park-reports = { $count ->
    [one] 1 only reports
   *[other] { $count } only report
  }
front-machines-more = The machines one by one, and how they are
