# Compares what CalculiX computed with a reference of its authors: awk -v kind=dat|frd -f compare.awk REFERENCE RESULT
#
# Prints nothing where they agree; else the verdict, a tab, and a detail:
#   lines       another number of lines
#   nan         something that is no number
#   deviates    the largest deviation, in percent of the largest reference value of its block
#
# As its authors do it: blocks of a .dat file end at an empty line, and blocks of a .frd file are the values between the
# lines -5 and -3; a deviation counts past 0.1 % of the block's largest value. Headings with a time, and participation
# factors, which depend on how a mode is normalised, are not compared. An .frd file has six leading columns of 13 in all,
# then numbers of 12 columns each.

# Its size as a number; words and blanks are zero.
function magnitude(value) { value += 0; return value < 0 ? -value : value }

# Splits a line into its numbers; how many.
function numbers(line, into,    count, at) {
  if (kind == "dat") return split(line, into)
  count = int((length(line) - 13) / 12)
  for (at = 1; at <= count; at++) into[at] = substr(line, 2 + 12 * at, 12)
  return count
}

# Whether the values of this line count; keeps the number of the block.
function counts(line) {
  if (kind == "dat") {
    if (line ~ /^ *$/) block++
    if (line ~ /P A R T I C I P A T I O N/) skipping = line !~ /F O R   F R E Q U E N C Y/
    if (line ~ /T O T A L   E F F E C T I V E/) skipping = 0
    return !skipping && line !~ /time/
  }
  if (line ~ /^ -5/) { block++; active = 1; return 0 }
  if (line ~ /^ -3/) active = 0
  return active
}

NR == FNR {
  reference[FNR] = $0
  if (!counts($0)) next
  wanted[FNR] = 1
  of_block[FNR] = block
  count = numbers($0, values)
  for (at = 1; at <= count; at++)
    # Whole numbers are names of nodes and elements.
    if (values[at] ~ /\./ && magnitude(values[at]) > largest[block]) largest[block] = magnitude(values[at])
  next
}

FNR == 1 { lines = NR - 1 }
/NaN|Infinity/ { not_a_number++ }
wanted[FNR] {
  if (largest[of_block[FNR]] + 0 <= 1e-8) next
  expected = numbers(reference[FNR], values)
  numbers($0, found)
  for (at = 1; at <= expected; at++) {
    if (magnitude(values[at]) < 1e-10) continue
    deviation = magnitude(values[at] - found[at]) / largest[of_block[FNR]]
    if (deviation > worst) worst = deviation
  }
}

END {
  if (FNR != lines) printf "lines\t%s: %d, not %d\n", kind, FNR, lines
  else if (not_a_number) printf "nan\t%s: in %d lines\n", kind, not_a_number
  else if (worst > threshold) printf "deviates\t%s: %.2g %%\n", kind, 100 * worst
}
