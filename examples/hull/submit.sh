#!/bin/bash
#SBATCH --job-name=hull
#SBATCH --ntasks=2
#SBATCH --mem-per-cpu=500M
#SBATCH --time=2:00:00
#SBATCH --output=hull-%j.out
# The flow around a ship's hull: OpenFOAM's tutorial DTCHull, coarser, decomposed for the tasks of this job.
#   sbatch submit.sh EXAMPLES [STEPS [REFINEMENTS]]     EXAMPLES: the folder of openfoam-examples, see README.md
# More tasks: sbatch -n 8 submit.sh ...; the results are in hull-JOB/.
examples=${1:?the folder of the examples} steps=${2:-200} refinements=${3:-4}

# Sets what OpenFOAM's programs need; what it returns says nothing.
. "${FOAM_BASHRC:-/usr/share/openfoam/etc/bashrc}" > /dev/null 2>&1
set -euo pipefail
case=$PWD/hull-$SLURM_JOB_ID
cp -r "$examples/multiphase/interFoam/RAS/DTCHull" "$case"
cd "$case"
gunzip -f system/*.gz 2> /dev/null || true
cp "$examples"/resources/geometry/DTC-scaled.stl* constant/triSurface/

# A fifth of the cells in height, no layers on the hull, and as many parts as there are tasks.
sed -i 's/(42 19 50)/(42 19 10)/; s/(42 19 40)/(42 19 8)/; s/(42 19 20)/(42 19 5)/; s/(42 19 4)/(42 19 2)/' system/blockMeshDict
sed -i 's/^addLayers .*/addLayers false;/' system/snappyHexMeshDict
sed -i "s/^endTime .*/endTime $steps;/; s/^writeInterval .*/writeInterval $steps;/" system/controlDict
sed -i "s/^numberOfSubdomains .*/numberOfSubdomains $SLURM_NTASKS;/; s/^method .*/method hierarchical;/
        s/(2 2 2)/($SLURM_NTASKS 1 1)/" system/decomposeParDict

# Each program's words go to a file of its own; what took how long, to the job's output.
step() { local began=$SECONDS; "$@" > "log.$((++n)).$1" 2>&1 || { tail -n 20 "log.$n.$1"; exit 1; }; echo "$1: $((SECONDS - began)) s"; }
n=0
step surfaceFeatureExtract
step blockMesh
for ((i = 1; i <= refinements; i++)); do
  step topoSet -dict "system/topoSetDict.$i"
  step refineMesh -dict system/refineMeshDict -overwrite
done
step snappyHexMesh -overwrite
rm -rf 0 && cp -r 0.orig 0
step setFields
step decomposePar
# Tasks that wait for one another leave the processor to who has work.
export OMPI_MCA_mpi_yield_when_idle=1
step mpirun -np "$SLURM_NTASKS" interFoam -parallel
step reconstructPar -latestTime
echo "cells: $(grep -o 'cells:[0-9]*' log.*.snappyHexMesh | tail -n 1)"
echo "force on the hull after $steps steps (x y z): $(tail -n 1 postProcessing/forces/0/force.dat)"
