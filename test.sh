#!/bin/sh
# usage: ./test.sh [--fast]
# Builds everything, with warnings as errors, and runs all tests. What is missing is installed as root, and named otherwise.
# The last line reads "N passed, N failed". Exits 0 only when every test ran and passed.
#
#   --fast  leaves out what starts another program (Redis, etcd, a browser, Node), whole calls through a gateway, and what takes long; needs the SDK alone
#   --help  this text
set -eu
root=${0%"${0##*/}"}.
. "$root/eng/common.sh"

# What to build and test, and the arguments that choose tests of it.
case $* in
  "") what=Gateway.sln ;;
  --fast) what=Gateway.Tests && set -- --filter "TestCategory!=Servers&TestCategory!=Long&FullyQualifiedName!~.Functional." ;;
  *) refuse "$*" ;;
esac

need_dotnet
cd "$root"

check_servers() {
  missing=
  command -v redis-server >/dev/null || missing="$missing redis-server"
  command -v etcd >/dev/null || missing="$missing etcd-server"
  [ -x /usr/sbin/dnsmasq ] || missing="$missing dnsmasq-base"
  [ -x /usr/bin/chromium ] || missing="$missing chromium"
  [ -d /usr/share/fonts/opentype/noto ] || missing="$missing fonts-noto-cjk"
  command -v node >/dev/null || missing="$missing nodejs"
  command -v npm >/dev/null || missing="$missing npm"
  command -v protoc >/dev/null || missing="$missing protobuf-compiler"
  command -v promtool >/dev/null || missing="$missing prometheus"
  need_packages $missing
  need_npm_packages
}

# Adds up one attribute of the <Counters> of all result files.
count() {
  cat "$scratch"/*.trx 2>/dev/null | grep -o '<Counters [^>]*>' | grep -oE " $1=\"[0-9]+\"" | grep -oE '[0-9]+' | awk '{ sum += $1 } END { print sum + 0 }'
}

# The compiler, the tests and the programs that they start run for a minute: what .NET does for the speed of later hours costs a fifth of that.
export DOTNET_TieredPGO=0 DOTNET_GCgen0size=0x4000000

[ $# -gt 0 ] || check_servers
make_scratch

dotnet build "$what" -c Release -warnaserror -v quiet || fail "the build failed"

# The logger names each failed test with its message; a test that hangs is named by the guard.
status=0
{
  dotnet test "$what" -c Release --no-build -v quiet "$@" \
    --logger "console;verbosity=normal" --logger trx --results-directory "$scratch" \
    --blame-hang-timeout 3m --blame-hang-dump-type none || echo $? >"$scratch/status"
} | grep -vE '^ *Passed ' || true
[ ! -e "$scratch/status" ] || status=$(cat "$scratch/status")

total=$(count total)
passed=$(count passed)
# A skipped test guards nothing, so it counts as failed.
failed=$((total - passed))
[ "$total" -gt 0 ] || fail "no test ran"
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
  fail "the test run ended early with code $status, after $passed passed tests"
fi

skipped=$((total - $(count executed)))
if [ "$skipped" -gt 0 ]; then
  echo "$skipped of them did not run; a test runs or does not exist."
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
