/* Looks at everything by which two machines could differ, and writes what it saw to its output. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static FILE *seen;

static void clocks(void) {
    struct timespec now;
    for (int n = 0; n < 3; n++) {
        clock_gettime(CLOCK_REALTIME, &now);
        fprintf(seen, "realtime %lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
        clock_gettime(CLOCK_MONOTONIC, &now);
        fprintf(seen, "monotonic %lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
    }
    clock_getres(CLOCK_REALTIME, &now);
    fprintf(seen, "resolution %ld\n", now.tv_nsec);
    usleep(20000);
    clock_gettime(CLOCK_MONOTONIC, &now);
    fprintf(seen, "after sleep %lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
    time_t second = time(NULL);
    fprintf(seen, "date %s", asctime(gmtime(&second)));
}

static void randomness(void) {
    uint8_t bytes[40];
    if (getentropy(bytes, sizeof bytes)) fprintf(seen, "no entropy\n");
    for (size_t i = 0; i < sizeof bytes; i++) fprintf(seen, "%02x", bytes[i]);
    fprintf(seen, "\n");
}

static void describe(const char *path) {
    struct stat state;
    if (stat(path, &state)) {
        fprintf(seen, "%s: errno %d\n", path, errno);
        return;
    }
    fprintf(seen, "%s: dev %llu ino %llu mode %o links %llu uid %u size %lld times %lld %lld %lld\n",
            path, (unsigned long long)state.st_dev, (unsigned long long)state.st_ino,
            state.st_mode, (unsigned long long)state.st_nlink, state.st_uid,
            (long long)state.st_size, (long long)state.st_atim.tv_sec,
            (long long)state.st_mtim.tv_sec, (long long)state.st_ctim.tv_sec);
}

static void folder(const char *path) {
    DIR *open_folder = opendir(path);
    if (!open_folder) {
        fprintf(seen, "%s: errno %d\n", path, errno);
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(open_folder)))
        fprintf(seen, "%s: %s ino %llu type %d\n", path, entry->d_name,
                (unsigned long long)entry->d_ino, entry->d_type);
    closedir(open_folder);
}

static void nans(void) {
    volatile double zero = 0.0, one = 1.0;
    double values[] = {zero / zero, sqrt(-one), INFINITY - INFINITY * one, fmod(one, zero),
                       -(zero / zero)};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        fprintf(seen, "nan %016llx\n", (unsigned long long)bits);
    }
    fprintf(seen, "math %.17g %.17g %.17g\n", exp(1.1), sin(2.2), pow(3.3, 0.7));
}

static void limits(void) {
    int blocks = 0, files = 0;
    static char *volatile block;
    while ((block = malloc(1 << 20))) blocks++;
    fprintf(seen, "blocks of memory %d\n", blocks);
    while (open("/in/one.txt", O_RDONLY) >= 0) files++;
    fprintf(seen, "open files %d errno %d\n", files, errno);
}

static void places(void) {
    const char *paths[] = {"/in/../../etc/passwd", "/etc/passwd", "/in/none", "/in/one.txt/x",
                           "/in/none/x", ".", "/", "/out/../in/one.txt", "/in/./one.txt"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) describe(paths[i]);
    fprintf(seen, "write in %d", open("/in/one.txt", O_RDWR));
    fprintf(seen, " errno %d\n", errno);
    fprintf(seen, "make in %d", open("/in/new.txt", O_RDWR | O_CREAT, 0644));
    fprintf(seen, " errno %d\n", errno);
    fprintf(seen, "unlink in %d errno %d\n", unlink("/in/one.txt"), errno);
}

static void own_files(void) {
    char text[32] = {0};
    FILE *file = fopen("/out/own.txt", "w+");
    if (!file) fprintf(seen, "own: errno %d\n", errno);
    fputs("0123456789", file);
    fseek(file, 3, SEEK_SET);
    fread(text, 1, 4, file);
    fprintf(seen, "own %s at %ld\n", text, ftell(file));
    fclose(file);
    file = fopen("/out/own.txt", "a");
    fputs("abc", file);
    fclose(file);
    describe("/out/own.txt");
    fprintf(seen, "truncate %d\n", truncate("/out/own.txt", 5));
    fprintf(seen, "rename %d\n", rename("/out/own.txt", "/out/renamed.txt"));
    describe("/out/own.txt");
    describe("/out/renamed.txt");
    int number = open("/out/renamed.txt", O_RDWR);
    fprintf(seen, "number %d pread %zd", number, pread(number, text, 3, 1));
    fprintf(seen, " pwrite %zd\n", pwrite(number, "XY", 2, 4));
    close(number);
    fprintf(seen, "remove %d\n", unlink("/out/renamed.txt"));
}

/* Waits to be asked for its state, as docs of checkpoints say, and leaves it. */
static int save_when_asked(void) {
    if (!access("/checkpoint/save", F_OK)) return 5;
    close(open("/out/waiting.txt", O_WRONLY | O_CREAT, 0644));
    while (access("/checkpoint/save", F_OK)) usleep(1000);
    FILE *state = fopen("/checkpoint/state.new", "w");
    if (!state) return 2;
    fputs("the state", state);
    fclose(state);
    return rename("/checkpoint/state.new", "/checkpoint/state") ? 3 : 0;
}

int main(int count, char **words) {
    if (count > 1 && !strcmp(words[1], "save")) return save_when_asked();
    seen = fopen("/out/seen.txt", "w");
    if (!seen) return 1;
    setvbuf(seen, NULL, _IONBF, 0);
    for (int i = 0; i < count; i++) fprintf(seen, "word %s\n", words[i]);
    for (char **entry = environ; *entry; entry++) fprintf(seen, "environment %s\n", *entry);
    clocks();
    randomness();
    describe("/in");
    describe("/in/one.txt");
    describe("/out/seen.txt");
    folder("/in");
    folder("/out");
    folder("/checkpoint");
    nans();
    places();
    own_files();
    limits();
    return fclose(seen) ? 4 : 0;
}
