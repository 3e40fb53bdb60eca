// RTCP that is forwarded is copied out for the daemon, which reads loss, jitter and round trips from it. It is rare, and
// the copy is not what it is forwarded for: without room for it, one more is counted as lost, and that is all.
#pragma once

#include "decide.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, RELAY_REPORT_RING);
} reports SEC(".maps");

/// Copies a payload of at least one octet into a record with room for so many, a power of two.
INLINE int copy_report(
    void *context, const bool is_xdp, __u32 offset, __u32 length, __u32 cell, __u64 now, const __u32 room) {
    struct relay_report *report = bpf_ringbuf_reserve(&reports, sizeof *report + room, 0);
    if (!report) {
        count(RELAY_LOST_REPORT, 0);
        return 0;
    }
    if (length > room) length = room;
    // In 1...room, by an instruction that the compiler does not leave out: the kernel wants to see it right here.
    __u64 last = length - 1;
    asm volatile("%0 &= %1" : "+r"(last) : "i"(room - 1));
    if (load_bytes(context, is_xdp, offset, report + 1, last + 1)) {
        bpf_ringbuf_discard(report, BPF_RB_NO_WAKEUP);
        return 0;
    }
    report->time = now;
    report->cell = cell;
    report->length = length;
    // The daemon looks by itself a few times a second; a wake-up costs more than the packet.
    bpf_ringbuf_submit(report, BPF_RB_NO_WAKEUP);
    return 0;
}

INLINE int report(void *context, const bool is_xdp, __u32 offset, __u32 length, __u32 cell, __u64 now) {
    return length <= RELAY_REPORT_SHORT ? copy_report(context, is_xdp, offset, length, cell, now, RELAY_REPORT_SHORT)
                                        : copy_report(context, is_xdp, offset, length, cell, now, RELAY_REPORT_LONG);
}

static __noinline int report_xdp(struct xdp_md *context, __u32 offset, __u32 length, __u32 cell, __u64 now) {
    return report(context, true, offset, length, cell, now);
}
static __noinline int report_tc(struct __sk_buff *context, __u32 offset, __u32 length, __u32 cell, __u64 now) {
    return report(context, false, offset, length, cell, now);
}
