#!/usr/bin/env bash
# Compiles the gateway natively and tries it: the tests that start the gateway as a program, then the quick chaos run. Ten minutes.
# What is missing is installed as root, and named otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source eng/common.sh

need_dotnet
mapfile -t missing < <(missing_compiler)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v etcd >/dev/null || missing+=(etcd-server)
need_packages "${missing[@]}"

published=$(mktemp -d)
trap 'rm -rf "$published"' EXIT
publish_native "$published"
export GATEWAY_PROGRAM=$published/Gateway.Proxy

dotnet build Gateway.Tests -c Release -warnaserror -v quiet || fail "the build failed"
dotnet test Gateway.Tests -c Release --no-build -v quiet --filter "TestCategory=Program" \
  || fail "tests failed against the native build, see above"
bench/chaos.sh --quick
