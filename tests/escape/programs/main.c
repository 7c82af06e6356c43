/* A hostile task: its first argument names the attack, the others are the attack's own. With
   `batch`, every line of /in/plan.txt is such a list of words, and what came of each is told in
   /out/verdicts.txt. */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef __wasi__
#include <sys/wait.h>
#include <unistd.h>
#endif

static int breaches;
static FILE *told;

void held(const char *what, int error) {
    /* in words: the numbers are not the same on every system */
    fprintf(told, "HELD %s: %s\n", what, error ? strerror(error) : "nothing there");
    fflush(told);
}

void breach(const char *what) {
    breaches++;
    fprintf(told, "BREACH %s\n", what);
    fflush(told);
}

void judge(const char *what, long result) {
    if (result == -1) held(what, errno);
    else breach(what);
}

int own_file(void) { return fileno(told); }

long number(int count, char **words, int index, long otherwise) {
    return count > index ? atol(words[index]) : otherwise;
}

static const struct attack *const all[] = {
    file_attacks, output_attacks, hunger_attacks, state_attacks,
#ifndef __wasi__
    kernel_attacks, rights_attacks, device_attacks, network_attacks,
    process_attacks, swarm_attacks, node_attacks,
#endif
};

static int attack(int count, char **words) {
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        for (const struct attack *each = all[i]; each->name; each++)
            if (!strcmp(each->name, words[0])) {
                each->run(count - 1, words + 1);
                return breaches ? 3 : 0;
            }
    fprintf(told, "there is no attack %s\n", words[0]);
    return 99;
}

static void attack_apart(int count, char **words) {
#ifdef __wasi__
    attack(count, words);
#else
    pid_t child = fork();
    if (child == 0) _exit(attack(count, words));
    waitpid(child, 0, 0);
#endif
}

static int batch(void) {
    static char plan[1 << 16];
    FILE *file = fopen("/in/plan.txt", "r");
    if (!file || !fread(plan, 1, sizeof plan - 1, file)) return 98;
    fclose(file);
    told = fopen("/out/verdicts.txt", "w");
    if (!told) return 98;
    char *line = plan;
    for (int row = 0; *line; row++) {
        char *words[128], *end = strchr(line, '\n');
        int count = 0;
        if (!end) return 98;
        *end = 0;
        for (char *at = strtok(line, "\t"); at && count < 128; at = strtok(0, "\t")) words[count++] = at;
        line = end + 1;
        fprintf(told, "ROW %d\n", row);
        fflush(told);
        attack_apart(count, words);
    }
    fprintf(told, "DONE\n");
    return fclose(told) ? 97 : 0;
}

int main(int count, char **words) {
    told = stderr;
    if (count < 2) return 96;
    return strcmp(words[1], "batch") ? attack(count - 1, words + 1) : batch();
}
