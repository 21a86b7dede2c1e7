#!/usr/bin/env bash
# Breaks etcd, Redis, sub-services and gateways one after another under load, and prints what clients noticed. Six minutes; --quick: less than two.
# --fuzz [--seed N] [--save DIR] [--inputs N] [--only TARGET]: mutated inputs for all that reads the bytes of others, ten minutes at most.
# --soak [MINUTES]: mixed load for ten minutes, unless told otherwise, and a look at whether the gateways grow.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

needed=(dotnet etcd redis-server)
[[ ${1:-} == --fuzz ]] && needed=(dotnet)
for program in "${needed[@]}"; do
  if ! command -v "$program" > /dev/null; then
    echo "chaos.sh needs '$program' on the PATH (packages: the .NET 10 SDK, etcd-server, redis-server)." >&2
    exit 1
  fi
done

if ! log=$(cd "$root" && dotnet build Gateway.Chaos -c Release -v q --nologo 2>&1); then
  echo "$log" >&2
  echo "chaos.sh: the build failed, see above." >&2
  exit 1
fi

exec dotnet "$root/Gateway.Chaos/bin/Release/net10.0/Gateway.Chaos.dll" "$@"
