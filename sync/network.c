/* News of the network over rtnetlink. See network.h. Called by worker.c. */
#include "sync/network.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int network_open(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    const void *generic = &address;
    if (descriptor >= 0 && bind(descriptor, generic, sizeof address) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

/* One message: `bytes` after its header. */
static bool is_way_out(unsigned int type, const char *bytes, size_t length)
{
    struct ifaddrmsg address;
    struct ifinfomsg link;
    if (type == RTM_NEWADDR && length >= sizeof address) {
        memcpy(&address, bytes, sizeof address);
        return address.ifa_scope < RT_SCOPE_LINK;
    }
    if (type == RTM_NEWLINK && length >= sizeof link) {
        memcpy(&link, bytes, sizeof link);
        unsigned int running = IFF_UP | IFF_RUNNING;
        return (link.ifi_flags & IFF_LOOPBACK) == 0 && (link.ifi_flags & running) == running && (link.ifi_change & running) != 0;
    }
    return false;
}

static bool read_messages(const char *bytes, size_t length)
{
    struct nlmsghdr head;
    bool appeared = false;
    for (size_t at = 0; at + sizeof head <= length;) {
        memcpy(&head, bytes + at, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > length - at) {
            break;
        }
        appeared = is_way_out(head.nlmsg_type, bytes + at + sizeof head, head.nlmsg_len - sizeof head) || appeared;
        at += NLMSG_ALIGN(head.nlmsg_len);
    }
    return appeared;
}

bool network_appeared(int descriptor)
{
    char bytes[8192];
    bool appeared = false;
    for (;;) {
        ssize_t got = recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got > 0) {
            appeared = read_messages(bytes, (size_t)got) || appeared;
        } else if (got < 0 && errno == ENOBUFS) {
            appeared = true; /* more news than the kernel keeps: one of them may have been it */
        } else if (got == 0 || errno != EINTR) {
            return appeared;
        }
    }
}
