// Forwards the packets of settled calls below the socket layer. One decision, two attachments: XDP where the driver
// carries it, tc elsewhere. A packet leaves as one that this host has made: TTL, TOS, addresses and ports are ours.
#include "rtcp.h"

/// A one's complement sum in 16 bits (RFC 1071).
INLINE __u16 fold(__u64 sum) {
    sum = (sum & 0xFFFFFFFF) + (sum >> 32);
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    return sum;
}

INLINE void write_ipv4(struct iphdr *ip, const struct decision *decision, __u32 payload) {
    const struct relay_flow *flow = decision->flow;
    *ip = (struct iphdr){
        .version = 4,
        .ihl = 5,
        .tos = flow->tos,
        .tot_len = bpf_htons(IPV4_SIZE + UDP_SIZE + payload),
        .frag_off = bpf_htons(IPV4_DONT_FRAGMENT),  // no identification needed (RFC 6864 §4.1)
        .ttl = decision->settings->hop_limit,
        .protocol = IPPROTO_UDP,
        .saddr = flow->from,
        .daddr = flow->to,
    };
    const __u16 *words = (const __u16 *)ip;
    __u64 sum = 0;
#pragma unroll
    for (int word = 0; word < IPV4_SIZE / 2; word++) sum += words[word];
    ip->check = ~fold(sum);
}

INLINE void write_ipv6(struct ipv6hdr *ip, const struct decision *decision, __u32 payload) {
    const struct relay_flow *flow = decision->flow;
    *ip = (struct ipv6hdr){
        .version = 6,
        .priority = flow->tos >> 4,
        .flow_lbl = {flow->tos << 4, 0, 0},
        .payload_len = bpf_htons(UDP_SIZE + payload),
        .nexthdr = IPPROTO_UDP,
        .hop_limit = decision->settings->hop_limit,
    };
    put_address(&ip->saddr, flow->from_prefix, flow->from);
    put_address(&ip->daddr, flow->to_prefix, flow->to);
}

INLINE void write_ethernet(struct ethhdr *ethernet, const struct relay_flow *flow, __be16 protocol) {
    __builtin_memcpy(ethernet->h_dest, flow->next_hop, ETH_ALEN);
    __builtin_memcpy(ethernet->h_source, flow->own, ETH_ALEN);
    ethernet->h_proto = protocol;
}

/// What the sum over addresses, ports and the rest of the pseudo header was, and what it will be.
struct sums {
    /// Of the addresses as they came and as they leave.
    __u16 before;
    __u16 after;
    /// All of the pseudo header, likewise: what a sender that leaves the sum to hardware puts in its place. Never zero.
    __u16 pseudo;
    __u16 pseudo_after;
};

INLINE __u64 sum_prefix(const __u32 prefix[3]) { return (__u64)prefix[0] + prefix[1] + prefix[2]; }

INLINE void sum_addresses(
    const bool ipv4, const bool to_ipv4, const struct packet *packet, const struct relay_flow *flow,
    struct sums *sums) {
    __u64 before = (__u64)packet->source[3] + packet->local[3], after = (__u64)flow->from + flow->to;
    if (!ipv4) before += sum_prefix(packet->source) + sum_prefix(packet->local);
    if (!to_ipv4) after += sum_prefix(flow->from_prefix) + sum_prefix(flow->to_prefix);
    sums->before = fold(before);
    sums->after = fold(after);
    const __u32 rest = bpf_htons(IPPROTO_UDP) + bpf_htons(packet->payload + UDP_SIZE);
    sums->pseudo = fold(sums->before + rest);
    sums->pseudo_after = fold(sums->after + rest);
}

/// A complete UDP checksum after addresses and ports have changed (RFC 1624).
INLINE __sum16 updated(const struct packet *packet, const struct relay_flow *flow, const struct sums *sums) {
    __u32 sum = (__u16)~packet->checksum;
    sum += (__u16)~fold((__u32)sums->before + packet->local_port + packet->source_port);
    sum += (__u32)sums->after + flow->from_port + flow->to_port;
    __u16 checksum = ~fold(sum);
    return checksum ? checksum : 0xFFFF;
}

// --- XDP ------------------------------------------------------------------------------------------------------------

/// The UDP checksum of what is sent; false when the one that came is not complete, and cannot be here.
INLINE bool update_checksum(
    const bool ipv4, const bool to_ipv4, const struct packet *packet, const struct relay_flow *flow,
    __sum16 *checksum) {
    *checksum = 0;
    if (!packet->checksum) return true;
    struct sums sums;
    sum_addresses(ipv4, to_ipv4, packet, flow, &sums);
    if (packet->checksum == sums.pseudo) return false;
    *checksum = updated(packet, flow, &sums);
    return true;
}

/// Writes all headers of a frame that has room for them.
INLINE int write_frame(
    struct xdp_md *context, const struct decision *decision, const bool tagged, const bool to_ipv4, __u32 payload,
    __sum16 checksum) {
    const struct relay_flow *flow = decision->flow;
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    const __u32 network = ETH_HLEN + (tagged ? sizeof(struct vlan_header) : 0);
    const __u32 transport = network + (to_ipv4 ? IPV4_SIZE : IPV6_SIZE);
    if (data + transport + UDP_SIZE > end) return RELAY_REFUSED;
    const __be16 protocol = to_ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
    write_ethernet(data, flow, tagged ? bpf_htons(ETH_P_8021Q) : protocol);
    if (tagged) {
        struct vlan_header *vlan = data + ETH_HLEN;
        *vlan = (struct vlan_header){.tag = bpf_htons(flow->tag & RELAY_TAG_VLAN), .protocol = protocol};
    }
    if (to_ipv4)
        write_ipv4(data + network, decision, payload);
    else
        write_ipv6(data + network, decision, payload);
    struct udphdr *udp = data + transport;
    *udp = (struct udphdr){
        .source = flow->from_port,
        .dest = flow->to_port,
        .len = bpf_htons(UDP_SIZE + payload),
        .check = checksum,
    };
    return RELAY_FORWARDED;
}

INSTANCE int write_ipv4_frame(struct xdp_md *context, const struct decision *decision, __u32 payload, __u32 checksum) {
    return write_frame(context, decision, false, true, payload, checksum);
}
INSTANCE int write_ipv6_frame(struct xdp_md *context, const struct decision *decision, __u32 payload, __u32 checksum) {
    return write_frame(context, decision, false, false, payload, checksum);
}
INSTANCE int write_ipv4_vlan(struct xdp_md *context, const struct decision *decision, __u32 payload, __u32 checksum) {
    return write_frame(context, decision, true, true, payload, checksum);
}
INSTANCE int write_ipv6_vlan(struct xdp_md *context, const struct decision *decision, __u32 payload, __u32 checksum) {
    return write_frame(context, decision, true, false, payload, checksum);
}

INLINE int send_xdp(
    struct xdp_md *context, const __u32 before, const bool to_ipv4, const struct packet *packet,
    const struct decision *decision, __sum16 checksum) {
    bool tagged = (decision->flow->tag & RELAY_TAG_VLAN) != 0;
    __u32 after = ETH_HLEN + (tagged ? sizeof(struct vlan_header) : 0) + (to_ipv4 ? IPV4_SIZE : IPV6_SIZE) + UDP_SIZE;
    if (before != after && bpf_xdp_adjust_head(context, (int)before - (int)after)) return RELAY_REFUSED;
    if (tagged)
        return to_ipv4 ? write_ipv4_vlan(context, decision, packet->payload, checksum)
                       : write_ipv6_vlan(context, decision, packet->payload, checksum);
    return to_ipv4 ? write_ipv4_frame(context, decision, packet->payload, checksum)
                   : write_ipv6_frame(context, decision, packet->payload, checksum);
}

/// A card that listens to everything (tcpdump, a mirror port) brings frames for others and for many, too; XDP comes before the
/// kernel looks. Our own hardware address is known where packets leave by the interface that they came by.
INLINE bool is_for_us(const struct xdp_md *context, const struct ethhdr *ethernet, const struct relay_flow *flow) {
    if (ethernet->h_dest[0] & 1) return false;
    if (flow->output != context->ingress_ifindex) return true;
    __u8 differences = 0;
#pragma unroll
    for (int octet = 0; octet < ETH_ALEN; octet++) differences |= ethernet->h_dest[octet] ^ flow->own[octet];
    return !differences;
}

INLINE int forward_xdp(struct xdp_md *context, const __u32 network, const bool ipv4) {
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    struct packet packet;
    struct decision decision = {0};  // without CAP_PERFMON the kernel reads nothing that was not written
    __sum16 checksum = 0;
    const __u32 offset = payload_offset(network, ipv4);
    int verdict = read_headers(data, end, network, ipv4, &packet);
    if (verdict == RELAY_FORWARDED) verdict = decide(context, true, data, end, network, ipv4, &packet, &decision);
    if (verdict == RELAY_FORWARDED && !is_for_us(context, data, decision.flow)) verdict = NOT_OURS;
    if (verdict == RELAY_FORWARDED) {
        const struct relay_flow *flow = decision.flow;
        bool to_ipv4 = flow->flags & RELAY_FLOW_TO_IPV4;
        bool complete = to_ipv4 ? update_checksum(ipv4, true, &packet, flow, &checksum)
                                : update_checksum(ipv4, false, &packet, flow, &checksum);
        if (complete) {
            account(data + offset, end, &packet, &decision);
            if (RARELY(decision.is_rtcp))
                report_xdp(context, offset, packet.payload, decision.flow->counters, decision.now);
            verdict = send_xdp(context, offset, to_ipv4, &packet, &decision, checksum);
        } else {
            verdict = RELAY_NO_CHECKSUM;
        }
    }
    if (verdict == NOT_OURS) return XDP_PASS;
    if (RARELY(verdict != RELAY_FORWARDED)) {
        count(verdict, 0);
        return XDP_PASS;
    }
    count(RELAY_FORWARDED, packet.payload);
    __u32 output = decision.flow->output;
    return output == context->ingress_ifindex ? XDP_TX : bpf_redirect(output, 0);
}

enum { VLAN_NETWORK = ETH_HLEN + sizeof(struct vlan_header) };

// Nothing of a packet is in the frame below these: the stacks of all three together are limited to 512 octets.
INSTANCE int xdp_ipv4(struct xdp_md *context) { return forward_xdp(context, ETH_HLEN, true); }
INSTANCE int xdp_ipv6(struct xdp_md *context) { return forward_xdp(context, ETH_HLEN, false); }
INSTANCE int xdp_vlan_ipv4(struct xdp_md *context) { return forward_xdp(context, VLAN_NETWORK, true); }
INSTANCE int xdp_vlan_ipv6(struct xdp_md *context) { return forward_xdp(context, VLAN_NETWORK, false); }

SEC("xdp")
int relay_xdp(struct xdp_md *context) {
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    struct ethhdr *ethernet = data;
    if ((void *)(ethernet + 1) > end) return XDP_PASS;
    __be16 protocol = ethernet->h_proto;
    if (protocol == bpf_htons(ETH_P_IP)) return xdp_ipv4(context);
    if (protocol == bpf_htons(ETH_P_IPV6)) return xdp_ipv6(context);
    if (protocol != bpf_htons(ETH_P_8021Q) && protocol != bpf_htons(ETH_P_8021AD)) return XDP_PASS;
    struct vlan_header *vlan = data + ETH_HLEN;
    if ((void *)(vlan + 1) > end) return XDP_PASS;
    if (vlan->protocol == bpf_htons(ETH_P_IP)) return xdp_vlan_ipv4(context);
    return vlan->protocol == bpf_htons(ETH_P_IPV6) ? xdp_vlan_ipv6(context) : XDP_PASS;
}

/// Sends back whatever it is run with: proves that an interface really sends what XDP tells it to.
SEC("xdp")
int relay_probe(struct xdp_md *context) {
    (void)context;
    return XDP_TX;
}

// --- tc -------------------------------------------------------------------------------------------------------------

enum { UDP_CHECK = offsetof(struct udphdr, check) };

/// What the sum of the addresses changes by. They are in the pseudo header, and so in any UDP checksum; ports are not.
INLINE __u32 difference(const struct sums *sums) { return (__u32)sums->after + (__u16)~sums->before; }

// The kernel changes UDP checksums where it matters whether the sender has left them to hardware: it knows that, and what
// else has to follow.

INLINE long replace_addresses(struct __sk_buff *context, const __u32 transport, __u32 difference) {
    const __u64 flags = BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0;
    return bpf_l4_csum_replace(context, transport + UDP_CHECK, 0, difference, flags);
}

INLINE long replace_ports(
    struct __sk_buff *context, const __u32 transport, const struct packet *packet, const struct relay_flow *flow) {
    __u32 before = packet->local_port | (__u32)packet->source_port << 16;
    __u32 after = flow->from_port | (__u32)flow->to_port << 16;
    return bpf_l4_csum_replace(context, transport + UDP_CHECK, before, after, BPF_F_MARK_MANGLED_0 | sizeof(__u32));
}

/// What that of the ports changes by.
INLINE __u32 port_difference(const struct packet *packet, const struct relay_flow *flow) {
    return (__u32)flow->from_port + flow->to_port + (__u16)~packet->local_port + (__u16)~packet->source_port;
}

/// Of sums, zero has two faces.
INLINE bool is_zero(__u32 sum) {
    __u16 folded = fold(sum);
    return folded == 0 || folded == 0xFFFF;
}

/// Changes a sum that is most likely left to hardware, mostly with one call in place of two: what it has made of the sum tells
/// whether it is. The flow keeps that.
INLINE long replace_likely_partial(
    struct __sk_buff *context, const __u32 transport, const struct packet *packet, struct relay_flow *flow,
    const struct sums *sums) {
    const __u32 change = difference(sums);
    // Where addresses change nothing of a sum, ports tell.
    const bool by_ports = is_zero(change);
    if (by_ports ? replace_ports(context, transport, packet, flow) : replace_addresses(context, transport, change))
        return -1;
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    const struct udphdr *udp = data + transport;
    if ((void *)(udp + 1) > end) return -1;
    if (is_zero((__u32)udp->check + (__u16)~sums->pseudo_after)) {
        // A complete sum would be another now, unless ports change nothing of it either.
        if (!by_ports || !is_zero(port_difference(packet, flow))) flow->tag |= RELAY_TAG_PARTIAL;
        return 0;
    }
    return by_ports ? 0 : replace_ports(context, transport, packet, flow);
}

/// IPv4 to IPv4: rewritten in place. The sum of an IPv4 header is always the same, so it needs no care.
INLINE int send_tc_in_place(
    struct __sk_buff *context, const struct packet *packet, const struct decision *decision) {
    struct relay_flow *flow = decision->flow;
    struct sums sums;
    sum_addresses(true, true, packet, flow, &sums);
    __sum16 checksum = 0;  // for none to be written
    if (packet->checksum && packet->checksum != sums.pseudo) {
        checksum = updated(packet, flow, &sums);
        // The checksum changes for the addresses in it, and with it the sum of the packet (CHECKSUM_COMPLETE; refused,
        // and of no matter, where the kernel keeps no sum).
        bpf_csum_update(context, (__u32)sums.before + (__u16)~sums.after);
        if (flow->tag & RELAY_TAG_PARTIAL) flow->tag &= ~RELAY_TAG_PARTIAL;
    } else if (flow->tag & RELAY_TAG_PARTIAL) {
        if (packet->checksum) checksum = sums.pseudo_after;
    } else if (packet->checksum && replace_likely_partial(context, ETH_HLEN + IPV4_SIZE, packet, flow, &sums)) {
        return RELAY_REFUSED;
    }
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    struct udphdr *udp = data + ETH_HLEN + IPV4_SIZE;
    if ((void *)(udp + 1) > end) return RELAY_REFUSED;
    write_ethernet(data, flow, bpf_htons(ETH_P_IP));
    write_ipv4(data + ETH_HLEN, decision, packet->payload);
    udp->source = flow->from_port;
    udp->dest = flow->to_port;
    if (checksum) udp->check = checksum;
    return RELAY_FORWARDED;
}

/// From or to IPv6: rewritten through the helpers.
INLINE int send_tc(
    struct __sk_buff *context, const bool ipv4, const bool to_ipv4, const struct packet *packet,
    const struct decision *decision) {
    const struct relay_flow *flow = decision->flow;
    const __be16 protocol = to_ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
    if (to_ipv4 != ipv4 && bpf_skb_change_proto(context, protocol, 0)) return RELAY_REFUSED;

    // The network header is new as a whole; its octets count for the sum of the packet (CHECKSUM_COMPLETE).
    const __u32 transport = ETH_HLEN + (to_ipv4 ? IPV4_SIZE : IPV6_SIZE);
    long failed;
    if (to_ipv4) {
        struct iphdr ip;
        write_ipv4(&ip, decision, packet->payload);
        failed = bpf_skb_store_bytes(context, ETH_HLEN, &ip, sizeof ip, BPF_F_RECOMPUTE_CSUM);
    } else {
        struct ipv6hdr ip;
        write_ipv6(&ip, decision, packet->payload);
        failed = bpf_skb_store_bytes(context, ETH_HLEN, &ip, sizeof ip, BPF_F_RECOMPUTE_CSUM);
    }
    struct sums sums;
    sum_addresses(ipv4, to_ipv4, packet, flow, &sums);
    failed |= replace_addresses(context, transport, difference(&sums));
    failed |= replace_ports(context, transport, packet, flow);
    __u32 ports = flow->from_port | (__u32)flow->to_port << 16;
    failed |= bpf_skb_store_bytes(context, transport, &ports, sizeof ports, 0);
    struct ethhdr ethernet;
    write_ethernet(&ethernet, flow, protocol);
    failed |= bpf_skb_store_bytes(context, 0, &ethernet, sizeof ethernet, 0);
    return failed ? RELAY_REFUSED : RELAY_FORWARDED;
}

INSTANCE int send_tc_4to6(struct __sk_buff *context, const struct packet *packet, const struct decision *decision) {
    return send_tc(context, true, false, packet, decision);
}
INSTANCE int send_tc_6to4(struct __sk_buff *context, const struct packet *packet, const struct decision *decision) {
    return send_tc(context, false, true, packet, decision);
}
INSTANCE int send_tc_6to6(struct __sk_buff *context, const struct packet *packet, const struct decision *decision) {
    return send_tc(context, false, false, packet, decision);
}

INLINE int forward_tc(struct __sk_buff *context, const bool ipv4) {
    // Up to the end of an RTP header without more than one source.
    enum { READ = ETH_HLEN + IPV6_SIZE + UDP_SIZE + 12 };
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    if (RARELY(data + READ > end)) {
        if (bpf_skb_pull_data(context, context->len < READ ? context->len : READ)) return TC_ACT_UNSPEC;
        data = (void *)(long)context->data, end = (void *)(long)context->data_end;
    }
    struct packet packet;
    struct decision decision = {0};  // without CAP_PERFMON the kernel reads nothing that was not written
    int verdict = read_headers(data, end, ETH_HLEN, ipv4, &packet);
    if (verdict == RELAY_FORWARDED) verdict = decide(context, false, data, end, ETH_HLEN, ipv4, &packet, &decision);
    if (verdict == RELAY_FORWARDED && RARELY(context->gso_size)) verdict = RELAY_ODD_LENGTH;
    if (USUALLY(verdict == RELAY_FORWARDED)) {
        account(data + payload_offset(ETH_HLEN, ipv4), end, &packet, &decision);
        if (RARELY(decision.is_rtcp))
            report_tc(
                context, payload_offset(ETH_HLEN, ipv4), packet.payload, decision.flow->counters, decision.now);
        bool to_ipv4 = decision.flow->flags & RELAY_FLOW_TO_IPV4;
        if (ipv4)
            verdict = to_ipv4 ? send_tc_in_place(context, &packet, &decision)
                              : send_tc_4to6(context, &packet, &decision);
        else
            verdict = to_ipv4 ? send_tc_6to4(context, &packet, &decision)
                              : send_tc_6to6(context, &packet, &decision);
    }
    if (RARELY(verdict == NOT_OURS)) return TC_ACT_UNSPEC;
    if (RARELY(verdict != RELAY_FORWARDED)) {
        count(verdict, 0);
        return TC_ACT_UNSPEC;
    }
    count(RELAY_FORWARDED, packet.payload);
    return bpf_redirect(decision.flow->output, 0);
}

INSTANCE int tc_ipv6(struct __sk_buff *context) { return forward_tc(context, false); }

enum { VLAN_NUMBER = 0x0FFF };

SEC("tc")
int relay_tc(struct __sk_buff *context) {
    // For others, from a card that listens to everything (tcpdump, a mirror port): a standby knows these calls, too. Or for
    // many.
    if (context->pkt_type != PACKET_HOST) return TC_ACT_UNSPEC;
    // A tag that hardware has taken off: the VLAN's own interface is next to see it. One without a VLAN has a priority only
    // (IEEE 802.1Q), and says nothing to us.
    if (context->vlan_present && ((context->vlan_tci & VLAN_NUMBER) != 0 || bpf_skb_vlan_pop(context)))
        return TC_ACT_UNSPEC;
    if (context->protocol == bpf_htons(ETH_P_IP)) return forward_tc(context, true);
    return context->protocol == bpf_htons(ETH_P_IPV6) ? tc_ipv6(context) : TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "GPL";
