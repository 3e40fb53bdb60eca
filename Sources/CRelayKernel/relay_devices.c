#define _GNU_SOURCE
#include "relay_devices.h"
#include "clinux_netlink.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

bool relay_is_ipv4(const uint32_t address[4]) {
    return address[0] == 0 && address[1] == 0 && address[2] == htonl(0xFFFF);
}

/// Where a VLAN's frames are: only those with the usual tags, which are the ones that XDP writes.
static void describe_vlan(const struct rtattr *data, uint32_t below, struct relay_device *device) {
    uint16_t number = 0, protocol = htons(ETH_P_8021Q);
    int left = (int)RTA_PAYLOAD(data);
    for (const struct rtattr *attribute = RTA_DATA(data); RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (RTA_PAYLOAD(attribute) < sizeof number) continue;
        if (attribute->rta_type == IFLA_VLAN_ID) memcpy(&number, RTA_DATA(attribute), sizeof number);
        if (attribute->rta_type == IFLA_VLAN_PROTOCOL) memcpy(&protocol, RTA_DATA(attribute), sizeof protocol);
    }
    device->vlan = number;
    if (protocol == htons(ETH_P_8021Q)) device->carrier = below;
}

/// What a link's attributes tell of its kind, and of the interface that it is a part of.
static void describe_kind(const struct rtattr *information, uint32_t below, struct relay_device *device) {
    bool is_vlan = false;
    int left = (int)RTA_PAYLOAD(information);
    for (const struct rtattr *attribute = RTA_DATA(information); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left)) {
        const char *text = RTA_DATA(attribute);
        const size_t length = RTA_PAYLOAD(attribute);
        if (attribute->rta_type == IFLA_INFO_KIND) {
            is_vlan = length >= sizeof "vlan" && memcmp(text, "vlan", sizeof "vlan") == 0;
            memcpy(device->kind, text, length < RELAY_NAME_SIZE ? length : RELAY_NAME_SIZE - 1);
        } else if (attribute->rta_type == IFLA_INFO_SLAVE_KIND) {
            // What comes to an interface of a VRF is its own.
            if (length < sizeof "vrf" || memcmp(text, "vrf", sizeof "vrf") != 0) device->port = true;
        } else if (attribute->rta_type == IFLA_INFO_DATA && is_vlan) {  // the kernel puts the kind in front of it
            describe_vlan(attribute, below, device);
        }
    }
}

/// Describes the interface of a message; false when it is about none.
static bool describe(const struct nlmsghdr *message, struct relay_device *device) {
    if (message->nlmsg_type != RTM_NEWLINK) return false;
    const struct ifinfomsg *link = NLMSG_DATA(message);
    *device = (struct relay_device){
        .index = (uint32_t)link->ifi_index,
        .up = (link->ifi_flags & IFF_UP) != 0,
        .loopback = (link->ifi_flags & IFF_LOOPBACK) != 0,
        .ethernet = link->ifi_type == ARPHRD_ETHER,
        .port = (link->ifi_flags & IFF_SLAVE) != 0,
    };
    uint32_t below = 0;
    bool is_here = true;
    const struct rtattr *information = NULL;
    int left = (int)IFLA_PAYLOAD(message);
    for (const struct rtattr *attribute = IFLA_RTA(link); RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        const void *value = RTA_DATA(attribute);
        const size_t length = RTA_PAYLOAD(attribute);
        struct rtnl_link_stats64 statistics;
        const size_t needed = offsetof(struct rtnl_link_stats64, multicast);
        switch (attribute->rta_type) {
        case IFLA_IFNAME: memcpy(device->name, value, length < RELAY_NAME_SIZE ? length : RELAY_NAME_SIZE - 1); break;
        case IFLA_ADDRESS:
            memcpy(device->hardware, value, length < sizeof device->hardware ? length : sizeof device->hardware);
            break;
        case IFLA_LINK:
            if (length >= sizeof below) memcpy(&below, value, sizeof below);
            break;
        case IFLA_LINK_NETNSID: is_here = false; break;
        case IFLA_LINKINFO: information = attribute; break;
        case IFLA_STATS64:
            if (length < needed) break;
            memcpy(&statistics, value, needed);
            device->sent = (uint32_t)statistics.tx_packets;
            device->failed = (uint32_t)(statistics.tx_errors + statistics.tx_dropped);
            break;
        }
    }
    if (information) describe_kind(information, is_here ? below : 0, device);
    return true;
}

/// Reads a dump of links to its end: how many, -EAGAIN when they have changed meanwhile, or another -errno.
static int read_links(int fd, struct relay_device *devices, int capacity) {
    _Alignas(struct nlmsghdr) char answer[CLINUX_NETLINK_DUMP];
    int count = 0;
    bool has_changed = false;
    for (;;) {
        ssize_t length = recv(fd, answer, sizeof answer, 0);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return -errno;
        for (const struct nlmsghdr *message = (struct nlmsghdr *)answer; NLMSG_OK(message, length);
             message = NLMSG_NEXT(message, length)) {
            if (message->nlmsg_flags & NLM_F_DUMP_INTR) has_changed = true;
            if (message->nlmsg_type == NLMSG_DONE) return has_changed ? -EAGAIN : count;
            if (message->nlmsg_type == NLMSG_ERROR) return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
            if (count < capacity && describe(message, &devices[count])) count++;
        }
    }
}

int relay_devices(struct relay_device *devices, int capacity) {
    struct clinux_netlink_request request;
    int fd = clinux_netlink_open();
    if (fd < 0) return fd;
    int count = -EAGAIN;
    // While interfaces come and go, one may be missing from what is told.
    for (int attempt = 0; attempt < 8 && count == -EAGAIN; attempt++) {
        clinux_netlink_begin(&request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
        count = clinux_netlink_send(fd, &request);
        if (count == 0) count = read_links(fd, devices, capacity);
    }
    close(fd);
    return count;
}

bool relay_device_has_driver(const char *name) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    bool has_name = clinux_ethtool(fd, name, &driver) == 0 && driver.driver[0];
    close(fd);
    return has_name;
}

/// What has been sent by what a link message tells: 0 or -errno.
static int sent_of(const struct nlmsghdr *message, struct relay_sent *sent) {
    if (message->nlmsg_type != RTM_NEWLINK) return -EPROTO;
    int left = (int)IFLA_PAYLOAD(message);
    for (const struct rtattr *attribute = IFLA_RTA(NLMSG_DATA(message)); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left)) {
        struct rtnl_link_stats64 statistics;
        const size_t needed = offsetof(struct rtnl_link_stats64, rx_errors);
        if (attribute->rta_type != IFLA_STATS64 || RTA_PAYLOAD(attribute) < needed) continue;
        memcpy(&statistics, RTA_DATA(attribute), needed);
        *sent = (struct relay_sent){.frames = statistics.tx_packets, .bytes = statistics.tx_bytes};
        return 0;
    }
    return -ENODATA;
}

int relay_device_sent(uint32_t index, struct relay_sent *sent) {
    struct clinux_netlink_request request;
    struct ifinfomsg *link = clinux_netlink_begin(&request, RTM_GETLINK, 0, sizeof *link);
    link->ifi_index = (int)index;
    _Alignas(struct nlmsghdr) char answer[16384];
    int error = clinux_netlink_ask(&request, (struct nlmsghdr *)answer, sizeof answer);
    return error ? error : sent_of((const struct nlmsghdr *)answer, sent);
}

/// What a driver calls its counters of frames that XDP could not send.
static bool is_xdp_error(const char *name) {
    if (!strstr(name, "xdp")) return false;
    return strstr(name, "tx_err") || strstr(name, "xmit_err") || strstr(name, "tx_full") || strstr(name, "tx_drop") ||
           strstr(name, "redirect_fail") || strstr(name, "redirect_err");
}

uint64_t relay_device_xdp_errors(const char *name) {
    uint64_t sum = 0;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return 0;
    // A header with a mask that asks for one number, which the kernel puts behind it.
    _Alignas(struct ethtool_sset_info) char set[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)] = {0};
    struct ethtool_sset_info *header = (struct ethtool_sset_info *)set;
    header->cmd = ETHTOOL_GSSET_INFO;
    header->sset_mask = 1ull << ETH_SS_STATS;
    uint32_t count = 0;
    if (clinux_ethtool(fd, name, header) == 0 && header->sset_mask) memcpy(&count, header + 1, sizeof count);
    if (count > 0 && count < 65536) {
        struct ethtool_gstrings *names = calloc(1, sizeof *names + (size_t)count * ETH_GSTRING_LEN);
        struct ethtool_stats *values = calloc(1, sizeof *values + (size_t)count * sizeof(uint64_t));
        if (names && values) {
            *names = (struct ethtool_gstrings){
                .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS, .len = count};
            *values = (struct ethtool_stats){.cmd = ETHTOOL_GSTATS, .n_stats = count};
            if (clinux_ethtool(fd, name, names) == 0 && clinux_ethtool(fd, name, values) == 0 && values->n_stats == count) {
                for (uint32_t index = 0; index < count; index++) {
                    char text[ETH_GSTRING_LEN + 1] = {0};
                    memcpy(text, names->data + (size_t)index * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
                    if (is_xdp_error(text)) sum += values->data[index];
                }
            }
        }
        free(names);
        free(values);
    }
    close(fd);
    return sum;
}

/// The prefix length of a netmask is that of a single host.
static bool covers_all(const struct sockaddr *mask) {
    static const uint8_t full[16] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    if (!mask) return true;
    if (mask->sa_family == AF_INET) return memcmp(&((const struct sockaddr_in *)mask)->sin_addr, full, 4) == 0;
    return memcmp(&((const struct sockaddr_in6 *)mask)->sin6_addr, full, 16) == 0;
}

int relay_device_of_address(const uint32_t address[4], bool *alone) {
    struct ifaddrs *list;
    if (getifaddrs(&list) < 0) return -errno;
    const bool mapped = relay_is_ipv4(address);
    int index = 0;
    for (const struct ifaddrs *entry = list; entry && !index; entry = entry->ifa_next) {
        if (!entry->ifa_addr) continue;
        bool same = false;
        if (mapped && entry->ifa_addr->sa_family == AF_INET)
            same = ((const struct sockaddr_in *)entry->ifa_addr)->sin_addr.s_addr == address[3];
        else if (!mapped && entry->ifa_addr->sa_family == AF_INET6)
            same = memcmp(&((const struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr, address, 16) == 0;
        if (!same) continue;
        index = (int)if_nametoindex(entry->ifa_name);
        *alone = covers_all(entry->ifa_netmask);
    }
    freeifaddrs(list);
    return index;
}

int relay_mount_bpf(const char *path) {
    struct statfs information;
    if (statfs(path, &information) < 0) return -errno;
    if (information.f_type == BPF_FS_MAGIC) return 0;
    return mount("bpf", path, "bpf", 0, NULL) < 0 ? -errno : 0;
}
