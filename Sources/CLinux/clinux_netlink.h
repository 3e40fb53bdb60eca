/// Requests to the kernel's interfaces, addresses, routes and neighbours (rtnetlink(7)), and to drivers. For C of this
/// package only.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /// More than the kernel puts into one message of a dump.
    CLINUX_NETLINK_DUMP = 32768,
};

/// A request as it grows; it has room for all that is added here.
struct clinux_netlink_request {
    struct nlmsghdr header;
    char body[512];
};

/// Begins a request; returns its fixed part, all zeros.
void *clinux_netlink_begin(struct clinux_netlink_request *request, uint16_t type, uint16_t flags, size_t size);
/// Adds an attribute.
struct rtattr *clinux_netlink_add(
    struct clinux_netlink_request *request, uint16_t type, const void *value, size_t length);
/// Opens a socket for requests. The kernel answers at once; that it may not is no reason to hang. Or -errno.
int clinux_netlink_open(void);
/// Sends a request: 0 or -errno.
int clinux_netlink_send(int fd, const struct clinux_netlink_request *request);
/// Sends a request on a socket of its own, and reads the one message that answers it, which has to fit: 0 or -errno.
int clinux_netlink_ask(
    const struct clinux_netlink_request *request, struct nlmsghdr *answer, size_t capacity);
/// Sends a request on a socket of its own, and waits for the kernel's verdict: 0 or -errno.
int clinux_netlink_perform(struct clinux_netlink_request *request);

/// Asks or tells the driver of an interface (SIOCETHTOOL): 0 or -errno. `fd` is any socket.
int clinux_ethtool(int fd, const char *interface, void *command);
