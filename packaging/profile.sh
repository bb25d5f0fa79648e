# Slurm's commands as Algoric speaks them, unless Slurm itself is on this machine.
if ! command -v sbatch > /dev/null 2>&1 && [ -d /usr/lib/algoric/bin ]; then
  PATH="/usr/lib/algoric/bin:$PATH"
fi
