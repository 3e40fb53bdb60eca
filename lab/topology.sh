# shellcheck shell=bash
# To be sourced by lab/run: the hosts, as network namespaces, and what connects them.
#
#     gen (caller and callee) --- rt (router) --- redis (and redis2, its replica, for Sentinel)
#                                  |   |   |
#                                 sw: a switch, so that a cable can be cut without either end noticing
#                                  |   |   |
#                                 r1  r2  r3 (relays)
#
# Everything lives in namespaces of lab/run and ends with it.

readonly generator=10.2.0.2 redis_host=10.3.0.2 replica_host=10.4.0.2 control_port=2223

# The address that a relay is the home of.
vip() { printf '192.0.2.%s' "$1"; }

# Runs a command on a host. Not `ip netns exec`, which would hide what is mounted at /sys/fs/bpf.
on() {
    local host=$1
    shift
    nsenter --net="/run/netns/$host" "$@"
}

make_network() {
    local host node
    for host in gen rt redis redis2 sw; do ip netns add "$host"; done
    cable gen up0 "$generator/24" rt gen 10.2.0.1/24
    cable redis up0 "$redis_host/24" rt redis 10.3.0.1/24
    cable redis2 up0 "$replica_host/24" rt redis2 10.4.0.1/24
    for ((node = 1; node <= relays; node++)); do make_relay_host "$node"; done
    for host in gen rt redis redis2 sw; do ip -n "$host" link set lo up; done
    ip -n gen route add default via 10.2.0.1
    ip -n redis route add default via 10.3.0.1
    ip -n redis2 route add default via 10.4.0.1
    on rt sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0
    for host in gen rt; do on "$host" sysctl -qw net.core.rmem_max=67108864 2>/dev/null || true; done
}

# cable HOST INTERFACE ADDRESS HOST INTERFACE ADDRESS
cable() {
    ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
    ip -n "$1" address add "$3" dev "$2"
    ip -n "$4" address add "$6" dev "$5"
    ip -n "$1" link set "$2" up
    ip -n "$4" link set "$5" up
}

make_relay_host() {
    local node=$1 host=r$1
    ip netns add "$host"
    ip -n sw link add "br$node" type bridge
    ip link add up0 netns "$host" type veth peer name "to-r$node" netns sw
    ip link add "relay$node" netns rt type veth peer name "to-rt$node" netns sw
    for port in "to-r$node" "to-rt$node"; do ip -n sw link set "$port" master "br$node" up; done
    ip -n sw link set "br$node" up
    ip -n "$host" address add "10.1.$node.2/30" dev up0
    ip -n rt address add "10.1.$node.1/30" dev "relay$node"
    ip -n rt link set "relay$node" up
    ip -n "$host" link set lo up
    ip -n "$host" link set up0 up
    ip -n "$host" route add default via "10.1.$node.1"
    on "$host" sysctl -qw net.ipv4.conf.all.rp_filter=0
    dummy "$host" relay0
    dummy "$host" relay0-drain
}

# An interface that leads nowhere and is always up. Kernels without dummy interfaces have a pair with nobody behind it.
dummy() {
    local host=$1 name=$2
    ip -n "$host" link add "$name" type dummy 2>/dev/null || ip -n "$host" link add "$name" type veth peer name "${name/relay/lead}"
    ip -n "$host" link set "$name" up
    [[ ! -e /run/netns/$host ]] || ip -n "$host" link set "${name/relay/lead}" up 2>/dev/null || true
}

start_router() {
    local node
    mkdir -p "$work/rt"
    cp samples/bird/router.conf "$work/rt/"
    for ((node = 1; node <= relays; node++)); do
        printf 'protocol bgp relay%s from relay { neighbor 10.1.%s.2 as 65001; }\n' "$node" "$node"
    done >"$work/rt/relays.conf"
    start rt bird bird -f -c "$work/rt/router.conf" -s "$work/rt/bird.ctl"
}

start_speaker() {
    mkdir -p "$work/r$1"
    "start_speaker_$speaker" "$1"
}

start_speaker_bird() {
    local node=$1 folder=$work/r$1
    cp samples/bird/relay.conf "$folder/"
    printf 'define NODE = 10.1.%s.2;\ndefine GATEWAY = 10.1.%s.1;\ndefine HOME = [ %s/32 ];\n' \
        "$node" "$node" "$(vip "$node")" >"$folder/node.conf"
    start "r$node" bird bird -f -c "$folder/relay.conf" -s "$folder/bird.ctl"
}

# ExaBGP starts relayd itself (start_relayd), and knows nothing of interfaces: the addresses are always there. BIRD does BFD.
start_speaker_exabgp() {
    local other
    sed "s/10\.1\.1\./10.1.$1./g" samples/exabgp/bird.conf >"$work/r$1/bird.conf"
    start "r$1" bird bird -f -c "$work/r$1/bird.conf" -s "$work/r$1/bird.ctl"
    for ((other = 1; other <= relays; other++)); do
        ip -n "r$1" address replace "$(vip "$other")/32" dev lo
    done
}

# For another host than the first: its own address is another one.
start_speaker_frr() {
    local node=$1 folder=$work/r$1 daemon
    sed "s/192\.0\.2\.1/$(vip "$node")/g; s/10\.1\.1\./10.1.$node./g" samples/frr/frr.conf >"$folder/frr.conf"
    chown -R frr:frr "$folder"
    for daemon in zebra bfdd bgpd; do
        start "r$node" "$daemon" "/usr/lib/frr/$daemon" --vty_socket "$folder" \
            -z "$folder/zserv.api" -i "$folder/$daemon.pid" -f "$folder/frr.conf" --log stdout
    done
}

# rtpengine needs all kinds of notifications.
start_redis() {
    # Sentinel has servers write what has changed into their files.
    cp samples/redis/redis.conf "$work/redis.conf"
    start redis redis redis-server "$work/redis.conf" --bind "$redis_host" \
        --notify-keyspace-events AKE --dir "$work"
    await "Redis answers" on redis redis-cli -h "$redis_host" ping
    if [[ $store == sentinel ]]; then start_sentinels; fi
}

# A replica, and three Sentinels on different hosts.
start_sentinels() {
    local place host address
    cp samples/redis/redis.conf "$work/redis2.conf"
    start redis2 redis redis-server "$work/redis2.conf" --bind "$replica_host" --dir "$work" \
        --replicaof "$redis_host" 6379
    await "the replica is one" replica_is_ready
    for place in "redis $redis_host" "redis2 $replica_host" "rt 10.2.0.1"; do
        read -r host address <<<"$place"
        # It keeps what it learns in the file.
        cp samples/redis/sentinel.conf "$work/sentinel-$host.conf"
        start "$host" sentinel redis-server "$work/sentinel-$host.conf" --sentinel --bind "$address" --dir "$work"
    done
    await "the Sentinels know each other and the replica" sentinels_are_ready
}

replica_is_ready() {
    [[ $(on redis2 redis-cli -h "$replica_host" info replication) == *master_link_status:up* ]]
}

sentinels_are_ready() {
    local text
    text=$(on rt redis-cli -h 10.2.0.1 -p 26379 sentinel master calls | paste -sd' ')
    [[ $text == *"num-other-sentinels 2 "* && $text == *"num-slaves 1 "* ]]
}

# --- Processes ---

declare -A pids=()

# start HOST NAME COMMAND...: its output goes to a file named after both.
start() {
    local host=$1 name=$2
    shift 2
    # Not `on`: the process that is remembered is to be the program itself.
    nsenter --net="/run/netns/$host" "$@" >>"$work/$host-$name.log" 2>&1 </dev/null &
    pids[$host-$name]=$!
    disown # how it ends is what the table tells
}

# Ends everything that runs on a host, as a power cut does.
kill_host() {
    local key
    for key in "${!pids[@]}"; do
        [[ $key != "$1"-* ]] || kill_tree KILL "${pids[$key]}"
    done
}

# kill_tree SIGNAL PID: the process and all that it started.
kill_tree() {
    local child children
    children=$(cat "/proc/$2/task/"*/children 2>/dev/null || true)
    kill "-$1" "$2" 2>/dev/null || true
    for child in $children; do kill_tree "$1" "$child"; done
}

# await WHAT COMMAND...: until it succeeds, at most 30 s.
await() {
    local what=$1 tries=0
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [[ $tries -eq 400 ]]; then
            describe_hosts >"$work/hosts.log" 2>&1 || true
            fail "waited in vain: $what; logs are in $work"
        fi
        sleep 0.05
    done
}

# What every host looks like, for the log of a failure.
describe_hosts() {
    local host
    for host in $(ip netns list | cut -d' ' -f1 | sort); do
        printf '== %s\n' "$host"
        ip -n "$host" -brief address
        ip -n "$host" route
        [[ ! -S $work/$host/bird.ctl ]] || birdc -s "$work/$host/bird.ctl" show protocols all
        [[ ! -S $work/$host/bird.ctl ]] || birdc -s "$work/$host/bird.ctl" show route all
    done
}
