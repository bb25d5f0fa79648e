#!/bin/bash
set -euo pipefail

ground=(--size "$ALGORIC_CELLS" "$ALGORIC_CELLS" --seed "$ALGORIC_VALLEY")
[ -z "$ALGORIC_TERRAIN" ] || ground=(--dem "$ALGORIC_TERRAIN")

algoric kernel flood --rain "$ALGORIC_RAIN" --hours "$ALGORIC_HOURS" --manning "$ALGORIC_ROUGHNESS" \
  "${ground[@]}" --threads "${SLURM_CPUS_PER_TASK:-1}" --out flood
cat flood.txt
algoric kernel flood-map flood --out flood.png
