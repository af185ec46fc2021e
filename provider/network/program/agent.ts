/**
 * Processes of ours that stay on a host, one a network and purpose, besides the name server. With systemd they are
 * transient units that are started again when they end; else they are kept by their process id.
 */
export const AGENT_PART = `
# $1 what for. Process id of the one that runs exactly $agent.
agent_pid() {
  process_for "$1" || return 1
  [ "$line" = "$agent " ] && echo "$pid"
}

# $1 what for; $2 what is wrong when it does not run; $agent is its command, whose words have no spaces.
up_agent() {
  agent_pid "$1" >/dev/null && return 0
  if need "$2"; then
    down_agent "$1"
    keep_process "$1" $agent
    tries=0
    until agent_pid "$1" >/dev/null; do
      tries=$((tries + 1))
      [ "$tries" -le 150 ] || fail "it does not start: $agent"
      sleep 0.02
    done
  fi
}

# $1 what for. A process of ours is known by its first two words, whatever settings it has.
down_agent() {
  stop_unit "clocker-$1-$vni"
  if process_for "$1"; then
    case $line in
      "$(echo "$agent" | cut -d ' ' -f 1-2) "*) kill "$pid" || true ;;
    esac
  fi
  rm -f "$RUN/$1-$vni.pid"
}

# Starts the containers that are to run always and that Docker could not start with the network, which it does not try
# again. $@: words of Docker's reasons, of which one is to be in a container's. One that was stopped has none.
revive_where() {
  for id in $(docker ps --all --quiet --no-trunc --filter "network=$network-$vni" --filter status=exited 2>/dev/null); do
    reason=$(docker inspect --format '{{.HostConfig.RestartPolicy.Name}} {{.State.Error}}' "$id") || continue
    case $reason in "always "* | "unless-stopped "*) ;; *) continue ;; esac
    for word; do
      case $reason in *"$word"*) is docker start "$id" || true; break ;; esac
    done
  done
}
`;
