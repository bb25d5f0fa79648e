# `algoric energy`.

energy-column-what = OF
energy-column-kwh = KWH
energy-column-jobs = JOBS
energy-column-system = SYSTEM
energy-column-idle = IDLE
energy-column-unmeasured = UNMEASURED
energy-column-euros = EUR
energy-column-production = G CO2E PRODUCTION
energy-column-lifecycle = G CO2E LIFE CYCLE
energy-column-runs = RUNS
energy-column-dynamic = COMPUTING
energy-column-reserved = RESERVED
energy-column-gpu = GPUS
energy-column-measured = MEASURED
energy-column-account = ACCOUNT
energy-column-share = SHARE
energy-column-note = NOTE
energy-column-index = INDEX KWH
energy-column-rate = RATE
energy-column-price = EUR/KWH
energy-column-known = KNOWN

energy-sum = together
energy-nothing = Nothing was measured in this time.
energy-meter = { $machine }: { $meter }, within { $percent } %.
energy-no-meter = { $machine }: no meter; `algoric meter test` says what could be one.
energy-fallback = (Not the preferred meter: that one does not answer.)
energy-idle-calibrated = Idle { $idle } W, calibrated { $time }.
energy-idle-unknown = Idle power is not known, so all counts as computing: `algoric meter calibrate` measures it.
energy-idle-assumed = Idle { $idle } W, assumed: `algoric meter calibrate` measures it.
energy-assumed = Prices are a guess, the regulated one: config.toml names no contract ([electricity]).
energy-guessed = { $energy } are priced by a guess: the calendar of the contract does not say.
energy-imported = { $count ->
    [one] One line
   *[other] { $count } lines
} taken in; the calendar has { $known } now.
energy-odd-red-day = { $what } is red, which no week-end, holiday or day from April to October should be.
energy-odd-red-in-a-row = { $what } is the sixth red day in a row, or a later one.
energy-odd-white-sunday = { $what } is white, and a Sunday.
energy-odd-too-many-red = More than 22 red days in the year from September { $what }.
energy-odd-too-many-white = More than 43 white days in the year from September { $what }.

energy-no-period = { $period } is no year, month or day
energy-no-period-advice = Write 2026, 2026-11 or 2026-11-22.
energy-no-kwh = { $text } is no number of kilowatt-hours
energy-no-kwh-advice = Write it as the bill does: 1310.5
energy-no-date = { $text } is no date
energy-no-date-advice = Write 2026-11-01, 2026-11-01T18:30 or 2026-11-01T18:30:00+01:00.
energy-unreadable = { $file }: { $why }
energy-index-noted = Noted: { $kwh } kWh at { $time }.
energy-indexes-noted = { $count ->
    [one] One index
   *[other] { $count } indexes
} noted.
energy-index-removed = The index of { $time } is forgotten.
energy-index-none = There is no index of { $time }
energy-index-none-advice = `algoric energy index` lists them.
energy-index-future = { $time } is yet to come, and no meter was read then
energy-index-future-advice = Write the day on which it was read.
energy-index-back = { $kwh } kWh at { $time } is less than { $more } kWh at { $earlier }: a meter does not run backwards
energy-index-back-advice = Nothing was noted. Forget the wrong one with --remove DATE, or say --new-meter if the meter was exchanged.

month-jobs = jobs
month-system = system
month-idle = idle, not reserved
month-unmeasured = unmeasured
month-machines = machines
month-machines-note = ± { $energy }; { $count ->
    [one] one machine
   *[other] { $count } machines
}, { $known } of the time known
month-overhead = overhead
month-pue = measured PUE { $pue }
month-site = site meter
month-no-site = no index before and after: algoric energy index { $month }-01 KWH
month-interpolated = interpolated between two indexes
month-bill = bill
month-unexplained = unexplained
month-too-much = the meters claim more than there was
month-cost = At the prices of the hours: { $euros } EUR, and { $subscription } EUR of subscription.

contract-title = { $name }, { $euros } EUR a month ({ $source })
contract-zone = Times are those of { $zone }.
rate-base = base
rate-peak = peak hours
rate-off-peak = off-peak hours
rate-blue-peak = blue, peak hours
rate-blue-off-peak = blue, off-peak hours
rate-white-peak = white, peak hours
rate-white-off-peak = white, off-peak hours
rate-red-peak = red, peak hours
rate-red-off-peak = red, off-peak hours
rate-listed = listed
rate-otherwise = not listed
