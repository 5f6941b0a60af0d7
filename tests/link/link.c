/*
 * A slow, long, lossy link between two network namespaces, in user space (for kernels without sch_netem): a TUN device
 * in each, and this process carries the packets with the time they take on the wire, a delay, random loss and a queue
 * that drops what does not fit. Every CUT_EVERY seconds the link is down for CUT_FOR; what was connected before is
 * dead afterwards, as behind a modem that dialled again: the next packet of it is answered with a reset.
 * usage: link NAMESPACE NAMESPACE BITS_A_SECOND DELAY_MS LOSS_PERCENT CUT_EVERY CUT_FOR SEED
 * Prints "ready" when both have a device slow0, for the caller to give addresses; SIGTERM ends it, and then it prints
 * what each direction carried. Needs root and /dev/net/tun. Connections are told apart by the port of the first's side.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_SIZE = 1600, QUEUE_PACKETS = 1024, QUEUE_BYTES = 32768, PORTS = 65536 };

struct packet {
    double arrives;
    size_t length;
    unsigned char bytes[PACKET_SIZE];
};

struct direction {
    struct packet queue[QUEUE_PACKETS]; /* a ring, in order of arrival */
    size_t first, count;
    double free_at;                     /* when the wire has carried what is queued */
    long packets, bytes, lost;
};

struct link {
    int device[2];
    double bits_a_second, delay, loss, cut_every, cut_for, began;
    long cuts;
    struct direction direction[2];      /* [0] carries from the first namespace to the second */
    bool dead[PORTS];                   /* connections from before the last cut, by the port of the caller */
    bool alive[PORTS];
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Makes the device of one end, within its namespace, and comes back to ours. */
static int device_open(const char *space)
{
    char path[256];
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int file = -1;

    snprintf(path, sizeof path, "/var/run/netns/%s", space);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (home < 0 || file < 0 || setns(file, CLONE_NEWNET) != 0) {
        fail(path);
    }
    close(file);
    file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof request.ifr_name, "slow0");
    if (file < 0 || ioctl(file, TUNSETIFF, &request) != 0) {
        fail("/dev/net/tun");
    }
    if (setns(home, CLONE_NEWNET) != 0) {
        fail("back from the namespace");
    }
    close(home);
    return file;
}

static uint32_t sum_words(uint32_t sum, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i + 1 < length; i += 2) {
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    return length % 2 == 0 ? sum : sum + ((uint32_t)bytes[length - 1] << 8);
}

static uint16_t sum_close(uint32_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return htons((uint16_t)~sum);
}

/* Answers a TCP packet of a dead connection, to whom it came from, with a reset. */
static void reset(int device, const struct iphdr *ip, const struct tcphdr *tcp, size_t payload)
{
    unsigned char out[sizeof(struct iphdr) + sizeof(struct tcphdr)] = {0};
    struct iphdr head = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP, .tot_len = htons(sizeof out),
                         .saddr = ip->daddr, .daddr = ip->saddr};
    struct tcphdr answer = {.th_sport = tcp->th_dport, .th_dport = tcp->th_sport, .th_off = 5,
                            .th_flags = TH_RST | TH_ACK, .th_seq = tcp->th_ack,
                            .th_ack = htonl(ntohl(tcp->th_seq) + (uint32_t)payload)};
    uint32_t sum = 0;

    head.check = 0;
    memcpy(out, &head, sizeof head);
    head.check = sum_close(sum_words(0, out, sizeof head));
    memcpy(out, &head, sizeof head);
    memcpy(out + sizeof head, &answer, sizeof answer);
    sum = sum_words(IPPROTO_TCP + sizeof answer, out + 12, 8); /* addresses of the pseudo header */
    answer.th_sum = sum_close(sum_words(sum, out + sizeof head, sizeof answer));
    memcpy(out + sizeof head, &answer, sizeof answer);
    if (write(device, out, sizeof out) < 0 && errno != EAGAIN) {
        perror("reset");
    }
}

/* Whether the packet belongs to a connection that a cut has ended; then it is answered. */
static bool is_dead(struct link *link, int from, const unsigned char *bytes, size_t length)
{
    struct iphdr ip;
    struct tcphdr tcp;
    size_t head = 0;
    uint16_t caller = 0;

    if (length < sizeof ip) {
        return false;
    }
    memcpy(&ip, bytes, sizeof ip);
    head = (size_t)ip.ihl * 4;
    if (ip.version != 4 || ip.protocol != IPPROTO_TCP || length < head + sizeof tcp) {
        return false;
    }
    memcpy(&tcp, bytes + head, sizeof tcp);
    caller = ntohs(from == 0 ? tcp.th_sport : tcp.th_dport);
    if ((tcp.th_flags & TH_SYN) != 0 && from == 0) {
        link->dead[caller] = false; /* a new one under an old number */
    }
    if (link->dead[caller]) {
        if ((tcp.th_flags & TH_RST) == 0) {
            reset(link->device[from], &ip, &tcp, length - head - (size_t)tcp.th_off * 4);
        }
        return true;
    }
    link->alive[caller] = true;
    return false;
}

/* Down just now? Each new cut ends the connections of before it. */
static bool is_down(struct link *link, double time)
{
    if (link->cut_every <= 0) {
        return false;
    }
    double since = time - link->began;
    long cut = (long)(since / link->cut_every);

    if (cut > link->cuts) {
        link->cuts = cut;
        for (size_t i = 0; i < PORTS; i++) {
            link->dead[i] = link->dead[i] || link->alive[i];
            link->alive[i] = false;
        }
    }
    return cut > 0 && since - (double)cut * link->cut_every < link->cut_for;
}

static void take(struct link *link, int from)
{
    struct direction *direction = &link->direction[from];
    unsigned char bytes[PACKET_SIZE];
    ssize_t length = 0;

    while ((length = read(link->device[from], bytes, sizeof bytes)) > 0) {
        double time = now();
        double starts = direction->free_at > time ? direction->free_at : time;
        bool full = (starts - time) * link->bits_a_second / 8 + (double)length > QUEUE_BYTES ||
                    direction->count == QUEUE_PACKETS;

        direction->packets++;
        direction->bytes += length;
        if (is_down(link, time) || drand48() < link->loss || full) {
            direction->lost++;
            continue;
        }
        if (is_dead(link, from, bytes, (size_t)length)) {
            continue;
        }
        struct packet *packet = &direction->queue[(direction->first + direction->count++) % QUEUE_PACKETS];

        direction->free_at = starts + (double)length * 8 / link->bits_a_second;
        packet->arrives = direction->free_at + link->delay;
        packet->length = (size_t)length;
        memcpy(packet->bytes, bytes, (size_t)length);
    }
}

/* Hands over what has arrived; returns how long until the next one, a second at most. */
static double give(struct link *link, int from)
{
    struct direction *direction = &link->direction[from];
    double time = now();

    while (direction->count > 0 && direction->queue[direction->first].arrives <= time) {
        const struct packet *packet = &direction->queue[direction->first];

        if (write(link->device[1 - from], packet->bytes, packet->length) < 0 && errno != EAGAIN) {
            perror("handing over");
        }
        direction->first = (direction->first + 1) % QUEUE_PACKETS;
        direction->count--;
    }
    if (direction->count == 0 || direction->queue[direction->first].arrives > time + 1) {
        return 1;
    }
    return direction->queue[direction->first].arrives - time;
}

int main(int count, char **words)
{
    if (count != 9) {
        fprintf(stderr, "usage: link NAMESPACE NAMESPACE BITS_A_SECOND DELAY_MS LOSS_PERCENT CUT_EVERY CUT_FOR SEED\n");
        return 2;
    }
    struct link *link = calloc(1, sizeof *link);

    if (link == NULL) {
        return 1;
    }
    link->bits_a_second = strtod(words[3], NULL);
    link->delay = strtod(words[4], NULL) / 1000;
    link->loss = strtod(words[5], NULL) / 100;
    link->cut_every = strtod(words[6], NULL);
    link->cut_for = strtod(words[7], NULL);
    link->began = now();
    srand48(strtol(words[8], NULL, 10));
    link->device[0] = device_open(words[1]);
    link->device[1] = device_open(words[2]);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    puts("ready");
    fflush(stdout);
    while (!stopped) {
        double wait = give(link, 0);
        double other = give(link, 1);

        wait = other < wait ? other : wait;
        wait = wait < 0 ? 0 : wait;
        struct pollfd devices[2] = {{.fd = link->device[0], .events = POLLIN},
                                    {.fd = link->device[1], .events = POLLIN}};
        struct timespec time = {.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)};

        if (ppoll(devices, 2, &time, NULL) < 0 && errno != EINTR) {
            fail("poll");
        }
        take(link, 0);
        take(link, 1);
    }
    for (int i = 0; i < 2; i++) {
        const struct direction *direction = &link->direction[i];

        printf("%s: %ld packets, %ld bytes, %ld lost\n", i == 0 ? "out" : "in", direction->packets, direction->bytes,
               direction->lost);
    }
    free(link);
    return 0;
}
