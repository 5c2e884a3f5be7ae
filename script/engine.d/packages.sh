# shellcheck shell=bash
# Programs from Debian's and Ubuntu's packages, unpacked into the cache: nothing is installed, no file of the system
# changes, and without root it works too. Used by script/engine.

# Raise it when the layout of an unpacked folder changes: older ones are then left alone.
layout=1

release_value() { (. /etc/os-release && printf '%s' "${!1:-}"); }

supported_distribution() {
  command -v apt-get >/dev/null && command -v dpkg >/dev/null && [ -r /etc/os-release ] || return 1
  local id version
  id=$(release_value ID) version=$(release_value VERSION_ID)
  case $id in
    debian) [ -z "$version" ] || [ "${version%%.*}" -ge 12 ] ;; # testing and unstable have no VERSION_ID
    ubuntu) [ "${version%%.*}" -ge 22 ] ;;
    *) return 1 ;;
  esac
}

# Releases to take Docker from, best first; "" is the machine's own. Debian 12 has Docker 20.10 and no buildx, so there
# it is the next two releases', whose programs still run with its C library.
# https://packages.debian.org/docker-buildx
docker_releases() {
  if [ "$(release_value ID)" = debian ] && [ "$(release_value VERSION_CODENAME)" = bookworm ]; then
    echo forky trixie
  else
    echo own
  fi
}

# Prepares $apt, an apt with its own lists: release $1, or the machine's own sources for "own", below folder $2.
open_release() {
  local folder=$2/apt-$1 mirror
  apt=(-qq -o "Dir::State::lists=$folder/lists" -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=root
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null)
  [ -d "$folder" ] && opened=yes || opened=''
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/sources"
  if [ "$1" != own ]; then
    apt+=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$folder/sources")
  fi
  [ -z "$opened" ] || return 0
  if [ "$1" = own ]; then
    # A third-party source that fails must not matter: what is missing shows when packages are downloaded.
    apt-get "${apt[@]}" update >"$folder/log" 2>&1 || true
    return 0
  fi
  while read -r mirror; do
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
      "$mirror" "$1" >"$folder/sources/$1.sources"
    # -o: a source that cannot be fetched is only a warning otherwise.
    if apt-get "${apt[@]}" -o APT::Update::Error-Mode=any update >"$folder/log" 2>&1; then return 0; fi
  done < <(debian_mirrors "$folder")
  say "Debian $1 cannot be read: $(tail -n 1 "$folder/log")"
  return 1
}

# The mirrors that this machine's apt uses for its own release, as apt itself reads its configuration; $1: for its lists.
debian_mirrors() {
  {
    apt-get -o "Dir::State::lists=$1/lists" -qq update --print-uris 2>/dev/null |
      sed -n "s|^'\(.*\)/dists/$(release_value VERSION_CODENAME)/InRelease'.*|\1|p"
    echo http://deb.debian.org/debian
  } | awk '!seen[$0]++'
}

# Unpacks packages $3… of release $2 into folder $1/root.
unpack() {
  local folder=$1 release=$2 debs
  shift 2
  open_release "$release" "$folder" || return 1
  debs=$(mktemp -d "$folder/debs.XXXXXX")
  (cd "$debs" && apt-get "${apt[@]}" download "$@" >>"$folder/log" 2>&1) || {
    say "cannot download $* ($release): $(tail -n 1 "$folder/log")"
    return 1
  }
  mkdir -p "$folder/root"
  local deb
  for deb in "$debs"/*.deb; do dpkg -x "$deb" "$folder/root" || return 1; done
  (cd "$debs" && printf '%s\n' *.deb) >>"$folder/PACKAGES"
}

# The file named $2 in folder $1/root, wherever the distribution puts it.
program() { find "$1/root" -name "$2" \( -type f -o -type l \) -path '*bin/*' -print -quit; }

# Of a package that others only mention `show` says nothing, and that is not an error to it.
has_package() { [ -n "$(apt-cache "${apt[@]}" show "$1" 2>/dev/null)" ]; }

# Makes folder $1 whole or not at all, however it is interrupted: `$2 WORK` fills a folder beside it, which then gets the name.
make_folder() {
  local folder=$1 work
  [ ! -d "$folder" ] || return 0
  mkdir -p "$cache"
  (
    flock 7
    [ ! -d "$folder" ] || exit 0
    rm -rf "$cache"/work.*
    work=$(mktemp -d "$cache/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    "$2" "$work" || exit 1
    rm -rf "$work"/apt-* "$work"/debs.*
    mv -T "$work" "$folder"
  ) 7>"$cache/install.lock"
}

fill_extras() {
  unpack "$1" own docker-registry busybox-static
}

# Exports KFP_IMAGES_REGISTRY_BIN and KFP_IMAGES_BUSYBOX, unless set; leaves them unset where the packages cannot be had.
export_extras() {
  supported_distribution || return 0
  local folder
  folder=$cache/extras-$layout-$(release_value ID)-$(release_value VERSION_CODENAME)
  if [ -z "${KFP_IMAGES_REGISTRY_BIN:-}" ] || [ -z "${KFP_IMAGES_BUSYBOX:-}" ]; then
    [ -d "$folder" ] || say 'fetching docker-registry and busybox (once)'
    make_folder "$folder" fill_extras || return 0
    export KFP_IMAGES_REGISTRY_BIN="${KFP_IMAGES_REGISTRY_BIN:-$(program "$folder" docker-registry)}"
    export KFP_IMAGES_BUSYBOX="${KFP_IMAGES_BUSYBOX:-$(program "$folder" busybox)}"
  fi
}

# Docker's programs into $1: bin/ for the daemons, client/ for PATH, plugins/ for the client.
fill_docker() {
  local release
  for release in $(docker_releases); do
    rm -rf "${1:?}/root" "$1/bin" "$1/client" "$1/plugins" "$1/PACKAGES"
    if unpack_docker "$1" "$release" && link_docker "$1"; then return 0; fi
  done
  return 1
}

unpack_docker() {
  local folder=$1 release=$2 packages=(docker.io docker-buildx containerd)
  open_release "$release" "$folder" || return 1
  # Debian has the client in a package of its own, Ubuntu in docker.io.
  ! has_package docker-cli || packages+=(docker-cli)
  unpack "$folder" "$release" "${packages[@]}" && unpack "$folder" own runc || return 1
  # What containers that ask for an init get, such as BuildKit in one: not to be had everywhere, and nobody else needs it.
  ! has_package tini || unpack "$folder" own tini || return 1
  [ "$release" != own ] || unpack_libraries "$folder" "${packages[@]}" runc
}

# The libraries of packages $2… that this machine lacks: of its own release only, so that they fit.
unpack_libraries() {
  local folder=$1 name missing=()
  shift
  while read -r name; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done < <(apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances "$@" | grep '^lib' | sort -u)
  [ "${#missing[@]}" -eq 0 ] || unpack "$folder" own "${missing[@]}"
}

# Makes the command $2 of the program $3, both below folder $1: with the libraries that came along, where some did.
link_program() {
  local libraries
  libraries=$(find "$1/root/usr/lib" "$1/root/lib" -name 'lib*.so.*' -printf '%h\n' 2>/dev/null | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
  if [ -z "$libraries" ]; then
    ln -s "../${3#"$1"/}" "$1/$2"
    return
  fi
  cat >"$1/$2" <<END
#!/bin/sh
here=\$(dirname "\$(readlink -f "\$0")")/..
LD_LIBRARY_PATH=\$here/${libraries#"$1"/}\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "\$here/${3#"$1"/}" "\$@"
END
  chmod +x "$1/$2"
}

link_docker() {
  local folder=$1 name path problem
  mkdir -p "$folder/bin" "$folder/client" "$folder/plugins"
  for name in dockerd docker-proxy containerd containerd-shim-runc-v2 runc docker; do
    path=$(program "$folder" "$name")
    [ -n "$path" ] || { say "the packages have no $name" && return 1; }
    link_program "$folder" "bin/$name" "$path"
  done
  path=$(find "$folder/root" -name docker-buildx -path '*cli-plugins/*' -print -quit)
  [ -n "$path" ] || { say 'the packages have no docker-buildx' && return 1; }
  link_program "$folder" plugins/docker-buildx "$path"
  ln -s ../bin/docker "$folder/client/docker"
  path=$(program "$folder" tini-static)
  [ -z "$path" ] || ln -s "../${path#"$folder"/}" "$folder/bin/docker-init"
  for name in 'bin/dockerd --version' 'bin/containerd --version' 'bin/runc --version' 'bin/docker --version' 'plugins/docker-buildx version'; do
    # shellcheck disable=SC2086
    problem=$("$folder"/$name 2>&1) || { say "${name#*/} does not work here: ${problem##*$'\n'}" && return 1; }
  done
}

# Sets `tools` to the folder with Docker's programs, fetching them first if need be.
ensure_docker() {
  tools=$cache/docker-init-$layout-$(release_value ID)-$(release_value VERSION_CODENAME)
  [ -d "$tools" ] || say "fetching Docker into $tools (once)"
  make_folder "$tools" fill_docker || fail 'Docker could not be fetched from the distribution; the lines above say why'
}

fill_iptables() {
  # Its libraries come along, each from the machine's own release, so that they fit.
  open_release own "$1"
  local libraries
  libraries=$(apt-cache "${apt[@]}" depends iptables | sed -n 's/^ *Depends: \(lib.*\)/\1/p' | grep -vx libc6)
  # shellcheck disable=SC2086
  unpack "$1" own iptables $libraries || return 1
  cat >"$1/iptables" <<END
#!/bin/sh
here=\$(dirname "\$0")/root
LD_LIBRARY_PATH=\$(dirname "\$(find "\$here" -name 'libxtables.so.*' -print -quit)")
XTABLES_LIBDIR=\$(find "\$here" -type d -name xtables -print -quit)
export LD_LIBRARY_PATH XTABLES_LIBDIR
exec "\$(find "\$here" -name xtables-nft-multi -print -quit)" iptables "\$@"
END
  chmod +x "$1/iptables"
}

# Sets `iptables` to a command that works.
ensure_iptables() {
  iptables=$(PATH=$PATH:/usr/sbin:/sbin command -v iptables) && return 0
  local folder
  folder=$cache/iptables-$layout-$(release_value ID)-$(release_value VERSION_CODENAME)
  make_folder "$folder" fill_iptables || return 1
  iptables=$folder/iptables
}
