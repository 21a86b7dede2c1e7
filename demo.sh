#!/usr/bin/env bash
# Builds the chat demo and runs it. Arguments are the demo's own: ./demo.sh --help lists them.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if ! command -v dotnet > /dev/null; then
  echo "demo.sh needs the .NET 10 SDK, and there is no 'dotnet' on the PATH: https://dotnet.microsoft.com/download" >&2
  exit 1
fi

[[ -e $root/samples/ChatDemo/bin/Release/net10.0/ChatDemo.dll ]] || echo "Building; the first time takes a minute or two." >&2
if ! log=$(cd "$root" && dotnet build samples/ChatDemo -c Release -v q --nologo 2>&1); then
  echo "$log" >&2
  echo "demo.sh: the build failed, see above." >&2
  exit 1
fi

# The demo's data belongs to the repository, wherever the script is called from. A smoke run brings its own folder.
case " $* " in
  *" --data "* | *" --smoke "*) ;;
  *) set -- --data "$root/samples/ChatDemo/data" "$@" ;;
esac

# exec: Ctrl-C and signals go to the demo itself.
exec dotnet "$root/samples/ChatDemo/bin/Release/net10.0/ChatDemo.dll" "$@"
