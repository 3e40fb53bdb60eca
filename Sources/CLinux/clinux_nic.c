#define _GNU_SOURCE
#include "clinux_nic.h"
#include "clinux_netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// More rules and table entries than any card has: a limit for what is allocated.
enum { MOST_RULES = 65536, MOST_ENTRIES = 65536 };

static int ask(int index, void *command) {
    char name[IFNAMSIZ];
    if (!if_indextoname((unsigned)index, name)) return -errno;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int result = clinux_ethtool(fd, name, command);
    close(fd);
    return result;
}

// --- Queues, rings, interrupts --------------------------------------------------------------------------------------

struct clinux_nic_channels clinux_nic_channels(int index) {
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    int error = ask(index, &channels);
    return (struct clinux_nic_channels){
        .error = error,
        .combined = channels.combined_count,
        .combined_max = channels.max_combined,
        .receive = channels.rx_count,
        .receive_max = channels.max_rx,
    };
}

int clinux_nic_set_channels(int index, uint32_t count) {
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    int error = ask(index, &channels);
    if (error) return error;
    channels.cmd = ETHTOOL_SCHANNELS;
    // Queues that only send are not ours to take away.
    *(channels.max_combined ? &channels.combined_count : &channels.rx_count) = count;
    return ask(index, &channels);
}

struct clinux_nic_ring clinux_nic_ring(int index) {
    struct ethtool_ringparam ring = {.cmd = ETHTOOL_GRINGPARAM};
    int error = ask(index, &ring);
    return (struct clinux_nic_ring){.error = error, .receive = ring.rx_pending, .receive_max = ring.rx_max_pending};
}

int clinux_nic_set_ring(int index, uint32_t receive) {
    struct ethtool_ringparam ring = {.cmd = ETHTOOL_GRINGPARAM};
    int error = ask(index, &ring);
    if (error) return error;
    ring.cmd = ETHTOOL_SRINGPARAM;
    ring.rx_pending = receive;
    return ask(index, &ring);
}

struct clinux_nic_coalescing clinux_nic_coalescing(int index) {
    struct ethtool_coalesce coalesce = {.cmd = ETHTOOL_GCOALESCE};
    int error = ask(index, &coalesce);
    return (struct clinux_nic_coalescing){
        .error = error, .microseconds = coalesce.rx_coalesce_usecs, .adaptive = coalesce.use_adaptive_rx_coalesce != 0};
}

int clinux_nic_set_coalescing(int index, uint32_t microseconds) {
    struct ethtool_coalesce coalesce = {.cmd = ETHTOOL_GCOALESCE};
    int error = ask(index, &coalesce);
    if (error) return error;
    coalesce.cmd = ETHTOOL_SCOALESCE;
    coalesce.rx_coalesce_usecs = microseconds;
    return ask(index, &coalesce);
}

// --- The hash -------------------------------------------------------------------------------------------------------

static const struct {
    uint32_t ours, kernels;
} hash_fields[] = {
    {CLINUX_NIC_SOURCE_ADDRESS, RXH_IP_SRC},
    {CLINUX_NIC_DESTINATION_ADDRESS, RXH_IP_DST},
    {CLINUX_NIC_SOURCE_PORT, RXH_L4_B_0_1},
    {CLINUX_NIC_DESTINATION_PORT, RXH_L4_B_2_3},
};
enum { HASH_FIELDS = sizeof hash_fields / sizeof *hash_fields };

static uint32_t flow_type(int family) { return family == 4 ? UDP_V4_FLOW : UDP_V6_FLOW; }

struct clinux_nic_hash clinux_nic_hash(int index, int family) {
    struct ethtool_rxnfc command = {.cmd = ETHTOOL_GRXFH, .flow_type = flow_type(family)};
    struct clinux_nic_hash hash = {.error = ask(index, &command)};
    for (int field = 0; field < HASH_FIELDS; field++) {
        if (command.data & hash_fields[field].kernels) hash.fields |= hash_fields[field].ours;
    }
    return hash;
}

int clinux_nic_set_hash(int index, int family, uint32_t fields) {
    struct ethtool_rxnfc command = {.cmd = ETHTOOL_SRXFH, .flow_type = flow_type(family)};
    for (int field = 0; field < HASH_FIELDS; field++) {
        if (fields & hash_fields[field].ours) command.data |= hash_fields[field].kernels;
    }
    return ask(index, &command);
}

struct clinux_nic_spread clinux_nic_spread(int index) {
    struct ethtool_rxfh_indir size = {.cmd = ETHTOOL_GRXFHINDIR};
    struct clinux_nic_spread spread = {.error = ask(index, &size)};
    if (spread.error || size.size == 0 || size.size > MOST_ENTRIES) return spread;
    struct ethtool_rxfh_indir *table = calloc(1, sizeof *table + size.size * sizeof table->ring_index[0]);
    uint8_t *seen = calloc(MOST_ENTRIES, 1);
    if (!table || !seen) {
        spread.error = -ENOMEM;
    } else {
        *table = (struct ethtool_rxfh_indir){.cmd = ETHTOOL_GRXFHINDIR, .size = size.size};
        spread.error = ask(index, table);
        for (uint32_t entry = 0; !spread.error && entry < size.size; entry++) {
            uint32_t queue = table->ring_index[entry];
            if (queue < MOST_ENTRIES && !seen[queue]) seen[queue] = 1, spread.queues++;
        }
        spread.in_turn = !spread.error && spread.queues;
        for (uint32_t entry = 0; spread.in_turn && entry < size.size; entry++) {
            spread.in_turn = table->ring_index[entry] == entry % spread.queues;
        }
    }
    free(table);
    free(seen);
    return spread;
}

int clinux_nic_reset_spread(int index) {
    struct ethtool_rxfh_indir table = {.cmd = ETHTOOL_SRXFHINDIR, .size = 0};
    return ask(index, &table);
}

// --- Rules ----------------------------------------------------------------------------------------------------------

struct clinux_nic_filters clinux_nic_filters(int index) {
    struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
    struct ethtool_rxnfc count = {.cmd = ETHTOOL_GRXCLSRLCNT};
    struct clinux_nic_filters filters = {.error = ask(index, &count), .count = count.rule_cnt};
    filters.enabled = ask(index, &flags) == 0 && (flags.data & ETH_FLAG_NTUPLE);
    return filters;
}

int clinux_nic_enable_filters(int index, bool enabled) {
    struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
    int error = ask(index, &flags);
    if (error) return error;
    flags.cmd = ETHTOOL_SFLAGS;
    flags.data = enabled ? flags.data | ETH_FLAG_NTUPLE : flags.data & ~(uint32_t)ETH_FLAG_NTUPLE;
    return ask(index, &flags);
}

// The locations of all rules, to be freed; `rule_cnt` says how many, `data` how many there is room for. NULL without any.
static struct ethtool_rxnfc *list(int index, int *error) {
    struct ethtool_rxnfc count = {.cmd = ETHTOOL_GRXCLSRLCNT};
    *error = ask(index, &count);
    if (*error) return NULL;
    if (count.rule_cnt > MOST_RULES) count.rule_cnt = MOST_RULES;
    struct ethtool_rxnfc *rules = calloc(1, sizeof *rules + count.rule_cnt * sizeof rules->rule_locs[0]);
    if (!rules) {
        *error = -ENOMEM;
        return NULL;
    }
    rules->cmd = ETHTOOL_GRXCLSRLALL;
    rules->rule_cnt = count.rule_cnt;
    *error = ask(index, rules);
    if (*error) {
        free(rules);
        return NULL;
    }
    return rules;
}

static bool is_zero(const void *bytes, size_t length) {
    for (const uint8_t *byte = bytes; length--; byte++) {
        if (*byte) return false;
    }
    return true;
}

static void describe(struct ethtool_rx_flow_spec *flow, struct clinux_nic_rule *rule) {
    rule->queue = (uint32_t)flow->ring_cookie;
    rule->location = flow->location;
    bool is_v4 = flow->flow_type == UDP_V4_FLOW;
    if (!is_v4 && flow->flow_type != UDP_V6_FLOW) return;
    __be16 *mask = is_v4 ? &flow->m_u.udp_ip4_spec.pdst : &flow->m_u.udp_ip6_spec.pdst;
    __be16 port = is_v4 ? flow->h_u.udp_ip4_spec.pdst : flow->h_u.udp_ip6_spec.pdst;
    rule->mask = ntohs(*mask);
    rule->port = ntohs(port) & rule->mask;
    *mask = 0;
    if (rule->mask && is_zero(&flow->m_u, sizeof flow->m_u)) rule->family = is_v4 ? 4 : 6;
}

struct clinux_nic_rule clinux_nic_rule(int index, uint32_t position) {
    struct clinux_nic_rule rule = {.error = -ENOENT};
    int error;
    struct ethtool_rxnfc *rules = list(index, &error);
    if (!rules) {
        rule.error = error;
    } else if (position < rules->rule_cnt) {
        struct ethtool_rxnfc one = {.cmd = ETHTOOL_GRXCLSRULE, .fs.location = rules->rule_locs[position]};
        rule.error = ask(index, &one);
        if (!rule.error) describe(&one.fs, &rule);
    }
    free(rules);
    return rule;
}

// The last free location, as ethtool(8) takes it: rules that others have put in front stay in front.
static int free_location(const struct ethtool_rxnfc *rules) {
    for (uint64_t location = rules->data; location-- > 0;) {
        uint32_t place = 0;
        while (place < rules->rule_cnt && rules->rule_locs[place] != location) place++;
        if (place == rules->rule_cnt) return (int)location;
    }
    return -ENOSPC;
}

int clinux_nic_add_rule(int index, int family, uint16_t port, uint16_t mask, uint32_t queue) {
    struct ethtool_rxnfc count = {.cmd = ETHTOOL_GRXCLSRLCNT};
    int error = ask(index, &count);
    if (error) return error;
    struct ethtool_rxnfc command = {.cmd = ETHTOOL_SRXCLSRLINS};
    command.fs.flow_type = flow_type(family);
    command.fs.ring_cookie = queue;
    if (count.data & RX_CLS_LOC_SPECIAL) {
        command.fs.location = RX_CLS_LOC_ANY;
    } else {
        struct ethtool_rxnfc *rules = list(index, &error);
        if (!rules) return error;
        int location = free_location(rules);
        free(rules);
        if (location < 0) return location;
        command.fs.location = (uint32_t)location;
    }
    if (family == 4) {
        command.fs.h_u.udp_ip4_spec.pdst = htons(port);
        command.fs.m_u.udp_ip4_spec.pdst = htons(mask);
    } else {
        command.fs.h_u.udp_ip6_spec.pdst = htons(port);
        command.fs.m_u.udp_ip6_spec.pdst = htons(mask);
    }
    error = ask(index, &command);
    return error ? error : (int)command.fs.location;
}

int clinux_nic_remove_rule(int index, uint32_t location) {
    struct ethtool_rxnfc command = {.cmd = ETHTOOL_SRXCLSRLDEL, .fs.location = location};
    return ask(index, &command);
}
