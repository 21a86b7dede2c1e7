# What the scripts share. They source it first, with $root set to the repository's folder, and go on only if their arguments are known.
# All are for plain sh. Before need_dotnet they use nothing that is not part of it, so that a bare machine is told what it lacks.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

# Says what is wrong, and ends the script.
fail() {
  echo "${0#./}: $1" >&2
  exit 1
}

# The comment at the head of the script.
usage() {
  while IFS= read -r line; do
    case $line in
      '#!'*) ;;
      '#'*) line=${line#'#'} && printf '%s\n' "${line# }" ;;
      *) break ;;
    esac
  done <"$0"
}

# Says which argument is wrong and what there is, and ends the script.
refuse() {
  printf '%s\n' "${0#./}: '$1' is not known." >&2
  usage >&2
  exit 2
}

# --help does nothing but help, and every option is known by the line that it has there.
check_options() {
  text=$(usage)
  for argument; do
    case $argument in
      -h | --help) printf '%s\n' "$text"; exit ;;
    esac
  done
  for argument; do
    case $argument in
      -*) case $text in *"
  $argument "*) ;; *) refuse "$argument" ;; esac ;;
    esac
  done
}

# A folder that goes with the script, in $scratch.
make_scratch() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM
}

# Installs packages. Debian starts a daemon on installation; a policy file keeps it from that. One of the system's own stays.
install_packages() {
  policy=/usr/sbin/policy-rc.d made_policy=false status=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made_policy=true
  fi

  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null; } || status=$?
  if $made_policy; then
    rm -f "$policy"
  fi

  return "$status"
}

# Installs what is missing as root, and names the command otherwise. Without arguments nothing is missing.
need_packages() {
  [ $# -gt 0 ] || return 0
  install="apt-get update && apt-get install -y --no-install-recommends $*"
  command -v apt-get >/dev/null || fail "these programs of Debian are needed: $*"
  [ "$(id -u)" = 0 ] || fail "more programs are needed. Install them with: sudo sh -c '$install'"
  install_packages "$@" || fail "this did not work: $install"
}

# Node with what the tests of the client, of the demo's page and of deploy/ need, from the lock files. What is there stays while the lock file does.
need_npm_packages() {
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
    || fail "Node $(node --version) is too old. Install Node 20.19 or later, with npm: https://nodejs.org"
  for folder in clients/typescript samples/ChatDemo/web deploy/tools; do
    installed=$folder/node_modules/.installed
    cmp -s "$folder/package-lock.json" "$installed" && continue
    (cd "$folder" && npm ci --no-audit --no-fund --loglevel error) || fail "'npm ci' did not work in $folder"
    cp "$folder/package-lock.json" "$installed"
  done
}

# The SDK does not come from Debian. global.json is in the repository's folder.
need_dotnet() {
  command -v dotnet >/dev/null || fail "dotnet is missing. Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"
  (cd "$root" && dotnet --version >/dev/null) || fail "no .NET SDK fits global.json. Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"
}

# What to install for publish_native; nothing where there is a compiler.
missing_compiler() {
  command -v clang >/dev/null || command -v gcc >/dev/null || echo clang
}

# Compiles the gateway natively into a folder.
publish_native() {
  dotnet publish Gateway.Proxy -c Release --use-current-runtime -p:PublishAot=true -o "$1" -v quiet || fail "compiling the gateway natively failed"
}

check_options "$@"
