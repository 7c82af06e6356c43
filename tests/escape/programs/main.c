/* A hostile task: its first argument names the attack, the others are the attack's own. */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int breaches;

void held(const char *what, int error) {
    /* in words: the numbers are not the same on every system */
    fprintf(stderr, "HELD %s: %s\n", what, error ? strerror(error) : "nothing there");
    fflush(stderr);
}

void breach(const char *what) {
    breaches++;
    fprintf(stderr, "BREACH %s\n", what);
    fflush(stderr);
}

void judge(const char *what, long result) {
    if (result == -1) held(what, errno);
    else breach(what);
}

long number(int count, char **words, int index, long otherwise) {
    return count > index ? atol(words[index]) : otherwise;
}

static const struct attack *const all[] = {
    file_attacks, output_attacks, hunger_attacks,
#ifndef __wasi__
    kernel_attacks, rights_attacks, device_attacks, network_attacks,
    process_attacks, swarm_attacks, node_attacks,
#endif
};

int main(int count, char **words) {
    const char *name = count > 1 ? words[1] : "";
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        for (const struct attack *each = all[i]; each->name; each++)
            if (!strcmp(each->name, name)) {
                each->run(count - 2, words + 2);
                return breaches ? 3 : 0;
            }
    fprintf(stderr, "there is no attack %s\n", name);
    return 99;
}
