# What was done as ordered.

admin-done = Done.
commands-done = The commands are in { $directory }. Put it in your PATH:  export PATH={ $directory }:$PATH
commands-foreign = { $directory } already has { $names } from somebody else; nothing was changed
commands-foreign-advice = Choose another directory, or remove those files first.
drain-done = The machine starts no new jobs. `algoric resume` puts it back in service.
resume-done = The machine starts jobs again.
reservation-added = Reserved. `algoric reservation list` shows it.
reservation-removed = The reservation is gone.
stop-draining = Nothing more is started; waiting for the running jobs to end. Ctrl-C leaves the centre draining.
stop-done = The centre has ended. Running jobs go on; the next `algoric up` finds them again.
stop-done-drained = All jobs have ended, and so has the centre.
urgent-done = Job { $job } goes first. `algoric history { $job }` keeps who ordered it, why, and what was displaced.

flood-progress = { $percent } %
flood-done = Rain of { $rain } mm/h for { $hours } h: at most { $deepest } m deep. Of { $fallen } m³ fallen, { $left } m³ have left and { $stored } m³ stand on the ground (imbalance { $imbalance }, { $steps } steps).
map-done = The map is in { $file }.

power-failed = { $machine }: { $why }
power-no-list = { $list } is no list of machines
power-no-list-advice = Write it as Slurm does: n[1-3],n7
