#!/bin/bash
# each.sh FOLDER FILE [FILTER] — in the guest: runs each test of the test binary FILE (whose name contains FILTER; not those
# with TEXT in it: --skip=TEXT, several by blanks) in a process of its own, in FOLDER, two at a time, as nextest does
# outside. A test that fails shows all that it printed, and has a second try. TEST_LIMIT: seconds for one (240).
set -u
folder=$1 filter=${3:-}
export file=$2 logs
logs=$(mktemp -d)
export CARGO_MANIFEST_DIR=$folder TEST_LIMIT=${TEST_LIMIT:-240}
cd "$folder" || exit 1

one() {
  local name=$1 start=$EPOCHREALTIME code=0
  timeout -k 5 "$TEST_LIMIT" "$file" --exact "$name" --nocapture --color never > "$logs/$name" 2>&1 || code=$?
  local milliseconds=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) said=ok
  case $code in
    0) mv "$logs/$name" "$logs/passed/" ;;
    124) said="ended after $TEST_LIMIT s" ;;
    *) said="FAILED ($code)" ;;
  esac
  printf '%6d ms  %s: %s\n' "$milliseconds" "$name" "$said"
}
export -f one
mkdir "$logs/passed"

# The names first, so that a binary that cannot even list its tests counts as one that failed.
"$file" --list --format terse $filter > "$logs/names" 2> "$logs/list" || { cat "$logs/list"; echo "finished: passed=0 failed=1"; exit 1; }
sed -n 's/: test$//p' "$logs/names" | xargs -r -d '\n' -P 2 -I{} bash -c 'one "$1"' one {}
rm "$logs/names" "$logs/list"

# Emulation is slow and uneven: what failed has a second try by itself. Both tries are shown.
failed=0 names=
for log in "$logs"/*; do
  [ -f "$log" ] || continue
  name=${log##*/}
  printf '\n---- %s\n' "$name"
  cat "$log"
  one "$name"
  if [ -f "$log" ]; then
    printf '\n---- %s, the second time\n' "$name"
    cat "$log"
    failed=$((failed + 1)) names+=" $name"
  else
    echo "second try: $name"
  fi
done
for name in $names; do echo "not passed: $name"; done
passed=$(find "$logs/passed" -type f | wc -l)
echo "finished: passed=$passed failed=$failed"
[ "$failed" = 0 ]
