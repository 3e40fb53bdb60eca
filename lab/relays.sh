# shellcheck shell=bash
# To be sourced by lab/run: how each kind of relay is started, and who is its process.

# Addresses that a node backs up, in the order in which they would fall to it.
backups() {
    local other
    for ((other = 1; other <= relays; other++)); do [[ $other -eq $1 ]] || printf '%s ' "$other"; done
}

start_relay() { "start_$relay" "$1"; }

# Debian's rtpengine in the pattern that providers use: own address first, one Redis database for each node, the others'
# databases subscribed to, all addresses on all hosts, and routes that nobody withdraws.
start_rtpengine() {
    local node=$1 other options=("--interface=pub$1/$(vip "$1")") databases=()
    for other in $(backups "$node"); do
        options+=("--interface=pub$other/$(vip "$other")")
        databases+=("--subscribe-keyspace=$other")
    done
    for ((other = 1; other <= relays; other++)); do
        ip -n "r$node" address replace "$(vip "$other")/32" dev relay0
    done
    # It answers on a wildcard from whatever address the routing table prefers, which a proxy drops: so it has its own one.
    start "r$node" relay rtpengine --config-file=none --table=-1 --foreground --log-stderr --log-level=5 \
        "${options[@]}" --listen-ng="$(vip "$node"):$control_port" --port-min=20000 --port-max=31999 --num-threads=2 \
        --redis="$redis_host:6379/$node" "${databases[@]}" --no-redis-required --redis-cmd-timeout=200 \
        --redis-connect-timeout=200 --active-switchover --timeout=3600 --tos=184
}

# start_relayd NODE [ADDRESS]: with one more address that it is the home of.
start_relayd() {
    local node=$1 other options=("--interface=$(vip "$1")")
    [[ $# -lt 2 ]] || options+=("--interface=$2")
    for other in $(backups "$node"); do
        [[ $(vip "$other") == "${2-}" ]] || options+=("--backup-interface=$(vip "$other")")
    done
    # The hosts share one /sys/fs/bpf: each relay has a table of its own.
    if [[ $plane == kernel ]]; then options+=("--table=$node" --no-fallback); fi
    local announce=link:relay0 redis=$redis_host:6379/1
    if [[ $store == sentinel ]]; then redis=sentinel://$redis_host,$replica_host,10.2.0.1/calls; fi
    if [[ $speaker == exabgp ]]; then announce=exabgp; fi
    local command=("$relayd" --config-file=none --foreground --log-stderr --log-level=6 --node="r$node" \
        "${options[@]}" --listen-ng="0.0.0.0:$control_port" --port-min=20000 --port-max=31999 --num-threads=2 \
        --redis="$redis" --no-redis-required --timeout=3600 --delete-delay=0 --tos=184 \
        --listen-cli=127.0.0.1:9900 --announce="$announce" $relayd_options)
    if [[ $speaker != exabgp ]]; then
        start "r$node" relay "${command[@]}"
        return
    fi
    sed "s|run .*|run ${command[*]};|; s/10\.1\.1\./10.1.$node./g" samples/exabgp/exabgp.conf >"$work/r$node/exabgp.conf"
    start "r$node" relay env exabgp.daemon.user=root exabgp.log.destination=stderr exabgp.api.cli=false \
        exabgp "$work/r$node/exabgp.conf"
}

# The process that was started: relayd's guard.
guard_process() {
    local pid=${pids[r$1-relay]}
    # ExaBGP has started it.
    if [[ $speaker == exabgp ]]; then read -r pid _ <"/proc/$pid/task/$pid/children"; fi
    printf '%s' "$pid"
}

# The process that serves calls: behind relayd's guard it is the child.
relay_process() {
    local pid child
    pid=$(guard_process "$1")
    child=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true)
    if [[ $relay == relayd && -n $child ]]; then printf '%s' "${child%% *}"; else printf '%s' "$pid"; fi
}

# console NODE COMMAND: what its relay says to a command.
console() {
    on "r$1" bash -c 'exec 3<>/dev/tcp/127.0.0.1/9900; printf "%s\n" "$0" >&3; timeout 15 cat <&3' "$2"
}

# in_step NODE: it could go on with the calls of the others. Only relayd tells; of others we know nothing better.
in_step() { [[ $relay != relayd || $(console "$1" ready) == ready* ]]; }

# Whether a relay answers a ping at an address, as the proxy would reach it.
answers() {
    on gen timeout 1 bash -c '
        exec 3<>"/dev/udp/$0/$1"
        printf "lab_%s d7:command4:pinge" "$RANDOM$RANDOM" >&3
        [[ $(timeout 0.5 dd bs=65536 count=1 status=none <&3) == *4:pong* ]]' "$1" "$control_port" 2>/dev/null
}

# The router's way to an address leads to this node.
routed_to() { [[ $(ip -n rt route get "$(vip "$1")" 2>/dev/null) == *"via 10.1.$2.2 "* ]]; }

# How many ways to an address the router knows.
has_paths() {
    [[ $(birdc -s "$work/rt/bird.ctl" show route for "$(vip "$1")/32" all 2>/dev/null | grep -c 'Type: BGP') -ge $2 ]]
}

start_cluster() {
    local node
    make_network
    start_router
    start_redis
    for ((node = 1; node <= relays; node++)); do
        start_speaker "$node"
        start_relay "$node"
    done
    for ((node = 1; node <= relays; node++)); do await_in_service "$node"; done
}

# Until an address is served by its home and backed up by all others.
await_in_service() {
    await "$(vip "$1") is announced by all relays" has_paths "$1" "$relays"
    await "$(vip "$1") leads to r$1" routed_to "$1" "$1"
    await "r$1 answers at $(vip "$1")" answers "$(vip "$1")"
    await "BFD with r$1" bfd_is_up "$1"
    await "r$1 is ready" in_step "$1"
}

bfd_is_up() {
    birdc -s "$work/rt/bird.ctl" show bfd sessions 2>/dev/null | grep -q "^10.1.$1.2 .* Up "
}
