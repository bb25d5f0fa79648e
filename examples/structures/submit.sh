#!/bin/sh
# CalculiX's verification decks as one job array: one task, one deck, one core.
#   sbatch submit.sh DECKS      where DECKS is the folder of the *.inp files
# Results come to results/NAME/ below the folder in which it is submitted. Nothing here is particular to one centre.
#SBATCH --job-name=structures
#SBATCH --array=1-355
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
#SBATCH --time=00:30:00
#SBATCH --output=/dev/null

set -eu
export LC_ALL=C OMP_NUM_THREADS=1
decks=${1:?usage: sbatch submit.sh DECKS}

# The task's number is the deck's place in alphabetical order.
deck=$(ls "$decks" | sed -n 's/\.inp$//p' | sed -n "${SLURM_ARRAY_TASK_ID}p")
[ -n "$deck" ] || { echo "there is no deck number $SLURM_ARRAY_TASK_ID in $decks" >&2; exit 1; }

folder=results/$deck
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
cp "$decks/$deck.inp" .

# Three decks go on from what another one leaves: a restart file, and results of a coarser model.
case $deck in
  beamread)
    cp "$decks/beamwrite.inp" .
    ccx beamwrite > before.log
    mv beamwrite.rout beamread.rin
    ;;
  submodelbeamp)
    cp "$decks/beamp.inp" .
    ccx beamp > before.log
    ;;
  submodeltwobeam) cp "$decks/twobeam.frd" . ;;
esac

# How the solver ends is how the task ends: its exit code and its signal stand in the accounts.
exec ccx "$deck" > ccx.log 2>&1
