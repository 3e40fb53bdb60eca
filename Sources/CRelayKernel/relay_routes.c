#define _GNU_SOURCE
#include "relay_devices.h"
#include "clinux_netlink.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /// Neighbours asked about in one go; with more, the next go asks about others.
    MOST_NEIGHBOURS = 1024,
};

/// The interface that a route message names, or -errno.
static int output_of(const struct nlmsghdr *message) {
    if (message->nlmsg_type != RTM_NEWROUTE) return -EPROTO;
    int left = (int)RTM_PAYLOAD(message);
    for (struct rtattr *attribute = RTM_RTA(NLMSG_DATA(message)); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left)) {
        int index;
        if (attribute->rta_type != RTA_OIF || RTA_PAYLOAD(attribute) < sizeof index) continue;
        memcpy(&index, RTA_DATA(attribute), sizeof index);
        return index;
    }
    return -ENETUNREACH;
}

int relay_route_device(const uint32_t from[4], const uint32_t to[4]) {
    const bool ipv4 = relay_is_ipv4(from);
    const size_t size = ipv4 ? 4 : 16, start = ipv4 ? 3 : 0;
    struct clinux_netlink_request request;
    struct rtmsg *route = clinux_netlink_begin(&request, RTM_GETROUTE, 0, sizeof *route);
    route->rtm_family = ipv4 ? AF_INET : AF_INET6;
    route->rtm_src_len = route->rtm_dst_len = (uint8_t)(8 * size);
    clinux_netlink_add(&request, RTA_DST, to + start, size);
    clinux_netlink_add(&request, RTA_SRC, from + start, size);
    _Alignas(struct nlmsghdr) char answer[4096];
    int error = clinux_netlink_ask(&request, (struct nlmsghdr *)answer, sizeof answer);
    return error ? error : output_of((const struct nlmsghdr *)answer);
}

/// A neighbour that the kernel has not heard of for a while: its address.
struct stale {
    uint32_t interface;
    uint8_t family;
    uint8_t size;
    uint8_t address[16];
};

static bool is_among(uint32_t index, const uint32_t *interfaces, int count) {
    for (int place = 0; place < count; place++) {
        if (interfaces[place] == index) return true;
    }
    return false;
}

/// Reads one message of a dump; true if it is about a stale neighbour.
static bool read_stale(const struct nlmsghdr *message, struct stale *stale) {
    const struct ndmsg *neighbour = NLMSG_DATA(message);
    if (message->nlmsg_type != RTM_NEWNEIGH || neighbour->ndm_state != NUD_STALE) return false;
    int left = (int)NLMSG_PAYLOAD(message, sizeof *neighbour);
    struct rtattr *attribute = (struct rtattr *)((char *)neighbour + NLMSG_ALIGN(sizeof *neighbour));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type != NDA_DST || RTA_PAYLOAD(attribute) > sizeof stale->address) continue;
        stale->interface = (uint32_t)neighbour->ndm_ifindex;
        stale->family = neighbour->ndm_family;
        stale->size = (uint8_t)RTA_PAYLOAD(attribute);
        memcpy(stale->address, RTA_DATA(attribute), stale->size);
        return true;
    }
    return false;
}

/// Collects stale neighbours until the dump ends; how many, or -errno.
static int collect(int fd, const uint32_t *interfaces, int count, struct stale *found) {
    _Alignas(struct nlmsghdr) char answer[CLINUX_NETLINK_DUMP];
    int number = 0;
    for (;;) {
        ssize_t length = recv(fd, answer, sizeof answer, 0);
        if (length < 0) return -errno;
        for (struct nlmsghdr *message = (struct nlmsghdr *)answer; NLMSG_OK(message, length);
             message = NLMSG_NEXT(message, length)) {
            if (message->nlmsg_type == NLMSG_DONE) return number;
            if (message->nlmsg_type == NLMSG_ERROR) return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
            if (number < MOST_NEIGHBOURS && read_stale(message, &found[number]) &&
                is_among(found[number].interface, interfaces, count))
                number++;
        }
    }
}

int relay_confirm_neighbours(const uint32_t *interfaces, int count) {
    struct stale found[MOST_NEIGHBOURS];
    struct clinux_netlink_request request;
    int fd = clinux_netlink_open();
    if (fd < 0) return fd;
    clinux_netlink_begin(&request, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg));
    int number = clinux_netlink_send(fd, &request);
    if (number == 0) number = collect(fd, interfaces, count, found);
    for (int place = 0; place < number; place++) {
        struct ndmsg *neighbour = clinux_netlink_begin(&request, RTM_NEWNEIGH, 0, sizeof *neighbour);
        neighbour->ndm_family = found[place].family;
        neighbour->ndm_ifindex = (int)found[place].interface;
        neighbour->ndm_flags = NTF_USE;
        clinux_netlink_add(&request, NDA_DST, found[place].address, found[place].size);
        clinux_netlink_send(fd, &request);  // one that is gone by now need not be asked
    }
    close(fd);
    return number < 0 ? number : 0;
}

int relay_watch_routes(void) {
    static const int groups[] = {
        RTNLGRP_LINK,        RTNLGRP_NEIGH,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
        RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,   RTNLGRP_NEXTHOP,
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0) return -errno;
    // A socket without a number of its own is passed by like the kernel's, which has none either.
    struct sockaddr_nl own = {.nl_family = AF_NETLINK};
    int failure = bind(fd, (struct sockaddr *)&own, sizeof own) < 0 ? -errno : 0;
    for (size_t index = 0; index < sizeof groups / sizeof *groups; index++) {
        // RTNLGRP_NEXTHOP came with Linux 5.3; a kernel that does not have it has no nexthop objects.
        if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, groups + index, sizeof *groups) < 0
            && groups[index] != RTNLGRP_NEXTHOP)
            failure = -errno;
    }
    if (!failure) return fd;
    close(fd);
    return failure;
}

int relay_drain_routes(int fd) {
    char message[16384];
    for (;;) {
        ssize_t length = recv(fd, message, sizeof message, MSG_TRUNC);
        // ENOBUFS: more than there was room for has come, which is news enough.
        if (length >= 0 || errno == EINTR || errno == ENOBUFS) continue;
        return errno == EAGAIN ? 0 : -errno;
    }
}
