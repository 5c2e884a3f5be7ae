# shellcheck shell=bash
# Starts and stops a private engine. All that it leaves outside its folder is written down in that folder before or right
# after it comes to be, so that the next run can take away what a killed one left. Used by script/engine.
#
# CACHE/runs/ID/  lock (held while it is in use), env, *.log, *.pid, nat, socket-folder, data-folder, data/

print_exports() {
  local name
  for name in "$@"; do
    [ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
  done
}

reaper=''

# Starts an engine: `run` ends with this script, however that ends; `stay` does not. Sets `run` to its folder.
start_engine() {
  export_extras
  ensure_docker
  [ -n "${KFP_IMAGES_BUSYBOX:-}" ] || fail 'the busybox-static package is needed for a private engine'
  mkdir -p "$cache/runs"
  exec 8>"$cache/runs.lock"
  flock 8
  sweep
  run=$(mktemp -d "$cache/runs/XXXXXX")
  exec 9>"$run/lock"
  flock 9
  exec 8>&-
  local id=${run##*/} data=$run/data lock=-
  if [ "$1" = stay ]; then
    data=$cache/data${store:+-$store}
    lock=9 # held by dockerd; for a run, by this script and the reaper
    ln -sfn "$run" "$cache/current"
  else
    # Should this script be killed with all of its group, the reaper, in a session of its own, sees descriptor 6 close.
    exec 6> >(exec setsid "$BASH" "$here/engine" reap -- "$run" 2>/dev/null)
    reaper=$!
  fi
  mkdir -p "$data" "$run/docker-config"
  echo "$data" >"$run/data-folder"
  # A socket's path has at most 107 bytes, a cache folder's may be longer.
  local sockets
  sockets=$(mktemp -d "/run/kfp-images.$id.XXX" 2>/dev/null || mktemp -d "/tmp/kfp-images.$id.XXX")
  echo "$sockets" >"$run/socket-folder"

  "$KFP_IMAGES_BUSYBOX" ip link add name "kfp-$id" type bridge
  "$KFP_IMAGES_BUSYBOX" ip link set "kfp-$id" up

  write_configuration "$id" "$data" "$sockets"
  # setsid: Ctrl-C is for the command, not for the engine under it. Own containerd: dockerd would join one that the
  # machine runs already (systemContainerdRunning in github.com/moby/moby).
  PATH=$tools/bin:$PATH setsid containerd --config "$run/containerd.toml" >"$run/containerd.log" 2>&1 </dev/null 6>&- 9>&- &
  echo $! >"$run/containerd.pid"
  # BuildKit cuts the log of a long step otherwise (util/progress/logs/logs.go in github.com/moby/buildkit).
  PATH=$tools/bin:$PATH BUILDKIT_STEP_LOG_MAX_SIZE=-1 BUILDKIT_STEP_LOG_MAX_SPEED=-1 \
    setsid dockerd --config-file "$run/daemon.json" >"$run/dockerd.log" 2>&1 </dev/null 6>&- 9>&"$lock" &
  echo $! >"$run/dockerd.pid"
  write_env "$sockets"
  await_engine
  [ -z "$nat" ] || open_network || say 'RUN steps have no network: the firewall rule could not be set'
}

write_configuration() {
  local id=$1 data=$2 sockets=$3 snapshotter=''
  case $store in
    containerd) snapshotter='"features": {"containerd-snapshotter": true},' ;;
    classic) snapshotter='"features": {"containerd-snapshotter": false},' ;;
  esac
  cat >"$run/containerd.toml" <<END
version = 2
root = "$data/containerd"
state = "$sockets/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$sockets/containerd.sock"
END
  # No firewall rule, no sysctl: the bridge joins containers to each other and to the host, no more. cgroupfs: the
  # default may be systemd's, whose groups would outlive the engine.
  cat >"$run/daemon.json" <<END
{
  "hosts": ["unix://$sockets/docker.sock"],
  "containerd": "$sockets/containerd.sock",
  "data-root": "$data/docker",
  "exec-root": "$sockets/docker",
  "pidfile": "$sockets/docker.pid",
  "cgroup-parent": "/kfp-images-$id",
  "exec-opts": ["native.cgroupdriver=cgroupfs"],
  $snapshotter
  "bridge": "kfp-$id",
  "iptables": false,
  "ip6tables": false,
  "ip-forward": false,
  "shutdown-timeout": 2
}
END
  printf '{"cliPluginsExtraDirs": ["%s"]}\n' "$tools/plugins" >"$run/docker-config/config.json"
}

write_env() {
  {
    printf 'export DOCKER_HOST=%q DOCKER_CONFIG=%q\n' "unix://$1/docker.sock" "$run/docker-config"
    # What would lead the client elsewhere.
    echo 'unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH BUILDX_BUILDER BUILDX_CONFIG'
    printf 'export PATH=%q:$PATH\n' "$tools/client"
    KFP_IMAGES_ENGINE=$run print_exports KFP_IMAGES_ENGINE KFP_IMAGES_REGISTRY_BIN KFP_IMAGES_BUSYBOX
  } >"$run/env"
}

await_engine() {
  local tries
  for ((tries = 0; tries < 1500; tries++)); do
    if (use_private "$run" && docker version >/dev/null 2>&1); then return 0; fi
    alive "$(cat "$run/dockerd.pid")" || break
    sleep 0.2
  done
  tail -n 5 "$run/containerd.log" "$run/dockerd.log" >&2
  fail 'the private engine did not start; its last lines are above'
}

# A zombie has ended, though kill -0 reaches it.
alive() { [ -r "/proc/$1/stat" ] && [[ $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) != [ZX]* ]]; }

open_network() {
  local subnet forward=/proc/sys/net/ipv4/ip_forward
  ensure_iptables || return 1
  subnet=$(use_private "$run" && docker network inspect bridge -f '{{(index .IPAM.Config 0).Subnet}}') || return 1
  echo "$subnet $iptables" >"$run/nat"
  "$iptables" -t nat -A POSTROUTING -s "$subnet" ! -o "kfp-${run##*/}" -j MASQUERADE &&
    "$iptables" -I FORWARD -i "kfp-${run##*/}" -j ACCEPT &&
    "$iptables" -I FORWARD -o "kfp-${run##*/}" -j ACCEPT || return 1
  if [ "$(cat "$forward")" = 0 ]; then
    : >"$cache/ip-forward-was-off"
    echo 1 >"$forward"
  fi
}

close_network() {
  local command subnet bridge=kfp-${1##*/}
  read -r subnet command <"$1/nat"
  "$command" -t nat -D POSTROUTING -s "$subnet" ! -o "$bridge" -j MASQUERADE 2>/dev/null || true
  "$command" -D FORWARD -i "$bridge" -j ACCEPT 2>/dev/null || true
  "$command" -D FORWARD -o "$bridge" -j ACCEPT 2>/dev/null || true
  # The last engine that needs forwarding turns it off again.
  rm -f "$1/nat"
  if [ -e "$cache/ip-forward-was-off" ] && ! compgen -G "$cache/runs/*/nat" >/dev/null; then
    rm -f "$cache/ip-forward-was-off"
    echo 0 >/proc/sys/net/ipv4/ip_forward
  fi
}

command_line() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true; }

# Ends the process in pid file $1, if it still is one of run folder $2.
end_process() {
  local pid tries
  pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] || return 0
  [[ $(command_line "$pid") == *"$2"/* ]] || return 0
  kill -TERM "$pid" 2>/dev/null || return 0
  for ((tries = 0; tries < 600; tries++)); do
    alive "$pid" || return 0
    sleep 0.2
  done
  kill -KILL "$pid" 2>/dev/null || true
}

# Ends the containers' processes of engine $1 that a killed shim left, and removes the control groups.
end_groups() {
  local group tries
  for ((tries = 0; tries < 600; tries++)); do
    while read -r group; do
      # shellcheck disable=SC2046
      kill -KILL $(cat "$group/cgroup.procs" 2>/dev/null) 2>/dev/null || true
      rmdir "$group" 2>/dev/null || true
    done < <(find /sys/fs/cgroup -depth -type d -path "*/kfp-images-$1*" 2>/dev/null)
    [ -n "$(find /sys/fs/cgroup -type d -name "kfp-images-$1" -print -quit 2>/dev/null)" ] || return 0
    sleep 0.1
  done
}

# Ends what `start_engine run` started, and waits for that.
end_run() {
  [ -n "$reaper" ] || return 0
  exec 6>&-
  wait "$reaper" || true
}

# Ends the engine of run folder $1 and takes away all it left: processes, mounts, bridge, rules, groups, files.
stop_engine() {
  local run=${1:?} id=${1##*/} sockets data process mount
  [ -d "$run" ] || return 0
  sockets=$(cat "$run/socket-folder" 2>/dev/null || true)
  data=$(cat "$run/data-folder" 2>/dev/null || true)
  end_process "$run/dockerd.pid" "$run"
  end_process "$run/containerd.pid" "$run"
  if [ -n "$sockets" ]; then
    for process in /proc/[0-9]*; do # shims, which outlive a containerd that was killed
      [[ $(command_line "${process##*/}") != *containerd-shim*" $sockets/containerd.sock "* ]] ||
        kill -KILL "${process##*/}" 2>/dev/null || true
    done
  fi
  end_groups "$id"
  while read -r mount; do umount -l "$mount" 2>/dev/null || true; done < <(
    awk -v run="$run/" -v sockets="${sockets:-$run}/" -v data="${data:-$run}/" \
      'index($5, run) == 1 || index($5, sockets) == 1 || index($5, data) == 1 { print $5 }' /proc/self/mountinfo | sort -r
  )
  [ ! -e "$run/nat" ] || close_network "$run"
  [ ! -e "/sys/class/net/kfp-$id" ] || "$KFP_IMAGES_BUSYBOX" ip link delete "kfp-$id" || true
  [ "$(readlink "$cache/current" 2>/dev/null)" != "$run" ] || rm -f "$cache/current"
  [ -z "$sockets" ] || rm -rf --one-file-system "$sockets"
  rm -rf --one-file-system "$run"
}

# Takes away what runs left that were killed: those whose lock nobody holds any more.
sweep() {
  local left
  for left in "$cache"/runs/*; do
    [ -d "$left" ] || continue
    (
      exec 9<>"$left/lock"
      ! flock -n 9 || stop_engine "$left"
    )
  done
}
