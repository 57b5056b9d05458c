/*
 * fwpload: a load generator for servers that speak the Faktory Work Protocol, version 2.
 *
 * One thread, one epoll, no dependency but libc, so that the figures show the server and not the
 * generator. README.md beside this file says what runs it; `fwpload --help` lists the options.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_UNEXPECTED = 1, EXIT_USAGE = 2, EXIT_DISCONNECTED = 3, EXIT_TIMEOUT = 4, EXIT_VERIFY = 5 };

/* ---------------------------------------------------------------- options */

typedef enum { PUSH, PUSHB, CYCLE, DRAIN, LATENCY, MIXED } Mode;
static const char *const MODE_NAMES[] = {"push", "pushb", "cycle", "drain", "latency", "mixed"};

static struct {
    const char *host, *port, *password, *ledger, *command, *label, *queue_prefix;
    Mode mode;
    long connections, queues, args_bytes, bulk, pipeline, workers, reserve_for;
    uint64_t jobs, preload, seed;
    double seconds, rate, limit, wait, stall, fail_percent, scheduled_percent, schedule_within, work_ms, at_in;
    bool json, percentiles, priorities, verify, flush, tolerate, poisson, has_seed, abrupt;
    int pids[32], npids;
} opt = {.host = "127.0.0.1", .port = "7419", .queue_prefix = "bench", .mode = PUSH, .connections = 50,
         .queues = 1, .args_bytes = 16, .bulk = 100, .pipeline = 1, .workers = 1, .reserve_for = 1800,
         .rate = 1000, .limit = 300, .stall = 30, .fail_percent = 5, .scheduled_percent = 5,
         .schedule_within = 3};

static _Noreturn void die(int status, const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fputs("fwpload: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(status);
}

static void *must(void *p)
{
    if (!p) die(EXIT_UNEXPECTED, "out of memory");
    return p;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---------------------------------------------------------------- SHA-256 (FIPS 180-4) */

static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* The round constants are the fractional parts of the cube roots of the first 64 primes. */
static uint32_t sha_k[64], sha_h0[8];

static void sha256_init(void)
{
    int found = 0;
    for (int candidate = 2; found < 64; candidate++) {
        bool prime = true;
        for (int d = 2; d * d <= candidate; d++)
            if (candidate % d == 0) prime = false;
        if (!prime) continue;
        /* floor(root(candidate) * 2^32), by bisection in integers: exact, no libm. */
        unsigned __int128 p = (unsigned __int128)candidate;
        uint64_t lo = 0, hi = (uint64_t)1 << 36;
        while (hi - lo > 1) {
            uint64_t mid = lo + (hi - lo) / 2;
            /* mid^3 <= p * 2^96: mid < 2^36, so mid^3 < 2^108 fits */
            if ((unsigned __int128)mid * mid * mid <= p << 96) lo = mid; else hi = mid;
        }
        sha_k[found] = (uint32_t)lo;
        if (found < 8) {
            lo = 0, hi = (uint64_t)1 << 36;
            while (hi - lo > 1) {
                uint64_t mid = lo + (hi - lo) / 2;
                if ((unsigned __int128)mid * mid <= p << 64) lo = mid; else hi = mid;
            }
            sha_h0[found] = (uint32_t)lo;
        }
        found++;
    }
}

static void sha256(const uint8_t *data, size_t length, uint8_t out[32])
{
    uint32_t h[8];
    memcpy(h, sha_h0, sizeof h);
    size_t blocks = (length + 9 + 63) / 64;
    for (size_t b = 0; b < blocks; b++) {
        uint8_t block[64] = {0};
        size_t at = b * 64;
        if (at < length) memcpy(block, data + at, length - at < 64 ? length - at : 64);
        if (length >= at && length < at + 64) block[length - at] = 0x80;
        if (b == blocks - 1)
            for (int i = 0; i < 8; i++) block[56 + i] = (uint8_t)((uint64_t)length * 8 >> (56 - 8 * i));
        uint32_t w[64], v[8];
        for (int i = 0; i < 16; i++)
            w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
        for (int i = 16; i < 64; i++)
            w[i] = w[i - 16] + (rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
                   (rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10);
        memcpy(v, h, sizeof v);
        for (int i = 0; i < 64; i++) {
            uint32_t t1 = v[7] + (rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25)) +
                          ((v[4] & v[5]) ^ (~v[4] & v[6])) + sha_k[i] + w[i];
            uint32_t t2 = (rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22)) +
                          ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
            memmove(v + 1, v, 7 * sizeof *v);
            v[4] += t1;
            v[0] = t1 + t2;
        }
        for (int i = 0; i < 8; i++) h[i] += v[i];
    }
    for (int i = 0; i < 32; i++) out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* The handshake's proof: SHA-256 over password + salt, then over the raw digest, `rounds` in all. */
static void password_proof(const char *password, const char *salt, long rounds, char hex[65])
{
    uint8_t digest[32], first[1024];
    size_t np = strlen(password), ns = strlen(salt);
    if (np + ns > sizeof first) die(EXIT_USAGE, "the password is too long");
    memcpy(first, password, np);
    memcpy(first + np, salt, ns);
    sha256(first, np + ns, digest);
    for (long i = 1; i < rounds; i++) sha256(digest, sizeof digest, digest);
    for (int i = 0; i < 32; i++) sprintf(hex + 2 * i, "%02x", digest[i]);
}

/* ---------------------------------------------------------------- latency histogram */

/* Log-linear: 64 steps per power of two, so a percentile is at most 1.6 % off. */
enum { STEPS = 64, BUCKETS = 60 * STEPS };
typedef struct { uint64_t n, max; double sum; uint32_t count[BUCKETS]; } Histogram;

static int bucket_of(uint64_t v)
{
    if (v < STEPS) return (int)v;
    int shift = 63 - __builtin_clzll(v) - 6;
    return (shift + 1) * STEPS + (int)((v >> shift) - STEPS);
}

static double bucket_middle(int b)
{
    if (b < STEPS) return b;
    int shift = b / STEPS - 1;
    return ((double)(STEPS + b % STEPS) + 0.5) * (double)((uint64_t)1 << shift);
}

static void record(Histogram *h, uint64_t ns)
{
    int b = bucket_of(ns);
    h->count[b < BUCKETS ? b : BUCKETS - 1]++;
    h->n++;
    h->sum += (double)ns;
    if (ns > h->max) h->max = ns;
}

static double percentile_us(const Histogram *h, double p)
{
    uint64_t want = (uint64_t)(p / 100 * (double)h->n + 0.5), seen = 0;
    if (want == 0) want = 1;
    for (int b = 0; b < BUCKETS; b++)
        if ((seen += h->count[b]) >= want) {
            double us = bucket_middle(b) / 1000;
            return us < (double)h->max / 1000 ? us : (double)h->max / 1000;
        }
    return (double)h->max / 1000;
}

/* ---------------------------------------------------------------- the server's processes */

typedef struct {
    double cpu_user, cpu_system;                  /* seconds, living threads and reaped children included */
    double cpu_main, cpu_rest;                    /* seconds, exact: the main threads, and all other living threads */
    uint64_t rss_kib, pss_kib, written, threads;  /* written: bytes handed to block devices */
    int processes;
} ServerUse;

typedef struct { int pid, parent; } ProcessRow;

static bool read_small(const char *path, char *into, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, into, size - 1);
    close(fd);
    if (n < 0) return false;
    into[n] = 0;
    return true;
}

static uint64_t field_after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* The kernel counts CPU in ticks of 10 ms in `stat`, but in nanoseconds here. */
static void thread_use(int pid, ServerUse *use)
{
    char path[80], text[128];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) return;
    for (struct dirent *entry; (entry = readdir(tasks));) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/schedstat", pid, entry->d_name);
        if (!read_small(path, text, sizeof text)) continue;
        double seconds = (double)strtoull(text, NULL, 10) / 1e9;
        if (atoi(entry->d_name) == pid) use->cpu_main += seconds;
        else use->cpu_rest += seconds;
    }
    closedir(tasks);
}

/* Adds up the given processes and all their descendants. `full` also reads what is dear to read. */
static ServerUse server_use(bool full)
{
    ServerUse use = {0};
    static ProcessRow rows[8192];
    int n = 0;
    if (opt.npids == 0) return use;
    DIR *proc = opendir("/proc");
    if (!proc) return use;
    char path[64], text[8192];
    for (struct dirent *entry; (entry = readdir(proc)) && n < 8192;) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        snprintf(path, sizeof path, "/proc/%.16s/stat", entry->d_name);
        if (!read_small(path, text, sizeof text)) continue;
        char *after = strrchr(text, ')');
        int parent;
        if (after && sscanf(after + 2, "%*c %d", &parent) == 1)
            rows[n++] = (ProcessRow){atoi(entry->d_name), parent};
    }
    closedir(proc);
    static int tree[8192];
    int count = 0;
    for (int i = 0; i < opt.npids; i++) tree[count++] = opt.pids[i];
    for (int i = 0; i < count; i++)
        for (int r = 0; r < n; r++)
            if (rows[r].parent == tree[i] && count < 8192) {
                bool known = false;
                for (int k = 0; k < count; k++) known |= tree[k] == rows[r].pid;
                if (!known) tree[count++] = rows[r].pid;
            }
    double tick = (double)sysconf(_SC_CLK_TCK);
    uint64_t page_kib = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "/proc/%d/stat", tree[i]);
        if (!read_small(path, text, sizeof text)) continue;
        char *after = strrchr(text, ')');
        unsigned long u, s, cu, cs, threads;
        if (!after || sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu %*d %*d %lu",
                             &u, &s, &cu, &cs, &threads) != 5)
            continue;
        use.processes++;
        use.threads += threads;
        thread_use(tree[i], &use);
        use.cpu_user += (double)(u + cu) / tick;
        use.cpu_system += (double)(s + cs) / tick;
        snprintf(path, sizeof path, "/proc/%d/statm", tree[i]);
        unsigned long size, resident;
        if (read_small(path, text, sizeof text) && sscanf(text, "%lu %lu", &size, &resident) == 2)
            use.rss_kib += resident * page_kib;
        snprintf(path, sizeof path, "/proc/%d/io", tree[i]);
        if (read_small(path, text, sizeof text)) use.written += field_after(text, "\nwrite_bytes:");
        if (full) {
            snprintf(path, sizeof path, "/proc/%d/smaps_rollup", tree[i]);
            if (read_small(path, text, sizeof text)) use.pss_kib += field_after(text, "\nPss:");
        }
    }
    return use;
}

/* CPU seconds that all processes of the machine have used. */
static double machine_busy(void)
{
    char text[512];
    unsigned long long user, nice, system, idle, wait, irq, soft, steal;
    if (!read_small("/proc/stat", text, sizeof text)) return 0;
    if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq, &soft, &steal) != 8) return 0;
    return (double)(user + nice + system + irq + soft + steal) / (double)sysconf(_SC_CLK_TCK);
}

/* ---------------------------------------------------------------- the ledger: what became of each job */

enum { SENT = 1, PUSHED = 2, FETCHED = 4, ACKED = 8, FAILED = 16, TWICE = 32, RERUN = 64 };

typedef struct { char magic[8]; uint64_t seed, capacity, next; char reserved[4064]; } LedgerHead;
static LedgerHead *ledger;   /* followed in memory (and in the file) by one byte per job */
static uint8_t *fate;
static uint64_t *due_at;     /* latency mode: when each job was meant to be sent */
static const char MAGIC[8] = "FWPLOAD1";

static void ledger_open(uint64_t wanted)
{
    uint64_t capacity = wanted;
    int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    bool fresh = true;
    if (opt.ledger) {
        fd = open(opt.ledger, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0) die(EXIT_USAGE, "cannot open the ledger %s: %s", opt.ledger, strerror(errno));
        LedgerHead head;
        ssize_t got = pread(fd, &head, sizeof head, 0);
        if (got == (ssize_t)sizeof head) {
            if (memcmp(head.magic, MAGIC, 8)) die(EXIT_USAGE, "%s is not a ledger of fwpload", opt.ledger);
            fresh = false;
            capacity = head.next + wanted > head.capacity ? head.next + wanted : head.capacity;
        } else if (got != 0) die(EXIT_USAGE, "%s is not a ledger of fwpload", opt.ledger);
        if (ftruncate(fd, (off_t)(sizeof head + capacity))) die(EXIT_USAGE, "ledger: %s", strerror(errno));
        flags = MAP_SHARED;
    }
    ledger = mmap(NULL, sizeof *ledger + capacity, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (ledger == MAP_FAILED) die(EXIT_UNEXPECTED, "no memory for %" PRIu64 " jobs: %s", capacity, strerror(errno));
    if (fd >= 0) close(fd);
    if (fresh) {
        memcpy(ledger->magic, MAGIC, 8);
        ledger->next = 0;
        if (opt.has_seed) ledger->seed = opt.seed;
        else if (getrandom(&ledger->seed, sizeof ledger->seed, 0) < 0) ledger->seed = now_ns();
    }
    ledger->capacity = capacity;
    fate = (uint8_t *)(ledger + 1);
}

/* A jid is 16 hex digits of a one-to-one scramble of the job's number, then 8 that mark the run:
 * it looks random to the server's indexes, and its number can be got back from it. */
static uint64_t scramble(uint64_t z)
{
    z += ledger->seed;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t unscramble(uint64_t z)
{
    z = (z ^ z >> 31 ^ z >> 62) * 0x319642b2d24d8ec3u;
    z = (z ^ z >> 27 ^ z >> 54) * 0x96de1b173f119089u;
    return (z ^ z >> 30 ^ z >> 60) - ledger->seed;
}

static void put_hex(char *to, uint64_t v, int digits)
{
    for (int i = digits - 1; i >= 0; i--, v >>= 4) to[i] = "0123456789abcdef"[v & 15];
}

static uint32_t run_mark(void) { return (uint32_t)(ledger->seed ^ ledger->seed >> 32) * 2654435761u; }

static void jid_of(uint64_t number, char to[24])
{
    put_hex(to, scramble(number), 16);
    put_hex(to + 16, run_mark(), 8);
}

/* The job's number, or UINT64_MAX for a jid that this ledger never made. */
static uint64_t number_of(const char *jid, size_t length)
{
    if (length != 24) return UINT64_MAX;
    uint64_t v = 0, mark = 0;
    for (int i = 0; i < 24; i++) {
        int c = jid[i], d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (d < 0) return UINT64_MAX;
        if (i < 16) v = v << 4 | (uint64_t)d; else mark = mark << 4 | (uint64_t)d;
    }
    if (mark != run_mark()) return UINT64_MAX;
    v = unscramble(v);
    return v < ledger->next ? v : UINT64_MAX;
}

/* ---------------------------------------------------------------- connections */

typedef struct { char *at; size_t start, end, size; } Bytes;

static char *room(Bytes *b, size_t more)
{
    if (b->size - b->end < more) {
        if (b->start > 0) {
            memmove(b->at, b->at + b->start, b->end - b->start);
            b->end -= b->start;
            b->start = 0;
        }
        if (b->size - b->end < more) {
            while (b->size - b->end < more) b->size = b->size ? 2 * b->size : 16384;
            b->at = must(realloc(b->at, b->size));
        }
    }
    return b->at + b->end;
}

static void append(Bytes *b, const char *text, size_t n)
{
    memcpy(room(b, n), text, n);
    b->end += n;
}

static void appendf(Bytes *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *to = room(b, 512);
    int n = vsnprintf(to, 512, format, args);
    va_end(args);
    b->end += (size_t)(n < 512 ? n : 511);
}

typedef enum { C_HI, C_HELLO, C_PUSH, C_PUSHB, C_FETCH, C_ACK, C_FAIL, C_BEAT, C_RAW, COMMANDS } Command;
static const char *const COMMAND_NAMES[] = {"(greeting)", "HELLO", "PUSH", "PUSHB", "FETCH", "ACK", "FAIL", "BEAT", "(command)"};

typedef struct { Command command; uint32_t jobs; uint64_t first, sent; } Waiting;

typedef struct {
    int fd, number;
    bool consumer, ready, dead, finished, want_write;
    char wid[20];
    Bytes in, out;
    char *fetch;              /* this worker's FETCH line */
    size_t fetch_length;
    Waiting *waiting;         /* ring of commands whose reply is due, oldest first */
    uint32_t head, tail, mask;
    char held[80];            /* the jid in hand, for a worker that takes time over its job */
    size_t held_length;
    uint64_t held_number, held_until;
} Connection;

static Connection *conns;
static long nconns;
static int poller, timer = -1;

/* One phase: a mode run once over its own connections. */
static struct {
    Mode mode;
    uint64_t limit_jobs;         /* how many to push (or to drain); UINT64_MAX: no such limit */
    uint64_t begun, stop_at, last_done, now;
    uint64_t issued, pushed, fetched, done, acked, failed, empty, beats, unknown, twice, bytes;
    uint64_t base;               /* number of this phase's first job */
    uint64_t arrivals, next_arrival, late_max;
    long ready, alive, draining;
    bool started, stopping, over, settling, aborted, timed_out;
    Histogram *push, *fetch, *ack, *total;
} ph;

static void show(char *to, size_t size, const char *from, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n && k + 5 < size; i++)
        k += (size_t)sprintf(to + k, isprint((unsigned char)from[i]) ? "%c" : "\\x%02x", (unsigned char)from[i]);
    to[k] = 0;
}

static _Noreturn void unexpected(const Connection *c, Command command, char kind, const char *text, size_t n)
{
    char shown[600];
    show(shown, sizeof shown, text, n < 500 ? n : 500);
    die(EXIT_UNEXPECTED, "connection %d: %s was answered with %c%s", c->number, COMMAND_NAMES[command], kind, shown);
}

static void expect(Connection *c, Command command, uint32_t jobs, uint64_t first, uint64_t sent)
{
    if (c->tail - c->head > c->mask) die(EXIT_UNEXPECTED, "internal: too many commands in flight");
    c->waiting[c->tail++ & c->mask] = (Waiting){command, jobs, first, sent};
}

static void connection_lost(Connection *c, const char *why)
{
    if (!opt.tolerate) die(EXIT_DISCONNECTED, "connection %d: %s", c->number, why);
    if (c->dead) return;
    c->dead = true;
    close(c->fd);
    ph.aborted = true;
    if (--ph.alive == 0) ph.over = true;
}

static void flush_out(Connection *c)
{
    while (!c->dead && c->out.start < c->out.end) {
        ssize_t n = send(c->fd, c->out.at + c->out.start, c->out.end - c->out.start, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) break;
            connection_lost(c, strerror(errno));
            return;
        }
        c->out.start += (size_t)n;
    }
    if (c->dead) return;
    bool pending = c->out.start < c->out.end;
    if (!pending) c->out.start = c->out.end = 0;
    if (pending != c->want_write) {
        c->want_write = pending;
        struct epoll_event e = {.events = EPOLLIN | (pending ? EPOLLOUT : 0), .data.ptr = c};
        epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
    }
}

/* ---------------------------------------------------------------- making jobs */

static char filler[1 << 17];

static void filler_init(void)
{
    uint64_t z = 88172645463325252u;
    for (size_t i = 0; i < sizeof filler; i++) {
        z ^= z << 13, z ^= z >> 7, z ^= z << 17;
        filler[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -"[z & 63];
    }
}

static char *put_text(char *to, const char *text)
{
    size_t n = strlen(text);
    memcpy(to, text, n);
    return to + n;
}

static char *put_number(char *to, uint64_t v)
{
    char digits[20];
    int n = 0;
    do digits[n++] = (char)('0' + v % 10); while (v /= 10);
    while (n) *to++ = digits[--n];
    return to;
}

static char *put_time(char *to, const struct timespec *t)
{
    static time_t second = -1;
    static char text[24];
    if (t->tv_sec != second) {
        struct tm parts;
        gmtime_r(&t->tv_sec, &parts);
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
        second = t->tv_sec;
    }
    to = put_text(to, text);
    *to++ = '.';
    long us = t->tv_nsec / 1000;
    for (int i = 5; i >= 0; i--, us /= 10) to[i] = (char)('0' + us % 10);
    to[6] = 'Z';
    return to + 7;
}

static void put_job(Bytes *b, uint64_t number)
{
    size_t most = 512 + strlen(opt.queue_prefix) + (size_t)opt.args_bytes;
    char *start = room(b, most), *to = start;
    uint64_t luck = scramble(number ^ 0x5bd1e995u);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    to = put_text(to, "{\"jid\":\"");
    jid_of(number, to), to += 24;
    to = put_text(to, "\",\"jobtype\":\"SendReceipt\",\"args\":[");
    to = put_number(to, number);
    to = put_text(to, ",\"");
    for (size_t left = (size_t)opt.args_bytes, from = number * 7 % 65521; left;) {
        size_t n = left < 65536 ? left : 65536;
        memcpy(to, filler + from, n);
        to += n, left -= n;
    }
    to = put_text(to, "\"],\"queue\":\"");
    to = put_text(to, opt.queue_prefix);
    to = put_number(to, number % (uint64_t)opt.queues);
    to = put_text(to, "\",\"created_at\":\"");
    to = put_time(to, &now);
    to = put_text(to, "\",\"retry\":25,\"reserve_for\":");
    to = put_number(to, (uint64_t)opt.reserve_for);
    if (opt.at_in > 0) {
        struct timespec at = {.tv_sec = now.tv_sec + (time_t)opt.at_in, .tv_nsec = now.tv_nsec};
        to = put_text(to, ",\"at\":\"");
        to = put_time(to, &at);
        *to++ = '"';
    }
    if (opt.priorities || ph.mode == MIXED) {
        to = put_text(to, ",\"priority\":");
        to = put_number(to, 1 + luck % 9);
    }
    if (ph.mode == MIXED && (double)(luck >> 20 & 0xffff) < opt.scheduled_percent * 655.36) {
        struct timespec at = now;
        uint64_t ns = (uint64_t)at.tv_nsec + (uint64_t)(opt.schedule_within * 1e9 * (double)(luck >> 40) / (double)(1 << 24));
        at.tv_sec += (time_t)(ns / 1000000000u), at.tv_nsec = (long)(ns % 1000000000u);
        to = put_text(to, ",\"at\":\"");
        to = put_time(to, &at);
        *to++ = '"';
    }
    *to++ = '}';
    ph.bytes += (uint64_t)(to - start);
    b->end += (size_t)(to - start);
    fate[number] |= SENT;
}

/* ---------------------------------------------------------------- what each side does next */

static uint32_t in_flight(const Connection *c) { return c->tail - c->head; }

static bool may_issue(void)
{
    return !ph.stopping && ph.issued < ph.limit_jobs && ledger->next < ledger->capacity;
}

static void producer_step(Connection *c)
{
    while (!c->dead && in_flight(c) < (uint32_t)opt.pipeline && may_issue()) {
        uint64_t first = ledger->next, sent = now_ns();
        if (ph.mode == LATENCY) {
            if (ph.issued >= ph.arrivals) return;
            sent = due_at[first - ph.base];
            uint64_t late = ph.now > sent ? ph.now - sent : 0;
            if (late > ph.late_max) ph.late_max = late;
        }
        if (ph.mode == PUSHB) {
            uint64_t left = ph.limit_jobs - ph.issued, n = (uint64_t)opt.bulk;
            if (n > left) n = left;
            if (n > ledger->capacity - ledger->next) n = ledger->capacity - ledger->next;
            ledger->next += n, ph.issued += n;
            append(&c->out, "PUSHB [", 7);
            for (uint64_t i = 0; i < n; i++) {
                if (i) append(&c->out, ",", 1);
                put_job(&c->out, first + i);
            }
            append(&c->out, "]\r\n", 3);
            expect(c, C_PUSHB, (uint32_t)n, first, sent);
        } else {
            ledger->next++, ph.issued++;
            append(&c->out, "PUSH ", 5);
            put_job(&c->out, first);
            append(&c->out, "\r\n", 2);
            expect(c, C_PUSH, 1, first, sent);
        }
    }
}

static void ask_for_job(Connection *c)
{
    if (c->finished || ph.over || ph.settling) return;
    if (ph.mode == DRAIN && ph.stopping) {
        c->finished = true;
        if (--ph.draining == 0) ph.over = true;
        return;
    }
    append(&c->out, c->fetch, c->fetch_length);
    expect(c, C_FETCH, 1, 0, now_ns());
}

static bool should_fail(uint64_t number)
{
    return ph.mode == MIXED && number != UINT64_MAX && !(fate[number] & FAILED) &&
           (double)(scramble(number ^ 0x9e3779b9u) & 0xffff) < opt.fail_percent * 655.36;
}

static void answer_job(Connection *c, const char *jid, size_t length, uint64_t number)
{
    uint64_t sent = now_ns();
    if (should_fail(number)) {
        append(&c->out, "FAIL {\"jid\":\"", 13);
        append(&c->out, jid, length);
        static const char rest[] = "\",\"errtype\":\"RuntimeError\",\"message\":\"no receipt for this order\","
                                   "\"backtrace\":[\"app/receipts.rb:41:in `fetch'\",\"app/jobs/send_receipt.rb:12:in `perform'\"]}\r\n";
        append(&c->out, rest, sizeof rest - 1);
        expect(c, C_FAIL, 1, number, sent);
    } else {
        append(&c->out, "ACK {\"jid\":\"", 12);
        append(&c->out, jid, length);
        append(&c->out, "\"}\r\n", 4);
        expect(c, C_ACK, 1, number, sent);
    }
    if (opt.pipeline > 1) ask_for_job(c);
}

/* Finds the value of "jid" in a job's JSON, whatever the spacing. */
static const char *find_jid(const char *text, size_t n, size_t *length)
{
    const char *end = text + n, *at = memmem(text, n, "\"jid\"", 5);
    if (!at) return NULL;
    at += 5;
    while (at < end && isspace((unsigned char)*at)) at++;
    if (at >= end || *at++ != ':') return NULL;
    while (at < end && isspace((unsigned char)*at)) at++;
    if (at >= end || *at++ != '"') return NULL;
    const char *close_quote = memchr(at, '"', (size_t)(end - at));
    if (!close_quote) return NULL;
    *length = (size_t)(close_quote - at);
    return at;
}

static void job_arrived(Connection *c, const char *text, size_t n)
{
    size_t length;
    const char *jid = find_jid(text, n, &length);
    if (!jid || length > 79) unexpected(c, C_FETCH, '$', text, n);
    uint64_t number = number_of(jid, length);
    ph.fetched++;
    if (number == UINT64_MAX) ph.unknown++;
    else {
        if (ph.total && number >= ph.base && !(fate[number] & FETCHED)) record(ph.total, ph.now - due_at[number - ph.base]);
        if (fate[number] & ACKED) fate[number] |= RERUN;
        else if (fate[number] & FETCHED && !(fate[number] & FAILED)) fate[number] |= TWICE, ph.twice++;
        fate[number] |= FETCHED;
    }
    if (opt.work_ms > 0) {
        memcpy(c->held, jid, length);
        c->held_length = length, c->held_number = number;
        c->held_until = ph.now + (uint64_t)(opt.work_ms * 1e6);
    } else answer_job(c, jid, length, number);
}

static void check_over(void)
{
    switch (ph.mode) {
    case PUSH: case PUSHB:
        if (ph.pushed == ph.issued && !may_issue()) ph.over = true;
        break;
    case DRAIN:
        if (ph.done >= ph.limit_jobs) ph.over = true;
        break;
    case CYCLE: case MIXED: case LATENCY:
        if (ph.pushed == ph.issued && ph.done == ph.issued && !may_issue()) ph.over = true;
        break;
    }
}

/* A job counts as through when it is acknowledged, or failed, for the first time. */
static void job_through(uint64_t number, uint8_t mark)
{
    bool own = number != UINT64_MAX, first = own && !(fate[number] & (ACKED | FAILED));
    if (own) fate[number] |= mark;
    if (ph.mode == DRAIN ? (first || !own) : first && number >= ph.base) {
        ph.done++;
        ph.last_done = ph.now;
    }
}

static bool says_ok(char kind, const char *text, size_t n) { return kind == '+' && n == 2 && !memcmp(text, "OK", 2); }

static void greet(Connection *c, char kind, const char *text, size_t n)
{
    if (kind != '+' || n < 3 || memcmp(text, "HI ", 3)) unexpected(c, C_HI, kind, text, n);
    char greeting[512], salt[128] = "", proof[65] = "";
    if (n >= sizeof greeting) unexpected(c, C_HI, kind, text, n);
    memcpy(greeting, text, n);
    greeting[n] = 0;
    long rounds = 1;
    char *at = strstr(greeting, "\"s\"");
    if (at && (at = strchr(at + 3, '"'))) sscanf(at + 1, "%127[^\"]", salt);
    at = strstr(greeting, "\"i\"");
    if (at && (at = strchr(at, ':'))) rounds = strtol(at + 1, NULL, 10);
    at = strstr(greeting, "\"v\"");
    if (!at || !(at = strchr(at, ':')) || strtol(at + 1, NULL, 10) != 2) unexpected(c, C_HI, kind, text, n);
    if (salt[0]) {
        if (!opt.password) die(EXIT_USAGE, "the server asks for a password: give --password");
        /* Every connection gets its own salt; hashing a few thousand rounds each is quick. */
        password_proof(opt.password, salt, rounds, proof);
    }
    appendf(&c->out, "HELLO {\"hostname\":\"fwpload\",\"pid\":%d,\"labels\":[\"c\",\"load\"],\"v\":2", (int)getpid());
    if (c->wid[0]) appendf(&c->out, ",\"wid\":\"%s\"", c->wid);
    if (proof[0]) appendf(&c->out, ",\"pwdhash\":\"%s\"", proof);
    appendf(&c->out, "}\r\n");
    expect(c, C_HELLO, 0, 0, 0);
}

static void replied(Connection *c, char kind, const char *text, size_t n)
{
    if (c->head == c->tail) {
        if (!c->ready) { greet(c, kind, text, n); return; }
        if (opt.tolerate && kind == '-') return;   /* a parting word before the close */
        die(EXIT_UNEXPECTED, "connection %d: a reply to no command: %c%.*s", c->number, kind, (int)(n < 300 ? n : 300), text);
    }
    Waiting w = c->waiting[c->head++ & c->mask];
    if (kind == '-') {
        if (opt.tolerate && w.command != C_HELLO) { connection_lost(c, "error reply"); return; }
        unexpected(c, w.command, kind, text, n);
    }
    switch (w.command) {
    case C_HELLO:
        if (!says_ok(kind, text, n)) unexpected(c, w.command, kind, text, n);
        c->ready = true;
        ph.ready++;
        break;
    case C_PUSH:
        if (!says_ok(kind, text, n)) unexpected(c, w.command, kind, text, n);
        fate[w.first] |= PUSHED;
        ph.pushed++;
        if (ph.mode == PUSH) ph.last_done = ph.now;
        record(ph.push, ph.now - w.sent);
        break;
    case C_PUSHB: {
        /* An empty map: no job was refused. */
        bool empty = (kind == '$' || kind == '+') && n >= 2 && text[0] == '{';
        for (size_t i = 1; empty && i + 1 < n; i++) empty = isspace((unsigned char)text[i]);
        if (!empty) unexpected(c, w.command, kind, text, n);
        for (uint32_t i = 0; i < w.jobs; i++) fate[w.first + i] |= PUSHED;
        ph.pushed += w.jobs;
        ph.last_done = ph.now;
        record(ph.push, ph.now - w.sent);
        break;
    }
    case C_FETCH:
        if (kind != '$') unexpected(c, w.command, kind, text, n);
        if (text) {
            record(ph.fetch, ph.now - w.sent);
            job_arrived(c, text, n);
        } else {
            ph.empty++;
            if (ph.settling) break;
            if (ph.mode == DRAIN) {
                c->finished = true;
                if (--ph.draining == 0) ph.over = true;
            } else ask_for_job(c);
        }
        break;
    case C_ACK: case C_FAIL:
        if (!says_ok(kind, text, n)) unexpected(c, w.command, kind, text, n);
        record(ph.ack, ph.now - w.sent);
        if (w.command == C_ACK) ph.acked++; else ph.failed++;
        job_through(w.first, w.command == C_ACK ? ACKED : FAILED);
        if (opt.pipeline == 1) ask_for_job(c);
        break;
    case C_BEAT:
        if (!says_ok(kind, text, n)) unexpected(c, w.command, kind, text, n);
        ph.beats++;
        break;
    default:
        unexpected(c, w.command, kind, text, n);
    }
}

/* Takes every whole reply out of the buffer; the rest stays for the next read. */
static void take_replies(Connection *c, void (*each)(Connection *, char, const char *, size_t))
{
    while (!c->dead && !ph.over && c->in.start < c->in.end) {
        char *at = c->in.at + c->in.start, *end = c->in.at + c->in.end;
        char *line = memchr(at, '\n', (size_t)(end - at));
        if (!line) {
            if (end - at > 65536) die(EXIT_UNEXPECTED, "connection %d: a reply's first line has no end", c->number);
            return;
        }
        if (line == at || line[-1] != '\r') die(EXIT_UNEXPECTED, "connection %d: a reply's line does not end in CRLF", c->number);
        size_t head = (size_t)(line - at) + 1;
        switch (*at) {
        case '+': case '-': case ':':
            c->in.start += head;
            each(c, *at, at + 1, head - 3);
            break;
        case '$': {
            long length = strtol(at + 1, NULL, 10);
            if (length < 0) {
                c->in.start += head;
                each(c, '$', NULL, 0);
                break;
            }
            if ((size_t)(end - at) < head + (size_t)length + 2) { room(&c->in, (size_t)length + 4096); return; }
            if (memcmp(at + head + length, "\r\n", 2)) die(EXIT_UNEXPECTED, "connection %d: a bulk reply is not closed by CRLF", c->number);
            c->in.start += head + (size_t)length + 2;
            each(c, '$', at + head, (size_t)length);
            break;
        }
        default:
            unexpected(c, c->head == c->tail ? C_HI : c->waiting[c->head & c->mask].command, '?', at, head);
        }
    }
    if (c->in.start == c->in.end) c->in.start = c->in.end = 0;
}

/* One read per wake-up: level-triggered epoll comes back if there is more. */
static bool read_some(Connection *c)
{
    char *to = room(&c->in, 16384);
    ssize_t n = recv(c->fd, to, c->in.size - c->in.end, 0);
    if (n < 0) {
        if (errno == EAGAIN || errno == EINTR) return false;
        connection_lost(c, strerror(errno));
        return false;
    }
    if (n == 0) {
        connection_lost(c, "the server closed it");
        return false;
    }
    c->in.end += (size_t)n;
    return true;
}

static int dial(double patience)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int rc = getaddrinfo(opt.host, opt.port, &hints, &found);
    if (rc) die(EXIT_USAGE, "%s: %s", opt.host, gai_strerror(rc));
    uint64_t until = now_ns() + (uint64_t)(patience * 1e9);
    for (;;) {
        int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
        if (fd < 0) die(EXIT_UNEXPECTED, "socket: %s", strerror(errno));
        if (connect(fd, found->ai_addr, found->ai_addrlen) == 0) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            fcntl(fd, F_SETFL, O_NONBLOCK);
            freeaddrinfo(found);
            return fd;
        }
        int why = errno;
        close(fd);
        if (now_ns() >= until) die(EXIT_DISCONNECTED, "cannot connect to %s:%s: %s", opt.host, opt.port, strerror(why));
        usleep(5000);
    }
}

/* ---------------------------------------------------------------- one raw command */

static bool raw_done;

static void raw_reply(Connection *c, char kind, const char *text, size_t n)
{
    if (c->head == c->tail) { greet(c, kind, text, n); return; }
    Waiting w = c->waiting[c->head++ & c->mask];
    if (w.command == C_HELLO) {
        if (!says_ok(kind, text, n)) unexpected(c, w.command, kind, text, n);
        c->ready = true;
        return;
    }
    if (opt.command) {
        if (kind != '$') putchar(kind);
        if (text) printf("%.*s\n", (int)n, text); else puts("(null)");
    }
    if (kind == '-') die(EXIT_UNEXPECTED, "the server refused the command");
    raw_done = true;
}

static void run_command(const char *line)
{
    Waiting ring[4];
    Connection c = {.waiting = ring, .mask = 3, .fd = dial(opt.wait)};
    fcntl(c.fd, F_SETFL, 0);
    struct timeval limit = {.tv_sec = (time_t)opt.stall};
    setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    bool sent = false;
    raw_done = false;
    while (!raw_done) {
        char *to = room(&c.in, 16384);
        ssize_t n = recv(c.fd, to, c.in.size - c.in.end, 0);
        if (n <= 0) die(EXIT_DISCONNECTED, "%s", n ? strerror(errno) : "the server closed the connection");
        c.in.end += (size_t)n;
        take_replies(&c, raw_reply);
        if (c.ready && !sent) {
            append(&c.out, line, strlen(line));
            append(&c.out, "\r\n", 2);
            expect(&c, C_RAW, 0, 0, 0);
            sent = true;
        }
        if (c.out.end > c.out.start && send(c.fd, c.out.at + c.out.start, c.out.end - c.out.start, MSG_NOSIGNAL) < 0)
            die(EXIT_DISCONNECTED, "%s", strerror(errno));
        c.out.start = c.out.end = 0;
    }
    close(c.fd);
    free(c.in.at), free(c.out.at);
}

/* ---------------------------------------------------------------- a phase */

typedef struct {
    double wall, cpu_self, connect;
    ServerUse before, after;
    uint64_t rss_peak, begun;
    double load_average, others;   /* others: share of the machine's cores that other processes used */
} Result;

static void connect_all(void)
{
    nconns = opt.connections;
    conns = must(calloc((size_t)nconns, sizeof *conns));
    uint32_t ring = 8;
    while (ring < (uint32_t)opt.pipeline + 4) ring *= 2;
    long consumers = 0;
    char run[16];
    put_hex(run, scramble((uint64_t)getpid() << 32 ^ now_ns()), 8);
    for (long i = 0; i < nconns; i++) {
        Connection *c = conns + i;
        c->number = (int)i;
        c->waiting = must(calloc(ring, sizeof *c->waiting));
        c->mask = ring - 1;
        c->consumer = ph.mode == DRAIN || ((ph.mode == CYCLE || ph.mode == MIXED || ph.mode == LATENCY) && i % 2 == 1);
        if (c->consumer) {
            long worker = consumers++ % opt.workers;
            snprintf(c->wid, sizeof c->wid, "fwpload%.8s%03ld", run, worker % 1000);
            Bytes line = {0};
            append(&line, "FETCH", 5);
            for (long q = 0; q < opt.queues; q++) appendf(&line, " %s%ld", opt.queue_prefix, (consumers + q) % opt.queues);
            append(&line, "\r\n", 2);
            c->fetch = line.at, c->fetch_length = line.end;
        }
        c->fd = dial(opt.wait);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e)) die(EXIT_UNEXPECTED, "epoll: %s", strerror(errno));
    }
    ph.alive = nconns;
    ph.draining = consumers;
}

static void close_all(void)
{
    for (long i = 0; i < nconns; i++) {
        Connection *c = conns + i;
        if (!c->dead) {
            send(c->fd, "END\r\n", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
            close(c->fd);
        }
        free(c->in.at), free(c->out.at), free(c->waiting), free(c->fetch);
    }
    free(conns);
    conns = NULL;
}

static void beat_all(void)
{
    for (long i = 0, seen = 0; i < nconns && seen < opt.workers; i++) {
        Connection *c = conns + i;
        if (!c->consumer) continue;
        seen++;
        if (c->dead || in_flight(c) > (uint32_t)opt.pipeline + 1) continue;
        appendf(&c->out, "BEAT {\"wid\":\"%s\",\"rss_kb\":%d}\r\n", c->wid, 4096);
        expect(c, C_BEAT, 0, 0, 0);
        flush_out(c);
    }
}

static void arm(uint64_t at)
{
    struct itimerspec when = {.it_value = {(time_t)(at / 1000000000u), (long)(at % 1000000000u)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static double uniform(void)
{
    static uint64_t z = 0x2545f4914f6cdd1du;
    z ^= z << 13, z ^= z >> 7, z ^= z << 17;
    return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

/* -ln(u), by halving into [1/2, 1) and a series: spares libm. */
static double minus_log(double u)
{
    double halvings = 0;
    while (u < 0.5) u *= 2, halvings++;
    double x = (u - 1) / (u + 1), square = x * x, term = x, sum = 0;
    for (int k = 1; k < 30; k += 2) sum += term / k, term *= square;
    return halvings * 0.69314718055994531 - 2 * sum;
}

static void plan_arrivals(void)
{
    uint64_t at = ph.begun;
    for (uint64_t i = 0; i < ph.limit_jobs; i++) {
        double gap = opt.poisson ? minus_log(uniform()) / opt.rate : 1 / opt.rate;
        at += (uint64_t)(gap * 1e9);
        due_at[i] = at;
    }
}

static void let_arrive(void)
{
    static long turn;
    while (ph.arrivals < ph.limit_jobs && due_at[ph.arrivals] <= ph.now) ph.arrivals++;
    for (long tried = 0; tried < nconns && ph.issued < ph.arrivals; tried++) {
        Connection *c = conns + turn++ % nconns;
        if (c->consumer || c->dead) continue;
        producer_step(c);
        flush_out(c);
    }
    if (ph.arrivals < ph.limit_jobs) arm(due_at[ph.arrivals]);
}

/* Answers the jobs whose holding time is over. */
static void work_done(void)
{
    uint64_t soonest = UINT64_MAX;
    for (long i = 0; i < nconns; i++) {
        Connection *c = conns + i;
        if (!c->held_until) continue;
        if (c->held_until <= ph.now) {
            c->held_until = 0;
            answer_job(c, c->held, c->held_length, c->held_number);
            flush_out(c);
        } else if (c->held_until < soonest) soonest = c->held_until;
    }
    if (ph.mode == LATENCY && ph.arrivals < ph.limit_jobs && due_at[ph.arrivals] < soonest) soonest = due_at[ph.arrivals];
    if (soonest != UINT64_MAX) arm(soonest);
}

/* Lets every FETCH that still waits on the server come back before the connections close: a server
 * may otherwise hand the next run's jobs to a worker that is gone. None of this is counted. */
static void settle_fetches(void)
{
    uint64_t until = now_ns() + 5000000000u;
    struct epoll_event events[256];
    ph.over = false, ph.settling = true;
    for (;;) {
        bool open = false;
        for (long i = 0; i < nconns; i++) open |= !conns[i].dead && (in_flight(conns + i) || conns[i].held_until);
        if (!open || (ph.now = now_ns()) >= until) return;
        int n = epoll_wait(poller, events, 256, 20);
        for (int i = 0; i < n; i++) {
            Connection *c = events[i].data.ptr;
            uint64_t expirations;
            if (!c) { if (read(timer, &expirations, sizeof expirations) < 0) continue; }
            else if (!c->dead) {
                if (read_some(c)) take_replies(c, replied);
                if (!c->dead) flush_out(c);
            }
        }
        if (opt.work_ms > 0) ph.now = now_ns(), work_done();
    }
}

static volatile sig_atomic_t asked_to_stop;

static void ask_to_stop(int signal)
{
    (void)signal;
    asked_to_stop = 1;
}

static Result run_phase(Mode mode, uint64_t jobs)
{
    static Histogram h[5];
    memset(h, 0, sizeof h);
    memset(&ph, 0, sizeof ph);
    ph.mode = mode, ph.limit_jobs = jobs, ph.base = ledger->next;
    ph.push = h, ph.fetch = h + 1, ph.ack = h + 2, ph.total = mode == LATENCY ? h + 3 : NULL;
    Result r = {0};
    poller = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event tick = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &tick);
    uint64_t connect_from = now_ns();
    ph.last_done = connect_from;
    connect_all();
    struct rusage usage_from, usage_to;
    double busy_from = 0;
    uint64_t sample_at = UINT64_MAX, beat_at = UINT64_MAX, hard_stop = UINT64_MAX, progress = 0, progress_at = now_ns();

    while (!ph.over) {
        int n = epoll_wait(poller, events, 256, 100);
        if (n < 0 && errno != EINTR) die(EXIT_UNEXPECTED, "epoll: %s", strerror(errno));
        ph.now = now_ns();
        for (int i = 0; i < n && !ph.over; i++) {
            Connection *c = events[i].data.ptr;
            if (!c) {
                uint64_t expirations;
                if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) die(EXIT_UNEXPECTED, "timer: %s", strerror(errno));
                if (mode == LATENCY) let_arrive();
                continue;
            }
            if (c->dead) continue;
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && read_some(c)) {
                if (n < 64) ph.now = now_ns();
                take_replies(c, replied);
                if (ph.started && !c->consumer) producer_step(c);
            }
            if (!c->dead) flush_out(c);
        }
        if (!ph.started) {
            if (ph.ready == nconns) {
                ph.started = true;
                r.connect = (double)(now_ns() - connect_from) / 1e9;
                r.before = server_use(false);
                r.rss_peak = r.before.rss_kib;
                getrusage(RUSAGE_SELF, &usage_from);
                busy_from = machine_busy();
                ph.begun = ph.last_done = ph.now = now_ns();
                ph.stop_at = opt.seconds > 0 && mode != LATENCY ? ph.begun + (uint64_t)(opt.seconds * 1e9) : UINT64_MAX;
                hard_stop = ph.begun + (uint64_t)(opt.limit * 1e9);
                sample_at = ph.begun + 500000000u, beat_at = ph.begun + 15000000000u;
                if (mode == LATENCY) plan_arrivals(), let_arrive();
                for (long i = 0; i < nconns; i++) {
                    Connection *c = conns + i;
                    if (c->consumer) ask_for_job(c); else producer_step(c);
                    flush_out(c);
                }
                if (ph.limit_jobs == 0) ph.over = true;
            } else if (ph.now - connect_from > (uint64_t)(opt.stall * 1e9))
                die(EXIT_TIMEOUT, "only %ld of %ld connections finished the handshake in %.0f s", ph.ready, nconns, opt.stall);
            continue;
        }
        if (opt.work_ms > 0) work_done();
        if (ph.now >= ph.stop_at || asked_to_stop) ph.stopping = true;
        if (ph.now >= beat_at) beat_all(), beat_at += 15000000000u;
        if (ph.now >= sample_at) {
            uint64_t rss = server_use(false).rss_kib;
            if (rss > r.rss_peak) r.rss_peak = rss;
            sample_at = ph.now + 500000000u;
        }
        uint64_t so_far = ph.pushed + ph.fetched + ph.done;
        if (so_far != progress) progress = so_far, progress_at = ph.now;
        if (ph.now - progress_at > (uint64_t)(opt.stall * 1e9) || ph.now >= hard_stop) ph.timed_out = ph.over = true;
        if (!ph.over) check_over();
    }
    getrusage(RUSAGE_SELF, &usage_to);
    double busy = machine_busy() - busy_from, lasted = (double)(now_ns() - ph.begun) / 1e9;
    r.after = server_use(true);
    if (r.after.rss_kib > r.rss_peak) r.rss_peak = r.after.rss_kib;
    r.begun = ph.begun;
    r.wall = (double)(ph.last_done - ph.begun) / 1e9;
    r.cpu_self = (double)(usage_to.ru_utime.tv_sec - usage_from.ru_utime.tv_sec + usage_to.ru_stime.tv_sec - usage_from.ru_stime.tv_sec) +
                 (double)(usage_to.ru_utime.tv_usec - usage_from.ru_utime.tv_usec + usage_to.ru_stime.tv_usec - usage_from.ru_stime.tv_usec) / 1e6;
    double known = r.cpu_self + r.after.cpu_user + r.after.cpu_system - r.before.cpu_user - r.before.cpu_system;
    r.others = busy > known && opt.npids ? (busy - known) / lasted / (double)sysconf(_SC_NPROCESSORS_ONLN) : 0;
    char text[64];
    if (read_small("/proc/loadavg", text, sizeof text)) r.load_average = strtod(text, NULL);
    if (!opt.abrupt && !ph.timed_out) {
        __typeof__(ph) measured = ph;
        ph.push = ph.fetch = ph.ack = h + 4, ph.total = NULL;
        settle_fetches();
        bool aborted = ph.aborted;
        uint64_t unknown = ph.unknown;
        ph = measured;
        ph.aborted = aborted, ph.unknown = unknown;
    }
    close_all();
    close(poller), close(timer);
    return r;
}

/* ---------------------------------------------------------------- telling */

typedef struct { uint64_t pushed, lost, unsure, twice, rerun, ghost, inhand; } Account;

static Account settle(void)
{
    Account a = {0};
    for (uint64_t i = 0; i < ledger->next; i++) {
        uint8_t f = fate[i];
        if (f & PUSHED) a.pushed++;
        if (f & PUSHED && !(f & FETCHED)) a.lost++;
        if (f & SENT && !(f & PUSHED)) { if (f & FETCHED) a.ghost++; else a.unsure++; }
        if (f & TWICE) a.twice++;
        if (f & RERUN) a.rerun++;
        if (f & FETCHED && !(f & (ACKED | FAILED))) a.inhand++;
    }
    return a;
}

static void tell_latency(const char *name, const Histogram *h, bool json)
{
    if (!h || !h->n) return;
    if (json)
        printf(",\"%s_us\":{\"n\":%" PRIu64 ",\"mean\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", name, h->n,
               h->sum / (double)h->n / 1000, percentile_us(h, 50), percentile_us(h, 90), percentile_us(h, 99), percentile_us(h, 99.9), (double)h->max / 1000);
    else
        printf("  %-22s p50 %9.0f  p90 %9.0f  p99 %9.0f  p99.9 %9.0f  max %9.0f µs\n", name, percentile_us(h, 50), percentile_us(h, 90),
               percentile_us(h, 99), percentile_us(h, 99.9), (double)h->max / 1000);
}

static void tell(const Result *r)
{
    bool pushing = ph.mode == PUSH || ph.mode == PUSHB;
    double jobs = (double)(pushing ? ph.pushed : ph.done), divide = jobs > 0 ? jobs : 1;
    double user = r->after.cpu_user - r->before.cpu_user, system = r->after.cpu_system - r->before.cpu_system;
    double written = (double)(r->after.written - r->before.written);
    double rate = r->wall > 0 ? jobs / r->wall : 0;
    const char *push_name = ph.mode == PUSHB ? "pushb" : "push";
    if (opt.json) {
        printf("{\"label\":\"%s\",\"mode\":\"%s\",\"connections\":%ld,\"pipeline\":%ld,\"queues\":%ld,\"bulk\":%ld", opt.label ? opt.label : "",
               MODE_NAMES[ph.mode], opt.connections, opt.pipeline, opt.queues, ph.mode == PUSHB ? opt.bulk : 1);
        printf(",\"jobs\":%.0f,\"pushed\":%" PRIu64 ",\"fetched\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"empty_fetches\":%" PRIu64 ",\"beats\":%" PRIu64,
               jobs, ph.pushed, ph.fetched, ph.acked, ph.failed, ph.empty, ph.beats);
        printf(",\"job_bytes\":%.1f,\"wall_s\":%.4f,\"jobs_per_s\":%.1f,\"connect_s\":%.4f,\"load_cpu_us_per_job\":%.2f,\"load_average\":%.2f",
               ph.issued ? (double)ph.bytes / (double)ph.issued : 0, r->wall, rate, r->connect, r->cpu_self * 1e6 / divide, r->load_average);
        printf(",\"begun_monotonic_s\":%.6f", (double)r->begun / 1e9);
        if (opt.npids && r->after.cpu_main > 0)
            printf(",\"server_main_cpu_us_per_job\":%.2f,\"server_other_threads_cpu_us_per_job\":%.2f", (r->after.cpu_main - r->before.cpu_main) * 1e6 / divide,
                   (r->after.cpu_rest - r->before.cpu_rest) * 1e6 / divide);
        if (opt.npids)
            printf(",\"server_cpu_us_per_job\":%.2f,\"server_user_s\":%.2f,\"server_system_s\":%.2f,\"server_rss_mib_start\":%.1f,\"server_rss_mib_end\":%.1f,"
                   "\"server_rss_mib_peak\":%.1f,\"server_pss_mib_end\":%.1f,\"server_written_bytes_per_job\":%.1f,\"server_processes\":%d,\"server_threads\":%" PRIu64 ",\"others_cpu_percent\":%.0f",
                   (user + system) * 1e6 / divide, user, system, (double)r->before.rss_kib / 1024, (double)r->after.rss_kib / 1024,
                   (double)r->rss_peak / 1024, (double)r->after.pss_kib / 1024, written / divide, r->after.processes, r->after.threads, r->others * 100);
        if (ph.mode == LATENCY) printf(",\"rate\":%.1f,\"generator_late_max_us\":%.1f", opt.rate, (double)ph.late_max / 1000);
        tell_latency(push_name, ph.push, true);
        tell_latency("fetch", ph.fetch, true);
        tell_latency("ack", ph.ack, true);
        tell_latency("push_to_received", ph.total, true);
    } else {
        printf("%s%s%s: %.0f jobs in %.3f s = %.0f jobs/s over %ld connections", opt.label ? opt.label : "", opt.label ? " " : "", MODE_NAMES[ph.mode], jobs, r->wall, rate, opt.connections);
        if (opt.pipeline > 1) printf(", pipeline %ld", opt.pipeline);
        if (ph.mode == PUSHB) printf(", %ld jobs per PUSHB", opt.bulk);
        if (ph.issued) printf(", %.0f bytes a job", (double)ph.bytes / (double)ph.issued);
        printf("\n  generator              %.1f µs of CPU per job; load average %.2f", r->cpu_self * 1e6 / divide, r->load_average);
        printf(opt.npids ? "; other processes used %.0f %% of the machine\n" : "\n", r->others * 100);
        if (opt.npids)
            printf("  server                 %.1f µs of CPU per job (user %.2f s, system %.2f s); RSS %.1f → %.1f MiB, peak %.1f, PSS %.1f; %.0f bytes written per job\n",
                   (user + system) * 1e6 / divide, user, system, (double)r->before.rss_kib / 1024, (double)r->after.rss_kib / 1024, (double)r->rss_peak / 1024,
                   (double)r->after.pss_kib / 1024, written / divide);
        if (!pushing) printf("  fetched %" PRIu64 ", acknowledged %" PRIu64 ", failed %" PRIu64 ", empty fetches %" PRIu64 "\n", ph.fetched, ph.acked, ph.failed, ph.empty);
        if (opt.percentiles || ph.mode == LATENCY) {
            tell_latency(push_name, ph.push, false);
            tell_latency("fetch", ph.fetch, false);
            tell_latency("ack", ph.ack, false);
            tell_latency("push → received", ph.total, false);
            if (ph.mode == LATENCY) printf("  generator at most %.0f µs late\n", (double)ph.late_max / 1000);
        }
    }
    int status = ph.timed_out ? EXIT_TIMEOUT : ph.aborted ? EXIT_DISCONNECTED : 0;
    if (opt.verify) {
        Account a = settle();
        bool whole = !pushing;   /* a push alone cannot know what will be fetched */
        /* A drain that was told to stop early has not seen what was left. */
        bool complete = whole && (ph.mode != DRAIN || opt.preload || (ph.draining == 0 && !ph.stopping));
        if (whole && !ph.aborted && ((complete && a.lost) || a.twice || ph.unknown)) status = EXIT_VERIFY;
        if (opt.json)
            printf(",\"verify\":{\"acknowledged_pushes\":%" PRIu64 ",\"never_fetched\":%" PRIu64 ",\"fetched_twice\":%" PRIu64 ",\"fetched_after_ack\":%" PRIu64
                   ",\"fetched_not_answered\":%" PRIu64 ",\"unanswered_pushes_seen\":%" PRIu64 ",\"unanswered_pushes_unseen\":%" PRIu64 ",\"unknown\":%" PRIu64 "}",
                   a.pushed, a.lost, a.twice, a.rerun, a.inhand, a.ghost, a.unsure, ph.unknown);
        else
            printf("  verify                 %" PRIu64 " acknowledged pushes: %" PRIu64 " never fetched, %" PRIu64 " fetched twice, %" PRIu64 " fetched again after their ACK, %" PRIu64
                   " fetched and not answered; pushes without an answer: %" PRIu64 " seen, %" PRIu64 " not; unknown jobs %" PRIu64 "\n",
                   a.pushed, a.lost, a.twice, a.rerun, a.inhand, a.ghost, a.unsure, ph.unknown);
    } else if (!opt.json && ph.unknown && ph.mode != DRAIN)
        printf("  %" PRIu64 " jobs were not of this run: left from an earlier one? (--flush empties the server first)\n", ph.unknown);
    if (opt.json) printf(",\"unknown\":%" PRIu64 ",\"timed_out\":%s,\"disconnected\":%s}\n", ph.unknown, ph.timed_out ? "true" : "false", ph.aborted ? "true" : "false");
    fflush(stdout);
    if (ph.timed_out) die(EXIT_TIMEOUT, "stopped: no progress for %.0f s, or over the limit of %.0f s (pushed %" PRIu64 ", fetched %" PRIu64 ", through %" PRIu64 ")", opt.stall, opt.limit, ph.pushed, ph.fetched, ph.done);
    exit(status);
}

static void usage(void)
{
    puts("usage: fwpload [options]\n"
         "  --address HOST:PORT      the server (127.0.0.1:7419)\n"
         "  --password WORD          when the server asks for one\n"
         "  --mode push|pushb|cycle|drain|latency|mixed\n"
         "  --connections N          (50) cycle, latency, mixed: even ones push, odd ones work\n"
         "  --jobs N | --seconds S   how much, or how long (10000 jobs)\n"
         "  --queues K               spread over K queues (1)      --queue-prefix NAME (bench)\n"
         "  --args-bytes B           length of the job's text argument (16: a job of about 170 bytes)\n"
         "  --bulk N                 jobs per PUSHB (100)\n"
         "  --pipeline D             pushes in flight per connection (1); over 1, workers send ACK and FETCH together\n"
         "  --workers W              worker processes (wids) to appear as (1)\n"
         "  --work-ms M              a worker holds each job for M ms (0)\n"
         "  --rate R                 latency: pushes per second (1000)   --poisson: at random moments\n"
         "  --fail-percent P --scheduled-percent P --schedule-within S   mixed (5, 5, 3 s)\n"
         "  --at-in S                every job is scheduled S seconds ahead\n"
         "  --priorities             random priorities 1-9               --reserve-for S (1800)\n"
         "  --flush                  FLUSH the server first              --preload N: then push N jobs, untimed (drain)\n"
         "  --server-pid PID[,PID]   report CPU and memory of these processes and their descendants\n"
         "  --verify                 account for every job; exit 5 if one was lost, doubled or unknown\n"
         "  --ledger FILE            keep the account in FILE, across runs and crashes\n"
         "  --tolerate-disconnect    a lost connection ends that connection, not the run (exit 3 at the end)\n"
         "  --abrupt                 close at once at the end, without waiting for FETCHes still on the server\n"
         "  --wait S                 retry the connect for S seconds\n"
         "  --stall S  --limit S     give up after S seconds without progress (30), or in all (300)\n"
         "  --command LINE           send one raw command, print its reply, exit\n"
         "  SIGTERM, SIGINT          push no more, let what is under way come through, report\n"
         "  --json                   one JSON line                       --label TEXT: put into the output\n"
         "  --percentiles            latency percentiles in every mode   --seed N: the same jids again\n"
         "exit: 0 done, 1 unexpected reply, 2 usage, 3 disconnected, 4 timed out, 5 verify failed");
}

static double number_arg(const char *name, const char *text, double least)
{
    char *end;
    double v = strtod(text, &end);
    if (*end || end == text || v < least) die(EXIT_USAGE, "--%s wants a number of at least %g, not \"%s\"", name, least, text);
    return v;
}

static void read_options(int argc, char **argv)
{
    static const struct option longs[] = {
        {"address", 1, 0, 0}, {"password", 1, 0, 0}, {"mode", 1, 0, 0}, {"connections", 1, 0, 0}, {"jobs", 1, 0, 0}, {"seconds", 1, 0, 0},
        {"queues", 1, 0, 0}, {"queue-prefix", 1, 0, 0}, {"args-bytes", 1, 0, 0}, {"bulk", 1, 0, 0}, {"pipeline", 1, 0, 0}, {"workers", 1, 0, 0},
        {"work-ms", 1, 0, 0}, {"rate", 1, 0, 0}, {"fail-percent", 1, 0, 0}, {"scheduled-percent", 1, 0, 0}, {"schedule-within", 1, 0, 0},
        {"reserve-for", 1, 0, 0}, {"at-in", 1, 0, 0}, {"preload", 1, 0, 0}, {"server-pid", 1, 0, 0}, {"ledger", 1, 0, 0}, {"wait", 1, 0, 0}, {"stall", 1, 0, 0},
        {"limit", 1, 0, 0}, {"command", 1, 0, 0}, {"label", 1, 0, 0}, {"seed", 1, 0, 0}, {"json", 0, 0, 0}, {"percentiles", 0, 0, 0},
        {"priorities", 0, 0, 0}, {"verify", 0, 0, 0}, {"flush", 0, 0, 0}, {"tolerate-disconnect", 0, 0, 0}, {"poisson", 0, 0, 0}, {"abrupt", 0, 0, 0}, {"help", 0, 0, 0}, {0, 0, 0, 0}};
    int which, got;
    while ((got = getopt_long(argc, argv, "", longs, &which)) != -1) {
        if (got == '?') exit(EXIT_USAGE);
        const char *name = longs[which].name;
#define IS(text) !strcmp(name, text)
#define NUM(least) number_arg(name, optarg, least)
        if (IS("help")) usage(), exit(0);
        else if (IS("address")) {
            char *colon = strrchr(optarg, ':');
            if (!colon) die(EXIT_USAGE, "--address wants HOST:PORT");
            *colon = 0, opt.host = optarg, opt.port = colon + 1;
        } else if (IS("mode")) {
            int m = 0;
            while (m <= MIXED && strcmp(optarg, MODE_NAMES[m])) m++;
            if (m > MIXED) die(EXIT_USAGE, "there is no mode \"%s\"", optarg);
            opt.mode = (Mode)m;
        } else if (IS("server-pid"))
            for (char *at = strtok(optarg, ","); at; at = strtok(NULL, ",")) {
                if (opt.npids == 32) die(EXIT_USAGE, "at most 32 pids");
                opt.pids[opt.npids++] = (int)number_arg(name, at, 1);
            }
        else if (IS("password")) opt.password = optarg;
        else if (IS("connections")) opt.connections = (long)NUM(1);
        else if (IS("jobs")) opt.jobs = (uint64_t)NUM(1);
        else if (IS("seconds")) opt.seconds = NUM(0.01);
        else if (IS("queues")) opt.queues = (long)NUM(1);
        else if (IS("queue-prefix")) opt.queue_prefix = optarg;
        else if (IS("args-bytes")) opt.args_bytes = (long)NUM(0);
        else if (IS("bulk")) opt.bulk = (long)NUM(1);
        else if (IS("pipeline")) opt.pipeline = (long)NUM(1);
        else if (IS("workers")) opt.workers = (long)NUM(1);
        else if (IS("work-ms")) opt.work_ms = NUM(0);
        else if (IS("rate")) opt.rate = NUM(0.1);
        else if (IS("fail-percent")) opt.fail_percent = NUM(0);
        else if (IS("scheduled-percent")) opt.scheduled_percent = NUM(0);
        else if (IS("schedule-within")) opt.schedule_within = NUM(0);
        else if (IS("at-in")) opt.at_in = NUM(0);
        else if (IS("reserve-for")) opt.reserve_for = (long)NUM(1);
        else if (IS("preload")) opt.preload = (uint64_t)NUM(1);
        else if (IS("ledger")) opt.ledger = optarg;
        else if (IS("wait")) opt.wait = NUM(0);
        else if (IS("stall")) opt.stall = NUM(1);
        else if (IS("limit")) opt.limit = NUM(1);
        else if (IS("command")) opt.command = optarg;
        else if (IS("label")) opt.label = optarg;
        else if (IS("seed")) opt.seed = (uint64_t)NUM(0), opt.has_seed = true;
        else if (IS("json")) opt.json = true;
        else if (IS("percentiles")) opt.percentiles = true;
        else if (IS("priorities")) opt.priorities = true;
        else if (IS("verify")) opt.verify = true;
        else if (IS("flush")) opt.flush = true;
        else if (IS("tolerate-disconnect")) opt.tolerate = true;
        else if (IS("poisson")) opt.poisson = true;
        else if (IS("abrupt")) opt.abrupt = true;
    }
    if (optind < argc) die(EXIT_USAGE, "what is \"%s\"? (--help lists the options)", argv[optind]);
    if ((opt.mode == CYCLE || opt.mode == MIXED || opt.mode == LATENCY) && opt.connections < 2)
        die(EXIT_USAGE, "--mode %s needs at least 2 connections", MODE_NAMES[opt.mode]);
    if (opt.work_ms > 0 && opt.pipeline > 1) die(EXIT_USAGE, "--work-ms and --pipeline exclude each other");
    if (opt.seed && opt.ledger) die(EXIT_USAGE, "--seed and --ledger exclude each other");
}

int main(int argc, char **argv)
{
    sha256_init();
    filler_init();
    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, ask_to_stop);
    signal(SIGINT, ask_to_stop);
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) files.rlim_cur = files.rlim_max, setrlimit(RLIMIT_NOFILE, &files);

    uint64_t jobs = opt.jobs;
    if (!jobs) {
        if (opt.mode == LATENCY) jobs = (uint64_t)(opt.rate * (opt.seconds > 0 ? opt.seconds : 10));
        else if (opt.mode == DRAIN || opt.seconds > 0) jobs = UINT64_MAX;
        else jobs = 10000;
    }
    uint64_t unbounded = 50000000;   /* far more than any bounded run can push */
    uint64_t pushes = opt.mode == DRAIN ? 0 : jobs == UINT64_MAX ? unbounded : jobs;
    ledger_open(pushes + opt.preload);
    if (opt.mode == LATENCY) due_at = must(calloc(jobs, sizeof *due_at));
    if (opt.command) { run_command(opt.command); return 0; }
    if (opt.flush) run_command("FLUSH");
    if (opt.preload) {
        double seconds = opt.seconds;
        long bulk = opt.bulk, connections = opt.connections;
        opt.seconds = 0, opt.bulk = 500, opt.connections = 4;
        run_phase(PUSHB, opt.preload);
        if (ph.timed_out) die(EXIT_TIMEOUT, "the preload made no progress");
        opt.seconds = seconds, opt.bulk = bulk, opt.connections = connections;
        if (opt.mode == DRAIN && !opt.jobs) jobs = opt.preload;
    }
    Result r = run_phase(opt.mode, jobs);
    tell(&r);
}
