#!/bin/sh
# usage: bench/micro.sh [--full] [FILTER…]
# Times parts of the gateway one by one: only those whose name has a FILTER in it, or all. Needs the .NET 10 SDK alone.
#
#   --full  until the figures are steady; without it each is timed a few times only, which takes minutes for all
#   --help  this text
set -eu
root=${0%"${0##*/}"}./..
. "$root/eng/common.sh"

need_dotnet
cd "$root"
dotnet build bench/Gateway.Bench.Micro -c Release -v quiet || fail "the build failed"

echo "$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores of $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)"
dotnet bench/Gateway.Bench.Micro/bin/Release/net10.0/Gateway.Bench.Micro.dll "$@"
