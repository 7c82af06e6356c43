/* A task that speaks TCP: task ADDRESS PORT sends /in/say, and writes what comes back to /out/heard.
   task sockets writes which kinds of socket the kernel lets it have. Exit status: 0, or 100 and
   the reason on standard error. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    return 100;
}

static int sockets(void) {
    static const int kinds[][3] = {
        {AF_INET, SOCK_STREAM, 0},      {AF_INET, SOCK_DGRAM, 0},  {AF_INET, SOCK_RAW, 1},
        {AF_INET, SOCK_STREAM, 132},    {AF_INET6, SOCK_STREAM, 0}, {AF_INET6, SOCK_DGRAM, 0},
        {AF_NETLINK, SOCK_RAW, 0},      {AF_PACKET, SOCK_RAW, 0},  {AF_VSOCK, SOCK_STREAM, 0},
        {AF_INET, SOCK_STREAM, 262},    {AF_UNIX, SOCK_STREAM, 0},
    };
    FILE *out = fopen("/out/heard", "w");
    for (unsigned at = 0; at < sizeof kinds / sizeof *kinds; at++) {
        int made = socket(kinds[at][0], kinds[at][1], kinds[at][2]);
        if (made >= 0)
            fprintf(out, "%d %d %d\n", kinds[at][0], kinds[at][1], kinds[at][2]);
    }
    return fclose(out) ? fail("close") : 0;
}

static int environment(void) {
    const char *proxy = getenv("HTTPS_PROXY");
    FILE *out = fopen("/out/heard", "w");
    fprintf(out, "%s\n", proxy ? proxy : "none");
    fprintf(out, "%s\n", access("/etc/resolv.conf", F_OK) ? "no servers" : "name servers");
    return fclose(out) ? fail("close") : 0;
}

int main(int count, char **words) {
    if (count > 1 && !strcmp(words[1], "sockets")) return sockets();
    if (count > 1 && !strcmp(words[1], "environment")) return environment();
    if (count > 1 && !strcmp(words[1], "wait")) return pause();
    static char said[1 << 20], heard[65536];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
    inet_pton(AF_INET, words[1], &to.sin_addr);
    int in = open("/in/say", O_RDONLY), line = socket(AF_INET, SOCK_STREAM, 0);
    if (in < 0 || line < 0) return fail("open");
    struct timeval patience = {20, 0};
    setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(line, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(line, (struct sockaddr *)&to, sizeof to)) return fail("connect");
    ssize_t length = read(in, said, sizeof said);
    for (ssize_t at = 0, sent; at < length; at += sent)
        if ((sent = write(line, said + at, length - at)) <= 0) return fail("write");
    shutdown(line, SHUT_WR);
    int out = open("/out/heard", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ssize_t got;
    while ((got = read(line, heard, sizeof heard)) > 0)
        if (write(out, heard, got) != got) return fail("out");
    return got < 0 ? fail("read") : 0;
}
