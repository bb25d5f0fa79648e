# What Slurm says of a faulty #SBATCH line. $a, $b and $c: what the line contains.

sbatch-unknown = There is no option { $a }.
sbatch-unknown-short = There is no option -{ $a }.
sbatch-ambiguous = { $a } is too short: the option may be{ $b }.
sbatch-argument = The option { $a } wants a value.
sbatch-argument-short = The option -{ $a } wants a value.
sbatch-no-argument = The option { $a } takes no value.
sbatch-instant = “{ $b }” is no point in time. For example: 18:30, now+2hours, 2026-12-24T18:00.
sbatch-number = “{ $a }” is no number that fits { $b }.
sbatch-nodes = “{ $a }” is no number of machines. For example: 1, or 2-4.
sbatch-nodes-backwards = { $a } machines at most, but { $b } at least: the wrong way round.
sbatch-nice = The value of --nice is out of its bounds.
sbatch-priority = A priority cannot be negative.
sbatch-time = This length of time cannot be read. For example: 90 (minutes), 1:30:00 (hours), 2-12 (days and hours).
sbatch-memory = This amount of memory cannot be read. For example: 500M, 4G.
sbatch-value = This value does not fit { $a }.
sbatch-root = { $a }: only the machine’s administrator may.
sbatch-exclusive = { $a }: only one of them at a time.
sbatch-quote = A quotation mark is not closed.
sbatch-directive = “{ $a }” is no option.
sbatch-empty = The script is empty.
sbatch-no-script = The first line must name the program that reads the script. For example: #!/bin/bash
sbatch-null = The script contains a NUL character: it is no text.
sbatch-dos = The lines end as on Windows: save the script with Unix line ends.
