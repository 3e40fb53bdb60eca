/// What the BPF programs and the daemon share: the layout of every map. Both sides compile this one file.
///
/// Addresses are four words as in a packet, IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2). Addresses and ports are in network
/// order, so that the programs compare and write them as they are. Everything else is in host order.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Changes with every change to this file that an older daemon or program would misread.
#define RELAY_LAYOUT 3u

enum relay_limits {
    /// Most places for ports: RTP and RTCP, both directions, of 32,768 calls. A power of two, as every number of places.
    RELAY_PLACES = 131072,
    /// Fewest: less would not save anything worth having.
    RELAY_LEAST_PLACES = 1024,
    /// Most flows that lead on from one place: what the program follows. There are that many only if ports of as many of
    /// our addresses meet there.
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

/// The place of a local address and port, both in network order, modulo the number of places. Ports of one address are
/// neighbours.
static inline uint32_t relay_place_of(
    uint32_t first, uint32_t second, uint32_t third, uint32_t fourth, uint16_t port) {
    uint32_t address = (first ^ second ^ third ^ fourth) * 0x9E3779B1u;  // Knuth's multiplicative hashing
    uint16_t number = (uint16_t)(port << 8 | port >> 8);
    return (address >> 15) + number;
}

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
    /// How long a flow keeps its way out while nobody watches routes and neighbours, in `RELAY_ROUTE_TICK`s: about 100 ms.
    /// What changes while the daemon is dead is seen that late. As long is one who watches believed.
    RELAY_ROUTE_TICKS = 95,
    /// While somebody does: a second, for what nobody is told of.
    RELAY_WATCHED_ROUTE_TICKS = 954,
    /// Nanoseconds in such a tick, as a power of two.
    RELAY_ROUTE_TICK_BITS = 20,
    /// In `relay_flow.tag`: the way out is for XDP.
    RELAY_TAG_XDP = 0x8000,
    /// Likewise, by tc: the last packet's UDP checksum was left to hardware, as the kernel has said since the way out was asked
    /// for.
    RELAY_TAG_PARTIAL = 0x4000,
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
    /// The next flow of its place; 0 for none. The daemon changes this while the program reads it.
    uint32_t next;
    /// `relay_flow_flags`.
    uint8_t flags;
    /// TOS octet or traffic class of what is sent.
    uint8_t tos;
    // The way out, written by the program: VLAN identifier and other RELAY_TAGs, ...
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

enum relay_source_state {
    /// There is a source: `ssrc` and what follows from it mean something.
    RELAY_SOURCE_KNOWN = 1,
    /// Its sequence has jumped: `after_jump` would continue the jump.
    RELAY_SOURCE_JUMPED = 2,
    /// Its packets have gone another way meanwhile, so a gap is no loss. Set by the daemon before it links a flow.
    RELAY_SOURCE_ELSEWHERE = 4,
};

enum relay_source_limits {
    /// RFC 3550 A.1: a jump this far is no loss.
    RELAY_MAX_DROPOUT = 3000,
    /// Nanoseconds in a tick of `last_arrival`, as a power of two.
    RELAY_ARRIVAL_TICK_BITS = 10,
    /// A silence this long, in such ticks, is the source's and no loss: 2 s.
    RELAY_SOURCE_SILENCE = 1953125,
};

/// What was counted at one local port since the port was opened. What user space counts is the same, by the same rules
/// (`StreamQuality`).
struct relay_counters {
    // Written by the program alone. What every packet of RTP changes is in the place's first cache line.
    uint64_t rtp_packets;
    /// UDP payloads, in octets.
    uint64_t rtp_bytes;
    /// CLOCK_MONOTONIC of the last RTP packet, in nanoseconds; 0 before the first.
    uint64_t last_rtp;
    /// Bit n is set when the packet n before the highest has come.
    uint64_t seen;
    /// When the last packet came that was not late, in RELAY_ARRIVAL_TICK_BITS; wraps around.
    uint32_t last_arrival;
    uint32_t ssrc;
    /// With the number of wraps in the upper half.
    uint32_t highest_sequence;
    /// RFC 3550 A.8, in timestamp units, times 16.
    uint32_t jitter;
    /// Of the last packet that was not late, as its payload type.
    uint32_t last_timestamp;
    uint16_t after_jump;
    uint8_t payload_type;
    /// `relay_source_state`.
    uint8_t state;
    // The second cache line: what is rare.
    uint64_t rtcp_packets;
    uint64_t rtcp_bytes;
    /// CLOCK_MONOTONIC of the last RTCP packet, in nanoseconds; 0 before the first.
    uint64_t last_rtcp;
    /// `rtp_packets` before the first of `ssrc`.
    uint64_t packets_before;
    // Of `ssrc`: what never came, what came twice, what came late, holes, and new beginnings.
    int32_t lost;
    uint16_t duplicates;
    uint16_t reordered;
    uint16_t gaps;
    uint16_t restarts;
    uint32_t reserved[5];
    // The third. Written by the daemon alone, for the daemon that comes after it: what was counted outside the program.
    // What has been sent is this plus all that the flows towards this port have counted, modulo 2^64.
    uint64_t user_packets;
    uint64_t user_bytes;
    uint64_t user_errors;
    uint64_t other_packets_out;
    uint64_t other_bytes_out;
    uint64_t reserved_for_user[3];
};
_Static_assert(sizeof(struct relay_counters) == 184, "three cache lines, less a link");

/// What is known of the local ports that are found here. All that a packet needs is together, so that it comes into the cache
/// at a time and is on one page: flow number 2 n or 2 n + 1, and counters n, are what place n prefers; number 0 is none.
/// Seven cache lines, of which IPv4 needs three.
struct relay_place {
    /// Number of the first flow, 0 for none. The daemon changes it while the program reads it.
    uint32_t first;
    uint32_t reserved;
    struct relay_counters counters;
    /// One that is in use, and one that takes its place.
    struct relay_flow flows[2];
};
_Static_assert(sizeof(struct relay_place) == 448, "seven cache lines");
_Static_assert(offsetof(struct relay_place, counters.rtcp_packets) == 64, "what RTP changes is one cache line");
_Static_assert(offsetof(struct relay_place, flows) == 192, "flows begin with a cache line");

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
    /// The number of places, less one.
    uint32_t place_mask;
    /// When `generation` was last known to be up to date, in ticks. The daemon says so every few of them.
    uint32_t watched;
    uint32_t reserved;
};
_Static_assert(sizeof(struct relay_settings) == 24, "map value");

/// A network interface that packets may leave through, by its index.
struct relay_interface {
    /// The interface that carries it: itself, unless it is a VLAN. 0 where XDP does not send.
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

/// The flow of a number, which is in this place.
static inline struct relay_flow *relay_flow_in(struct relay_place *place, uint32_t number) {
    return &place->flows[number & 1];
}

/// Makes a place lead to a flow, which is written by now, while the program may be following it.
static inline void relay_link_place(struct relay_place *place, uint32_t number) {
    __atomic_store_n(&place->first, number, __ATOMIC_RELEASE);
}

/// Makes a flow lead to another one.
static inline void relay_link_flow(struct relay_flow *flow, uint32_t number) {
    __atomic_store_n(&flow->next, number, __ATOMIC_RELEASE);
}

/// Has all flows ask for their way out anew, with the next packet.
static inline void relay_renew_routes(struct relay_settings *settings) {
    uint16_t next = (uint16_t)(__atomic_load_n(&settings->generation, __ATOMIC_RELAXED) + 1);
    __atomic_store_n(&settings->generation, next ? next : 1, __ATOMIC_RELEASE);
}

/// Says that all changes of routes before this time, in nanoseconds, have raised the generation.
static inline void relay_watch_until(struct relay_settings *settings, uint64_t now) {
    __atomic_store_n(&settings->watched, (uint32_t)(now >> RELAY_ROUTE_TICK_BITS), __ATOMIC_RELEASE);
}
#endif
