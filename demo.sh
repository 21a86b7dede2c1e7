#!/bin/sh
# usage: ./demo.sh [OPTION…]
# A chat in one process: a web page, and six sub-services on SQLite behind the gateway. It is built first, and ends with Ctrl-C.
#
#   --page-port PORT        where a browser finds the chat page                      (8080; 0 is any free port; none with --smoke)
#   --http-port PORT        where clients post requests                              (9000)
#   --ws-port PORT          where clients open their WebSocket                       (9001; may equal --http-port)
#   --management-port PORT  where a browser finds the gateway's page for operators   (the port above those two, or any free one)
#   --data DIR              database and uploaded files                              (samples/ChatDemo/data; with --smoke a temporary folder)
#   --routes DIR            further routes for the gateway, instead of samples/ChatDemo/members
#   --etcd URL              register the services in etcd and let the gateway find them there
#   --redis HOST:PORT       keep login sessions in Redis instead of beside the other data
#   --smoke                 play a whole conversation through the gateway, report each step, and end
#   --listen SESSION        write the next event of a login session to the standard output, and end; for a demo that runs
#   --help                  this text
set -eu
root=${0%"${0##*/}"}.
. "$root/eng/common.sh"

need_dotnet
echo "Building the demo, then starting it. The first time that takes a minute or two: packages are fetched, and all is compiled." >&2
(cd "$root" && dotnet build samples/ChatDemo -c Release -v minimal --nologo >&2) || fail "the build failed, see above"

# The demo's data belongs to the repository, wherever the script is called from. A smoke run brings its own folder.
case " $* " in
  *" --data "* | *" --smoke "*) ;;
  *) set -- --data "$root/samples/ChatDemo/data" "$@" ;;
esac

# exec: Ctrl-C and signals go to the demo itself.
exec dotnet "$root/samples/ChatDemo/bin/Release/net10.0/ChatDemo.dll" "$@"
