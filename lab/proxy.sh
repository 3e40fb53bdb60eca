# shellcheck shell=bash
# To be sourced by lab/run: calls through Kamailio, with samples/kamailio, while a host dies. Here commands count, not media.

# Calls a second, and how long each is up, in milliseconds.
readonly proxy_rate=40 proxy_hold=1000
# rtpengine_tout_ms in the sample: the longest that a worker waits before it tries again.
readonly proxy_patience=500

# The project's Kamailio for tests, with the sample in place of its own relay.
start_proxy() {
    sed -e '/^loadmodule "rtpengine.so"/d' -e "s|^modparam(\"rtpengine\", \"rtpengine_sock\".*|include_file \"$PWD/samples/kamailio/rtpengine.cfg\"|" \
        -e "s|^children=2|children=8|" -e "s|^loadmodule \"tm.so\"|loadmodule \"ctl.so\"\nmodparam(\"ctl\", \"binrpc\", \"unix:$work/kamailio.ctl\")\n&|" \
        Tests/EndToEnd/kamailio.cfg >"$work/kamailio.cfg"
    start gen kamailio kamailio -f "$work/kamailio.cfg" -A "LISTEN=udp:$generator:5060" -Y "$work" -DD -E
    await "Kamailio answers" on gen kamcmd -s "unix:$work/kamailio.ctl" core.version
}

# What SIPp plays in the tests, without media: calls are set up, held and ended.
start_callers() {
    local party
    for party in caller callee; do
        sed -e '/<nop>/,/<\/nop>/d' -e "s/milliseconds=\"9000\"/milliseconds=\"$proxy_hold\"/" \
            -e '0,/<send retrans="500">/s//<send retrans="500" start_rtd="1">/' \
            -e 's/<recv response="200" rrs="true"\/>/<recv response="200" rrs="true" rtd="1"\/>/' \
            "Tests/EndToEnd/$party.xml" >"$work/$party.xml"
    done
    sed -i 's/ start_rtd="1"//' "$work/callee.xml"
    start gen callee sipp -sf "$work/callee.xml" -i "$generator" -mi "$generator" -p 5070 -mp 30000 -nostdin
    # It writes its figures where it is started.
    on gen sh -c 'cd "$0" && exec "$@"' "$work" sipp "$generator:5060" -sf caller.xml -key callee "$generator:5070" \
        -i "$generator" -mi "$generator" -p 5080 -mp 40000 -r "$proxy_rate" -m $((proxy_rate * seconds)) \
        -trace_rtt -rtt_freq 1 -trace_stat -fd 1 -nostdin -timeout "$((seconds + 20))" >"$work/caller.log" 2>&1 &
    caller=$!
}

# Runs calls through a fault, and keeps what became of them.
measure_proxy() {
    local fault=$1 status=0 slowest
    start_cluster
    start_proxy
    start_callers
    sleep 2 # of undisturbed calls
    "fault_$fault" >>"$work/fault.log" 2>&1
    wait "$caller" || status=$?
    slowest=$(tail -qn +2 "$work"/caller_*_rtt.csv | cut -d';' -f 2 | sort -n | tail -n 1)
    on gen kamcmd -s "unix:$work/kamailio.ctl" rtpengine.show all >"$work/nodes.log"
    printf 'status=%s slowest=%s unreachable=%s\n' "$status" "${slowest%.*}" "$(unreachables)" >"$work/proxy.result"
}

# Prints that; status 1 when a promise is broken.
row_proxy() {
    local status slowest unreachable failed verdict=kept
    source "$work/proxy.result"
    failed=$(awk -F';' 'NR == 1 { for (n = 1; $n != "FailedCall(C)" && n < NF; n++); } END { print $n }' "$work"/caller_*_.csv)
    # What could not be read is no promise kept. One retry, and what Kamailio, SIPp and a busy machine add.
    if [[ ! $slowest =~ ^[0-9]+$ || ! $unreachable =~ ^[0-9]+$ || ! $failed =~ ^[0-9]+$ ||
        $status -ne 0 || $slowest -gt $((proxy_patience + 250 + slack)) || $unreachable -ne 0 ]] ||
        ! grep -q disabled "$work/nodes.log" || grep -q 'disabled(permanent): 1' "$work/nodes.log"; then
        verdict=BROKEN
    fi
    printf 'through Kamailio, host dies: %s calls, %s failed; slowest set-up %s ms; %s ICMP unreachables; nodes in use %s of 2: %s\n' \
        $((proxy_rate * seconds)) "${failed:-?}" "$slowest" "$unreachable" \
        "$(grep -c 'disabled: 0\|disabled: no' "$work/nodes.log")" "$verdict"
    [[ $verdict == kept ]]
}
