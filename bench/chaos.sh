#!/bin/sh
# usage: bench/chaos.sh [--quick | --hub [--quick | PART] | --strangers | --fuzz [OPTION…] | --soak [MINUTES]]
# Breaks etcd, Redis, sub-services and gateways one after another under load, and prints what clients noticed; then the hub in short. Eight minutes.
# What is missing is installed as root, and named otherwise.
#
#   --quick          in short: four minutes, with --hub two
#   --hub            only what sockets notice when Redis, gateways or shards break, in full, eight minutes;
#                    PART is one of redis, late, nodes, shards, joins, storm
#   --strangers      only 500 clients without a session who post large requests, a minute
#   --fuzz           mutated inputs for all that reads the bytes of others, ten minutes at most; with
#   --seed N           the seed of the mutations
#   --save DIR         where to save what is found
#   --inputs N         how many inputs each target is given
#   --only TARGET      one target alone
#   --soak           mixed load for ten minutes, unless told otherwise, and a look at whether the gateways grow
#   --help           this text
set -eu
root=${0%"${0##*/}"}./..
. "$root/eng/common.sh"

need_dotnet
missing=
if [ "${1-}" != --fuzz ]; then
  command -v etcd >/dev/null || missing="$missing etcd-server"
  command -v redis-server >/dev/null || missing="$missing redis-server"
fi

need_packages $missing

if ! log=$(cd "$root" && dotnet build bench/Gateway.Chaos -c Release -v q --nologo 2>&1); then
  echo "$log" >&2
  fail "the build failed, see above."
fi

exec dotnet "$root/bench/Gateway.Chaos/bin/Release/net10.0/Gateway.Chaos.dll" "$@"
