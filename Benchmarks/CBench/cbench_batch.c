#define _GNU_SOURCE
#include "cbench.h"
#include "clinux_address.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

enum { CONTROL_SIZE = CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(int)) };

struct cbench_batch {
    uint32_t slots;
    uint32_t size;
    /// Slots whose lengths the kernel may have changed: all at first, then those of the last receive call.
    uint32_t used;
    struct mmsghdr *headers;
    struct iovec *pieces;
    union sockaddr_any *addresses;
    char *controls;
    uint8_t *data;
};

struct cbench_batch *cbench_batch_create(uint32_t slots, uint32_t size) {
    struct cbench_batch *batch = calloc(1, sizeof *batch);
    if (!batch) return NULL;
    batch->slots = batch->used = slots;
    batch->size = size;
    batch->headers = calloc(slots, sizeof *batch->headers);
    batch->pieces = calloc(slots, sizeof *batch->pieces);
    batch->addresses = calloc(slots, sizeof *batch->addresses);
    batch->controls = calloc(slots, CONTROL_SIZE);
    batch->data = calloc(slots, size);
    if (!batch->headers || !batch->pieces || !batch->addresses || !batch->controls || !batch->data) {
        cbench_batch_destroy(batch);
        return NULL;
    }
    for (uint32_t slot = 0; slot < slots; slot++) {
        batch->pieces[slot] = (struct iovec){batch->data + (size_t)slot * size, size};
        batch->headers[slot].msg_hdr = (struct msghdr){
            .msg_name = &batch->addresses[slot], .msg_iov = &batch->pieces[slot], .msg_iovlen = 1};
    }
    return batch;
}

void cbench_batch_destroy(struct cbench_batch *batch) {
    if (!batch) return;
    free(batch->headers);
    free(batch->pieces);
    free(batch->addresses);
    free(batch->controls);
    free(batch->data);
    free(batch);
}

uint8_t *cbench_batch_data(struct cbench_batch *batch, uint32_t slot) {
    return batch->data + (size_t)slot * batch->size;
}

void cbench_batch_address(
    struct cbench_batch *batch, uint32_t slot, uint32_t length, const struct clinux_address *destination) {
    batch->pieces[slot].iov_len = length;
    batch->headers[slot].msg_hdr.msg_namelen = to_sockaddr(destination, &batch->addresses[slot]);
}

int cbench_batch_send(struct cbench_batch *batch, int fd, uint32_t first, uint32_t count) {
    return RETRY(sendmmsg(fd, batch->headers + first, count, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static void prepare_to_receive(struct cbench_batch *batch, uint32_t slot) {
    struct msghdr *header = &batch->headers[slot].msg_hdr;
    header->msg_namelen = sizeof batch->addresses[slot];
    header->msg_control = batch->controls + (size_t)slot * CONTROL_SIZE;
    header->msg_controllen = CONTROL_SIZE;
}

int cbench_batch_receive(struct cbench_batch *batch, int fd) {
    for (uint32_t slot = 0; slot < batch->used; slot++) prepare_to_receive(batch, slot);
    long got = RETRY(recvmmsg(fd, batch->headers, batch->slots, MSG_DONTWAIT | MSG_TRUNC, NULL));
    batch->used = got > 0 ? (uint32_t)got : 0;
    return (int)got;
}

void cbench_batch_describe(const struct cbench_batch *batch, uint32_t slot, struct cbench_batch_info *info) {
    struct msghdr *header = &batch->headers[slot].msg_hdr;
    *info = (struct cbench_batch_info){.length = batch->headers[slot].msg_len, .tos = -1};
    from_sockaddr(&batch->addresses[slot], &info->source);
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
            info->received_ns = (uint64_t)stamp.tv_sec * 1000000000u + (uint64_t)stamp.tv_nsec;
        } else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TOS) {
            info->tos = *CMSG_DATA(part);  // one byte, unlike IPv6
        } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_TCLASS) {
            int value;
            memcpy(&value, CMSG_DATA(part), sizeof value);
            info->tos = value;
        }
    }
}

enum { FORWARD_SLOTS = 64, FORWARD_SIZE = 2048 };

int cbench_forward(int fd, const struct clinux_address *one, const struct clinux_address *other) {
    static uint8_t data[FORWARD_SLOTS][FORWARD_SIZE];
    static union sockaddr_any addresses[FORWARD_SLOTS];
    static struct iovec pieces[FORWARD_SLOTS];
    static struct mmsghdr headers[FORWARD_SLOTS];
    union sockaddr_any ends[2];
    socklen_t length = to_sockaddr(one, &ends[0]);
    to_sockaddr(other, &ends[1]);
    if (fcntl(fd, F_SETFL, 0) < 0) return -errno;
    for (;;) {
        for (int slot = 0; slot < FORWARD_SLOTS; slot++) {
            pieces[slot] = (struct iovec){data[slot], FORWARD_SIZE};
            headers[slot].msg_hdr = (struct msghdr){
                .msg_name = &addresses[slot], .msg_namelen = length, .msg_iov = &pieces[slot], .msg_iovlen = 1};
        }
        int got = RETRY(recvmmsg(fd, headers, FORWARD_SLOTS, MSG_WAITFORONE, NULL));
        if (got < 0) return got;
        for (int slot = 0; slot < got; slot++) {
            bool is_one = memcmp(&addresses[slot], &ends[0], length) == 0;
            addresses[slot] = ends[is_one];
            pieces[slot].iov_len = headers[slot].msg_len;
        }
        // What the kernel refuses is lost, and the ledger tells.
        for (int sent = 0; sent < got;) {
            int result = RETRY(sendmmsg(fd, headers + sent, (unsigned)(got - sent), MSG_NOSIGNAL));
            sent += result > 0 ? result : 1;
        }
    }
}

int cbench_udp_request(int fd, int family, int extras) {
    int error = 0;
    if (extras & CBENCH_UDP_TIMESTAMP) error = set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (!error && (extras & CBENCH_UDP_TOS))
        error = family == 6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1)
                            : set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
    return error;
}

int cbench_udp_connect(int fd, const struct clinux_address *peer) {
    union sockaddr_any address;
    socklen_t length = to_sockaddr(peer, &address);
    return RETRY(connect(fd, &address.any, length));
}

int cbench_udp_local(int fd, struct clinux_address *local) {
    union sockaddr_any address;
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) < 0) return -errno;
    from_sockaddr(&address, local);
    return 0;
}

int cbench_udp_set_buffers(int fd, int receive, int send) {
    if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive) < 0) set_option(fd, SOL_SOCKET, SO_RCVBUF, receive);
    if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, send) < 0) set_option(fd, SOL_SOCKET, SO_SNDBUF, send);
    int got = 0;
    socklen_t length = sizeof got;
    return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &length) < 0 ? -errno : got;
}
