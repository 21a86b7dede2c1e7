#!/usr/bin/env bash
# Compiles the gateway natively and tries it: the tests that start the gateway as a program, then the quick chaos run. Ten minutes.
# What is missing is installed as root, and named otherwise. The last line of the tests reads as that of test.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

fail() {
  echo "native.sh: $1" >&2
  exit 1
}

source eng/packages.sh

need_dotnet
missing=()
command -v clang >/dev/null || command -v gcc >/dev/null || missing+=(clang)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v etcd >/dev/null || missing+=(etcd-server)
need_packages "${missing[@]}"

published=$(mktemp -d)
trap 'rm -rf "$published"' EXIT
publish_native "$published"
export GATEWAY_PROGRAM=$published/Gateway.Proxy

dotnet build Gateway.Tests -c Release -warnaserror -v quiet || fail "the build failed"
dotnet test Gateway.Tests -c Release --no-build -v quiet --filter "FullyQualifiedName~ProgramTests|FullyQualifiedName~ShutdownTests|FullyQualifiedName~OutageTests" \
  || fail "tests failed against the native build, see above"
./chaos.sh --quick
