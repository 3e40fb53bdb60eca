#define _GNU_SOURCE
#include "clinux_control.h"
#include "clinux_address.h"

#include <stdlib.h>

enum {
    /// The largest UDP datagram.
    SLOT_SIZE = 65536,
    CONTROL_SIZE = CMSG_SPACE(sizeof(struct in6_pktinfo)),
};

struct slot {
    union sockaddr_any address;
    struct iovec piece;
    _Alignas(struct cmsghdr) char control[CONTROL_SIZE];
};

struct clinux_control {
    uint32_t slots;
    /// To be sent.
    uint32_t queued;
    /// Slots whose lengths the kernel may have changed: all at first, then those of the last receive call.
    uint32_t used;
    struct mmsghdr *headers;
    struct slot *parts;
    uint8_t *data;
};

struct clinux_control *clinux_control_create(uint32_t slots) {
    struct clinux_control *control = calloc(1, sizeof *control);
    if (!control) return NULL;
    control->slots = control->used = slots;
    control->headers = calloc(slots, sizeof *control->headers);
    control->parts = calloc(slots, sizeof *control->parts);
    control->data = malloc((size_t)slots * SLOT_SIZE);
    if (!control->headers || !control->parts || !control->data) {
        clinux_control_destroy(control);
        return NULL;
    }
    for (uint32_t slot = 0; slot < slots; slot++) {
        struct slot *part = &control->parts[slot];
        part->piece.iov_base = control->data + (size_t)slot * SLOT_SIZE;
        control->headers[slot].msg_hdr =
            (struct msghdr){.msg_name = &part->address, .msg_iov = &part->piece, .msg_iovlen = 1};
    }
    return control;
}

void clinux_control_destroy(struct clinux_control *control) {
    if (!control) return;
    free(control->headers);
    free(control->parts);
    free(control->data);
    free(control);
}

int clinux_control_receive(struct clinux_control *control, int fd) {
    for (uint32_t slot = 0; slot < control->used; slot++) {
        struct msghdr *header = &control->headers[slot].msg_hdr;
        struct slot *part = &control->parts[slot];
        part->piece.iov_len = SLOT_SIZE;
        header->msg_namelen = sizeof part->address;
        header->msg_control = part->control;
        header->msg_controllen = sizeof part->control;
    }
    long got = RETRY(recvmmsg(fd, control->headers, control->slots, MSG_DONTWAIT, NULL));
    control->used = got > 0 ? (uint32_t)got : 0;
    return (int)got;
}

const uint8_t *clinux_control_received(
    struct clinux_control *control, uint32_t slot, size_t *length, struct clinux_address *source,
    struct clinux_address *local) {
    struct msghdr *message = &control->headers[slot].msg_hdr;
    *length = control->headers[slot].msg_len;
    from_sockaddr(&control->parts[slot].address, source);
    memset(local, 0, sizeof *local);
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        union sockaddr_any at = {0};
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            at.v4.sin_family = AF_INET;
            at.v4.sin_addr = info.ipi_addr;
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            at.v6.sin6_family = AF_INET6;
            at.v6.sin6_addr = info.ipi6_addr;
        } else {
            continue;
        }
        from_sockaddr(&at, local);
    }
    return control->parts[slot].piece.iov_base;
}

/// Lets a datagram leave from a local address.
static void send_from(struct slot *part, struct msghdr *message, const struct clinux_address *local) {
    message->msg_control = NULL;
    message->msg_controllen = 0;
    if (!local->family) return;
    union sockaddr_any from;
    to_sockaddr(local, &from);
    struct cmsghdr *header = (struct cmsghdr *)part->control;
    message->msg_control = part->control;
    if (local->family == 4) {
        struct in_pktinfo info = {.ipi_spec_dst = from.v4.sin_addr};
        message->msg_controllen = CMSG_SPACE(sizeof info);
        *header = (struct cmsghdr){
            .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(header), &info, sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_addr = from.v6.sin6_addr};
        message->msg_controllen = CMSG_SPACE(sizeof info);
        *header = (struct cmsghdr){
            .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(header), &info, sizeof info);
    }
}

int clinux_control_queue(
    struct clinux_control *control, const void *bytes, size_t length, const struct clinux_address *destination,
    const struct clinux_address *local) {
    if (control->queued == control->slots) return -ENOBUFS;
    if (length > SLOT_SIZE) return -EMSGSIZE;
    struct slot *part = &control->parts[control->queued];
    struct msghdr *message = &control->headers[control->queued].msg_hdr;
    if (length) memcpy(part->piece.iov_base, bytes, length);
    part->piece.iov_len = length;
    message->msg_namelen = to_sockaddr(destination, &part->address);
    send_from(part, message, local);
    control->queued++;
    return 0;
}

int clinux_control_flush(struct clinux_control *control, int fd) {
    int refused = 0;
    for (uint32_t next = 0; next < control->queued;) {
        long sent = RETRY(sendmmsg(fd, control->headers + next, control->queued - next, MSG_DONTWAIT | MSG_NOSIGNAL));
        if (sent > 0) {
            next += (uint32_t)sent;
        } else {  // the first of them; the others may fare better
            refused++;
            next++;
        }
    }
    control->queued = 0;
    return refused;
}
