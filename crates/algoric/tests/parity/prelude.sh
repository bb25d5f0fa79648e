# Read before each line of a case, there and here: words for waiting.

# over ID...: these jobs, all their tasks too, have ended and are accounted for.
over() {
  local id states tries tasks
  for id; do
    until states=$(squeue -h -t all -r -o %T -j "$id" 2> /dev/null) && [ -n "$states" ] &&
      ! grep -qE '^(PENDING|RUNNING|SUSPENDED|COMPLETING|CONFIGURING|REQUEUED|STOPPED)' <<< "$states"; do sleep .1; done
    tasks=$(wc -l <<< "$states")
    # What never ran is not accounted for everywhere; an `allocation` is one of whose beginning the accounts have not heard yet.
    for tries in {1..40}; do
      states=$(sacct -n -P -X -D -o State,End,JobName -j "$id")
      [ -n "$states" ] && [ "$(wc -l <<< "$states")" -ge "$tasks" ] && ! grep -qE 'Unknown|^RUNNING|^PENDING|[|]allocation$' <<< "$states" && break
      sleep .1
    done
  done
}

# is STATE ID...: these jobs are in this state.
is() {
  local state=$1 id
  shift
  for id; do until [ "$(squeue -h -t all -o %T -j "$id" 2> /dev/null | sort -u)" = "$state" ]; do sleep .1; done; done
}

# because REASON ID...: these jobs wait for this reason.
because() {
  local reason=$1 id
  shift
  for id; do until [ "$(squeue -h -o %r -j "$id" 2> /dev/null | sort -u)" = "$reason" ]; do sleep .1; done; done
}

# until_file NAME: a job has written to it.
until_file() { until [ -s "$1" ]; do sleep .1; done; }

# slurm_env: the variables of Slurm, but for those whose value nobody can know.
slurm_env() { env | grep -E '^(SLURM|SBATCH|SRUN|SALLOC|PMI)' | grep -vE '^SLURM_(TASK_PID|CONF|WORKING_CLUSTER)=' | sort; }
