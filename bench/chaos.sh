#!/usr/bin/env bash
# Breaks etcd, Redis, sub-services and gateways one after another under load, and prints what clients noticed; then the hub in short. Eight minutes; --quick: four.
# --hub: only what sockets notice when Redis, gateways or shards break, in full, eight minutes; --hub --quick: the short form, two; --hub redis, late, nodes, shards, joins, storm: one part.
# --strangers: only 500 clients without a session who post large requests, a minute.
# --fuzz [--seed N] [--save DIR] [--inputs N] [--only TARGET]: mutated inputs for all that reads the bytes of others, ten minutes at most.
# --soak [MINUTES]: mixed load for ten minutes, unless told otherwise, and a look at whether the gateways grow.
# What is missing is installed as root, and named otherwise.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

source "$root/eng/common.sh"

(cd "$root" && need_dotnet)
missing=()
if [[ ${1:-} != --fuzz ]]; then
  command -v etcd >/dev/null || missing+=(etcd-server)
  command -v redis-server >/dev/null || missing+=(redis-server)
fi

need_packages "${missing[@]}"

if ! log=$(cd "$root" && dotnet build bench/Gateway.Chaos -c Release -v q --nologo 2>&1); then
  echo "$log" >&2
  fail "the build failed, see above."
fi

exec dotnet "$root/bench/Gateway.Chaos/bin/Release/net10.0/Gateway.Chaos.dll" "$@"
