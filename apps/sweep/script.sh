#!/bin/bash
set -euo pipefail
echo "task $SLURM_ARRAY_TASK_ID: $ALGORIC_VALUES $ALGORIC_OTHERS"
export VALUE=$ALGORIC_VALUES OTHER=$ALGORIC_OTHERS
exec bash -euo pipefail -c "$ALGORIC_COMMAND"
