#define _GNU_SOURCE
#include "relay_devices.h"
#include "clinux_netlink.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_vlan.h>
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

static void describe(int fd, const struct ifaddrs *entry, struct relay_device *device) {
    const struct sockaddr_ll *link = (const struct sockaddr_ll *)entry->ifa_addr;
    const struct rtnl_link_stats *statistics = entry->ifa_data;
    *device = (struct relay_device){
        .index = (uint32_t)link->sll_ifindex,
        .up = (entry->ifa_flags & IFF_UP) != 0,
        .loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0,
        .ethernet = link->sll_hatype == ARPHRD_ETHER,
    };
    strncpy(device->name, entry->ifa_name, RELAY_NAME_SIZE - 1);
    memcpy(device->hardware, link->sll_addr, sizeof device->hardware);
    if (statistics) {
        device->sent = statistics->tx_packets;
        device->failed = statistics->tx_errors + statistics->tx_dropped;
    }
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    if (clinux_ethtool(fd, entry->ifa_name, &driver) == 0) strncpy(device->driver, driver.driver, RELAY_NAME_SIZE - 1);
    struct vlan_ioctl_args vlan = {.cmd = GET_VLAN_REALDEV_NAME_CMD};
    strncpy(vlan.device1, entry->ifa_name, sizeof vlan.device1 - 1);
    if (ioctl(fd, SIOCGIFVLAN, &vlan) < 0) return;
    strncpy(device->carrier, vlan.u.device2, RELAY_NAME_SIZE - 1);
    vlan.cmd = GET_VLAN_VID_CMD;
    if (ioctl(fd, SIOCGIFVLAN, &vlan) == 0) device->vlan = (uint32_t)vlan.u.VID;
}

int relay_devices(struct relay_device *devices, int capacity) {
    struct ifaddrs *list;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (getifaddrs(&list) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    int count = 0;
    for (const struct ifaddrs *entry = list; entry && count < capacity; entry = entry->ifa_next) {
        if (entry->ifa_addr && entry->ifa_addr->sa_family == AF_PACKET) describe(fd, entry, &devices[count++]);
    }
    freeifaddrs(list);
    close(fd);
    return count;
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
