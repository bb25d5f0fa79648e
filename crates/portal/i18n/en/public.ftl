# What everybody may see: the front page, visit mode, the machine.

public-title = A shared computing centre
front-lead = A shared computing centre, made of recycled machines: bring it a big computation, it runs here, and everybody sees what it used. This is what goes on now.
front-join = Join us
front-join-default = The centre is open to its members: associations, schools, small companies, the curious. Come and see us, or ask somebody of the centre for an invitation.
front-join-1 = Ask for an invitation: a link, or a code on paper.
front-join-2 = Choose a password; somebody of the centre links your account to the machine.
front-join-3 = Start a first computation from your browser, in two minutes.
front-visit = Visit mode
front-watts = Power now
front-watts-note = at { $price } a kilowatt-hour
front-watts-none = no meter measures it
front-today = Energy today
front-today-more = in detail
front-use = Cores at work
front-jobs = Jobs that run
front-jobs-note = { $waiting ->
    [0] none waits
    [one] 1 waits
   *[other] { $waiting } wait
  }, { $ended ->
    [0] none ended today
    [one] 1 ended today
   *[other] { $ended } ended today
  }
front-wait = Waiting
front-wait-note = half of the latest jobs waited less
front-price = A core-hour
front-price-none = free
front-price-range = { $least } to { $most }
front-price-note = what a member pays; energy is counted apart
front-drained = The machine starts no job at the moment: it is being looked after.
front-machine-title = The machine { $machine }
front-machine = machine
front-memory = { $used } of memory reserved, of { $all }.
front-gpus = { $used } of { $all } GPUs.
front-idle = Nothing runs at the moment
front-idle-help = All cores are free: a job that is submitted now starts at once.
front-job = A job
front-job-of = Project { $project }
front-job-how = { $cores ->
    [one] 1 core
   *[other] { $cores } cores
  } for { $since }
front-job-suspended = { $cores ->
    [one] 1 core
   *[other] { $cores } cores
  }, suspended, for { $since }
front-power = Power of the last 24 hours
machine-socket = Processor { $number }
machine-socket-told = { $busy } of { $cores } cores compute.
front-park-title = The machines of the cluster { $cluster }
front-park-drained = No machine begins jobs at the moment: they are being looked after.
park-told = { $count ->
    [one] 1 machine: { $states }
   *[other] { $count } machines: { $states }
  }
park-busy = { $count ->
    [one] 1 computes
   *[other] { $count } compute
  }
park-free = { $count ->
    [one] 1 is free
   *[other] { $count } are free
  }
park-drained = { $count ->
    [one] 1 is being looked after
   *[other] { $count } are being looked after
  }
park-off = { $count ->
    [one] 1 is off
   *[other] { $count } are off
  }
park-switching = { $count ->
    [one] 1 is being switched
   *[other] { $count } are being switched
  }
park-down = { $count ->
    [one] 1 does not answer
   *[other] { $count } do not answer
  }

screen-title = Visit mode
screen-now = Right now
screen-now-jobs = { $count ->
    [0] computations: the machine has a rest
    [one] computation runs here
   *[other] computations run here
  }
screen-now-power = The machine draws { $power }.
screen-now-waiting = { $count ->
    [one] Another one waits for its turn.
   *[other] { $count } others wait for their turn.
  }
screen-now-free = Nobody waits: there is room.
screen-machine = { $busy } of { $all } cores compute
screen-machine-help = Each square is a core: a small calculator. Squares with the same letter work together on one problem.
screen-energy = The energy of today
screen-energy-water = { $litres } litres of water brought to the boil
screen-energy-car = { $km } km in an electric car
screen-energy-lamp = a lamp of 8 W for { $time }
screen-energy-source = Water: from 15 to 100 °C, specific heat 4.18 kJ/(kg·K), a kettle of 90 %. Car: 18 kWh for 100 km, a common figure of registration tests (WLTP).
screen-job = Right now, this is computed…
screen-what = What is a computing centre?
screen-what-1 = Many small calculators that work together on one problem.
screen-what-2 = They foretell how a river rises, check that a bridge is strong, or make the pictures of a film. One person alone would need centuries.
screen-join = And you?
screen-join-help = Talk to somebody of the centre.
screen-nav = Scenes
screen-place = Scene { $at } of { $all }
screen-before = Back
screen-next = Next
screen-stay = Stay here
screen-leave = Leave
screen-park-help = Each box is a machine: the longer its bar, the more of it computes.
