/* Loaded by LD_PRELOAD: counts the calls that write to files under one folder, and at one of them kills the process, or
 * lets it fail as on a full disk. The file that FAULTS names holds the control block below, shared by a process and its
 * children, so that the count goes on over all of them. Built and driven by tests/support/faults.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, KILL, ONCE, ALWAYS };

struct control {
    long long count; /* calls so far */
    long long at;    /* the call that is hit, from 1 */
    long long mode;
    char folder[1024];
};

static struct control *control;
static char control_name[PATH_MAX];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static struct control *opened(void) {
    const char *name = getenv("FAULTS");
    if (!name || !*name) return NULL;
    if (control && !strcmp(name, control_name)) return control;
    if (control) munmap(control, sizeof *control);
    control = NULL;
    int fd = REAL(open)(name, O_RDWR | O_CLOEXEC);
    if (fd < 0) return NULL;
    void *found = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (found == MAP_FAILED) return NULL;
    strncpy(control_name, name, sizeof control_name - 1);
    return control = found;
}

static int is_under(const struct control *c, const char *path) {
    size_t n = strlen(c->folder);
    return !strncmp(path, c->folder, n) && path[n] == '/';
}

static int watches_fd(const struct control *c, int fd) {
    char link[64], path[PATH_MAX];
    static const char digits[] = "0123456789";
    char *end = link + sizeof link - 1;
    *end = 0;
    do *--end = digits[fd % 10]; while (fd /= 10);
    const char *start = "/proc/self/fd/";
    end -= strlen(start);
    memcpy(end, start, strlen(start));
    ssize_t n = readlink(end, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return is_under(c, path);
}

/* 0: go on.  1: this is the call (KILL: do half of it, then die).  2: fail. */
static int verdict(struct control *c) {
    long long n = __atomic_add_fetch(&c->count, 1, __ATOMIC_SEQ_CST);
    if (c->mode == COUNT || n < c->at) return 0;
    if (n == c->at) return c->mode == ONCE ? 2 : 1;
    return c->mode == ALWAYS ? 2 : 0;
}

static int on_fd(int fd) {
    struct control *c = opened();
    return fd >= 0 && c && watches_fd(c, fd) ? verdict(c) : 0;
}

static int on_path(const char *path) {
    struct control *c = opened();
    return c && path && is_under(c, path) ? verdict(c) : 0;
}

static int dies(void) {
    return control->mode == KILL ? raise(SIGKILL) : 0;
}

static int full(void) {
    errno = ENOSPC;
    return -1;
}

/* The hit write puts half of its bytes down: a killed process leaves a torn block, a disk that fills up writes short. */
#define BYTES(name, half, ...)                      \
    switch (on_fd(fd)) {                            \
        case 1: {                                   \
            ssize_t done = half;                    \
            dies();                                 \
            return done > 0 ? done : full();        \
        }                                           \
        case 2: return full();                      \
    }                                               \
    return REAL(name)(__VA_ARGS__)

ssize_t write(int fd, const void *data, size_t n) { BYTES(write, n > 1 ? REAL(write)(fd, data, n / 2) : 0, fd, data, n); }

ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    BYTES(pwrite, n > 1 ? REAL(pwrite)(fd, data, n / 2, at) : 0, fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    BYTES(pwrite64, n > 1 ? REAL(pwrite64)(fd, data, n / 2, at) : 0, fd, data, n, at);
}

static ssize_t half_of(int fd, const struct iovec *parts, int n) {
    size_t total = 0, rest;
    ssize_t done = 0;
    for (int i = 0; i < n; i++) total += parts[i].iov_len;
    rest = total / 2;
    for (int i = 0; i < n && rest; i++) {
        size_t some = parts[i].iov_len < rest ? parts[i].iov_len : rest;
        ssize_t written = REAL(write)(fd, parts[i].iov_base, some);
        if (written < 0) break;
        done += written;
        rest -= written;
    }
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int n) { BYTES(writev, half_of(fd, parts, n), fd, parts, n); }

/* The hit one of these is not done at all when the process dies, and fails when the disk is full. */
#define WHOLE(where, name, ...)  \
    switch (where) {             \
        case 1: dies();          \
        /* fall through */       \
        case 2: return full();   \
    }                            \
    return REAL(name)(__VA_ARGS__)

int fsync(int fd) { WHOLE(on_fd(fd), fsync, fd); }
int fdatasync(int fd) { WHOLE(on_fd(fd), fdatasync, fd); }
int ftruncate(int fd, off_t n) { WHOLE(on_fd(fd), ftruncate, fd, n); }
int ftruncate64(int fd, off64_t n) { WHOLE(on_fd(fd), ftruncate64, fd, n); }
int mkdir(const char *path, mode_t mode) { WHOLE(on_path(path), mkdir, path, mode); }
int rename(const char *from, const char *to) { WHOLE(on_path(to), rename, from, to); }

/* A full disk lets names be removed. */
static int on_removed(const char *path) {
    int struck = on_path(path);
    return struck && control->mode == KILL ? struck : 0;
}

int unlink(const char *path) { WHOLE(on_removed(path), unlink, path); }
int rmdir(const char *path) { WHOLE(on_removed(path), rmdir, path); }

static int on_new(const char *path, int flags) {
    struct stat there;
    return (flags & O_CREAT) && stat(path, &there) ? on_path(path) : 0;
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    WHOLE(on_new(path, flags), open, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    WHOLE(on_new(path, flags), open64, path, flags, mode);
}
