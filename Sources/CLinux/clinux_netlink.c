#define _GNU_SOURCE
#include "clinux_netlink.h"
#include "clinux_retry.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_MICROSECONDS = 500000 };

static void *append(struct clinux_netlink_request *request, size_t length) {
    char *place = (char *)request + NLMSG_ALIGN(request->header.nlmsg_len);
    request->header.nlmsg_len = (uint32_t)(NLMSG_ALIGN(request->header.nlmsg_len) + length);
    return place;
}

void *clinux_netlink_begin(struct clinux_netlink_request *request, uint16_t type, uint16_t flags, size_t size) {
    *request = (struct clinux_netlink_request){.header = {
        .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags}};
    return append(request, size);
}

struct rtattr *clinux_netlink_add(
    struct clinux_netlink_request *request, uint16_t type, const void *value, size_t length) {
    struct rtattr *attribute = append(request, RTA_LENGTH(length));
    attribute->rta_type = type;
    attribute->rta_len = (uint16_t)RTA_LENGTH(length);
    if (length) memcpy(RTA_DATA(attribute), value, length);
    return attribute;
}

int clinux_netlink_open(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return -errno;
    struct timeval limit = {.tv_usec = ANSWER_MICROSECONDS};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

int clinux_netlink_send(int fd, const struct clinux_netlink_request *request) {
    long sent = RETRY(send(fd, request, request->header.nlmsg_len, 0));
    return sent < 0 ? (int)sent : 0;
}

int clinux_netlink_ask(
    const struct clinux_netlink_request *request, struct nlmsghdr *answer, size_t capacity) {
    int fd = clinux_netlink_open();
    if (fd < 0) return fd;
    long result = clinux_netlink_send(fd, request);
    if (result == 0) result = RETRY(recv(fd, answer, capacity, 0));
    close(fd);
    if (result < 0) return (int)result;
    if (!NLMSG_OK(answer, result)) return -EBADMSG;
    // A verdict of 0 is an acknowledgement.
    return answer->nlmsg_type == NLMSG_ERROR ? ((const struct nlmsgerr *)NLMSG_DATA(answer))->error : 0;
}

int clinux_netlink_perform(struct clinux_netlink_request *request) {
    request->header.nlmsg_flags |= NLM_F_ACK;
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char request[600];
    } answer;
    int error = clinux_netlink_ask(request, &answer.header, sizeof answer);
    return error == 0 && answer.header.nlmsg_type != NLMSG_ERROR ? -EBADMSG : error;
}

int clinux_ethtool(int fd, const char *interface, void *command) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    request.ifr_data = command;
    return ioctl(fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}
