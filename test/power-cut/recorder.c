/*
 * Preloaded into a server, writes a log of what it does to the files of one folder and of what it
 * sends to its peers, in the order in which it happened. `replay.ts` builds from that log what a
 * power cut at any moment could have left on the disk.
 *
 *   JOBMILL_RECORD_FOLDER  absolute, resolved path of the folder that is watched
 *   JOBMILL_RECORD_LOG     file that the log is appended to, outside of that folder
 *
 * A write or other change is logged after it was done, and a send before it is done, all under one
 * lock. So a record of a send says: all that could be seen by the peer rests on the records before
 * it. A sync takes long and is not done under the lock: it has a record before it (B) and one after
 * it (E), and promises only what was logged before B.
 *
 * Not watched: memory that is mapped. SQLite maps only its -shm, and builds that anew after a crash;
 * a writable shared map of another file is logged as a fault (!), and so is every other call that
 * would go past the log.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FD_LIMIT = 65536, INODE_LIMIT = 4096 };

/* 32 bytes, little-endian, then `length` bytes of payload. Mirrored in log.ts. */
struct record {
  uint8_t type;
  uint8_t unused[3];
  uint32_t file;   /* number of the file, or port of the peer (N) */
  uint64_t at_ns;  /* CLOCK_MONOTONIC, as process.hrtime() */
  int64_t offset;  /* by type: offset, size, number of the sync, bytes sent */
  uint64_t length; /* of the payload */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static int log_fd = -1;
static uint64_t syncs;

/* Of each descriptor: 0 not looked at, -1 nothing of ours, a file's number, or PEER + port. */
enum { PEER = 1 << 24 };
static int descriptors[FD_LIMIT];

/* Numbers of the files that exist, by inode; an inode is forgotten when its last name goes. */
static struct { dev_t dev; ino_t ino; int file; } inodes[INODE_LIMIT];
static int inode_count;
static int file_count;

static void fail(const char *why) {
  dprintf(2, "recorder: %s: %s\n", why, strerror(errno));
  _exit(99);
}

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("JOBMILL_RECORD_LOG");
  const char *watched = getenv("JOBMILL_RECORD_FOLDER");
  if (path == NULL || watched == NULL) return;
  folder_length = strlen(watched);
  if (folder_length >= sizeof folder) fail("folder name too long");
  memcpy(folder, watched, folder_length + 1);
  log_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (log_fd < 0) fail(path);
}

/* Call with the lock held. */
static void put(char type, int file, int64_t offset, const void *payload, size_t length) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct record head = {.type = (uint8_t)type,
                        .file = (uint32_t)file,
                        .at_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
                        .offset = offset,
                        .length = length};
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)payload, length}};
  size_t total = sizeof head + length;
  ssize_t done = syscall(SYS_writev, log_fd, parts, length > 0 ? 2 : 1);
  if (done != (ssize_t)total) fail("cannot write the log");
}

static void fault(const char *what) {
  pthread_mutex_lock(&lock);
  put('!', 0, 0, what, strlen(what));
  pthread_mutex_unlock(&lock);
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int inside(const char *path) {
  return strncmp(path, folder, folder_length) == 0 &&
         (path[folder_length] == '/' || path[folder_length] == '\0');
}

/* An absolute path: of names relative to the working folder or to a descriptor, too. */
static const char *absolute(int at, const char *path, char *buffer) {
  if (path[0] == '/') return path;
  char base[PATH_MAX];
  if (at == AT_FDCWD) {
    if (getcwd(base, sizeof base) == NULL) return path;
  } else {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", at);
    ssize_t n = readlink(link, base, sizeof base - 1);
    if (n < 0) return path;
    base[n] = '\0';
  }
  snprintf(buffer, PATH_MAX * 2, "%s/%s", base, path);
  return buffer;
}

/* Path within the folder, '' for the folder itself. */
static const char *within(const char *path) {
  return path[folder_length] == '/' ? path + folder_length + 1 : path + folder_length;
}

static void forget_inode(const char *path) {
  struct stat info;
  if (lstat(path, &info) != 0 || info.st_nlink > 1) return;
  for (int i = 0; i < inode_count; i += 1) {
    if (inodes[i].dev == info.st_dev && inodes[i].ino == info.st_ino) {
      inodes[i] = inodes[--inode_count];
      return;
    }
  }
}

static int file_number(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0) return -1;
  for (int i = 0; i < inode_count; i += 1)
    if (inodes[i].dev == info.st_dev && inodes[i].ino == info.st_ino) return inodes[i].file;
  if (inode_count == INODE_LIMIT || file_count + 1 >= PEER) fail("too many files");
  inodes[inode_count].dev = info.st_dev;
  inodes[inode_count].ino = info.st_ino;
  inodes[inode_count].file = ++file_count;
  inode_count += 1;
  return file_count;
}

static int of(int fd) {
  if (log_fd < 0 || fd < 0 || fd >= FD_LIMIT) return -1;
  return __atomic_load_n(&descriptors[fd], __ATOMIC_ACQUIRE);
}

static void mark(int fd, int value) {
  if (fd >= 0 && fd < FD_LIMIT) __atomic_store_n(&descriptors[fd], value, __ATOMIC_RELEASE);
}

/* File number of a descriptor of a watched file, else 0. */
static int file_of(int fd) {
  int value = of(fd);
  return value > 0 && value < PEER ? value : 0;
}

/* Port of a descriptor's peer, else 0. Looked up once per connection. */
static int peer_of(int fd) {
  int value = of(fd);
  if (value == 0) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    value = -1;
    if (getpeername(fd, (struct sockaddr *)&address, &size) == 0) {
      if (address.ss_family == AF_INET)
        value = PEER + ntohs(((struct sockaddr_in *)&address)->sin_port);
      else if (address.ss_family == AF_INET6)
        value = PEER + ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    }
    mark(fd, value);
  }
  return value >= PEER ? value - PEER : 0;
}

/* ---- opening and closing ---- */

static int opened(int at, int fd, const char *path, int flags) {
  if (fd < 0 || log_fd < 0) return fd;
  char buffer[PATH_MAX * 2];
  const char *full = absolute(at, path, buffer);
  if (!inside(full)) {
    mark(fd, 0);
    return fd;
  }
  int error = errno;
  const char *name = within(full);
  int file = file_number(fd);
  mark(fd, file);
  put('O', file, flags, name, strlen(name));
  if ((flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY) put('T', file, 0, NULL, 0);
  errno = error;
  return fd;
}

#define OPEN(name, at, path, flags, call) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  } \
  REAL(name); \
  if (log_fd < 0) return call; \
  pthread_mutex_lock(&lock); \
  int fd = opened(at, call, path, flags); \
  pthread_mutex_unlock(&lock); \
  return fd

int open(const char *path, int flags, ...) { OPEN(open, AT_FDCWD, path, flags, real(path, flags, mode)); }
int open64(const char *path, int flags, ...) { OPEN(open64, AT_FDCWD, path, flags, real(path, flags, mode)); }
int openat(int at, const char *path, int flags, ...) { OPEN(openat, at, path, flags, real(at, path, flags, mode)); }
int openat64(int at, const char *path, int flags, ...) { OPEN(openat64, at, path, flags, real(at, path, flags, mode)); }
int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* The number of a closed descriptor may be given out at once: forget it before. */
int close(int fd) {
  REAL(close);
  mark(fd, 0);
  return real(fd);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
  REAL(accept4);
  int made = real(fd, address, size, flags);
  mark(made, 0);
  return made;
}

static int duplicated(int from, int to) {
  if (to >= 0 && from != to) mark(to, of(from));
  return to;
}
int dup2(int from, int to) { REAL(dup2); return duplicated(from, real(from, to)); }
int dup3(int from, int to, int flags) { REAL(dup3); return duplicated(from, real(from, to, flags)); }

/* ---- writing ---- */

static void put_parts(int file, int64_t offset, const struct iovec *parts, int count, ssize_t done) {
  for (int i = 0; i < count && done > 0; i += 1) {
    size_t n = parts[i].iov_len < (size_t)done ? parts[i].iov_len : (size_t)done;
    put('W', file, offset, parts[i].iov_base, n);
    offset += (int64_t)n;
    done -= (ssize_t)n;
  }
}

/* A send is logged before it happens, and what was not taken is taken back. */
#define SEND(fd, wanted, call) \
  int port = peer_of(fd); \
  if (port == 0) return call; \
  pthread_mutex_lock(&lock); \
  ssize_t asked = (ssize_t)(wanted); \
  put('N', port, asked, NULL, 0); \
  ssize_t done = call; \
  int error = errno; \
  if (done != asked) put('N', port, (done < 0 ? 0 : done) - asked, NULL, 0); \
  pthread_mutex_unlock(&lock); \
  errno = error; \
  return done

/* `at` is looked at after the call: where a write ended is where the next one begins. */
#define WRITE(fd, at, parts, count, call) \
  pthread_mutex_lock(&lock); \
  ssize_t done = call; \
  int error = errno; \
  if (done > 0) put_parts(file, at, parts, count, done); \
  pthread_mutex_unlock(&lock); \
  errno = error; \
  return done

static size_t total(const struct iovec *parts, int count) {
  size_t sum = 0;
  for (int i = 0; i < count; i += 1) sum += parts[i].iov_len;
  return sum;
}

ssize_t write(int fd, const void *data, size_t n) {
  REAL(write);
  int file = file_of(fd);
  if (file > 0) {
    struct iovec part = {(void *)data, n};
    WRITE(fd, lseek(fd, 0, SEEK_CUR) - done, &part, 1, real(fd, data, n));
  }
  SEND(fd, n, real(fd, data, n));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(writev);
  int file = file_of(fd);
  if (file > 0) { WRITE(fd, lseek(fd, 0, SEEK_CUR) - done, parts, count, real(fd, parts, count)); }
  SEND(fd, total(parts, count), real(fd, parts, count));
}

#define PWRITE(name, offset_type) \
  ssize_t name(int fd, const void *data, size_t n, offset_type offset) { \
    REAL(name); \
    int file = file_of(fd); \
    if (file == 0) return real(fd, data, n, offset); \
    struct iovec part = {(void *)data, n}; \
    WRITE(fd, offset, &part, 1, real(fd, data, n, offset)); \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define PWRITEV(name, offset_type) \
  ssize_t name(int fd, const struct iovec *parts, int count, offset_type offset) { \
    REAL(name); \
    int file = file_of(fd); \
    if (file == 0) return real(fd, parts, count, offset); \
    WRITE(fd, offset, parts, count, real(fd, parts, count, offset)); \
  }
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

ssize_t send(int fd, const void *data, size_t n, int flags) {
  REAL(send);
  SEND(fd, n, real(fd, data, n, flags));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  REAL(sendmsg);
  SEND(fd, total(message->msg_iov, (int)message->msg_iovlen), real(fd, message, flags));
}

#define TRUNCATE(name, offset_type) \
  int name(int fd, offset_type size) { \
    REAL(name); \
    int file = file_of(fd); \
    if (file == 0) return real(fd, size); \
    pthread_mutex_lock(&lock); \
    int result = real(fd, size); \
    if (result == 0) put('T', file, size, NULL, 0); \
    pthread_mutex_unlock(&lock); \
    return result; \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

/* ---- syncing ---- */

#define SYNC(name) \
  int name(int fd) { \
    REAL(name); \
    int file = file_of(fd); \
    if (file == 0) return real(fd); \
    pthread_mutex_lock(&lock); \
    int64_t number = (int64_t)++syncs; \
    put('B', file, number, NULL, 0); \
    pthread_mutex_unlock(&lock); \
    int result = real(fd); \
    int error = errno; \
    if (result == 0) { \
      pthread_mutex_lock(&lock); \
      put('E', file, number, NULL, 0); \
      pthread_mutex_unlock(&lock); \
    } \
    errno = error; \
    return result; \
  }
SYNC(fsync)
SYNC(fdatasync)

/* ---- names ---- */

static int unlinked(int at, const char *path, int (*call)(const char *)) {
  if (log_fd < 0) return call(path);
  char buffer[PATH_MAX * 2];
  const char *full = absolute(at, path, buffer);
  if (!inside(full)) return call(path);
  pthread_mutex_lock(&lock);
  forget_inode(full);
  int result = call(path);
  int error = errno;
  if (result == 0) put('U', 0, 0, within(full), strlen(within(full)));
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int unlink(const char *path) {
  REAL(unlink);
  return unlinked(AT_FDCWD, path, real);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  if (log_fd < 0) return real(from, to);
  char buffers[2][PATH_MAX * 2];
  const char *old = absolute(AT_FDCWD, from, buffers[0]);
  const char *new = absolute(AT_FDCWD, to, buffers[1]);
  if (!inside(old) && !inside(new)) return real(from, to);
  pthread_mutex_lock(&lock);
  forget_inode(new);
  int result = real(from, to);
  int error = errno;
  if (result == 0) {
    char both[PATH_MAX * 2];
    if (!inside(old) || !inside(new)) {
      put('!', 0, 0, "rename over the folder's edge", 29);
    } else {
      /* Two names with a NUL between them. */
      size_t first = strlen(within(old)) + 1;
      memcpy(both, within(old), first);
      strcpy(both + first, within(new));
      put('R', 0, 0, both, first + strlen(within(new)));
    }
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

/* ---- what the log cannot hold ---- */

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) {
  REAL(mmap64);
  if (file_of(fd) > 0 && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 4 || memcmp(path + n - 4, "-shm", 4) != 0) fault("writable map");
  }
  return real(address, length, protection, flags, fd, offset);
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t n) {
  REAL(sendfile64);
  if (file_of(to) > 0) fault("sendfile into a file");
  return real(to, from, offset, n);
}

int link(const char *from, const char *to) {
  REAL(link);
  if (log_fd >= 0 && inside(to)) fault("link");
  return real(from, to);
}
