#!/bin/bash
# Sets what OpenFOAM's programs need; what it returns says nothing.
. "${FOAM_BASHRC:-/usr/share/openfoam/etc/bashrc}" > /dev/null 2>&1
set -euo pipefail

[ -d "$ALGORIC_CASE/system" ] || { echo "$ALGORIC_CASE is no case: there is no system/ in it" >&2; exit 2; }
case $PWD in
  *[[:space:]]*) echo "OpenFOAM takes no blanks in $PWD: choose another working folder" >&2; exit 2 ;;
esac
cp -rL -- "$ALGORIC_CASE" case
cd case
[ -d 0 ] || [ ! -d 0.orig ] || cp -r 0.orig 0

# Each program's words go to a file of its own; what took how long, to the job's output.
step() {
  local began=$SECONDS log
  log=log.$((++n)).$1
  "$@" > "$log" 2>&1 || { tail -n 30 "$log" >&2; echo "$1 failed: the whole of it is in case/$log" >&2; exit 1; }
  echo "$1: $((SECONDS - began)) s"
}
n=0

solver=$ALGORIC_SOLVER
[ -n "$solver" ] || solver=$(foamDictionary -entry application -value system/controlDict)
[ -z "$ALGORIC_MESH" ] || step blockMesh

if [ "${SLURM_NTASKS:-1}" -gt 1 ]; then
  # Slices, as Debian's OpenFOAM is built without what cuts better. A dictionary of the case's own counts, but for the number.
  if [ -f system/decomposeParDict ]; then
    foamDictionary -entry numberOfSubdomains -set "$SLURM_NTASKS" system/decomposeParDict > /dev/null
  else
    printf '%s\n' 'FoamFile { version 2.0; format ascii; class dictionary; object decomposeParDict; }' \
      "numberOfSubdomains $SLURM_NTASKS;" 'method simple;' \
      "simpleCoeffs { n ($SLURM_NTASKS 1 1); delta 0.001; }" > system/decomposeParDict
  fi
  step decomposePar -force
  # Tasks that wait for one another leave the CPU to who has work.
  export OMPI_MCA_mpi_yield_when_idle=1
  step mpirun -np "$SLURM_NTASKS" "$solver" -parallel
  step reconstructPar -latestTime
else
  step "$solver"
fi
echo "results: case/$(foamListTimes -latestTime 2> /dev/null | tail -n 1)"
