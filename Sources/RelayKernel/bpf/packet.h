// What all programs share: the headers of a packet, and the maps.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "relay_kernel.h"

// Which way packets of settled calls go: what is on it comes together in memory. Not for sure, or the compiler would take
// what is rare out of the program, and the loader could not put that back.
#define USUALLY(condition) __builtin_expect_with_probability(!!(condition), 1, 0.95)
#define RARELY(condition) __builtin_expect_with_probability(!!(condition), 0, 0.95)

#define INLINE static __always_inline
/// An instance of its own of something with parameters that it knows.
#define INSTANCE static __noinline

enum {
    FAMILY_IPV4 = 2,  // AF_INET and AF_INET6 as the kernel numbers them
    FAMILY_IPV6 = 10,
    IPV4_FRAGMENT = 0x3FFF,       // more fragments, or an offset
    IPV4_DONT_FRAGMENT = 0x4000,
    VLAN_ID = 0x0FFF,
};

struct vlan_header {
    __be16 tag;
    __be16 protocol;
};

// By `relay_place_of`. The loader sizes it.
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, RELAY_PLACES);
    __type(key, __u32);
    __type(value, struct relay_place);
} places SEC(".maps");

// By verdict.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, RELAY_STATISTICS);
    __type(key, __u32);
    __type(value, struct relay_statistics);
} statistics SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct relay_settings);
} settings SEC(".maps");

// By interface index, that of the VLAN for a VLAN.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, RELAY_INTERFACES);
    __type(key, __u32);
    __type(value, struct relay_interface);
} interfaces SEC(".maps");

INLINE void count(enum relay_verdict verdict, __u32 bytes) {
    __u32 key = verdict;
    struct relay_statistics *statistic = bpf_map_lookup_elem(&statistics, &key);
    if (!statistic) return;
    statistic->packets++;
    statistic->bytes += bytes;
}

INLINE void map_ipv4(__u32 address[4], __be32 ipv4) {
    address[0] = address[1] = 0;
    address[2] = bpf_htonl(0xFFFF);
    address[3] = ipv4;
}

INLINE void copy_address(void *to, const void *from) { __builtin_memcpy(to, from, 16); }

/// An address of its first three words and the last.
INLINE void put_address(void *to, const __u32 prefix[3], __u32 last) {
    __u32 *words = to;
    words[0] = prefix[0];
    words[1] = prefix[1];
    words[2] = prefix[2];
    words[3] = last;
}

INLINE bool same_prefix(const __u32 *one, const __u32 *other) {
    return one[0] == other[0] && one[1] == other[1] && one[2] == other[2];
}
