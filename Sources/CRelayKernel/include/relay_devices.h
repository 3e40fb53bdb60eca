/// The network interfaces of this network namespace. Thin, as CLinux is: no policy, `-errno` on failure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { RELAY_NAME_SIZE = 32 };

struct relay_device {
    char name[RELAY_NAME_SIZE];
    /// As ethtool tells it; empty when the driver has none.
    char driver[RELAY_NAME_SIZE];
    /// For a VLAN the interface that carries it; else empty.
    char carrier[RELAY_NAME_SIZE];
    uint32_t index;
    uint32_t vlan;
    bool up;
    /// It has Ethernet headers.
    bool ethernet;
    bool loopback;
    uint8_t hardware[6];
    /// Frames sent, and those that were refused or failed (RTNL link statistics); they wrap around.
    uint32_t sent;
    uint32_t failed;
};

/// Describes up to `capacity` interfaces; returns how many, or -errno.
int relay_devices(struct relay_device *devices, int capacity);
/// Frames that XDP should have sent and the driver has lost, by the driver's own statistics; 0 when it keeps none.
uint64_t relay_device_xdp_errors(const char *name);
/// The interface that has this address (words as in `relay_endpoint`); its index, 0 for none, or -errno.
int relay_device_of_address(const uint32_t address[4]);
/// Mounts a BPF file system at a folder, unless one is there already. 0 or -errno.
int relay_mount_bpf(const char *path);
