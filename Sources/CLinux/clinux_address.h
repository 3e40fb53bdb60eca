/// Between the kernel's addresses and ours. For C of this package only.
#pragma once

#include "clinux.h"
#include "clinux_retry.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

union sockaddr_any {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static inline void store64(uint8_t *out, uint64_t value) {
    value = __builtin_bswap64(value);
    memcpy(out, &value, 8);
}

static inline uint64_t load64(const uint8_t *in) {
    uint64_t value;
    memcpy(&value, in, 8);
    return __builtin_bswap64(value);
}

static inline socklen_t to_sockaddr(const struct clinux_address *from, union sockaddr_any *to) {
    if (from->family == 4) {
        to->v4 = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(from->port), .sin_addr.s_addr = htonl((uint32_t)from->low)};
        return sizeof to->v4;
    }
    to->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(from->port)};
    store64(to->v6.sin6_addr.s6_addr, from->high);
    store64(to->v6.sin6_addr.s6_addr + 8, from->low);
    return sizeof to->v6;
}

static inline void from_sockaddr(const union sockaddr_any *from, struct clinux_address *to) {
    if (from->any.sa_family == AF_INET) {
        *to = (struct clinux_address){
            .low = ntohl(from->v4.sin_addr.s_addr), .port = ntohs(from->v4.sin_port), .family = 4};
    } else if (IN6_IS_ADDR_V4MAPPED(&from->v6.sin6_addr)) {  // on a socket of both families
        *to = (struct clinux_address){
            .low = load64(from->v6.sin6_addr.s6_addr + 8) & UINT32_MAX, .port = ntohs(from->v6.sin6_port), .family = 4};
    } else {
        *to = (struct clinux_address){
            .high = load64(from->v6.sin6_addr.s6_addr), .low = load64(from->v6.sin6_addr.s6_addr + 8),
            .port = ntohs(from->v6.sin6_port), .family = 6};
    }
}

static inline int set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}
