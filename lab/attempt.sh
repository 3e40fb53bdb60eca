# shellcheck shell=bash
# To be sourced behind scripts/common.sh: something may fail, and what comes after it goes on.

# attempt COMMAND...: runs a command, most often a function, in a shell of its own. That one ends with the first thing in it
# that fails, or at `fail`, and then runs `clear`, if there is such a function. Afterwards $reason says why it has failed,
# and is empty when it has not. Succeeds itself: the shell would not end at a failure in something whose status is looked at.
attempt() {
    local status note
    note=$(mktemp)
    set +e
    (
        failure=$note shell=$BASHPID
        set -eE
        # Only what fails in this shell itself ends it.
        trap '[[ $BASHPID -ne $shell || -s $failure ]] || printf "failed: %s (%s, line %s)\n" \
            "$BASH_COMMAND" "${BASH_SOURCE[0]##*/}" "$LINENO" >"$failure"' ERR
        trap 'set +eE; trap - ERR; if declare -F clear >/dev/null; then clear; fi' EXIT
        "$@"
    )
    status=$?
    set -e
    reason=$(<"$note")
    rm -f "$note"
    if [[ $status -ne 0 && -z $reason ]]; then reason="ended with status $status"; fi
    [[ $status -ne 0 ]] || reason=
}

# As in scripts/common.sh, and for `attempt` to tell.
fail() {
    if [[ -n ${failure-} ]]; then printf '%s\n' "$*" >"$failure"; fi
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}
