// Forwards the packets of settled calls below the socket layer. One decision, two attachments: XDP where the driver
// carries it, tc elsewhere. A packet leaves as one that this host has made: TTL, TOS, addresses and ports are ours.
#include "decide.h"

INLINE __u16 fold(__u64 sum) {
    sum = (sum & 0xFFFFFFFF) + (sum >> 32);
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    return sum;
}

/// An instance of its own of something with parameters that it knows.
#define INSTANCE static __noinline

/// Hop limit of what is sent.
INLINE __u8 hop_limit(void) {
    __u32 zero = 0;
    const struct relay_settings *setting = bpf_map_lookup_elem(&settings, &zero);
    return setting ? setting->hop_limit : 64;
}

INLINE void write_ipv4(struct iphdr *ip, const struct decision *decision, __u32 payload) {
    const struct relay_path *path = decision->path;
    *ip = (struct iphdr){
        .version = 4,
        .ihl = 5,
        .tos = decision->flow->tos,
        .tot_len = bpf_htons(IPV4_SIZE + UDP_SIZE + payload),
        .frag_off = bpf_htons(IPV4_DONT_FRAGMENT),  // no identification needed (RFC 6864 §4.1)
        .ttl = hop_limit(),
        .protocol = IPPROTO_UDP,
        .saddr = path->local[3],
        .daddr = path->remote[3],
    };
    const __u16 *words = (const __u16 *)ip;
    __u64 sum = 0;
#pragma unroll
    for (int word = 0; word < IPV4_SIZE / 2; word++) sum += words[word];
    ip->check = ~fold(sum);
}

INLINE void write_ipv6(struct ipv6hdr *ip, const struct decision *decision, __u32 payload) {
    __u8 tos = decision->flow->tos;
    *ip = (struct ipv6hdr){
        .version = 6,
        .priority = tos >> 4,
        .flow_lbl = {tos << 4, 0, 0},
        .payload_len = bpf_htons(UDP_SIZE + payload),
        .nexthdr = IPPROTO_UDP,
        .hop_limit = hop_limit(),
    };
    copy_address(&ip->saddr, decision->path->local);
    copy_address(&ip->daddr, decision->path->remote);
}

INLINE void write_ethernet(struct ethhdr *ethernet, const struct decision *decision, __be16 protocol) {
    __builtin_memcpy(ethernet->h_dest, decision->route.dmac, ETH_ALEN);
    __builtin_memcpy(ethernet->h_source, decision->route.smac, ETH_ALEN);
    ethernet->h_proto = protocol;
}

/// What the sum over addresses, ports and the rest of the pseudo header was, and what it will be.
struct sums {
    /// Of the addresses as they came and as they leave. IPv4-mapped ones add multiples of 0xFFFF, which is nothing.
    __u32 before;
    __u32 after;
    /// All of the pseudo header as it came: what a sender that leaves the sum to hardware puts in its place.
    __u16 pseudo;
};

INLINE void sum_addresses(const struct packet *packet, const struct relay_path *path, struct sums *sums) {
    sums->before = bpf_csum_diff(NULL, 0, (__be32 *)&packet->seen, 32, 0);
    sums->after = bpf_csum_diff(NULL, 0, (__be32 *)path, 32, 0);
    sums->pseudo = fold((__u64)sums->before + bpf_htons(IPPROTO_UDP) + bpf_htons(packet->payload + UDP_SIZE));
}

/// A complete UDP checksum after addresses and ports have changed (RFC 1624).
INLINE __sum16 updated(const struct packet *packet, const struct relay_path *path, const struct sums *sums) {
    __u64 sum = (__u16)~packet->checksum;
    sum += (__u16)~fold((__u64)sums->before + packet->seen.local_port + packet->seen.remote_port);
    sum += fold((__u64)sums->after + path->local_port + path->remote_port);
    __u16 checksum = ~fold(sum);
    return checksum ? checksum : 0xFFFF;
}

// --- XDP ------------------------------------------------------------------------------------------------------------

/// The UDP checksum of what is sent; false when the one that came is not complete, and cannot be here.
INLINE bool update_checksum(const struct packet *packet, const struct relay_path *path, __sum16 *checksum) {
    *checksum = 0;
    if (!packet->checksum) return true;
    struct sums sums;
    sum_addresses(packet, path, &sums);
    if (packet->checksum == sums.pseudo) return false;
    *checksum = updated(packet, path, &sums);
    return true;
}

/// Writes all headers of a frame that has room for them.
INLINE int write_frame(
    struct xdp_md *context, const struct decision *decision, const bool tagged, const bool to_ipv4, __u32 payload,
    __sum16 checksum) {
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    const __u32 network = ETH_HLEN + (tagged ? sizeof(struct vlan_header) : 0);
    const __u32 transport = network + (to_ipv4 ? IPV4_SIZE : IPV6_SIZE);
    if (data + transport + UDP_SIZE > end) return RELAY_REFUSED;
    const __be16 protocol = to_ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
    write_ethernet(data, decision, tagged ? bpf_htons(ETH_P_8021Q) : protocol);
    if (tagged) {
        struct vlan_header *vlan = data + ETH_HLEN;
        *vlan = (struct vlan_header){.tag = bpf_htons(decision->interface.vlan), .protocol = protocol};
    }
    if (to_ipv4)
        write_ipv4(data + network, decision, payload);
    else
        write_ipv6(data + network, decision, payload);
    struct udphdr *udp = data + transport;
    *udp = (struct udphdr){
        .source = decision->path->local_port,
        .dest = decision->path->remote_port,
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
    struct xdp_md *context, const __u32 before, const struct packet *packet, const struct decision *decision,
    __sum16 checksum) {
    bool to_ipv4 = is_mapped(decision->path->remote), tagged = decision->interface.vlan != 0;
    __u32 after = ETH_HLEN + (tagged ? sizeof(struct vlan_header) : 0) + (to_ipv4 ? IPV4_SIZE : IPV6_SIZE) + UDP_SIZE;
    if (before != after && bpf_xdp_adjust_head(context, (int)before - (int)after)) return RELAY_REFUSED;
    if (tagged)
        return to_ipv4 ? write_ipv4_vlan(context, decision, packet->payload, checksum)
                       : write_ipv6_vlan(context, decision, packet->payload, checksum);
    return to_ipv4 ? write_ipv4_frame(context, decision, packet->payload, checksum)
                   : write_ipv6_frame(context, decision, packet->payload, checksum);
}

INLINE int forward_xdp(struct xdp_md *context, const __u32 network, const bool ipv4) {
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    struct packet packet;
    struct decision decision;
    __sum16 checksum = 0;
    const __u32 offset = payload_offset(network, ipv4);
    int verdict = read_headers(data, end, network, ipv4, &packet);
    if (verdict == RELAY_FORWARDED) verdict = decide(context, true, data, end, network, ipv4, &packet, &decision);
    if (verdict == RELAY_FORWARDED && !update_checksum(&packet, decision.path, &checksum)) verdict = RELAY_NO_CHECKSUM;
    if (verdict == RELAY_FORWARDED) {
        account(data + offset, end, &packet, &decision);
        verdict = send_xdp(context, offset, &packet, &decision, checksum);
    }
    if (verdict == NOT_OURS) return XDP_PASS;
    if (verdict != RELAY_FORWARDED) {
        count(verdict, 0);
        return XDP_PASS;
    }
    count(RELAY_FORWARDED, packet.payload);
    if (decision.interface.carrier == context->ingress_ifindex) return XDP_TX;
    return bpf_redirect(decision.interface.carrier, 0);
}

enum { VLAN_NETWORK = ETH_HLEN + sizeof(struct vlan_header) };

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

/// IPv4 to IPv4 with a checksum that is complete: rewritten in place.
INLINE int send_tc_in_place(
    struct __sk_buff *context, const struct packet *packet, const struct decision *decision, const struct sums *sums) {
    const struct relay_path *path = decision->path;
    // The sum of an IPv4 header is always the same, but the UDP checksum changes for the addresses in it
    // (CHECKSUM_COMPLETE; refused, and of no matter, where the kernel keeps no sum).
    if (packet->checksum) bpf_csum_update(context, bpf_csum_diff((__be32 *)path, 32, (__be32 *)&packet->seen, 32, 0));
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    struct udphdr *udp = data + ETH_HLEN + IPV4_SIZE;
    if ((void *)(udp + 1) > end) return RELAY_REFUSED;
    write_ethernet(data, decision, bpf_htons(ETH_P_IP));
    write_ipv4(data + ETH_HLEN, decision, packet->payload);
    udp->source = path->local_port;
    udp->dest = path->remote_port;
    if (packet->checksum) udp->check = updated(packet, path, sums);
    return RELAY_FORWARDED;
}

/// Rewrites through the helpers, which know whether the sender has left the checksum to hardware.
INLINE int send_tc(
    struct __sk_buff *context, const bool ipv4, const bool to_ipv4, const struct packet *packet,
    const struct decision *decision) {
    const struct relay_path *path = decision->path;
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
    // Addresses are in the pseudo header, which is in the sum even if hardware is to complete it; ports are not.
    const __u32 checksum = transport + offsetof(struct udphdr, check);
    __s64 difference = bpf_csum_diff((__be32 *)&packet->seen, 32, (__be32 *)path, 32, 0);
    failed |= bpf_l4_csum_replace(context, checksum, 0, difference, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0);
    __u32 old_ports = packet->seen.local_port | (__u32)packet->seen.remote_port << 16;
    __u32 new_ports = path->local_port | (__u32)path->remote_port << 16;
    failed |= bpf_l4_csum_replace(context, checksum, old_ports, new_ports, BPF_F_MARK_MANGLED_0 | sizeof(__u32));
    failed |= bpf_skb_store_bytes(context, transport, &new_ports, sizeof new_ports, 0);
    struct ethhdr ethernet;
    write_ethernet(&ethernet, decision, protocol);
    failed |= bpf_skb_store_bytes(context, 0, &ethernet, sizeof ethernet, 0);
    return failed ? RELAY_REFUSED : RELAY_FORWARDED;
}

INLINE int forward_tc(struct __sk_buff *context, const bool ipv4) {
    // Up to the end of an RTP header without more than one source.
    enum { READ = ETH_HLEN + IPV6_SIZE + UDP_SIZE + 12 };
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    if (data + READ > end) {
        if (bpf_skb_pull_data(context, context->len < READ ? context->len : READ)) return TC_ACT_UNSPEC;
        data = (void *)(long)context->data, end = (void *)(long)context->data_end;
    }
    struct packet packet;
    struct decision decision;
    int verdict = read_headers(data, end, ETH_HLEN, ipv4, &packet);
    if (verdict == RELAY_FORWARDED) verdict = decide(context, false, data, end, ETH_HLEN, ipv4, &packet, &decision);
    if (verdict == RELAY_FORWARDED && context->gso_size) verdict = RELAY_ODD_LENGTH;
    if (verdict == RELAY_FORWARDED) {
        account(data + payload_offset(ETH_HLEN, ipv4), end, &packet, &decision);
        if (!is_mapped(decision.path->remote)) {
            verdict = send_tc(context, ipv4, false, &packet, &decision);
        } else {
            struct sums sums;
            if (ipv4) sum_addresses(&packet, decision.path, &sums);
            // Most sums that are of the pseudo header alone have been left to hardware; the helpers are right for all.
            verdict = ipv4 && packet.checksum != sums.pseudo
                          ? send_tc_in_place(context, &packet, &decision, &sums)
                          : send_tc(context, ipv4, true, &packet, &decision);
        }
    }
    if (verdict == NOT_OURS) return TC_ACT_UNSPEC;
    if (verdict != RELAY_FORWARDED) {
        count(verdict, 0);
        return TC_ACT_UNSPEC;
    }
    count(RELAY_FORWARDED, packet.payload);
    return bpf_redirect(decision.route.ifindex, 0);
}

INSTANCE int tc_ipv4(struct __sk_buff *context) { return forward_tc(context, true); }
INSTANCE int tc_ipv6(struct __sk_buff *context) { return forward_tc(context, false); }

SEC("tc")
int relay_tc(struct __sk_buff *context) {
    // A tag that hardware has taken off: the VLAN's own interface is next to see it.
    if (context->vlan_present) return TC_ACT_UNSPEC;
    if (context->protocol == bpf_htons(ETH_P_IP)) return tc_ipv4(context);
    return context->protocol == bpf_htons(ETH_P_IPV6) ? tc_ipv6(context) : TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "GPL";
