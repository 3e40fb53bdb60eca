#define _GNU_SOURCE
#include "clinux_guard.h"
#include "clinux_netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_up(int index) {
    struct clinux_netlink_request request;
    struct ifinfomsg *link = clinux_netlink_begin(&request, RTM_NEWLINK, 0, sizeof *link);
    *link = (struct ifinfomsg){.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    return clinux_netlink_perform(&request);
}

static int create(const char *name, const char *kind) {
    struct clinux_netlink_request request;
    clinux_netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
    clinux_netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
    struct rtattr *info = clinux_netlink_add(&request, IFLA_LINKINFO, NULL, 0);
    clinux_netlink_add(&request, IFLA_INFO_KIND, kind, strlen(kind));
    info->rta_len = (unsigned short)((char *)&request + request.header.nlmsg_len - (char *)info);
    int result = clinux_netlink_perform(&request);
    return result == -EEXIST ? 0 : result;
}

static bool is_up(const char *name, size_t length) {
    struct ifreq request = {0};
    memcpy(request.ifr_name, name, length);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool result = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);
    close(fd);
    return result;
}

int clinux_link_ensure(const char *name, bool *has_changed) {
    *has_changed = false;
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
    if (is_up(name, length)) return index;
    *has_changed = true;
    int result = set_up(index);
    return result < 0 ? result : index;
}

int clinux_link_address(int index, const struct clinux_address *address, bool present) {
    bool is_v4 = address->family == 4;
    uint8_t bytes[16];
    uint64_t words[2] = {__builtin_bswap64(address->high), __builtin_bswap64(address->low)};
    memcpy(bytes, words, sizeof bytes);
    const void *value = is_v4 ? bytes + 12 : bytes;
    size_t length = is_v4 ? 4 : 16;
    struct clinux_netlink_request request;
    struct ifaddrmsg *message = clinux_netlink_begin(
        &request, present ? RTM_NEWADDR : RTM_DELADDR, present ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof *message);
    *message = (struct ifaddrmsg){
        .ifa_family = is_v4 ? AF_INET : AF_INET6, .ifa_prefixlen = is_v4 ? 32 : 128,
        // Nobody else on this interface could have the address, and it is needed now.
        .ifa_flags = is_v4 ? 0 : IFA_F_NODAD, .ifa_index = (unsigned)index};
    clinux_netlink_add(&request, IFA_LOCAL, value, length);
    clinux_netlink_add(&request, IFA_ADDRESS, value, length);
    int result = clinux_netlink_perform(&request);
    if (result == (present ? -EEXIST : -EADDRNOTAVAIL)) return 0;
    return result < 0 ? result : 1;
}
