# shellcheck shell=bash
# To be sourced by lab/run: what goes wrong. Each fault is a function `fault_NAME`; `prepare_NAME` runs before the calls'
# media is measured, `promise_NAME` prints the longest gap that we promise, in milliseconds.

# BFD: three packets, 50 ms apart; and what we allow ourselves.
readonly detection=150 margin=20

readonly all_faults=(nothing host-death killed killed-with-guard hang stop return redis-and-host flap drill two-of-three)

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
promise_killed-with-guard() { printf 300; }

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
    [[ $relay == relayd ]] || return 0
    console 1 "drill $(vip 1) 2"
}
promise_drill() { printf 0; }

describe_two-of-three() { printf 'two hosts of three die'; }
fault_two-of-three() {
    cut_cable 1
    cut_cable 2
    kill_host r1
    kill_host r2
}
promise_two-of-three() { promise_host-death; }
