// Gives whole port ranges to a few sockets: whatever arrives at a steered local address and port goes to the socket of
// the media thread that the port belongs to. Everything else is delivered as if this program were not there.
#include "packet.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, RELAY_STEERED_ADDRESSES);
    __type(key, __u32[4]);
    __type(value, __u32);
} steered_addresses SEC(".maps");

// By the number that `steered_addresses` gives. The loader sizes it.
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct relay_steered_ports);
} steered_ports SEC(".maps");

// Two for each media thread: IPv4, then IPv6. Behind them two that nobody reads, for what is to be lost.
struct {
    __uint(type, BPF_MAP_TYPE_SOCKMAP);
    __uint(max_entries, 2 * (RELAY_STEERED_WORKERS + 1));
    __type(key, __u32);
    __type(value, __u64);
} steered_sockets SEC(".maps");

// How many packets were too many.
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} flooded SEC(".maps");

// Whether more has come to a port than any media stream sends. Processors may count at the same time and miss each
// other's packets: then a few more get through.
INLINE bool is_flood(struct relay_steered_port *port) {
    __u32 window = bpf_ktime_get_coarse_ns() >> RELAY_FLOOD_WINDOW_BITS;
    if (port->window != window) {
        port->window = window;
        port->packets = 0;
    }
    if (port->packets >= RELAY_FLOOD_PACKETS) return true;
    port->packets++;
    return false;
}

INLINE void count_flood(void) {
    __u32 zero = 0;
    __u64 *count = bpf_map_lookup_elem(&flooded, &zero);
    if (count) __sync_fetch_and_add(count, 1);
}

SEC("sk_lookup")
int relay_steer(struct bpf_sk_lookup *lookup) {
    if (lookup->protocol != IPPROTO_UDP) return SK_PASS;
    __u32 address[4];
    // All are read, or the compiler picks one by its address, which the verifier does not allow on a context.
    const volatile __u32 *ipv6 = lookup->local_ip6;
    __u32 ipv4 = *(const volatile __u32 *)&lookup->local_ip4;
    address[0] = ipv6[0];
    address[1] = ipv6[1];
    address[2] = ipv6[2];
    address[3] = ipv6[3];
    if (lookup->family == FAMILY_IPV4) map_ipv4(address, ipv4);
    __u32 *number = bpf_map_lookup_elem(&steered_addresses, address);
    if (!number) return SK_PASS;
    struct relay_steered_ports *ports = bpf_map_lookup_elem(&steered_ports, number);
    if (!ports) return SK_PASS;
    struct relay_steered_port *port = &ports->ports[(__u16)lookup->local_port];
    __u32 worker = port->worker;
    if (!worker) return SK_PASS;
    worker--;
    if (is_flood(port)) {
        // Refused here, it would be answered with an ICMP error, which ends calls.
        worker = RELAY_FLOOD_WORKER;
        count_flood();
    }

    __u32 slot = 2 * worker + (lookup->family == FAMILY_IPV6);
    struct bpf_sock *socket = bpf_map_lookup_elem(&steered_sockets, &slot);
    // What remains of an earlier relay may have had a look before us.
    __u64 flags = BPF_SK_LOOKUP_F_REPLACE;
    if (!socket) {
        // The relay is gone, and somebody else still holds what remains of it: lost until there is a relay again, but not
        // refused.
        flags = 0;
        slot = 2 * RELAY_FLOOD_WORKER + (lookup->family == FAMILY_IPV6);
        socket = bpf_map_lookup_elem(&steered_sockets, &slot);
        if (!socket) return SK_PASS;
    }
    bpf_sk_assign(lookup, socket, flags);  // when it cannot, the kernel goes on looking
    bpf_sk_release(socket);
    return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
