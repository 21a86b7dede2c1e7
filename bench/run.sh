#!/usr/bin/env bash
# Measures the gateway beside nginx and plain YARP: bench/run.sh [--quick] [--hub] [SCENARIO…]. Without scenarios it runs all; an unknown one
# lists them. --hub is about the hub on Redis alone, at length. The last lines read metric=value. Everything listens on loopback, and ends by itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source eng/common.sh

need_dotnet
mapfile -t missing < <(missing_compiler)
command -v wrk >/dev/null || missing+=(wrk)
command -v h2load >/dev/null || missing+=(nghttp2-client)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v etcd >/dev/null || missing+=(etcd-server)
[[ -x /usr/sbin/nginx ]] || missing+=(nginx-light)
[[ -x /usr/sbin/haproxy ]] || missing+=(haproxy)
need_packages "${missing[@]}"

# Thousands of sockets, on both sides.
ulimit -n "$(ulimit -Hn)"

published=$(mktemp -d)
trap 'rm -rf "$published"' EXIT
dotnet build bench/Gateway.Bench -c Release -v quiet || fail "the build failed"
dotnet publish Gateway.Proxy -c Release --use-current-runtime --no-self-contained -o "$published/usual" -v quiet || fail "publishing the gateway failed"
# The hub's scenarios need no native gateway.
[[ " $* " == *" --hub "* ]] || publish_native "$published/native"

echo "$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores of $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)"
dotnet bench/Gateway.Bench/bin/Release/net10.0/Gateway.Bench.dll run "$published/usual" "$published/native" "$@"
