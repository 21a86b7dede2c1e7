#!/usr/bin/env bash
# Builds everything, with warnings as errors, and runs all tests. What is missing is installed as root, and named otherwise.
# --fast leaves out what starts another program (Redis, etcd, a browser, Node), whole calls through a gateway, and what takes long. It needs the SDK alone.
# The last line reads "N passed, N failed". Exits 0 only when every test ran and passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

source eng/common.sh

check_servers() {
  local missing=()
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v etcd >/dev/null || missing+=(etcd-server)
  [[ -x /usr/bin/chromium ]] || missing+=(chromium)
  [[ -d /usr/share/fonts/opentype/noto ]] || missing+=(fonts-noto-cjk)
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  command -v protoc >/dev/null || missing+=(protobuf-compiler)
  need_packages "${missing[@]}"
  need_npm_packages
}

# Adds up one attribute of the <Counters> of all result files.
count() {
  cat "$results"/*.trx 2>/dev/null | grep -o '<Counters [^>]*>' | grep -oE " $1=\"[0-9]+\"" | grep -oE '[0-9]+' | awk '{ sum += $1 } END { print sum + 0 }' || true
}

what=Gateway.sln filter=()
case "$*" in
  "") ;;
  --fast) what=Gateway.Tests filter=(--filter "TestCategory!=Servers&TestCategory!=Long&FullyQualifiedName!~.Functional.") ;;
  *) fail "'$*' is not known; use --fast, or nothing" ;;
esac

# The compiler, the tests and the programs that they start run for a minute: what .NET does for the speed of later hours costs a fifth of that.
export DOTNET_TieredPGO=0 DOTNET_GCgen0size=0x4000000

need_dotnet
((${#filter[@]} > 0)) || check_servers

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

dotnet build "$what" -c Release -warnaserror -v quiet || fail "the build failed"

# The logger names each failed test with its message; a test that hangs is named by the guard.
status=0
dotnet test "$what" -c Release --no-build -v quiet "${filter[@]}" \
  --logger "console;verbosity=normal" --logger trx --results-directory "$results" \
  --blame-hang-timeout 3m --blame-hang-dump-type none \
  | grep -vE '^ *Passed ' || status=${PIPESTATUS[0]}

total=$(count total)
passed=$(count passed)
# A skipped test guards nothing, so it counts as failed.
failed=$((total - passed))
((total > 0)) || fail "no test ran"
if ((status != 0 && failed == 0)); then
  fail "the test run ended early with code $status, after $passed passed tests"
fi

skipped=$((total - $(count executed)))
if ((skipped > 0)); then
  echo "$skipped of them did not run; a test runs or does not exist."
fi

echo "$passed passed, $failed failed"
((failed == 0))
