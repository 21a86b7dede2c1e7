# What the scripts share, sourced by them.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

# Says what is wrong, and ends the script.
fail() {
  echo "${BASH_SOURCE[-1]#./}: $1" >&2
  exit 1
}

# Installs packages. Debian starts a daemon on installation; a policy file keeps it from that. One of the system's own stays.
install_packages() {
  local policy=/usr/sbin/policy-rc.d made_policy=false status=0
  if [[ ! -e $policy ]]; then
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
  (($# > 0)) || return 0
  local command="apt-get update && apt-get install -y --no-install-recommends $*"
  command -v apt-get >/dev/null || fail "these programs of Debian are needed: $*"
  ((EUID == 0)) || fail "more programs are needed. Install them with: sudo sh -c '$command'"
  install_packages "$@" || fail "this did not work: $command"
}

# Node with what the client library's tests need, from the lock file. What is there stays while the lock file does.
need_npm_packages() {
  local web=samples/ChatDemo/web
  local installed=$web/node_modules/.installed
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
    || fail "Node $(node --version) is too old. Install Node 20.19 or later, with npm: https://nodejs.org"
  cmp -s "$web/package-lock.json" "$installed" && return
  (cd "$web" && npm ci --no-audit --no-fund --loglevel error) || fail "'npm ci' did not work in $web"
  cp "$web/package-lock.json" "$installed"
}

# The SDK does not come from Debian.
need_dotnet() {
  command -v dotnet >/dev/null || fail "dotnet is missing. Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"
  dotnet --version >/dev/null || fail "no .NET SDK fits global.json. Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"
}

# What to install for publish_native; nothing where there is a compiler.
missing_compiler() {
  command -v clang >/dev/null || command -v gcc >/dev/null || echo clang
}

# Compiles the gateway natively into a folder.
publish_native() {
  dotnet publish Gateway.Proxy -c Release --use-current-runtime -p:PublishAot=true -o "$1" -v quiet || fail "compiling the gateway natively failed"
}
