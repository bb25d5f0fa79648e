#!/bin/bash
set -euo pipefail
export LC_ALL=C OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

# Beside what it includes, by links: nothing in the deck's folder is changed.
folder=$(dirname -- "$ALGORIC_DECK")
name=$(basename -- "$ALGORIC_DECK")
name=${name%.*}
[ -f "$ALGORIC_DECK" ] || { echo "there is no file $ALGORIC_DECK" >&2; exit 2; }
[ "$folder" -ef . ] || find "$folder" -maxdepth 1 -type f \( -iname '*.inp' -o -iname '*.msh' -o -iname '*.nam' -o -iname '*.sur' \) \
  -exec ln -sf -t . -- {} +
[ "$ALGORIC_DECK" -ef model.inp ] || ln -sf -- "$ALGORIC_DECK" model.inp

# `ccx` takes the name without its end; under a name of ours, as it cannot have blanks in it.
ccx -i model
[ -s model.frd ] || { echo "the solver left no results" >&2; exit 1; }
for result in model.frd model.dat model.sta model.cvg; do
  [ ! -e "$result" ] || mv -- "$result" "$name.${result##*.}"
done
rm -f spooles.out model.12d
echo "results: $name.frd, $name.dat"
