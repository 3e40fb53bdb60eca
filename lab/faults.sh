# shellcheck shell=bash
# To be sourced by lab/run: what goes wrong. Each fault is a function `fault_NAME`; `prepare_NAME` runs before the calls'
# media is measured, `promise_NAME` prints the longest gap that we promise, in milliseconds, and where there is a
# `refuses_NAME` ICMP errors are no broken promise.

# BFD: three packets, 50 ms apart; and what we allow ourselves.
readonly detection=150 margin=20

readonly common_faults=(nothing host-death killed killed-with-guard hang stop return redis-and-host flap two-of-three)
# What only relayd has, or promises anything for.
readonly relayd_faults=(guard-killed media-hang hang-alone killed-alone drill drill-with-loss rolling sentinel-and-host
    both-homes)

# by_plane USER KERNEL: what is promised depends on who forwards.
by_plane() { if [[ $plane == kernel ]]; then printf '%s' "$2"; else printf '%s' "$1"; fi; }

# Cuts a relay's cable so that neither end loses its carrier.
cut_cable() { ip -n sw link set "to-r$1" nomaster; }
mend_cable() { ip -n sw link set "to-r$1" master "br$1"; }

describe_nothing() { printf 'nothing'; }
fault_nothing() { :; }
promise_nothing() { printf 0; }

describe_host-death() { printf 'host dies, silently'; }
fault_host-death() {
    cut_cable 1
    kill_host r1
}
promise_host-death() { printf '%s' $((detection + margin)); }

describe_killed() { printf 'relay killed (-9), restarted'; }
fault_killed() {
    kill -KILL "$(relay_process 1)"
    [[ $relay == relayd ]] || start_relay 1 # relayd's guard does it
}
promise_killed() { by_plane 300 0; }

describe_killed-with-guard() { printf 'relay killed (-9), not restarted'; }
fault_killed-with-guard() {
    kill_tree KILL "${pids[r1-relay]}"
    # What the unit file has systemd do then (ExecStopPost).
    if [[ $relay == relayd ]]; then ip -n r1 address flush dev relay0; fi
}
promise_killed-with-guard() { by_plane 300 0; }
# Nobody is left who could keep the ports from refusing what comes until the address has moved.
refuses_killed-with-guard() { :; }

describe_hang() { printf 'relay hangs (SIGSTOP)'; }
fault_hang() { kill -STOP "$(relay_process 1)"; }
promise_hang() { by_plane 500 0; }

describe_stop() { printf 'planned stop (SIGTERM)'; }
fault_stop() { kill -TERM "${pids[r1-relay]}"; }
promise_stop() { printf 0; }

describe_return() { printf 'host comes back'; }
prepare_return() {
    fault_host-death
    await "r2 takes $(vip 1) over" routed_to 1 2
}
fault_return() {
    ip -n r1 address flush dev relay0
    ip -n r1 address flush dev relay0-drain
    # A real host would have forgotten what its kernel forwarded.
    if [[ $plane == kernel ]]; then on r1 "$relayd" --config-file=none --table=1 --flush-kernel; fi
    mend_cable 1
    start_speaker 1
    start_relay 1
    await_in_service 1
}
promise_return() { printf 0; }

describe_redis-and-host() { printf 'Redis and host die together'; }
fault_redis-and-host() {
    kill_host redis
    fault_host-death
}
promise_redis-and-host() { promise_host-death; }

describe_flap() { printf 'cable flaps (3 x 0.4 s)'; }
fault_flap() {
    for _ in 1 2 3; do
        cut_cable 1
        sleep 0.4
        mend_cable 1
        sleep 0.4
    done
}
promise_flap() { promise_host-death; }

describe_drill() { printf 'drill: lent for 2 s, and back'; }
fault_drill() {
    on r1 "$relayctl" drill --address "$(vip 1)" --seconds 2 --console 127.0.0.1:9900 --json >"$work/drill.json"
}
promise_drill() { printf 0; }

# What the drill says it has cost, beside what the generator says; status 1 when they do not agree.
drill_row() {
    jq -r --argjson run "$result" '"    the drill itself: \(.measuredStreams) of \(.streams) streams, \(.packetsLost) of \(
        .packets) packets lost, longest gap \(.longestGapMilliseconds | round) ms; the generator: \($run.media.lost) lost, \(
        $run.media.longestGapMilliseconds | round) ms"' "$work/drill.json"
    jq -e --argjson run "$result" '.measuredStreams == .streams and .packetsLost == $run.media.lost' \
        "$work/drill.json" >/dev/null
}

describe_drill-with-loss() { printf 'drill, the backup deaf for 0.4 s'; }
# BFD, BGP and commands go on: only media is lost. At the router: what the kernel forwards on r2 no filter there sees.
fault_drill-with-loss() {
    fault_drill &
    await "r2 has $(vip 1)" routed_to 1 2
    sleep 0.5
    on rt nft 'add table inet lab; add chain inet lab deaf { type filter hook forward priority 0; }
        add rule inet lab deaf oifname "relay2" udp dport 20000-31999 drop'
    sleep 0.4
    on rt nft delete table inet lab
    wait $!
}
# Longer than that the backup is not deaf; the point is that both accounts agree.
promise_drill-with-loss() { printf 450; }

describe_two-of-three() { printf 'two hosts of three die'; }
fault_two-of-three() {
    cut_cable 1
    cut_cable 2
    kill_host r1
    kill_host r2
}
promise_two-of-three() { promise_host-death; }

describe_guard-killed() { printf 'only the guard killed (-9)'; }
fault_guard-killed() { kill -KILL "$(guard_process 1)"; }
promise_guard-killed() { printf 0; }

describe_media-hang() { printf 'a media thread hangs'; }
fault_media-hang() { start r1 holder lab/hold-thread "$(relay_process 1)" media-0; }
promise_media-hang() { by_plane 500 0; }

describe_hang-alone() { printf 'hangs, and there is no backup'; }
fault_hang-alone() { fault_hang; }
# Noticed, given up and started again; calls come from Redis.
promise_hang-alone() { by_plane 2000 0; }

describe_killed-alone() { printf 'killed (-9), and there is no backup'; }
fault_killed-alone() { fault_killed; }
# Started again; calls come from Redis.
promise_killed-alone() { by_plane 1000 0; }

describe_rolling() { printf 'upgrade of all, one by one'; }
fault_rolling() {
    local node guard
    for ((node = 1; node <= relays; node++)); do
        guard=$(guard_process "$node")
        kill -TERM "$guard"
        await "r$node has ended" ended "$guard"
        [[ $speaker == exabgp ]] || start_relay "$node" # ExaBGP does it
        await_in_service "$node"
        printf '%s r%s is back\n' "$EPOCHREALTIME" "$node"
    done
}
promise_rolling() { printf 0; }

describe_sentinel-and-host() { printf 'Redis moves, then a host dies'; }
prepare_sentinel-and-host() {
    local node
    kill_host redis
    await "Sentinel has promoted the replica" replica_is_master
    for ((node = 1; node <= relays; node++)); do await "r$node is in step with it" follows "$node" "$replica_host"; done
}
fault_sentinel-and-host() { fault_host-death; }
promise_sentinel-and-host() { promise_host-death; }

replica_is_master() { [[ $(on redis2 redis-cli -h "$replica_host" role) == master* ]]; }
# follows NODE HOST: its store is there now.
follows() {
    local text
    text=$(console "$1" cluster)
    [[ $text == *"In step:           yes"* && $(on redis2 redis-cli -h "$2" get relay:node:"r$1") != "" ]]
}

describe_both-homes() { printf 'two relays are home of one address'; }
# A mistake in a configuration: the router chooses one, and calls follow the packets.
fault_both-homes() {
    kill -TERM "$(guard_process 2)"
    await "r2 has ended" ended "$(guard_process 2)"
    start_relayd 2 "$(vip 1)"
    await "r2 is ready" in_step 2
}
promise_both-homes() { printf 0; }

ended() { [[ ! -e /proc/$1/exe ]]; }
