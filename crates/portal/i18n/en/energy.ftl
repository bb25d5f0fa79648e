# Where energy went.

energy-title = Energy of the centre, { $when }
energy-title-machine = Energy of { $machine }, { $when }
energy-title-projects = Energy of projects, { $when }
energy-title-project = Energy of { $project }, { $when }
energy-tabs = Day, month or year
energy-time = Before and after
energy-path = Where we are
energy-day = Day
energy-month = Month
energy-year = Year
energy-before = Before
energy-after = After
energy-empty = Nothing was measured
energy-empty-help = No meter answered during this time. Look at another date.
energy-no-meter = No meter measures this machine. A plug with a meter is enough: the operators’ documentation says how to declare it.
energy-jobs-share = { $share } of it for jobs
energy-cost = Cost
energy-cost-note = electricity, at the price of each hour
energy-assumed = regulated price, assumed: no contract is declared
energy-guessed = { $energy } of it at an assumed price
energy-production = CO₂e, production
energy-production-note = what power stations emit, French average or the grid’s quarter of an hour
energy-lifecycle = CO₂e, consumption and life cycle
energy-lifecycle-note = with imports and the making of power stations
energy-two-figures = Two ways to count carbon, which are never added.
energy-power = Power
energy-measured = measured power
energy-parts = What it was for
energy-jobs = jobs
energy-system = system
energy-idle = idle, not reserved
energy-unmeasured = unmeasured
energy-rates = By rate
energy-rate = Rate
energy-per-kwh = a kWh
energy-machines = By machine
energy-machine = Machine
energy-to-projects = The energy of my projects
energy-how = How this is known
energy-meter = { $meter }, within { $percent }.
meter-model = reckoned, no meter: { $a } W with nothing to do and { $b } mW more for each CPU that computes
meter-rapl = counters of the processors (RAPL, { $a })
meter-shelly = Shelly plug at { $a }
meter-tasmota = Tasmota plug at { $a }
meter-redfish = the machine’s controller at { $a } (Redfish)
meter-ipmi = the machine’s controller at { $a } (IPMI)
meter-ipmi-own = the machine’s own controller (IPMI)
meter-pdu = { $a } power strip at { $b }
meter-nvml = { $a } NVIDIA cards, by their driver
energy-fallback = stand-in meter
energy-idle-power = Idle: { $power },
energy-calibrated = measured on { $date }.
energy-not-calibrated = assumed, not measured.
energy-cheap = the cheapest hours
energy-middle = in between
energy-dear = the dearest hours
energy-by-project = By project
energy-project = Project
energy-runs = Runs
energy-runs-count = { $count ->
    [one] 1 run
   *[other] { $count } runs
  }
energy-of-project-parts = Energy of jobs that ended
energy-projects-empty = No job of your projects ended
energy-projects-empty-help = A job counts, whole, on the day on which it ends. Look at another date, or start one.
energy-whole-runs = A job counts, whole, on the day on which it ends.
energy-applications = By application
energy-application = Application
energy-others = the others
rate-base = one rate
rate-peak = peak hours
rate-off-peak = off-peak hours
rate-blue-peak = blue day, peak hours
rate-blue-off-peak = blue day, off-peak hours
rate-white-peak = white day, peak hours
rate-white-off-peak = white day, off-peak hours
rate-red-peak = red day, peak hours
rate-red-off-peak = red day, off-peak hours
energy-silent = silent for { $span }
energy-faults = { $count ->
    [one] one fault found
   *[other] { $count } faults found
}
