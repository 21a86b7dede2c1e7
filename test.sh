#!/usr/bin/env bash
# Builds everything, with warnings as errors, and runs all tests. What is missing is installed as root, and named otherwise.
# The last line reads "N passed, N failed". Exits 0 only when every test ran and passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

fail() {
  echo "test.sh: $1" >&2
  exit 1
}

# Debian starts a daemon on installation; the tests start their own on free ports. A policy file of the system's own stays.
install_packages() {
  local policy=/usr/sbin/policy-rc.d made_policy=false status=0
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made_policy=true
  fi

  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } || status=$?
  if $made_policy; then
    rm -f "$policy"
  fi

  return "$status"
}

check_tools() {
  command -v dotnet >/dev/null || fail "dotnet is missing. Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"
  dotnet --version >/dev/null || fail "no .NET SDK fits global.json. Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"

  local missing=()
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v etcd >/dev/null || missing+=(etcd-server)
  [[ -x /usr/bin/chromium ]] || missing+=(chromium)
  [[ -d /usr/share/fonts/opentype/noto ]] || missing+=(fonts-noto-cjk)
  if ((${#missing[@]} == 0)); then
    return
  fi

  local command="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  command -v apt-get >/dev/null || fail "the tests need these programs of Debian: ${missing[*]}"
  ((EUID == 0)) || fail "the tests need more programs. Install them with: sudo sh -c '$command'"
  install_packages "${missing[@]}" || fail "this did not work: $command"
}

# Adds up one attribute of the <Counters> of all result files.
count() {
  cat "$results"/*.trx 2>/dev/null | grep -o '<Counters [^>]*>' | grep -oE " $1=\"[0-9]+\"" | grep -oE '[0-9]+' | awk '{ sum += $1 } END { print sum + 0 }' || true
}

check_tools

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

dotnet build Gateway.sln -c Release -warnaserror -v quiet || fail "the build failed"

# The logger names each failed test with its message; a test that hangs is named by the guard.
status=0
dotnet test Gateway.sln -c Release --no-build -v quiet \
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
