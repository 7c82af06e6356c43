/* Ways out. An answer from outside is a breach; a packet that nobody answers is not. */
#define _GNU_SOURCE
#include "hostile.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int wait_for(int file, short events) {
    struct pollfd waiting = {file, events, 0};
    return poll(&waiting, 1, 500) == 1 ? 0 : -1;
}

static void call(const char *address, int port) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    inet_pton(AF_INET, address, &there.sin_addr);
    char said[64];
    snprintf(said, sizeof said, "connect %s", address);
    int file = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (file < 0) {
        held(said, errno);
        return;
    }
    int error = connect(file, (struct sockaddr *)&there, sizeof there) ? errno : 0;
    if (error == EINPROGRESS) {
        socklen_t size = sizeof error;
        if (wait_for(file, POLLOUT)) error = ETIMEDOUT;
        else getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error) held(said, error);
    else breach(said);
    close(file);
}

static void call6(int port) {
    struct sockaddr_in6 there = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
    inet_pton(AF_INET6, "::1", &there.sin6_addr);
    int file = socket(AF_INET6, SOCK_STREAM, 0);
    if (file < 0) held("connect ::1", errno);
    else judge("connect ::1", connect(file, (struct sockaddr *)&there, sizeof there));
}

/* Words: a port, then addresses. */
static void calls(int count, char **words) {
    int port = (int)number(count, words, 0, 1);
    for (int i = 1; i < count; i++) call(words[i], port);
    call6(port);
}

/* Words: a port, then addresses of name servers. The listener of the test answers every packet. */
static void names(int count, char **words) {
    static const unsigned char question[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0";
    for (int i = 1; i < count; i++) {
        struct sockaddr_in there = {.sin_family = AF_INET,
                                    .sin_port = htons((unsigned short)number(count, words, 0, 53))};
        inet_pton(AF_INET, words[i], &there.sin_addr);
        char said[64], answer[512];
        snprintf(said, sizeof said, "ask %s", words[i]);
        int file = socket(AF_INET, SOCK_DGRAM, 0);
        if (file < 0) held(said, errno);
        else if (sendto(file, question, sizeof question - 1, 0, (struct sockaddr *)&there, sizeof there) < 0)
            held(said, errno);
        else if (wait_for(file, POLLIN)) held(said, ETIMEDOUT);
        else judge(said, recv(file, answer, sizeof answer, 0));
    }
}

/* Words: an abstract name on which the test listens. */
static void abstract(int count, char **words) {
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    size_t length = strlen(words[0]);
    memcpy(there.sun_path + 1, words[0], length);
    int file = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t size = (socklen_t)(sizeof there.sun_family + 1 + length);
    judge("abstract socket", file < 0 ? -1 : connect(file, (struct sockaddr *)&there, size));
    static const char *const known[] = {"/run/dbus/system_bus_socket", "/var/run/docker.sock",
                                        "/run/podman/podman.sock", "/run/systemd/private"};
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
        strcpy(there.sun_path, known[i]);
        judge(known[i], connect(file, (struct sockaddr *)&there, sizeof there));
    }
}

static void families(int count, char **words) {
    static const struct { const char *what; int family, kind, protocol; } each[] = {
        {"raw", AF_INET, SOCK_RAW, 1},       {"packet", AF_PACKET, SOCK_RAW, 0x300},
        {"vsock", 40, SOCK_STREAM, 0},       {"kernel crypto", 38, SOCK_SEQPACKET, 0},
        {"bluetooth", 31, SOCK_RAW, 1},      {"xdp", 44, SOCK_RAW, 0},
        {"tipc", 30, SOCK_STREAM, 0},        {"can", 29, SOCK_RAW, 1},
        {"kernel events", 16, SOCK_DGRAM, 15}, {"audit", 16, SOCK_RAW, 9},
        {"netfilter", 16, SOCK_RAW, 12},     {"smc", 43, SOCK_STREAM, 0},
    };
    for (unsigned i = 0; i < sizeof each / sizeof *each; i++)
        judge(each[i].what, socket(each[i].family, each[i].kind, each[i].protocol));
}

/* A pair of sockets loads the kernel module of its family, too. */
static void pairs(int count, char **words) {
    int pair[2];
    judge("pair of tipc", socketpair(30, SOCK_SEQPACKET, 0, pair));
    judge("pair of bluetooth", socketpair(31, SOCK_RAW, 0, pair));
    judge("pair of vsock", socketpair(40, SOCK_STREAM, 0, pair));
}

/* Words: what the host's own interfaces are called. */
static void interfaces(int count, char **words) {
    static char text[8192];
    int file = open("/proc/net/dev", O_RDONLY);
    ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
    text[length > 0 ? length : 0] = 0;
    for (int i = 0; i < count; i++) {
        char path[64], name[32];
        snprintf(path, sizeof path, "/sys/class/net/%s/address", words[i]);
        snprintf(name, sizeof name, "%s:", words[i]);
        judge(path, open(path, O_RDONLY));
        if (strstr(text, name)) breach("an interface in /proc/net/dev");
        else held("an interface in /proc/net/dev", ENODEV);
    }
}

const struct attack network_attacks[] = {
    {"connect", calls}, {"ask-names", names}, {"abstract", abstract}, {"families", families},
    {"pairs", pairs}, {"interfaces", interfaces}, {0, 0},
};
