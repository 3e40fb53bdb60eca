/// What network cards are asked and told (ethtool, by SIOCETHTOOL). Interfaces go by their index, and values come and go
/// as they are, so that callers need no pointers. Thin as clinux.h: `error` and results are 0 or -errno.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Queues: those that receive and send (combined), or that only receive.
struct clinux_nic_channels {
    int error;
    uint32_t combined, combined_max, receive, receive_max;
};
struct clinux_nic_channels clinux_nic_channels(int index);
/// Sets the number of combined queues, or of those that receive and of those that send where nothing is combined.
int clinux_nic_set_channels(int index, uint32_t count);

/// Descriptors of each queue that receives.
struct clinux_nic_ring {
    int error;
    uint32_t receive, receive_max;
};
struct clinux_nic_ring clinux_nic_ring(int index);
int clinux_nic_set_ring(int index, uint32_t receive);

/// How long an interrupt for received packets may wait for more of them.
struct clinux_nic_coalescing {
    int error;
    uint32_t microseconds;
    /// The driver chooses it by the load.
    bool adaptive;
};
struct clinux_nic_coalescing clinux_nic_coalescing(int index);
int clinux_nic_set_coalescing(int index, uint32_t microseconds);

/// What the queue of a UDP packet is chosen by.
enum clinux_nic_hash_fields {
    CLINUX_NIC_SOURCE_ADDRESS = 1,
    CLINUX_NIC_DESTINATION_ADDRESS = 2,
    CLINUX_NIC_SOURCE_PORT = 4,
    CLINUX_NIC_DESTINATION_PORT = 8,
};
struct clinux_nic_hash {
    int error;
    /// `clinux_nic_hash_fields`.
    uint32_t fields;
};
/// `family`: 4 or 6.
struct clinux_nic_hash clinux_nic_hash(int index, int family);
int clinux_nic_set_hash(int index, int family, uint32_t fields);

/// The queues that the hash leads to.
struct clinux_nic_spread {
    int error;
    uint32_t queues;
    /// The table has the first queues in turn, as ethtool's `equal` sets it.
    bool in_turn;
};
struct clinux_nic_spread clinux_nic_spread(int index);
/// Lets the hash lead to all queues alike.
int clinux_nic_reset_spread(int index);

/// Rules that send packets to queues (n-tuple filters).
struct clinux_nic_filters {
    int error;
    bool enabled;
    uint32_t count;
};
struct clinux_nic_filters clinux_nic_filters(int index);
int clinux_nic_enable_filters(int index, bool enabled);

struct clinux_nic_rule {
    int error;
    uint32_t location;
    /// UDP over IPv4 (4) or IPv6 (6) by nothing but the destination port; 0 for a rule of any other kind.
    int family;
    /// The port in those of its bits that count.
    uint16_t port, mask;
    uint32_t queue;
};
/// The rule at a position of the list; -ENOENT behind the last one.
struct clinux_nic_rule clinux_nic_rule(int index, uint32_t position);
/// Adds a rule and returns its location, or -errno.
int clinux_nic_add_rule(int index, int family, uint16_t port, uint16_t mask, uint32_t queue);
int clinux_nic_remove_rule(int index, uint32_t location);
