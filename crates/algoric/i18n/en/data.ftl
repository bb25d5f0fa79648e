# The data file as a whole.

backup-done = { $file } is a complete, checked copy: { $submissions } submissions ({ $open } not over), { $runs } runs, { $size }.
restore-done = The data are those of { $file }: { $submissions } submissions ({ $open } not over), { $runs } runs, { $size }. What was there before lies beside, with the ending .before-restore.
restore-running = a centre is running on { $data }
restore-running-advice = End it first with `algoric stop`, then restore, then `algoric up`.
check-done = { $file } is sound: { $submissions } submissions ({ $open } not over), { $runs } runs, { $size }.

demo-filled = { $folder } holds a made-up past now: { $jobs } jobs of { $members } members in { $projects } projects, { $kwh } kWh. Start a centre on it with: algoric up --data { $folder }
