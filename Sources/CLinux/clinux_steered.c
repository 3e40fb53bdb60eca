#define _GNU_SOURCE
#include "clinux_steered.h"
#include "clinux_address.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef IPV6_RECVORIGDSTADDR
#define IPV6_RECVORIGDSTADDR 74
#endif
#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

enum {
    /// Before each datagram: room for its headers when it leaves, in whole cache lines.
    HEADROOM = 64,
    /// The largest UDP datagram.
    DATAGRAM = 65536,
    /// The lines more let neighbouring slots start in different sets of the processor's caches.
    STRIDE = HEADROOM + DATAGRAM + 2 * 64,
    CONTROL_SIZE = CMSG_SPACE(sizeof(struct sockaddr_in6)),
    HOP_LIMIT = 64,  // RFC 1700; the kernel's default too
};

struct clinux_steered {
    uint32_t slots;
    /// Slots whose lengths the kernel may have changed: all at first, then those of the last receive call.
    uint32_t used;
    struct mmsghdr *headers;
    struct iovec *pieces;
    union sockaddr_any *sources;
    char *controls;
    uint8_t *data;
    // Where queued datagrams go, by slot.
    union sockaddr_any *destinations;
    struct iovec *packets;
};

struct clinux_sender {
    int fd;
    int family;
    uint16_t identification;
    uint32_t count;
    struct mmsghdr *headers;
    uint32_t *slots;
};

void clinux_steered_destroy(struct clinux_steered *batch) {
    if (!batch) return;
    free(batch->headers);
    free(batch->pieces);
    free(batch->sources);
    free(batch->controls);
    free(batch->data);
    free(batch->destinations);
    free(batch->packets);
    free(batch);
}

struct clinux_steered *clinux_steered_create(uint32_t slots) {
    struct clinux_steered *batch = calloc(1, sizeof *batch);
    if (!batch) return NULL;
    batch->slots = batch->used = slots;
    batch->headers = calloc(slots, sizeof *batch->headers);
    batch->pieces = calloc(slots, sizeof *batch->pieces);
    batch->sources = calloc(slots, sizeof *batch->sources);
    batch->controls = calloc(slots, CONTROL_SIZE);
    batch->destinations = calloc(slots, sizeof *batch->destinations);
    batch->packets = calloc(slots, sizeof *batch->packets);
    if (posix_memalign((void **)&batch->data, 64, (size_t)slots * STRIDE) != 0) batch->data = NULL;
    if (!batch->headers || !batch->pieces || !batch->sources || !batch->controls || !batch->destinations ||
        !batch->packets || !batch->data) {
        clinux_steered_destroy(batch);
        return NULL;
    }
    for (uint32_t slot = 0; slot < slots; slot++) {
        batch->pieces[slot] = (struct iovec){batch->data + (size_t)slot * STRIDE + HEADROOM, DATAGRAM};
        batch->headers[slot].msg_hdr = (struct msghdr){
            .msg_name = &batch->sources[slot], .msg_iov = &batch->pieces[slot], .msg_iovlen = 1,
            .msg_control = batch->controls + (size_t)slot * CONTROL_SIZE};
    }
    return batch;
}

static void set_buffer(int fd, int force, int polite, int bytes) {
    if (set_option(fd, SOL_SOCKET, force, bytes) < 0) set_option(fd, SOL_SOCKET, polite, bytes);
}

/// One socket for both families takes them at the wildcard address, so it has to be kept to the loopback interface.
static int bind_to_loopback(int fd, int takes_v6, int takes_both) {
    if (takes_both && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) < 0) return -errno;
    struct clinux_address loopback = {
        .low = takes_both ? 0 : takes_v6 ? 1 : INADDR_LOOPBACK, .family = takes_v6 ? 6 : 4};
    union sockaddr_any address;
    socklen_t length = to_sockaddr(&loopback, &address);
    return bind(fd, &address.any, length) < 0 ? -errno : 0;
}

int clinux_steered_open(bool takes_v4, bool takes_v6, int buffer) {
    int fd = socket(takes_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int error = takes_v6 ? set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !takes_v4) : 0;
    if (!error && takes_v6) error = set_option(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1);
    if (!error && takes_v4) error = set_option(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, 1);
    if (!error) error = bind_to_loopback(fd, takes_v6, takes_v4 && takes_v6);
    struct timeval patience = {.tv_usec = CLINUX_STEERED_PATIENCE_MS * 1000};
    if (!error && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) error = -errno;
    clinux_steered_resize(fd, buffer);
    if (!error) return fd;
    close(fd);
    return error;
}

int clinux_steered_receive(struct clinux_steered *batch, int fd, int waits) {
    for (uint32_t slot = 0; slot < batch->used; slot++) {
        batch->headers[slot].msg_hdr.msg_namelen = sizeof batch->sources[slot];
        batch->headers[slot].msg_hdr.msg_controllen = CONTROL_SIZE;
    }
    long got = RETRY(recvmmsg(fd, batch->headers, batch->slots, waits ? MSG_WAITFORONE : MSG_DONTWAIT, NULL));
    batch->used = got > 0 ? (uint32_t)got : 0;
    return (int)got;
}

void clinux_steered_wait(int fd, int milliseconds) {
    struct pollfd input = {.fd = fd, .events = POLLIN};
    poll(&input, 1, milliseconds);  // interrupted: the caller looks once more than needed
}

/// Where a socket reaches itself.
static int bell(int fd, union sockaddr_any *own, socklen_t *length) {
    *length = sizeof *own;
    if (getsockname(fd, &own->any, length) < 0) return -errno;
    // One for both families is rung over IPv4, which every loopback interface has.
    if (own->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&own->v6.sin6_addr))
        own->v6.sin6_addr = (struct in6_addr){.s6_addr = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1}};
    return 0;
}

static void send_to_itself(int fd, const void *bytes, size_t count) {
    union sockaddr_any own;
    socklen_t length;
    if (bell(fd, &own, &length) < 0) return;
    sendto(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL, &own.any, length);
}

void clinux_steered_ring(int fd) { send_to_itself(fd, NULL, 0); }  // no room: the thread has work and is not waiting

void clinux_steered_send_mark(int fd, uint64_t time) {
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof memory;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length) < 0) return;
    struct clinux_steered_mark mark = {.time = time, .ahead = memory[SK_MEMINFO_RMEM_ALLOC]};
    send_to_itself(fd, &mark, sizeof mark);
}

void clinux_steered_resize(int fd, int bytes) { set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, bytes); }

int clinux_steered_address(int fd, struct clinux_address *address) {
    union sockaddr_any own;
    socklen_t length;
    int error = bell(fd, &own, &length);
    if (!error) from_sockaddr(&own, address);
    return error;
}

void clinux_steered_describe(
    const struct clinux_steered *batch, uint32_t slot, struct clinux_steered_datagram *datagram) {
    struct msghdr *header = &batch->headers[slot].msg_hdr;
    datagram->bytes = batch->pieces[slot].iov_base;
    datagram->length = batch->headers[slot].msg_len;
    from_sockaddr(&batch->sources[slot], &datagram->source);
    struct cmsghdr *part = CMSG_FIRSTHDR(header);
    if (part && ((part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_ORIGDSTADDR) ||
                 (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_ORIGDSTADDR)))
        from_sockaddr((const union sockaddr_any *)CMSG_DATA(part), &datagram->local);
    else
        datagram->local = (struct clinux_address){.family = 0};
}

int clinux_sender_open(const struct clinux_address *local, int buffer) {
    int v6 = local->family == 6;
    int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd < 0) return -errno;
    int error = v6 ? set_option(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1) : set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
    if (!error && v6) error = set_option(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1);  // IPv4 implies it
    if (!error) {
        // Bound, so that rules which choose a route by source address see it.
        struct clinux_address host = *local;
        host.port = 0;
        union sockaddr_any address;
        socklen_t length = to_sockaddr(&host, &address);
        if (bind(fd, &address.any, length) < 0) error = -errno;
    }
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, buffer);
    if (!error) return fd;
    close(fd);
    return error;
}

struct clinux_sender *clinux_sender_create(int fd, int family, uint32_t slots) {
    struct clinux_sender *sender = calloc(1, sizeof *sender);
    if (!sender) return NULL;
    sender->fd = fd;
    sender->family = family;
    sender->headers = calloc(slots, sizeof *sender->headers);
    sender->slots = calloc(slots, sizeof *sender->slots);
    if (sender->headers && sender->slots) return sender;
    clinux_sender_destroy(sender);
    return NULL;
}

void clinux_sender_destroy(struct clinux_sender *sender) {
    if (!sender) return;
    free(sender->headers);
    free(sender->slots);
    free(sender);
}

/// Adds 16-bit words in memory order (RFC 1071 §2: the sum does not depend on byte order).
static inline uint64_t add_words(uint64_t sum, const uint8_t *bytes, size_t length) {
    for (; length >= 4; length -= 4, bytes += 4) {
        uint32_t word;
        memcpy(&word, bytes, 4);
        sum += word;
    }
    uint32_t rest = 0;
    memcpy(&rest, bytes, length);
    return sum + rest;
}

static inline uint16_t fold(uint64_t sum) {
    while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

/// Writes the UDP header (RFC 768) before `payload`; `addresses` are the pseudo header's.
static inline struct udphdr *put_udp(
    uint8_t *payload, uint32_t length, const uint8_t *addresses, size_t size, uint16_t from, uint16_t to) {
    struct udphdr *udp = (struct udphdr *)(payload - sizeof *udp);
    *udp = (struct udphdr){.source = htons(from), .dest = htons(to), .len = htons((uint16_t)(sizeof *udp + length))};
    uint64_t sum = add_words((uint64_t)htons(IPPROTO_UDP) + udp->len, addresses, size);
    udp->check = fold(add_words(sum, (const uint8_t *)udp, sizeof *udp + length));
    if (!udp->check) udp->check = 0xFFFF;
    return udp;
}

static inline uint8_t *put_ipv4(
    struct clinux_sender *sender, uint8_t *payload, uint32_t length, const struct clinux_address *from,
    const struct clinux_address *to, int tos) {
    struct iphdr *ip = (struct iphdr *)(payload - sizeof(struct udphdr) - sizeof *ip);
    // The kernel fills in length and checksum. It would draw an identification from a table, which nobody needs in a
    // packet that may not be fragmented (RFC 6864 §4.1): any will do but 0.
    sender->identification = sender->identification == UINT16_MAX ? 1 : sender->identification + 1;
    *ip = (struct iphdr){
        .version = 4, .ihl = 5, .tos = (uint8_t)tos, .id = sender->identification, .frag_off = htons(IP_DF),
        .ttl = HOP_LIMIT, .protocol = IPPROTO_UDP, .saddr = htonl((uint32_t)from->low),
        .daddr = htonl((uint32_t)to->low)};
    put_udp(payload, length, (const uint8_t *)&ip->saddr, 8, from->port, to->port);
    return (uint8_t *)ip;
}

static inline uint8_t *put_ipv6(
    uint8_t *payload, uint32_t length, const struct clinux_address *from, const struct clinux_address *to, int tos) {
    struct ip6_hdr *ip = (struct ip6_hdr *)(payload - sizeof(struct udphdr) - sizeof *ip);
    ip->ip6_flow = htonl(6u << 28 | (uint32_t)(tos & 0xFF) << 20);
    ip->ip6_plen = htons((uint16_t)(sizeof(struct udphdr) + length));
    ip->ip6_nxt = IPPROTO_UDP;
    ip->ip6_hlim = HOP_LIMIT;
    store64(ip->ip6_src.s6_addr, from->high);
    store64(ip->ip6_src.s6_addr + 8, from->low);
    store64(ip->ip6_dst.s6_addr, to->high);
    store64(ip->ip6_dst.s6_addr + 8, to->low);
    put_udp(payload, length, ip->ip6_src.s6_addr, 32, from->port, to->port);
    return (uint8_t *)ip;
}

void clinux_sender_queue(
    struct clinux_sender *sender, struct clinux_steered *batch, uint32_t slot, const struct clinux_address *from,
    const struct clinux_address *to, int tos) {
    uint8_t *payload = batch->pieces[slot].iov_base;
    uint32_t length = batch->headers[slot].msg_len;
    uint8_t *packet = sender->family == 6 ? put_ipv6(payload, length, from, to, tos)
                                          : put_ipv4(sender, payload, length, from, to, tos);
    batch->packets[slot] = (struct iovec){packet, (size_t)(payload - packet) + length};
    struct clinux_address host = *to;
    host.port = 0;  // a raw socket would take it for a protocol
    struct msghdr *header = &sender->headers[sender->count].msg_hdr;
    *header = (struct msghdr){
        .msg_name = &batch->destinations[slot], .msg_namelen = to_sockaddr(&host, &batch->destinations[slot]),
        .msg_iov = &batch->packets[slot], .msg_iovlen = 1};
    sender->slots[sender->count++] = slot;
}

/// Sends one datagram through a UDP socket of its own, which fragments it. Not for every packet.
static int send_in_fragments(struct clinux_sender *sender, struct clinux_steered *batch, uint32_t slot) {
    const uint8_t *payload = batch->pieces[slot].iov_base;
    const struct udphdr *udp = (const struct udphdr *)(payload - sizeof *udp);
    union sockaddr_any local = {0}, destination = batch->destinations[slot];
    int tos;
    if (sender->family == 6) {
        const struct ip6_hdr *ip = (const struct ip6_hdr *)((const uint8_t *)udp - sizeof *ip);
        tos = (int)(ntohl(ip->ip6_flow) >> 20 & 0xFF);
        local.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = udp->source, .sin6_addr = ip->ip6_src};
        destination.v6.sin6_port = udp->dest;
    } else {
        const struct iphdr *ip = (const struct iphdr *)((const uint8_t *)udp - sizeof *ip);
        tos = ip->tos;
        local.v4 = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = udp->source, .sin_addr.s_addr = ip->saddr};
        destination.v4.sin_port = udp->dest;
    }
    struct clinux_address bound;
    from_sockaddr(&local, &bound);
    int fd = clinux_udp_open(&bound, tos, CLINUX_UDP_FREEBIND);
    if (fd < 0) return fd;
    socklen_t size = sender->family == 6 ? sizeof destination.v6 : sizeof destination.v4;
    long sent = RETRY(sendto(
        fd, payload, batch->headers[slot].msg_len, MSG_DONTWAIT | MSG_NOSIGNAL, &destination.any, size));
    close(fd);
    return sent < 0 ? (int)sent : 0;
}

uint32_t clinux_sender_flush(struct clinux_sender *sender, struct clinux_steered *batch, uint32_t *refused) {
    uint32_t done = 0, failures = 0;
    while (done < sender->count) {
        long sent = RETRY(sendmmsg(
            sender->fd, sender->headers + done, sender->count - done, MSG_DONTWAIT | MSG_NOSIGNAL));
        if (sent > 0) {
            done += (uint32_t)sent;
            continue;
        }
        // The first of the rest was refused. When there is no room, there is none for the others either.
        uint32_t last = sent == -EAGAIN || sent == -ENOBUFS ? sender->count : done + 1;
        for (; done < last; done++) {
            if (sent == -EMSGSIZE && send_in_fragments(sender, batch, sender->slots[done]) == 0) continue;
            refused[failures++] = sender->slots[done];
        }
    }
    sender->count = 0;
    return failures;
}
