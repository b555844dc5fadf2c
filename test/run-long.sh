#!/usr/bin/env bash
# run-long.sh PROJECT: runs one project of test/long.config.ts and says in the last line how its tests went.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
project=$1
report=$(mktemp)
trap 'rm -f "$report"' EXIT

status=0
npx vitest run --config test/long.config.ts --project "$project" --outputFile.json="$report" || status=$?
count() { sed -nE "s/.*\"$1\":([0-9]+).*/\1/p" <(head -c 1000 "$report" | tr -d ' \n'); }
passed=$(count numPassedTests) failed=$(count numFailedTests)
# A run that ends before its tests is a failure too.
if [[ -z $passed || ($status != 0 && ${failed:-0} == 0) ]]; then
  failed=$((${failed:-0} + 1))
fi
echo "${passed:-0} passed, $failed failed"
exit "$status"
