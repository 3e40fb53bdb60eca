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

// --- XDP ------------------------------------------------------------------------------------------------------------

/// The UDP checksum after addresses and ports have changed (RFC 1624); false when the one that came is not complete.
INLINE bool update_checksum(const struct packet *packet, const struct relay_path *path, __sum16 *checksum) {
    *checksum = packet->checksum;
    if (!packet->checksum) return true;
    // IPv4-mapped addresses add multiples of 0xFFFF, which is nothing.
    __s64 before = bpf_csum_diff(NULL, 0, (__be32 *)&packet->seen, 32, 0);
    __s64 after = bpf_csum_diff(NULL, 0, (__be32 *)path, 32, 0);
    // A sender on this machine may have left the sum to hardware that is not there: it has the pseudo header alone.
    __u16 pseudo = fold((__u64)(__u32)before + bpf_htons(IPPROTO_UDP) + bpf_htons(packet->payload + UDP_SIZE));
    if (packet->checksum == pseudo) return false;
    __u64 sum = (__u16)~packet->checksum;
    sum += (__u16)~fold((__u64)(__u32)before + packet->seen.local_port + packet->seen.remote_port);
    sum += fold((__u64)(__u32)after + path->local_port + path->remote_port);
    __u16 updated = ~fold(sum);
    *checksum = updated ? updated : 0xFFFF;
    return true;
}

INLINE int send_xdp(
    struct xdp_md *context, const struct packet *packet, const struct decision *decision, __sum16 checksum) {
    const struct relay_path *path = decision->path;
    bool to_ipv4 = is_mapped(path->remote);
    struct udphdr udp = {
        .source = path->local_port,
        .dest = path->remote_port,
        .len = bpf_htons(UDP_SIZE + packet->payload),
        .check = checksum,
    };

    bool tagged = decision->interface.vlan != 0;
    __u32 before = packet->network + (packet->ipv4 ? IPV4_SIZE : IPV6_SIZE);
    __u32 after = ETH_HLEN + (tagged ? sizeof(struct vlan_header) : 0) + (to_ipv4 ? IPV4_SIZE : IPV6_SIZE);
    if (before != after && bpf_xdp_adjust_head(context, (int)before - (int)after)) return RELAY_REFUSED;

    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    __be16 protocol = to_ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
    void *network = data + ETH_HLEN;
    if (tagged) {
        struct vlan_header *vlan = network;
        if ((void *)(vlan + 1) > end) return RELAY_REFUSED;
        *vlan = (struct vlan_header){.tag = bpf_htons(decision->interface.vlan), .protocol = protocol};
        network = vlan + 1;
    }
    if (data + ETH_HLEN > end) return RELAY_REFUSED;
    write_ethernet(data, decision, tagged ? bpf_htons(ETH_P_8021Q) : protocol);
    void *transport;
    if (to_ipv4) {
        transport = network + IPV4_SIZE;
        if (transport + UDP_SIZE > end) return RELAY_REFUSED;
        write_ipv4(network, decision, packet->payload);
    } else {
        transport = network + IPV6_SIZE;
        if (transport + UDP_SIZE > end) return RELAY_REFUSED;
        write_ipv6(network, decision, packet->payload);
    }
    *(struct udphdr *)transport = udp;
    return RELAY_FORWARDED;
}

SEC("xdp")
int relay_xdp(struct xdp_md *context) {
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    struct ethhdr *ethernet = data;
    struct packet packet = {.network = ETH_HLEN};
    if ((void *)(ethernet + 1) > end) return XDP_PASS;
    __be16 protocol = ethernet->h_proto;
    if (protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD)) {
        struct vlan_header *vlan = (void *)(ethernet + 1);
        if ((void *)(vlan + 1) > end) return XDP_PASS;
        protocol = vlan->protocol;
        packet.network += sizeof *vlan;
    }
    struct decision decision;
    int verdict = read_headers(data, end, protocol, &packet);
    if (verdict == RELAY_FORWARDED) verdict = decide(context, data, end, &packet, &decision);
    __sum16 checksum = 0;
    if (verdict == RELAY_FORWARDED && !update_checksum(&packet, decision.path, &checksum)) verdict = RELAY_NO_CHECKSUM;
    if (verdict == RELAY_FORWARDED) {
        account(data, end, &packet, &decision);
        verdict = send_xdp(context, &packet, &decision, checksum);
    }
    if (verdict == NOT_OURS) return XDP_PASS;
    count(verdict, packet.payload);
    if (verdict != RELAY_FORWARDED) return XDP_PASS;
    if (decision.interface.carrier == context->ingress_ifindex) return XDP_TX;
    return bpf_redirect(decision.interface.carrier, 0);
}

/// Sends back whatever it is run with: proves that an interface really sends what XDP tells it to.
SEC("xdp")
int relay_probe(struct xdp_md *context) {
    (void)context;
    return XDP_TX;
}

// --- tc -------------------------------------------------------------------------------------------------------------

/// Rewrites through the helpers, which know whether the sender has left the checksum to hardware.
INLINE int send_tc(struct __sk_buff *context, const struct packet *packet, const struct decision *decision) {
    const struct relay_path *path = decision->path;
    bool to_ipv4 = is_mapped(path->remote);
    __be16 protocol = to_ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
    if (to_ipv4 != packet->ipv4 && bpf_skb_change_proto(context, protocol, 0)) return RELAY_REFUSED;

    // The network header is new as a whole; its octets count for the sum of the packet (CHECKSUM_COMPLETE).
    __u32 transport;
    long failed;
    if (to_ipv4) {
        struct iphdr ip;
        write_ipv4(&ip, decision, packet->payload);
        failed = bpf_skb_store_bytes(context, ETH_HLEN, &ip, sizeof ip, BPF_F_RECOMPUTE_CSUM);
        transport = ETH_HLEN + IPV4_SIZE;
    } else {
        struct ipv6hdr ip;
        write_ipv6(&ip, decision, packet->payload);
        failed = bpf_skb_store_bytes(context, ETH_HLEN, &ip, sizeof ip, BPF_F_RECOMPUTE_CSUM);
        transport = ETH_HLEN + IPV6_SIZE;
    }
    // Addresses are in the pseudo header, which is in the sum even if hardware is to complete it; ports are not.
    __u32 checksum = transport + offsetof(struct udphdr, check);
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

SEC("tc")
int relay_tc(struct __sk_buff *context) {
    // A tag that hardware has taken off: the VLAN's own interface is next to see it.
    if (context->vlan_present) return TC_ACT_UNSPEC;
    __be16 protocol = context->protocol;
    if (protocol != bpf_htons(ETH_P_IP) && protocol != bpf_htons(ETH_P_IPV6)) return TC_ACT_UNSPEC;
    // Up to the end of an RTP header with all its sources and the head of an extension.
    enum { READ = ETH_HLEN + IPV6_SIZE + UDP_SIZE + 12 + 60 + 4 };
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    if (data + READ > end && end - data < context->len) {
        if (bpf_skb_pull_data(context, context->len < READ ? context->len : READ)) return TC_ACT_UNSPEC;
        data = (void *)(long)context->data, end = (void *)(long)context->data_end;
    }
    struct packet packet = {.network = ETH_HLEN};
    struct decision decision;
    int verdict = read_headers(data, end, protocol, &packet);
    if (verdict == RELAY_FORWARDED) verdict = decide(context, data, end, &packet, &decision);
    if (verdict == RELAY_FORWARDED && context->gso_size) verdict = RELAY_ODD_LENGTH;
    if (verdict == RELAY_FORWARDED) {
        account(data, end, &packet, &decision);
        verdict = send_tc(context, &packet, &decision);
    }
    if (verdict == NOT_OURS) return TC_ACT_UNSPEC;
    count(verdict, packet.payload);
    if (verdict != RELAY_FORWARDED) return TC_ACT_UNSPEC;
    return bpf_redirect(decision.route.ifindex, 0);
}

char LICENSE[] SEC("license") = "GPL";
