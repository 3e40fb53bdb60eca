// Whether a packet is forwarded, and where to. Reads the packet, changes nothing of it. Nothing is ever dropped: what is
// not forwarded goes on to user space, with the reason counted.
#pragma once

#include "packet.h"

/// Not a packet of ours; nothing is counted.
#define NOT_OURS (-1)

// Without CAP_PERFMON a program may add nothing but constants to a pointer into a packet. So where the headers are, and
// whether they are IPv4, are parameters that every instance of these functions knows when it is compiled.

/// What a packet says, as it arrived.
struct packet {
    struct relay_path seen;
    /// Length of the UDP payload.
    __u32 payload;
    __sum16 checksum;
};

/// What is to happen to it.
struct decision {
    const struct relay_flow *flow;
    const struct relay_path *path;
    bool is_rtcp;
    /// Where it leaves, and the hardware addresses.
    struct bpf_fib_lookup route;
    struct relay_interface interface;
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
        if ((void *)(ip + 1) > end || ip->version != 4 || ip->protocol != IPPROTO_UDP) return NOT_OURS;
        if (ip->ihl != 5) return RELAY_OPTIONS;
        if (ip->frag_off & bpf_htons(IPV4_FRAGMENT)) return RELAY_FRAGMENT;
        map_ipv4(packet->seen.remote, ip->saddr);
        map_ipv4(packet->seen.local, ip->daddr);
        room = bpf_ntohs(ip->tot_len) - IPV4_SIZE;
    } else {
        struct ipv6hdr *ip = data + network;
        if ((void *)(ip + 1) > end || ip->version != 6) return NOT_OURS;
        if (ip->nexthdr == IPPROTO_FRAGMENT) return RELAY_FRAGMENT;
        if (ip->nexthdr != IPPROTO_UDP)  // extension headers are no reason to look for UDP behind them
            return ip->nexthdr == IPPROTO_HOPOPTS || ip->nexthdr == IPPROTO_ROUTING || ip->nexthdr == IPPROTO_DSTOPTS
                       ? RELAY_OPTIONS
                       : NOT_OURS;
        copy_address(packet->seen.remote, &ip->saddr);
        copy_address(packet->seen.local, &ip->daddr);
        room = bpf_ntohs(ip->payload_len);
    }
    struct udphdr *udp = data + network + (ipv4 ? IPV4_SIZE : IPV6_SIZE);
    if ((void *)(udp + 1) > end) return NOT_OURS;
    packet->seen.remote_port = udp->source;
    packet->seen.local_port = udp->dest;
    packet->checksum = udp->check;
    // A length that is too small wraps around, and so is too large.
    packet->payload = bpf_ntohs(udp->len) - UDP_SIZE;
    if (room != bpf_ntohs(udp->len) || packet->payload > 0xFFFF) return RELAY_ODD_LENGTH;
    return RELAY_FORWARDED;
}

/// RFC 3550 A.1, without the probation that the source learning has done already.
INLINE void measure(
    struct relay_counters *counters, __u16 sequence, __u32 timestamp, __u32 ssrc, __u32 clock_rate, __u64 now) {
    enum { MAX_DROPOUT = 3000 };
    __s16 step = sequence - (__u16)counters->highest_sequence;
    if (counters->ssrc != ssrc || !counters->received || step > MAX_DROPOUT || step < -MAX_DROPOUT) {
        counters->ssrc = ssrc;
        counters->received = 1;
        // One cycle up, so that a packet that is late by a few does not go below zero.
        counters->base_sequence = counters->highest_sequence = 0x10000u | sequence;
        counters->jitter = 0;
    } else {
        counters->received++;
        if (step > 0) counters->highest_sequence += step;
        // RFC 3550 A.8 on the differences, so that no absolute time has to be scaled.
        __u64 elapsed = now - counters->last_rtp;
        if (clock_rate && elapsed < 1000000000ull) {
            __s32 apart = (__s32)(elapsed * clock_rate / 1000000000ull) - (__s32)(timestamp - counters->last_timestamp);
            if (apart < 0) apart = -apart;
            counters->jitter += apart - ((counters->jitter + 8) >> 4);
        }
    }
    counters->last_timestamp = timestamp;
    counters->last_rtp = now;
}

/// Copies octets that are anywhere in the packet. Each kind of program has its own helper for it.
INLINE long load_bytes(void *context, const bool is_xdp, __u32 offset, void *to, __u32 length) {
    return is_xdp ? bpf_xdp_load_bytes(context, offset, to, length) : bpf_skb_load_bytes(context, offset, to, length);
}

/// RTP or RTCP (RFC 5761 §4), by the first octets of the payload.
INLINE int classify(
    void *context, const bool is_xdp, const __u8 *payload, void *end, const __u32 offset, const struct packet *packet,
    struct decision *decision) {
    const struct relay_flow *flow = decision->flow;
    if ((void *)(payload + 12) > end || packet->payload < 8 || payload[0] >> 6 != 2) return RELAY_NOT_RTP;
    if (payload[1] >= 192 && payload[1] <= 223) {
        if (!(flow->flags & RELAY_FLOW_RTCP)) return RELAY_NOT_RTP;
        const struct relay_path *path = &flow->rtcp;
        asm volatile("# rtcp" : "+r"(path));  // or the compiler adds one of two offsets to the flow, which is no constant
        decision->path = path;
        decision->is_rtcp = true;
        return RELAY_FORWARDED;
    }
    if (!(flow->flags & RELAY_FLOW_RTP)) return RELAY_NOT_RTP;
    __u32 header = 12 + 4 * (payload[0] & 0x0F);
    if (payload[0] & 0x10) {
        __be16 extension[2];
        if (load_bytes(context, is_xdp, offset + header, extension, sizeof extension)) return RELAY_NOT_RTP;
        header += 4 + 4 * bpf_ntohs(extension[1]);
    }
    if (header > packet->payload) return RELAY_NOT_RTP;
    const struct relay_path *path = &flow->rtp;
    asm volatile("# rtp" : "+r"(path));
    decision->path = path;
    decision->is_rtcp = false;
    return RELAY_FORWARDED;
}

/// Asks the kernel for the way out, on behalf of the host itself.
INLINE int find_route(void *context, const struct packet *packet, struct decision *decision) {
    __u32 zero = 0;
    const struct relay_settings *setting = bpf_map_lookup_elem(&settings, &zero);
    if (!setting) return RELAY_REFUSED;
    const struct relay_path *path = decision->path;
    struct bpf_fib_lookup *route = &decision->route;
    __builtin_memset(route, 0, sizeof *route);
    route->ifindex = setting->route_interface;
    route->l4_protocol = IPPROTO_UDP;
    route->sport = path->local_port;
    route->dport = path->remote_port;
    __u32 length = packet->payload + UDP_SIZE;
    if (is_mapped(path->remote)) {
        route->family = FAMILY_IPV4;
        length += IPV4_SIZE;
        route->tos = decision->flow->tos;
        route->ipv4_src = path->local[3];
        route->ipv4_dst = path->remote[3];
    } else {
        route->family = FAMILY_IPV6;
        length += IPV6_SIZE;
        route->flowinfo = bpf_htonl((__u32)decision->flow->tos << 20);
        copy_address(route->ipv6_src, path->local);
        copy_address(route->ipv6_dst, path->remote);
    }
    if (length > 0xFFFF) return RELAY_TOO_BIG;
    route->tot_len = length;
    switch (bpf_fib_lookup(context, route, sizeof *route, 0)) {
    case BPF_FIB_LKUP_RET_SUCCESS: break;
    case BPF_FIB_LKUP_RET_NO_NEIGH: return RELAY_NO_NEIGHBOUR;
    case BPF_FIB_LKUP_RET_FRAG_NEEDED: return RELAY_TOO_BIG;
    default: return RELAY_NO_ROUTE;
    }
    __u32 index = route->ifindex;
    const struct relay_interface *interface = bpf_map_lookup_elem(&interfaces, &index);
    if (!interface) return RELAY_NO_INTERFACE;
    decision->interface = *interface;
    return RELAY_FORWARDED;
}

/// Finds the flow and the way out: RELAY_FORWARDED when there is nothing left but to rewrite and send.
INLINE int decide(
    void *context, const bool is_xdp, void *data, void *end, const __u32 network, const bool ipv4,
    const struct packet *packet, struct decision *decision) {
    struct relay_endpoint key = {.port = packet->seen.local_port};
    copy_address(key.address, packet->seen.local);
    const struct relay_flow *flow = bpf_map_lookup_elem(&flows, &key);
    if (!flow) return NOT_OURS;
    decision->flow = flow;
    if (packet->seen.remote_port != flow->source_port || !same_address(packet->seen.remote, flow->source))
        return RELAY_UNKNOWN_SOURCE;
    const __u32 offset = payload_offset(network, ipv4);
    int verdict = classify(context, is_xdp, data + offset, end, offset, packet, decision);
    if (verdict != RELAY_FORWARDED) return verdict;
    // RFC 8200 §8.1: IPv6 has no UDP without a checksum.
    if (!packet->checksum && !(ipv4 && is_mapped(decision->path->remote))) return RELAY_NO_CHECKSUM;
    return find_route(context, packet, decision);
}

/// Counts a packet that is about to be sent. Before it is rewritten: here its payload can still be read.
INLINE void account(const __u8 *payload, void *end, const struct packet *packet, const struct decision *decision) {
    __u32 index = decision->flow->counters;
    struct relay_counters *counted = bpf_map_lookup_elem(&counters, &index);
    if (!counted || (void *)(payload + 12) > end) return;
    __u64 now = bpf_ktime_get_ns();
    counted->last_packet = now;
    if (decision->is_rtcp) {
        __sync_fetch_and_add(&counted->rtcp_packets, 1);
        __sync_fetch_and_add(&counted->rtcp_bytes, packet->payload);
        return;
    }
    // One source is on one processor, so the rest needs no locked instructions; these two are what people are billed by.
    __sync_fetch_and_add(&counted->rtp_packets, 1);
    __sync_fetch_and_add(&counted->rtp_bytes, packet->payload);
    const __be32 *words = (const __be32 *)payload;
    measure(
        counted, (__u16)bpf_ntohl(words[0]), bpf_ntohl(words[1]), bpf_ntohl(words[2]), decision->flow->clock_rate, now);
}
