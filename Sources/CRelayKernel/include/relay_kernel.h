/// What the BPF programs and the daemon share: the layout of every map. Both sides compile this one file.
///
/// Addresses are four words as in a packet, IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2). Addresses and ports are in network
/// order, so that the programs compare and write them as they are. Everything else is in host order.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Changes with every change to this file that an older daemon or program would misread.
#define RELAY_LAYOUT 2u

enum relay_limits {
    /// Where flows are found by local address and port, and counters: RTP and RTCP, both directions, of 32,768 calls. A
    /// power of two.
    RELAY_BUCKETS = 131072,
    /// Flows: for each bucket one that is in use, and one that takes its place. Number 0 is none.
    RELAY_FLOWS = 2 * RELAY_BUCKETS,
    /// Most flows in one bucket: what the program follows. There are that many only if ports of as many of our addresses
    /// meet there.
    RELAY_CHAIN = 8,
    /// Local addresses whose ports are steered to media threads.
    RELAY_STEERED_ADDRESSES = 64,
    /// Media threads that ports are steered to; each has a socket for IPv4 and one for IPv6.
    RELAY_STEERED_WORKERS = 512,
    /// Where the sockets that take floods are among those of the media threads: behind them.
    RELAY_FLOOD_WORKER = RELAY_STEERED_WORKERS,
    /// Network interfaces that packets may leave through.
    RELAY_INTERFACES = 1024,
    RELAY_PORTS = 65536,
    /// Octets of the ring of RTCP reports; a power of two. 25,000 calls send 1.5 MB/s there, in records of 152 octets, and
    /// the daemon takes them out four times a second.
    RELAY_REPORT_RING = 2097152,
    /// Octets of an RTCP packet that are copied, powers of two: the usual report with its SDES, and one with extended reports.
    RELAY_REPORT_SHORT = 128,
    RELAY_REPORT_LONG = 1024,
};

/// The bucket of a local address and port, both in network order. Ports of one address are neighbours.
static inline uint32_t relay_bucket_of(
    uint32_t first, uint32_t second, uint32_t third, uint32_t fourth, uint16_t port) {
    uint32_t address = (first ^ second ^ third ^ fourth) * 0x9E3779B1u;  // Knuth's multiplicative hashing
    uint16_t number = (uint16_t)(port << 8 | port >> 8);
    return ((address >> 15) + number) & (RELAY_BUCKETS - 1);
}

/// Where flows are found. What is behind a bucket is best at places that its own number tells, so that all of it comes into
/// the cache at a time: flow number 2 n or 2 n + 1, counters n.
struct relay_bucket {
    /// Number of a flow, 0 for none. The daemon changes it while the program reads it.
    uint32_t first;
    /// Elements of BPF arrays are multiples of 8 octets.
    uint32_t zero;
};
_Static_assert(sizeof(struct relay_bucket) == 8, "map value");

enum relay_flow_flags {
    /// RTP is forwarded.
    RELAY_FLOW_RTP = 1,
    /// RTCP is forwarded.
    RELAY_FLOW_RTCP = 2,
    /// Packets arrive as IPv4.
    RELAY_FLOW_FROM_IPV4 = 4,
    /// They leave as IPv4.
    RELAY_FLOW_TO_IPV4 = 8,
};

enum relay_route_limits {
    /// How long a flow keeps its way out, in `RELAY_ROUTE_TICK`s: about 100 ms. What changes while nobody watches routes
    /// and neighbours, the daemon being dead, is seen that late.
    RELAY_ROUTE_TICKS = 95,
    /// Nanoseconds in such a tick, as a power of two.
    RELAY_ROUTE_TICK_BITS = 20,
    /// In `relay_flow.tag`: the way out is for XDP.
    RELAY_TAG_XDP = 0x8000,
    RELAY_TAG_VLAN = 0x0FFF,
};

/// What the program does with the packets that arrive at one local port. Two cache lines, of which IPv4 needs the first.
///
/// The daemon writes a flow before it links it, and never again: another flow takes its place in one step.
struct relay_flow {
    // The last words of four addresses, so all of IPv4: where packets come to and from, are sent from and to.
    uint32_t local;
    /// The only source that is accepted.
    uint32_t source;
    uint32_t from;
    uint32_t to;
    uint16_t local_port;
    uint16_t source_port;
    uint16_t from_port;
    uint16_t to_port;
    /// The next flow in its bucket; 0 for none. The daemon changes this while the program reads it.
    uint32_t next;
    /// `relay_flow_flags`.
    uint8_t flags;
    /// TOS octet or traffic class of what is sent.
    uint8_t tos;
    // The way out, written by the program: VLAN identifier and RELAY_TAG_XDP, ...
    uint16_t tag;
    /// Index of the flow's `relay_counters`.
    uint32_t counters;
    /// RTP timestamp units per second (RFC 3550 §5.1); 0 when unknown: then no jitter is measured.
    uint32_t clock_rate;
    // ..., the Ethernet addresses as they stand in a frame, the interface, ...
    uint8_t next_hop[6];
    uint8_t own[6];
    uint32_t output;
    /// ..., and how long it is good for: the longest packet (16 bits), `relay_settings.generation` (16), and when it was
    /// asked for (32 bits, in ticks). 0 for never.
    uint64_t lease;
    // The second cache line: the other words of the four addresses.
    uint32_t local_prefix[3];
    uint32_t source_prefix[3];
    uint32_t from_prefix[3];
    uint32_t to_prefix[3];
    /// The flow whose way RTCP takes, where it shares the port with RTP (RFC 5761) but not the way; 0 for this one.
    uint32_t rtcp;
    uint32_t reserved[3];
};
_Static_assert(sizeof(struct relay_flow) == 128, "two cache lines");
_Static_assert(offsetof(struct relay_flow, local_prefix) == 64, "what IPv4 needs is one cache line");

/// What was counted at one local port since the port was opened. Two cache lines.
struct relay_counters {
    // Written by the program alone.
    uint64_t rtp_packets;
    /// UDP payloads, in octets.
    uint64_t rtp_bytes;
    /// CLOCK_MONOTONIC of the last packet, in nanoseconds; 0 before the first.
    uint64_t last_packet;
    /// CLOCK_MONOTONIC of the last RTP packet, in nanoseconds.
    uint64_t last_rtp;
    uint32_t ssrc;
    /// RTP packets since `ssrc` was first seen (RFC 3550 A.1).
    uint32_t received;
    /// Extended sequence numbers (RFC 3550 A.1): the first of `ssrc`, and the highest.
    uint32_t base_sequence;
    uint32_t highest_sequence;
    /// RFC 3550 A.8, in timestamp units, times 16.
    uint32_t jitter;
    uint32_t last_timestamp;
    uint64_t reserved;
    // The second cache line.
    uint64_t rtcp_packets;
    uint64_t rtcp_bytes;
    // Written by the daemon alone, for the daemon that comes after it: what was counted outside the program. What has
    // been sent is this plus all that the flows towards this port have counted, modulo 2^64.
    uint64_t user_packets;
    uint64_t user_bytes;
    uint64_t user_errors;
    uint64_t other_packets_out;
    uint64_t other_bytes_out;
    uint64_t reserved_for_user;
};
_Static_assert(sizeof(struct relay_counters) == 128, "two cache lines");

/// What became of a packet for one of our flows. All but the first are passed up to user space.
enum relay_verdict {
    RELAY_FORWARDED = 0,
    /// Not RTP or RTCP that this port is for.
    RELAY_NOT_RTP,
    RELAY_UNKNOWN_SOURCE,
    RELAY_FRAGMENT,
    /// IPv4 options or IPv6 extension headers.
    RELAY_OPTIONS,
    /// Several datagrams in one buffer, or longer than its headers say.
    RELAY_ODD_LENGTH,
    /// A missing UDP checksum that has to be there on the other side, or one that the sender left to its hardware.
    RELAY_NO_CHECKSUM,
    /// The next hop's hardware address is not known yet.
    RELAY_NO_NEIGHBOUR,
    RELAY_TOO_BIG,
    /// The kernel has no route, or one that does not leave this host.
    RELAY_NO_ROUTE,
    /// The route leaves through an interface that cannot be used.
    RELAY_NO_INTERFACE,
    /// A helper of the kernel refused.
    RELAY_REFUSED,
    RELAY_VERDICTS,
    /// Not a verdict, but counted in the same place: RTCP that was forwarded and that the daemon will not see.
    RELAY_LOST_REPORT = RELAY_VERDICTS,
    RELAY_STATISTICS,
};

/// One processor's count of one verdict.
struct relay_statistics {
    uint64_t packets;
    /// UDP payloads of forwarded packets, in octets.
    uint64_t bytes;
};
_Static_assert(sizeof(struct relay_statistics) == 16, "map value");

/// In front of each RTCP packet in the ring.
struct relay_report {
    /// CLOCK_MONOTONIC of its arrival, in nanoseconds.
    uint64_t time;
    /// Index of the `relay_counters` of the port that it came to.
    uint32_t cell;
    /// Octets that follow and are of the packet.
    uint32_t length;
};
_Static_assert(sizeof(struct relay_report) == 16, "ring record");

/// How programs behave; one of them.
struct relay_settings {
    uint32_t layout;
    /// Interface on whose behalf routes are looked up: one that the kernel lets forward (the loopback).
    uint32_t route_interface;
    /// TTL and hop limit of what is sent.
    uint16_t hop_limit;
    /// Changes, never to 0, with every change of routes, neighbours and interfaces: then flows look their way out up anew.
    uint16_t generation;
};
_Static_assert(sizeof(struct relay_settings) == 12, "map value");

/// A network interface that packets may leave through, by its index.
struct relay_interface {
    /// The interface that carries it: itself, unless it is a VLAN.
    uint32_t carrier;
    /// VLAN identifier on the carrier (IEEE 802.1Q), or 0.
    uint32_t vlan;
};
_Static_assert(sizeof(struct relay_interface) == 8, "map value");

/// What is known of one port of a local address, for the program that steers.
struct relay_steered_port {
    /// Written by the daemon: the media thread plus one, or 0 for none of ours.
    uint16_t worker;
    /// Written by the program: packets that were let through in the window that `window` names.
    uint16_t packets;
    /// Its number, since the machine started.
    uint32_t window;
};
_Static_assert(sizeof(struct relay_steered_port) == 8, "map value");

/// All ports share a socket's queue, so none may fill it alone.
enum relay_flood_limits {
    /// The length of a window, as a power of two: 67 ms.
    RELAY_FLOOD_WINDOW_BITS = 26,
    /// Packets that a port takes in a window, 15,000 a second: video of 100 Mbit/s, and the burst of a large picture.
    RELAY_FLOOD_PACKETS = 1000,
};

struct relay_steered_ports {
    struct relay_steered_port ports[RELAY_PORTS];
};
_Static_assert(sizeof(struct relay_steered_ports) == 8 * RELAY_PORTS, "map value");

#ifndef __bpf__
/// Gives a port to a media thread plus one, or to nobody (0), while the program may be reading it.
static inline void relay_set_steered(struct relay_steered_port *port, uint16_t worker) {
    __atomic_store_n(&port->worker, worker, __ATOMIC_RELEASE);
}

/// Reads a number that the program counts up.
static inline uint64_t relay_load(const uint64_t *number) { return __atomic_load_n(number, __ATOMIC_RELAXED); }

/// Makes a bucket lead to a flow, which is written by now, while the program may be following it.
static inline void relay_link_bucket(struct relay_bucket *bucket, uint32_t number) {
    __atomic_store_n(&bucket->first, number, __ATOMIC_RELEASE);
}

/// Makes a flow of a bucket lead to another one.
static inline void relay_link_flow(struct relay_flow *flow, uint32_t number) {
    __atomic_store_n(&flow->next, number, __ATOMIC_RELEASE);
}

/// Has all flows ask for their way out anew, with the next packet.
static inline void relay_renew_routes(struct relay_settings *settings) {
    uint16_t next = (uint16_t)(__atomic_load_n(&settings->generation, __ATOMIC_RELAXED) + 1);
    __atomic_store_n(&settings->generation, next ? next : 1, __ATOMIC_RELEASE);
}
#endif
