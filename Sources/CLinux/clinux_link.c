#define _GNU_SOURCE
#include "clinux_guard.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define RETRY(call) ({ long r_; do r_ = (call); while (r_ < 0 && errno == EINTR); r_ < 0 ? -errno : r_; })

// A netlink request (rtnetlink(7)) as it grows.
struct request {
    struct nlmsghdr header;
    char body[512];
};

static void *append(struct request *request, size_t length) {
    char *place = (char *)request + NLMSG_ALIGN(request->header.nlmsg_len);
    request->header.nlmsg_len = (uint32_t)(NLMSG_ALIGN(request->header.nlmsg_len) + length);
    return place;
}

static struct rtattr *append_attribute(struct request *request, unsigned short type, const void *value, size_t length) {
    struct rtattr *attribute = append(request, RTA_LENGTH(length));
    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(length);
    if (length) memcpy(RTA_DATA(attribute), value, length);
    return attribute;
}

// Sends a request and waits for the kernel's verdict, which comes at once: 0 or -errno.
static int perform(struct request *request) {
    request->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return -errno;
    struct timeval limit = {.tv_usec = 500000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    long result = RETRY(
        sendto(fd, request, request->header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel));
    if (result >= 0) {
        struct {
            struct nlmsghdr header;
            struct nlmsgerr error;
            char request[600];
        } answer;
        result = RETRY(recv(fd, &answer, sizeof answer, 0));
        if (result >= (long)(sizeof answer.header + sizeof answer.error.error)
            && answer.header.nlmsg_type == NLMSG_ERROR)
            result = answer.error.error;
        else if (result >= 0)
            result = -EBADMSG;
    }
    close(fd);
    return (int)result;
}

static int set_up(int index) {
    struct request request = {.header = {.nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = RTM_NEWLINK}};
    struct ifinfomsg *link = append(&request, sizeof *link);
    *link = (struct ifinfomsg){.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    return perform(&request);
}

static int create(const char *name, const char *kind) {
    struct request request = {.header = {
        .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL}};
    struct ifinfomsg *link = append(&request, sizeof *link);
    *link = (struct ifinfomsg){.ifi_family = AF_UNSPEC};
    append_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
    struct rtattr *info = append_attribute(&request, IFLA_LINKINFO, NULL, 0);
    append_attribute(&request, IFLA_INFO_KIND, kind, strlen(kind));
    info->rta_len = (unsigned short)((char *)&request + request.header.nlmsg_len - (char *)info);
    int result = perform(&request);
    return result == -EEXIST ? 0 : result;
}

int clinux_link_ensure(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length >= IFNAMSIZ) return -EINVAL;
    if (if_nametoindex(name) == 0) {
        int result = create(name, "dummy");
        // Some kernels have no dummies. One of these with nothing behind it is like one: always up, and leads nowhere.
        if (result == -EOPNOTSUPP) result = create(name, "ifb");
        if (result < 0) return result;
    }
    int index = (int)if_nametoindex(name);
    if (index == 0) return -errno;
    int result = set_up(index);
    return result < 0 ? result : index;
}

int clinux_link_index(const char *name) { return (int)if_nametoindex(name); }

int clinux_link_address(int index, const struct clinux_address *address, bool present) {
    bool is_v4 = address->family == 4;
    uint8_t bytes[16];
    uint64_t words[2] = {__builtin_bswap64(address->high), __builtin_bswap64(address->low)};
    memcpy(bytes, words, sizeof bytes);
    const void *value = is_v4 ? bytes + 12 : bytes;
    size_t length = is_v4 ? 4 : 16;
    struct request request = {.header = {
        .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = present ? RTM_NEWADDR : RTM_DELADDR,
        .nlmsg_flags = present ? NLM_F_CREATE | NLM_F_EXCL : 0}};
    struct ifaddrmsg *message = append(&request, sizeof *message);
    *message = (struct ifaddrmsg){
        .ifa_family = is_v4 ? AF_INET : AF_INET6, .ifa_prefixlen = is_v4 ? 32 : 128,
        // Nobody else on this interface could have the address, and it is needed now.
        .ifa_flags = is_v4 ? 0 : IFA_F_NODAD, .ifa_index = (unsigned)index};
    append_attribute(&request, IFA_LOCAL, value, length);
    append_attribute(&request, IFA_ADDRESS, value, length);
    int result = perform(&request);
    if (result == (present ? -EEXIST : -EADDRNOTAVAIL)) return 0;
    return result;
}
