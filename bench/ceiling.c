// SPDX-License-Identifier: BSD-3-Clause
// What a plain C program moves over loopback UDP with GSO and GRO: the ceiling that udp_bench is measured against.
//   ceiling [packet size] [seconds] [plain|copy|scatter|both] [sender core] [receiver core] [gigabits a second]
//           [ADDRESS:PORT (only sends, there)]
// plain:   the sender's packets lie back to back in a 4 MiB buffer, the receiver looks at nothing
// copy:    the receiver copies every packet into a 4 MiB buffer, as a library must that hands out whole heaps
// scatter: each packet is a 64-byte header and a payload from elsewhere, as in SPEAD
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { ring = 4 << 20, header_size = 64, room = 65536, messages = 4 };

static size_t packet_size = 1472;
static double seconds = 3, gigabits = 0;
static int copy, scatter, away, core[2] = {0, 1}, sockets[2];
static struct sockaddr_in where;
static atomic_int done;
static uint64_t sent_bytes, sent_packets, got_bytes, got_packets;
static double took;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void pin(int which)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(which, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static void *send_all(void *unused)
{
    (void)unused;
    pin(core[0]);
    char *payload = malloc(ring + room), headers[64 * header_size];
    memset(payload, 1, ring + room);
    memset(headers, 2, sizeof headers);
    size_t segments = 65507 / packet_size;
    if (segments > 64)
        segments = 64;
    union
    {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } control;
    struct iovec parts[128];
    struct msghdr message = {.msg_name = &where, .msg_namelen = sizeof where, .msg_iov = parts,
                             .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    uint16_t segment = (uint16_t)packet_size;
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
    size_t at = 0;
    double start = now(), t = start;
    while (t < start + seconds)
    {
        if (at >= ring)
            at = 0;
        size_t n = 0;
        for (size_t i = 0; scatter && i < segments; ++i)
        {
            parts[n++] = (struct iovec){headers + i * header_size, header_size};
            parts[n++] = (struct iovec){payload + at, packet_size - header_size};
            at += packet_size - header_size;
        }
        if (!scatter)
        {
            parts[n++] = (struct iovec){payload + at, segments * packet_size};
            at += segments * packet_size;
        }
        message.msg_iovlen = n;
        if (sendmsg(sockets[0], &message, 0) < 0)
            fail("sendmsg");
        sent_bytes += segments * packet_size;
        sent_packets += segments;
        do
            t = now();
        while (gigabits > 0 && (double)sent_bytes * 8e-9 > gigabits * (t - start));
    }
    took = now() - start;
    if (away)
        return NULL;
    usleep(200000);
    atomic_store(&done, 1);
    return NULL;
}

static void *receive_all(void *unused)
{
    (void)unused;
    pin(core[1]);
    char *into = malloc(messages * room), *heap = malloc(ring + room);
    memset(into, 0, messages * room);
    memset(heap, 0, ring + room);
    static char control[messages][256];
    struct iovec parts[messages];
    struct mmsghdr headers[messages];
    size_t at = 0;
    while (!atomic_load(&done))
    {
        for (int i = 0; i < messages; ++i)
        {
            parts[i] = (struct iovec){into + (size_t)i * room, room};
            headers[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = control[i],
                                                 .msg_controllen = sizeof control[i]};
        }
        int n = recvmmsg(sockets[1], headers, messages, MSG_WAITFORONE, NULL);
        for (int i = 0; i < n; ++i)
        {
            size_t size = headers[i].msg_len, segment = size;
            struct cmsghdr *c = CMSG_FIRSTHDR(&headers[i].msg_hdr);
            if (c && c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
                segment = (size_t)*(int *)CMSG_DATA(c);
            got_bytes += size;
            got_packets += segment ? (size + segment - 1) / segment : 1;
            for (size_t from = 0; copy && from < size; from += segment)
            {
                size_t part = segment < size - from ? segment : size - from;
                if (at + part > ring)
                    at = 0;
                memcpy(heap + at, (char *)parts[i].iov_base + from, part);
                at += part;
            }
        }
    }
    return NULL;
}

static void receive_here(void)
{
    int on = 1, size = 8 << 20;
    socklen_t length = sizeof where;
    struct timeval patience = {0, 50000};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(sockets[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(sockets[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (setsockopt(sockets[1], SOL_UDP, UDP_GRO, &on, sizeof on) != 0)
        fail("UDP_GRO");
    if (bind(sockets[1], (struct sockaddr *)&where, sizeof where) != 0 ||
        getsockname(sockets[1], (struct sockaddr *)&where, &length) != 0)
        fail("bind");
}

static void send_to(char *place)
{
    char *colon = strrchr(place, ':');
    if (!colon)
        fail("ADDRESS:PORT");
    *colon = 0;
    where.sin_family = AF_INET;
    where.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, place, &where.sin_addr) != 1)
        fail(place);
    away = 1;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 3 ? argv[3] : "plain";
    if (argc > 1)
        packet_size = (size_t)atol(argv[1]);
    if (argc > 2)
        seconds = atof(argv[2]);
    copy = !strcmp(mode, "copy") || !strcmp(mode, "both");
    scatter = !strcmp(mode, "scatter") || !strcmp(mode, "both");
    for (int i = 0; i < 2; ++i)
        if (argc > 4 + i)
            core[i] = atoi(argv[4 + i]);
    if (argc > 6)
        gigabits = atof(argv[6]);
    if (packet_size <= header_size || packet_size > 65507 || seconds <= 0)
    {
        fprintf(stderr, "packet size: 65 to 65507; seconds: > 0\n");
        return 2;
    }
    for (int i = 0; i < 2; ++i)
        if ((sockets[i] = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
            fail("socket");
    if (argc > 7)
        send_to(argv[7]);
    else
        receive_here();

    pthread_t threads[2];
    if (!away)
        pthread_create(&threads[1], NULL, receive_all, NULL);
    pthread_create(&threads[0], NULL, send_all, NULL);
    pthread_join(threads[0], NULL);
    if (!away)
        pthread_join(threads[1], NULL);
    printf("{\"program\": \"ceiling\", \"mode\": \"%s\", \"packet_size\": %zu, \"sent_gbps\": %.2f, "
           "\"received_gbps\": %.2f, \"lost\": %.6f}\n",
           mode, packet_size, (double)sent_bytes * 8e-9 / took, (double)got_bytes * 8e-9 / took,
           away ? 0 : 1 - (double)got_packets / (double)sent_packets);
    return 0;
}
