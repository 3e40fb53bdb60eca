# shellcheck shell=bash disable=SC2016,SC2034
# To be sourced by the scripts beside it: what the project needs from Debian or Ubuntu, and how it gets there.

# The load generator is in the package only when it is asked for. All scripts ask, so that all see one package and none
# makes another build again what is there.
export RELAY_BENCH=1

# To build: what the Swift toolchain itself does not bring.
build_packages=(binutils ca-certificates git libbpf-dev libhiredis-dev)
# To run the end-to-end tests.
test_packages=(ethtool iproute2 kamailio python3 redis-server rtpengine-utils sip-tester tcpdump)

# To run the lab (lab/run): a router, its routing daemon, a store.
lab_packages=(bird2 iproute2 jq nftables procps python3 redis-server)

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Installs those of the named packages that are missing. With nothing missing it takes no privileges.
need_packages() {
    local package missing=() root=()
    for package in "$@"; do
        [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $EUID -ne 0 ]]; then
        # Without a terminal sudo cannot ask for a password.
        if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
            root=(sudo)
        else
            fail "please have an administrator run: apt-get install --no-install-recommends ${missing[*]}"
        fi
    fi
    printf 'installing %s\n' "${missing[*]}"
    with_services_stopped "${root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c '
        install="apt-get install --yes --quiet --no-install-recommends -o DPkg::Lock::Timeout=300"
        # The lists may be missing, or older than what the archive still has.
        $install "$@" || { apt-get update --quiet && $install "$@"; }' sh "${missing[@]}" </dev/null ||
        fail "apt-get could not install ${missing[*]}"
}

# Runs a command that installs packages. Debian starts a package's daemon at once, on ports that ours may want.
with_services_stopped() {
    local policy=/usr/sbin/policy-rc.d root=()
    if [[ $1 == sudo ]]; then root=(sudo); fi
    if [[ -e $policy ]]; then
        "$@"
        return
    fi
    (
        trap '"${root[@]}" rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
        "${root[@]}" chmod 755 "$policy"
        "$@"
    )
}

need_swift() {
    command -v swift >/dev/null || fail "Swift 6.2 or later is needed: see https://www.swift.org/install/linux/"
}
