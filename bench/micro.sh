#!/usr/bin/env bash
# Times parts of the gateway one by one: bench/micro.sh [--full] [FILTER…]. Only those whose name has a FILTER in it, or all. Without
# --full each is timed a few times only, which takes minutes for all; with it until the figures are steady. Needs the .NET 10 SDK alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source eng/common.sh

need_dotnet
dotnet build bench/Gateway.Bench.Micro -c Release -v quiet || fail "the build failed"

echo "$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores of $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)"
dotnet bench/Gateway.Bench.Micro/bin/Release/net10.0/Gateway.Bench.Micro.dll "$@"
