#!/bin/sh
# usage: deploy/native.sh
# Compiles the gateway natively and tries it: the tests that start the gateway as a program, then the quick chaos run. Ten minutes.
# What is missing is installed as root, and named otherwise.
#
#   --help  this text
set -eu
root=${0%"${0##*/}"}./..
. "$root/eng/common.sh"

[ $# = 0 ] || refuse "$*"
need_dotnet
cd "$root"
missing=$(missing_compiler)
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v etcd >/dev/null || missing="$missing etcd-server"
need_packages $missing

make_scratch
publish_native "$scratch"
export GATEWAY_PROGRAM="$scratch/Gateway.Proxy"

dotnet build Gateway.Tests -c Release -warnaserror -v quiet || fail "the build failed"
dotnet test Gateway.Tests -c Release --no-build -v quiet --filter "TestCategory=Program" \
  || fail "tests failed against the native build, see above"
bench/chaos.sh --quick
