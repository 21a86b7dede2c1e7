#!/bin/sh
# usage: bench/run.sh [--quick] [--hub] [SCENARIO…]
# Measures the gateway beside nginx and plain YARP. Without scenarios it runs all; an unknown one lists them. The last lines read metric=value.
# Everything listens on loopback, and ends by itself. What is missing is installed as root, and named otherwise.
#
#   --quick  in short
#   --hub    the hub on Redis alone, at length
#   --help   this text
set -eu
root=${0%"${0##*/}"}./..
. "$root/eng/common.sh"

need_dotnet
cd "$root"
missing=$(missing_compiler)
command -v wrk >/dev/null || missing="$missing wrk"
command -v h2load >/dev/null || missing="$missing nghttp2-client"
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v etcd >/dev/null || missing="$missing etcd-server"
[ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
[ -x /usr/sbin/haproxy ] || missing="$missing haproxy"
need_packages $missing

# Thousands of sockets, on both sides.
ulimit -n "$(ulimit -Hn)"

make_scratch
dotnet build bench/Gateway.Bench -c Release -v quiet || fail "the build failed"
dotnet publish Gateway.Proxy -c Release --use-current-runtime --no-self-contained -o "$scratch/usual" -v quiet || fail "publishing the gateway failed"
# The hub's scenarios need no native gateway.
case " $* " in
  *" --hub "*) ;;
  *) publish_native "$scratch/native" ;;
esac

echo "$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores of $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)"
dotnet bench/Gateway.Bench/bin/Release/net10.0/Gateway.Bench.dll run "$scratch/usual" "$scratch/native" "$@"
