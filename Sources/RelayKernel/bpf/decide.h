// Whether a packet is forwarded, and where to. Reads the packet, changes nothing of it. Nothing is ever dropped: what is
// not forwarded goes on to user space, with the reason counted.
#pragma once

#include "packet.h"

/// Not a packet of ours; nothing is counted.
#define NOT_OURS (-1)

// Without CAP_PERFMON a program may add nothing but constants to a pointer into a packet. So where the headers are, and
// whether they are IPv4, are parameters that every instance of these functions knows when it is compiled.

/// What a packet says, as it arrived. Addresses are four words; of IPv4 only the last is set.
struct packet {
    __u32 source[4];
    __u32 local[4];
    __be16 source_port;
    __be16 local_port;
    /// Length of the UDP payload.
    __u32 payload;
    __sum16 checksum;
};

/// What is to happen to it.
struct decision {
    /// The flow whose way the packet takes.
    struct relay_flow *flow;
    struct relay_counters *counted;
    const struct relay_settings *settings;
    bool is_rtcp;
    /// CLOCK_MONOTONIC, in nanoseconds.
    __u64 now;
};

enum { IPV4_SIZE = sizeof(struct iphdr), IPV6_SIZE = sizeof(struct ipv6hdr), UDP_SIZE = sizeof(struct udphdr) };

/// Offset of the UDP payload in the frame.
INLINE __u32 payload_offset(const __u32 network, const bool ipv4) {
    return network + (ipv4 ? IPV4_SIZE : IPV6_SIZE) + UDP_SIZE;
}

/// Reads the headers up to UDP: RELAY_FORWARDED if the packet may be one of ours.
INLINE int read_headers(void *data, void *end, const __u32 network, const bool ipv4, struct packet *packet) {
    __u32 room;
    if (ipv4) {
        struct iphdr *ip = data + network;
        if (RARELY((void *)(ip + 1) > end || ip->version != 4 || ip->protocol != IPPROTO_UDP)) return NOT_OURS;
        if (RARELY(ip->ihl != 5)) return RELAY_OPTIONS;
        if (RARELY(ip->frag_off & bpf_htons(IPV4_FRAGMENT))) return RELAY_FRAGMENT;
        packet->source[3] = ip->saddr;
        packet->local[3] = ip->daddr;
        room = bpf_ntohs(ip->tot_len) - IPV4_SIZE;
    } else {
        struct ipv6hdr *ip = data + network;
        if ((void *)(ip + 1) > end || ip->version != 6) return NOT_OURS;
        if (ip->nexthdr == IPPROTO_FRAGMENT) return RELAY_FRAGMENT;
        if (ip->nexthdr != IPPROTO_UDP)  // extension headers are no reason to look for UDP behind them
            return ip->nexthdr == IPPROTO_HOPOPTS || ip->nexthdr == IPPROTO_ROUTING || ip->nexthdr == IPPROTO_DSTOPTS
                       ? RELAY_OPTIONS
                       : NOT_OURS;
        copy_address(packet->source, &ip->saddr);
        copy_address(packet->local, &ip->daddr);
        room = bpf_ntohs(ip->payload_len);
    }
    struct udphdr *udp = data + network + (ipv4 ? IPV4_SIZE : IPV6_SIZE);
    if (RARELY((void *)(udp + 1) > end)) return NOT_OURS;
    packet->source_port = udp->source;
    packet->local_port = udp->dest;
    packet->checksum = udp->check;
    // A length that is too small wraps around, and so is too large.
    packet->payload = bpf_ntohs(udp->len) - UDP_SIZE;
    if (RARELY(room != bpf_ntohs(udp->len) || packet->payload > 0xFFFF)) return RELAY_ODD_LENGTH;
    return RELAY_FORWARDED;
}

/// A packet that is not the next of its source: where it belongs. False when it is late, or one whose jump is not believed
/// yet.
INSTANCE bool place_in_sequence(struct relay_counters *counters, __u16 sequence, __u32 elapsed) {
    __s16 step = sequence - (__u16)counters->highest_sequence;
    if (step > 0 && (counters->state & RELAY_SOURCE_ELSEWHERE || elapsed >= RELAY_SOURCE_SILENCE)) {
        // No loss, and no new beginning.
    } else if (step > 0 && step < RELAY_MAX_DROPOUT) {
        counters->lost += step - 1;
        counters->gaps++;
        counters->highest_sequence += step;
        counters->seen = step < 64 ? counters->seen << step | 1 : 1;
        counters->state &= ~RELAY_SOURCE_JUMPED;
        return true;
    } else if (step <= 0 && step > -64) {
        __u64 bit = 1ull << -step;
        if (counters->seen & bit) {
            counters->duplicates++;
        } else {
            counters->seen |= bit;
            counters->lost--;
            counters->reordered++;
        }
        return false;
    } else if (!(counters->state & RELAY_SOURCE_JUMPED) || sequence != counters->after_jump) {
        // Two packets in sequence are a new beginning.
        counters->after_jump = sequence + 1;
        counters->state |= RELAY_SOURCE_JUMPED;
        return false;
    } else {
        counters->restarts++;
    }
    counters->highest_sequence = (counters->highest_sequence & 0xFFFF0000u) | sequence;
    counters->seen = ~0ull;
    counters->state &= ~RELAY_SOURCE_JUMPED;
    return true;
}

/// The first packet of a source.
INSTANCE void begin_source(struct relay_counters *counters, __u16 sequence, __u32 ssrc) {
    counters->ssrc = ssrc;
    counters->highest_sequence = sequence;
    counters->seen = ~0ull;
    counters->jitter = 0;
    counters->packets_before = counters->rtp_packets - 1;
    counters->lost = 0;
    counters->duplicates = counters->reordered = counters->gaps = counters->restarts = 0;
    counters->state = RELAY_SOURCE_KNOWN;
}

/// The RTP header's first word, its timestamp and SSRC, as numbers. The same as `StreamQuality.received`.
INLINE void measure(
    struct relay_counters *counters, __u32 first, __u32 timestamp, __u32 ssrc, __u32 clock_rate, __u64 now) {
    const __u32 arrival = now >> RELAY_ARRIVAL_TICK_BITS;
    const __u8 payload_type = first >> 16 & 0x7F;
    counters->last_rtp = now;
    if (RARELY(counters->ssrc != ssrc || !(counters->state & RELAY_SOURCE_KNOWN))) {
        begin_source(counters, first, ssrc);
    } else {
        const __u32 elapsed = arrival - counters->last_arrival;
        if (USUALLY((__u16)first == (__u16)(counters->highest_sequence + 1))) {
            counters->highest_sequence++;
            counters->seen = counters->seen << 1 | 1;
        } else if (!place_in_sequence(counters, first, elapsed)) {
            return;
        }
        // RFC 3550 A.8. Packets of one video frame, and those of one DTMF event, share a timestamp and say nothing.
        if (USUALLY(
                clock_rate && timestamp != counters->last_timestamp && payload_type == counters->payload_type
                && elapsed < RELAY_SOURCE_SILENCE)) {
            // A tick is 4398 / 2^32 s.
            __s64 apart = (__s64)((__u64)elapsed * clock_rate * 4398 >> 32) - (__s32)(timestamp - counters->last_timestamp);
            if (apart < 0) apart = -apart;
            if (apart > clock_rate) apart = clock_rate;
            counters->jitter += apart - ((counters->jitter + 8) >> 4);
        }
        counters->state &= ~RELAY_SOURCE_ELSEWHERE;
    }
    counters->last_arrival = arrival;
    counters->last_timestamp = timestamp;
    counters->payload_type = payload_type;
}

/// Copies octets that are anywhere in the packet. Each kind of program has its own helper for it.
INLINE long load_bytes(void *context, const bool is_xdp, __u32 offset, void *to, __u32 length) {
    return is_xdp ? bpf_xdp_load_bytes(context, offset, to, length) : bpf_skb_load_bytes(context, offset, to, length);
}

/// The number of the first flow that a local address and port lead to; 0 for none.
///
/// Reads what is most likely needed next without waiting for it: three misses of the cache take the time of one.
INLINE __u32 find_first(const bool ipv4, const struct packet *packet, const struct relay_settings *settings) {
    const __u32 *local = packet->local;
    __u32 number = ipv4 ? relay_place_of(0, 0, bpf_htonl(0xFFFF), local[3], packet->local_port)
                        : relay_place_of(local[0], local[1], local[2], local[3], packet->local_port);
    number &= settings->place_mask;
    const volatile struct relay_place *place = bpf_map_lookup_elem(&places, &number);
    if (RARELY(!place)) return 0;
    __u32 first = place->first;
    (void)place->flows[0].local;
    (void)place->flows[1].local;
    return first;
}

/// Keeps the compiler from adding to a pointer before it has looked whether there is one, which the kernel does not like.
#define LOOKED_AT(pointer) asm volatile("" : "+r"(pointer))

INLINE struct relay_counters *counters_of(__u32 number) {
    struct relay_place *place = bpf_map_lookup_elem(&places, &number);
    if (RARELY(!place)) return NULL;
    LOOKED_AT(place);
    return &place->counters;
}

INLINE struct relay_flow *flow_of(__u32 number) {
    __u32 index = number / 2;
    struct relay_place *place = bpf_map_lookup_elem(&places, &index);
    if (RARELY(!place)) return NULL;
    LOOKED_AT(place);
    return &place->flows[number & 1];
}

/// Follows a place to the flow of a local address and port.
INLINE struct relay_flow *follow(const bool ipv4, const struct packet *packet, __u32 number) {
    const __u32 *local = packet->local;
#pragma unroll  // without CAP_PERFMON the kernel also follows what a processor might guess: that a loop does not end
    for (int step = 0; step < RELAY_CHAIN; step++) {
        if (RARELY(!number)) return NULL;
        struct relay_flow *flow = flow_of(number);
        if (RARELY(!flow)) return NULL;
        if (USUALLY(
                flow->local == local[3] && flow->local_port == packet->local_port
                && !(flow->flags & RELAY_FLOW_FROM_IPV4) == !ipv4
                && (ipv4 || same_prefix(flow->local_prefix, local))))
            return flow;
        number = *(volatile __u32 *)&flow->next;
    }
    return NULL;
}

INSTANCE struct relay_flow *follow_ipv6(const struct packet *packet, __u32 number) {
    return follow(false, packet, number);
}

/// RTP or RTCP (RFC 5761 §4), by the first octets of the payload.
INLINE int classify(
    void *context, const bool is_xdp, const __u8 *payload, void *end, const __u32 offset, const struct packet *packet,
    struct decision *decision) {
    struct relay_flow *flow = decision->flow;
    if (RARELY((void *)(payload + 12) > end || packet->payload < 8 || payload[0] >> 6 != 2)) return RELAY_NOT_RTP;
    decision->is_rtcp = payload[1] >= 192 && payload[1] <= 223;
    if (RARELY(decision->is_rtcp)) {
        if (!(flow->flags & RELAY_FLOW_RTCP)) return RELAY_NOT_RTP;
        __u32 number = flow->rtcp;
        if (!number) return RELAY_FORWARDED;
        decision->flow = flow_of(number);
        return decision->flow ? RELAY_FORWARDED : RELAY_REFUSED;
    }
    if (RARELY(!(flow->flags & RELAY_FLOW_RTP))) return RELAY_NOT_RTP;
    __u32 header = 12 + 4 * (payload[0] & 0x0F);
    if (RARELY(payload[0] & 0x10)) {
        __be16 extension[2];
        if (load_bytes(context, is_xdp, offset + header, extension, sizeof extension)) return RELAY_NOT_RTP;
        header += 4 + 4 * bpf_ntohs(extension[1]);
    }
    return header > packet->payload ? RELAY_NOT_RTP : RELAY_FORWARDED;
}

/// When and under which settings a way out is asked for.
INLINE __u64 lease_of(const struct decision *decision) {
    __u32 ticks = decision->now >> RELAY_ROUTE_TICK_BITS;
    return (__u64)*(const volatile __u16 *)&decision->settings->generation << 32 | ticks;
}

/// The flow's own way out is good for a packet of this length.
INLINE bool has_route(const bool is_xdp, const struct decision *decision, __u32 length) {
    const struct relay_flow *flow = decision->flow;
    __u64 lease = *(const volatile __u64 *)&flow->lease, today = lease_of(decision);
    if (RARELY(
            length > lease >> 48 || ((lease ^ today) >> 32 & 0xFFFF) != 0
            || !(flow->tag & RELAY_TAG_XDP) != !is_xdp))
        return false;
    const __u32 age = (__u32)today - (__u32)lease;
    if (age < RELAY_ROUTE_TICKS) return true;
    // Who watches may have looked at the clock after us.
    const __u32 unwatched = (__u32)today - *(const volatile __u32 *)&decision->settings->watched + 1;
    return age < RELAY_WATCHED_ROUTE_TICKS && unwatched < RELAY_ROUTE_TICKS;
}

/// Asks the kernel for the way out, on behalf of the host itself, and has the flow keep it. Another processor may be
/// doing the same, with the same result.
INLINE int ask_route(void *context, const bool is_xdp, const struct decision *decision, __u32 length) {
    struct relay_flow *flow = decision->flow;
    __u64 today = lease_of(decision);  // before asking: what changes meanwhile ends it
    struct bpf_fib_lookup route = {
        .ifindex = decision->settings->route_interface,
        .l4_protocol = IPPROTO_UDP,
        .sport = flow->from_port,
        .dport = flow->to_port,
        .tot_len = length,
    };
    if (flow->flags & RELAY_FLOW_TO_IPV4) {
        route.family = FAMILY_IPV4;
        route.tos = flow->tos;
        route.ipv4_src = flow->from;
        route.ipv4_dst = flow->to;
    } else {
        route.family = FAMILY_IPV6;
        route.flowinfo = bpf_htonl((__u32)flow->tos << 20);
        put_address(route.ipv6_src, flow->from_prefix, flow->from);
        put_address(route.ipv6_dst, flow->to_prefix, flow->to);
    }
    switch (bpf_fib_lookup(context, &route, sizeof route, 0)) {
    case BPF_FIB_LKUP_RET_SUCCESS: break;
    case BPF_FIB_LKUP_RET_NO_NEIGH: return RELAY_NO_NEIGHBOUR;
    case BPF_FIB_LKUP_RET_FRAG_NEEDED: return RELAY_TOO_BIG;
    default: return RELAY_NO_ROUTE;
    }
    __u32 index = route.ifindex;
    const struct relay_interface *interface = bpf_map_lookup_elem(&interfaces, &index);
    if (!interface || (is_xdp && !interface->carrier)) return RELAY_NO_INTERFACE;
    __builtin_memcpy(flow->next_hop, route.dmac, ETH_ALEN);
    __builtin_memcpy(flow->own, route.smac, ETH_ALEN);
    // tc sends through a VLAN's own interface, XDP through the one that carries it, with a tag.
    flow->output = is_xdp ? interface->carrier : index;
    flow->tag = is_xdp ? (interface->vlan & RELAY_TAG_VLAN) | RELAY_TAG_XDP : 0;
    // Since Linux 5.13 `tot_len` is the longest packet that fits now, before that still the length of this one.
    *(volatile __u64 *)&flow->lease = (__u64)route.tot_len << 48 | today;
    return RELAY_FORWARDED;
}

INSTANCE int ask_route_xdp(struct xdp_md *context, const struct decision *decision, __u32 length) {
    return ask_route(context, true, decision, length);
}
INSTANCE int ask_route_tc(struct __sk_buff *context, const struct decision *decision, __u32 length) {
    return ask_route(context, false, decision, length);
}

INLINE int find_route(void *context, const bool is_xdp, const struct packet *packet, const struct decision *decision) {
    __u32 length = packet->payload + UDP_SIZE + (decision->flow->flags & RELAY_FLOW_TO_IPV4 ? IPV4_SIZE : IPV6_SIZE);
    if (RARELY(length > 0xFFFF)) return RELAY_TOO_BIG;
    if (USUALLY(has_route(is_xdp, decision, length))) return RELAY_FORWARDED;
    return is_xdp ? ask_route_xdp(context, decision, length) : ask_route_tc(context, decision, length);
}

/// Finds the flow and the way out: RELAY_FORWARDED when there is nothing left but to rewrite and send.
INLINE int decide(
    void *context, const bool is_xdp, void *data, void *end, const __u32 network, const bool ipv4,
    const struct packet *packet, struct decision *decision) {
    __u32 zero = 0;
    decision->settings = bpf_map_lookup_elem(&settings, &zero);
    if (RARELY(!decision->settings)) return NOT_OURS;
    const __u32 number = find_first(ipv4, packet, decision->settings);
    if (!number) return NOT_OURS;
    struct relay_flow *flow = ipv4 ? follow(true, packet, number) : follow_ipv6(packet, number);
    if (RARELY(!flow)) return NOT_OURS;
    if (RARELY(
            packet->source_port != flow->source_port || packet->source[3] != flow->source
            || (!ipv4 && !same_prefix(flow->source_prefix, packet->source))))
        return RELAY_UNKNOWN_SOURCE;
    decision->flow = flow;
    const __u32 offset = payload_offset(network, ipv4);
    int verdict = classify(context, is_xdp, data + offset, end, offset, packet, decision);
    if (RARELY(verdict != RELAY_FORWARDED)) return verdict;
    // RFC 8200 §8.1: IPv6 has no UDP without a checksum.
    if (RARELY(!packet->checksum) && !(ipv4 && decision->flow->flags & RELAY_FLOW_TO_IPV4)) return RELAY_NO_CHECKSUM;
    decision->counted = counters_of(flow->counters);
    if (RARELY(!decision->counted)) return RELAY_REFUSED;
    decision->now = bpf_ktime_get_ns();
    return find_route(context, is_xdp, packet, decision);
}

/// Counts a packet that is about to be sent. Before it is rewritten: here its payload can still be read.
INLINE void account(const __u8 *payload, void *end, const struct packet *packet, const struct decision *decision) {
    struct relay_counters *counted = decision->counted;
    if ((void *)(payload + 12) > end) return;
    if (RARELY(decision->is_rtcp)) {
        counted->last_rtcp = decision->now;
        __sync_fetch_and_add(&counted->rtcp_packets, 1);
        __sync_fetch_and_add(&counted->rtcp_bytes, packet->payload);
        return;
    }
    // One source is on one processor, so the rest needs no locked instructions; these two are what people are billed by.
    __sync_fetch_and_add(&counted->rtp_packets, 1);
    __sync_fetch_and_add(&counted->rtp_bytes, packet->payload);
    const __be32 *words = (const __be32 *)payload;
    measure(
        counted, bpf_ntohl(words[0]), bpf_ntohl(words[1]), bpf_ntohl(words[2]), decision->flow->clock_rate,
        decision->now);
}
