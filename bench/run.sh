#!/usr/bin/env bash
# Measures the gateway beside nginx and plain YARP: bench/run.sh [--quick] [SCENARIO…]. Without scenarios it runs all; an unknown one
# lists them. The last lines read metric=value. Everything listens on loopback, and ends by itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

fail() {
  echo "bench/run.sh: $1" >&2
  exit 1
}

# Debian starts nginx and Redis on installation; the policy file, if it is ours, keeps them from that.
install_packages() {
  local policy=/usr/sbin/policy-rc.d made_policy=false status=0
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made_policy=true
  fi

  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null; } || status=$?
  if $made_policy; then
    rm -f "$policy"
  fi

  return "$status"
}

command -v dotnet >/dev/null || fail "dotnet is missing. Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"
missing=()
command -v wrk >/dev/null || missing+=(wrk)
command -v h2load >/dev/null || missing+=(nghttp2-client)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v etcd >/dev/null || missing+=(etcd-server)
[[ -x /usr/sbin/nginx ]] || missing+=(nginx-light)
if ((${#missing[@]} > 0)); then
  ((EUID == 0)) || fail "more programs are needed. Install them with: sudo apt-get install ${missing[*]}"
  install_packages "${missing[@]}" || fail "these packages could not be installed: ${missing[*]}"
fi

# Thousands of sockets, on both sides.
ulimit -n "$(ulimit -Hn)"

published=$(mktemp -d)
trap 'rm -rf "$published"' EXIT
dotnet build bench/Gateway.Bench -c Release -v quiet || fail "the build failed"
dotnet publish Gateway.Proxy -c Release --use-current-runtime --no-self-contained -o "$published" -v quiet || fail "publishing the gateway failed"

echo "$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores of $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)"
dotnet bench/Gateway.Bench/bin/Release/net10.0/Gateway.Bench.dll run "$published" "$@"
