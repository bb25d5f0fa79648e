#!/bin/bash
set -euo pipefail

python=python3
[ -z "$ALGORIC_ENVIRONMENT" ] || python=$ALGORIC_ENVIRONMENT/bin/python

arguments=()
[ -z "$ALGORIC_ARGUMENTS" ] || mapfile -t arguments <<< "$ALGORIC_ARGUMENTS"

# Numerical libraries start as many threads as the machine has CPUs, unless they are told.
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1} PYTHONUNBUFFERED=1

if [ -n "$ALGORIC_FILE" ]; then
  exec "$python" "$ALGORIC_FILE" "${arguments[@]}"
fi
printf '%s\n' "$ALGORIC_PROGRAM" > program.py
exec "$python" program.py "${arguments[@]}"
