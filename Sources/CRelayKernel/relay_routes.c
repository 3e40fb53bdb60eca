#define _GNU_SOURCE
#include "relay_devices.h"
#include "clinux_netlink.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <stddef.h>
#include <stdlib.h>
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

/// What is known of a neighbour.
struct neighbour {
    uint32_t interface;
    uint8_t family;
    /// Of its hardware address; 0 while nothing can be sent to it.
    uint8_t hardware_size;
    uint8_t hardware[10];
    uint8_t address[16];
};

enum {
    /// Sets of neighbours, and how many are in one: more than any segment has.
    SETS = 4096,
    WAYS = 4,
    /// Messages read in one go.
    MOST_MESSAGES = 1024,
};

struct relay_neighbours {
    struct neighbour sets[SETS][WAYS];
    /// Which of a set makes room next.
    uint8_t next[SETS];
};

struct relay_neighbours *relay_neighbours_create(void) { return calloc(1, sizeof(struct relay_neighbours)); }

void relay_neighbours_destroy(struct relay_neighbours *known) { free(known); }

/// Reads a message about a neighbour; false when it is about something else.
static bool read_neighbour(const struct nlmsghdr *message, struct neighbour *neighbour) {
    const struct ndmsg *told = NLMSG_DATA(message);
    *neighbour = (struct neighbour){.interface = (uint32_t)told->ndm_ifindex, .family = told->ndm_family};
    const uint16_t valid = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;
    const bool is_valid = message->nlmsg_type == RTM_NEWNEIGH && (told->ndm_state & valid);
    bool has_address = false;
    int left = (int)NLMSG_PAYLOAD(message, sizeof *told);
    const struct rtattr *attribute = (const struct rtattr *)((const char *)told + NLMSG_ALIGN(sizeof *told));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        const size_t length = RTA_PAYLOAD(attribute);
        if (attribute->rta_type == NDA_DST && length <= sizeof neighbour->address) {
            memcpy(neighbour->address, RTA_DATA(attribute), length);
            has_address = true;
        } else if (attribute->rta_type == NDA_LLADDR && is_valid && length <= sizeof neighbour->hardware) {
            memcpy(neighbour->hardware, RTA_DATA(attribute), length);
            neighbour->hardware_size = (uint8_t)length;
        }
    }
    return has_address;
}

/// Whether flows may go another way after what a message says. That a neighbour is still there is said of each of them every
/// few seconds, and no reason to ask for all ways out anew.
static bool is_news(const struct nlmsghdr *message, struct relay_neighbours *known) {
    if (message->nlmsg_type != RTM_NEWNEIGH && message->nlmsg_type != RTM_DELNEIGH) return true;
    const uint8_t family = ((const struct ndmsg *)NLMSG_DATA(message))->ndm_family;
    if (family != AF_INET && family != AF_INET6) return false;  // what bridges learn
    struct neighbour told;
    if (!known || !read_neighbour(message, &told)) return true;
    uint32_t hash = told.interface * 0x9E3779B1u;
    for (size_t word = 0; word < sizeof told.address; word += sizeof hash) {
        uint32_t part;
        memcpy(&part, told.address + word, sizeof part);
        hash = (hash ^ part) * 0x9E3779B1u;  // Knuth's multiplicative hashing
    }
    const uint32_t set = hash >> 20;
    for (int way = 0; way < WAYS; way++) {
        struct neighbour *one = &known->sets[set][way];
        if (one->interface != told.interface || one->family != family ||
            memcmp(one->address, told.address, sizeof told.address) != 0)
            continue;
        const bool is_same = one->hardware_size == told.hardware_size &&
                             memcmp(one->hardware, told.hardware, sizeof told.hardware) == 0;
        *one = told;
        return !is_same;
    }
    known->sets[set][known->next[set]++ % WAYS] = told;
    return true;
}

int relay_drain_routes(int fd, struct relay_neighbours *known) {
    _Alignas(struct nlmsghdr) char answer[16384];
    int news = 0;
    for (int count = 0; count < MOST_MESSAGES; count++) {
        ssize_t length = recv(fd, answer, sizeof answer, 0);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && errno == ENOBUFS) {
            // More than there was room for has come, and who knows what it was.
            if (known) memset(known, 0, sizeof *known);
            news = 1;
            continue;
        }
        if (length < 0) return errno == EAGAIN ? news : -errno;
        for (const struct nlmsghdr *message = (struct nlmsghdr *)answer; NLMSG_OK(message, length);
             message = NLMSG_NEXT(message, length)) {
            if (is_news(message, known)) news = 1;
        }
    }
    return 1;  // there may be more, which is about what has changed already
}
