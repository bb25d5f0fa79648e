#!/bin/sh
# What came of the decks, beside the references of CalculiX's authors.
#   compare.sh JOB DECKS RESULTS
# One line for each deck: its name, the verdict, a detail; with tabs between them. Verdicts:
#   agrees      every compared number is within 0.1 % of the largest of its block
#   deviates    one is not; the largest deviation
#   lines       the result has another number of lines than the reference: not compared any further
#   nan         the result holds something that is no number
#   stopped     the solver refused the deck or gave up; exit code, and its first words on it
#   crashed     the solver was ended by a signal
#   missing     no result where there is a reference
#   unfinished  the accounts do not call the task over
set -eu
export LC_ALL=C
job=${1:?usage: compare.sh JOB DECKS RESULTS}
decks=${2:?usage: compare.sh JOB DECKS RESULTS}
results=${3:?usage: compare.sh JOB DECKS RESULTS}
here=$(dirname "$0")

compare() {
  for kind in dat frd; do
    reference=$decks/$1.$kind.ref
    [ -f "$reference" ] || continue
    if [ ! -f "$results/$1/$1.$kind" ]; then
      printf 'missing\t%s\n' "$kind"
    else
      awk -v kind=$kind -v threshold=0.001 -f "$here/compare.awk" "$reference" "$results/$1/$1.$kind"
    fi
  done
}

# What the solver said about its error, or else its last warning, in one line.
complaint() {
  said=$(grep -i -m 1 -A 1 'ERROR' "$1" || grep 'WARNING' "$1" | tail -n 1)
  printf '%s' "$said" | tr -s '\n ' ' ' | sed 's/^ *//; s/ *$//' | fold -s -w 90 | head -n 1 | sed 's/ *$//'
}

ls "$decks" | sed -n 's/\.inp$//p' > "$results/decks"
sacct -n -X -P -j "$job" -o JobID,State,ExitCode | sed 's/^[0-9]*_//' | sort -t '|' -k 1,1 -n > "$results/accounts"
while IFS='|' read -r task state code; do
  deck=$(sed -n "${task}p" "$results/decks")
  case $state,$code in
    COMPLETED,0:0) said=$(compare "$deck" | head -n 1) ;;
    FAILED,*:0) said=$(printf 'stopped\t%s: %s' "${code%:0}" "$(complaint "$results/$deck/ccx.log")") ;;
    FAILED,0:*) said=$(printf 'crashed\tsignal %s' "${code#0:}") ;;
    *) said=$(printf 'unfinished\t%s %s' "$state" "$code") ;;
  esac
  printf '%s\t%s\n' "$deck" "${said:-agrees	}"
done < "$results/accounts"
rm "$results/decks" "$results/accounts"
