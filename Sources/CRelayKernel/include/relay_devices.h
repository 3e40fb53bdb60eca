/// The network interfaces of this network namespace. Thin, as CLinux is: no policy, `-errno` on failure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { RELAY_NAME_SIZE = 32 };

struct relay_device {
    char name[RELAY_NAME_SIZE];
    /// `veth`, `dummy`, `bond`, ... (rtnl_link_ops); empty for hardware.
    char kind[RELAY_NAME_SIZE];
    uint32_t index;
    /// For a VLAN (IEEE 802.1Q) in this network namespace the interface that carries it; else 0.
    uint32_t carrier;
    uint32_t vlan;
    bool up;
    /// It has Ethernet headers.
    bool ethernet;
    bool loopback;
    /// It is a part of another one (bond, team, bridge, Open vSwitch), to which its packets belong.
    bool port;
    uint8_t hardware[6];
    /// Frames sent, and those that were refused or failed (RTNL link statistics); they wrap around.
    uint32_t sent;
    uint32_t failed;
};

/// What an interface has sent.
struct relay_sent {
    uint64_t frames;
    uint64_t bytes;
};

/// It is an IPv4 address, mapped into IPv6.
bool relay_is_ipv4(const uint32_t address[4]);
/// Describes up to `capacity` interfaces; returns how many, or -errno (-EAGAIN when they do not stop changing).
int relay_devices(struct relay_device *devices, int capacity);
/// Whether ethtool knows a driver. Not for every look: the question waits for whoever changes interfaces.
bool relay_device_has_driver(const char *name);
/// What an interface has sent so far; 0 or -errno.
int relay_device_sent(uint32_t index, struct relay_sent *sent);
/// Frames that XDP should have sent and the driver has lost, by the driver's own statistics; 0 when it keeps none.
uint64_t relay_device_xdp_errors(const char *name);
/// The interface that has this address (in words, IPv4 mapped into IPv6); its index, 0 for none, or -errno.
///
/// `alone` tells that the address has the prefix length of a single host: nobody else is on its network.
int relay_device_of_address(const uint32_t address[4], bool *alone);
/// The interface through which packets leave this host from an address of ours, by the kernel's routes; its index, or -errno.
int relay_route_device(const uint32_t from[4], const uint32_t to[4]);
/// Has the kernel look whether neighbours that it has not heard of for a while are still there, on these interfaces.
/// Forwarding below its protocol stack does not count as use, so it would never ask by itself. 0 or -errno.
int relay_confirm_neighbours(const uint32_t *interfaces, int count);
/// Opens a socket that has something to read when routes, rules, neighbours, addresses or interfaces of this network
/// namespace have changed. The descriptor, or -errno.
int relay_watch_routes(void);
/// What `relay_drain_routes` remembers of neighbours.
struct relay_neighbours;
/// NULL without memory: then each word about a neighbour is news.
struct relay_neighbours *relay_neighbours_create(void);
void relay_neighbours_destroy(struct relay_neighbours *known);
/// Reads what it has to say, or as much of it as is read in one go: 1 when packets may have to go another way, 0, or -errno.
int relay_drain_routes(int fd, struct relay_neighbours *known);
/// Mounts a BPF file system at a folder, unless one is there already. 0 or -errno.
int relay_mount_bpf(const char *path);
