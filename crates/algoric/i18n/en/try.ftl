# `algoric try`.

try-begin =
    A private centre starts, computes six scenarios of rain over a small valley, draws a map of the floods, and goes away again.
    It takes about 40 seconds on two cores; Ctrl-C ends it at any time.
try-submitted = Submitted with sbatch: the array { $array } (six scenarios), and job { $map } (the map), which waits for all of them.
try-done = Algoric ran a whole centre for { $span }: it took your jobs, ran them within their limits, kept account of them, and left the map of the floods in { $picture }.
try-next = Now start your own with `algoric up`, put the commands into your PATH with `algoric commands DIR`, and submit a script of yours with `sbatch`.
try-silent = It said nothing.
try-no-centre = the private centre did not start. It said: { $log }
try-no-centre-advice = `algoric doctor` looks at the machine and says what to do.
try-interrupted = interrupted: the jobs are ended, and everything is taken away again
try-failed = task { $task } ended as { $state }. It said: { $log }
try-failed-advice = `algoric try --keep DIR` leaves everything there to look at; `algoric doctor` looks at the machine.
try-keep-full = { $directory } is not empty
try-keep-full-advice = Name a new directory.
try-cannot-write = cannot write the picture into { $directory }
try-cannot-write-advice = Go to a directory of yours first, or name a new one with --keep DIR.

task-pending = waiting
task-running = running
task-completing = ending
task-completed = done
task-failed = failed
task-cancelled = cancelled
task-out-of-memory = out of memory
task-timeout = out of time
