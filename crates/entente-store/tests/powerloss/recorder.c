/* Records what a process asks of the disk, in order, for `power_loss.rs` to replay.
 *
 * Loaded with LD_PRELOAD. Every change to a file below ENTENTE_RECORD_FOLDER, every sync of one
 * (its beginning and its end: a sync covers only what was written before it began) and every line
 * on standard output becomes an entry of the file ENTENTE_RECORD_LOG. `sync_file_range` is let
 * through and not recorded: it promises nothing.
 *
 * It can also play a broken disk: the sync number ENTENTE_FAIL_SYNC fails with EIO, once; after
 * ENTENTE_FULL_AFTER bytes every write fails with ENOSPC.
 *
 * An entry is a letter followed by little-endian fields; see `Entry::parse` in `power_loss.rs`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FDS 4096

enum kind { NONE, FILE_BELOW, FOLDER_BELOW };

static struct {
  enum kind kind;
  uint64_t inode;
  char path[PATH_MAX];
} fds[MAX_FDS];

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int log_fd = -1;
static const char *folder;
static uint32_t n_syncs, fail_sync;
static int64_t room = -1;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_rmdir)(const char *);

static void *next(const char *name) {
  void *symbol = dlsym(RTLD_NEXT, name);
  if (!symbol) abort();
  return symbol;
}

__attribute__((constructor)) static void begin(void) {
  if (real_write) return;
  real_pwrite = next("pwrite");
  real_open = next("open");
  real_openat = next("openat");
  real_close = next("close");
  real_ftruncate = next("ftruncate");
  real_fsync = next("fsync");
  real_fdatasync = next("fdatasync");
  real_rename = next("rename");
  real_unlink = next("unlink");
  real_unlinkat = next("unlinkat");
  real_mkdir = next("mkdir");
  real_rmdir = next("rmdir");
  real_write = next("write");
  folder = getenv("ENTENTE_RECORD_FOLDER");
  const char *path = getenv("ENTENTE_RECORD_LOG");
  if (folder && path) log_fd = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const char *sync = getenv("ENTENTE_FAIL_SYNC"), *full = getenv("ENTENTE_FULL_AFTER");
  if (sync) fail_sync = (uint32_t)atol(sync);
  if (full) room = atol(full);
}

static int below(const char *path) {
  size_t n = folder ? strlen(folder) : 0;
  return n && strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* One entry, with one write, so that a kill leaves whole entries (but for the last). */
static void entry(char letter, int n, const uint64_t *fields, const void *data, size_t len) {
  if (log_fd < 0) return;
  char head[1 + 8 * 4];
  head[0] = letter;
  for (int i = 0; i < n; i++) memcpy(head + 1 + 8 * i, &fields[i], 8);
  uint64_t total = len;
  memcpy(head + 1 + 8 * n, &total, 8);
  struct iovec parts[2] = {{head, (size_t)(1 + 8 * (n + 1))}, {(void *)data, len}};
  if (writev(log_fd, parts, 2) != (ssize_t)(parts[0].iov_len + len)) abort();
}

static void path_entry(char letter, const char *path) {
  entry(letter, 0, NULL, path, strlen(path));
}

static int watched(int fd) { return fd >= 0 && fd < MAX_FDS && fds[fd].kind == FILE_BELOW; }

/* Whether a write of so many bytes fits; if not, errno is set. */
static int fits(size_t len) {
  if (room < 0) return 1;
  if ((int64_t)len > room) {
    room = 0;
    errno = ENOSPC;
    return 0;
  }
  room -= (int64_t)len;
  return 1;
}

static void opened(int fd, const char *path, int flags, int existed) {
  struct stat status;
  if (fd < 0 || fd >= MAX_FDS || !below(path) || fstat(fd, &status)) return;
  fds[fd].kind = S_ISDIR(status.st_mode) ? FOLDER_BELOW : FILE_BELOW;
  fds[fd].inode = status.st_ino;
  snprintf(fds[fd].path, PATH_MAX, "%s", path);
  uint64_t inode = status.st_ino, cut[2] = {inode, 0};
  if (S_ISREG(status.st_mode) && !existed) entry('C', 1, &inode, path, strlen(path));
  else if (S_ISREG(status.st_mode) && (flags & O_TRUNC)) entry('L', 2, cut, NULL, 0);
}

static mode_t mode_of(int flags, va_list more) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

static int open_path(const char *path, int flags, mode_t mode) {
  begin();
  if (!below(path)) return real_open(path, flags, mode);
  pthread_mutex_lock(&lock);
  int existed = access(path, F_OK) == 0;
  int fd = real_open(path, flags, mode);
  int error = errno;
  opened(fd, path, flags, existed);
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

static int open_at(int at, const char *name, int flags, mode_t mode) {
  begin();
  if (name[0] == '/') return open_path(name, flags, mode);
  int fd = real_openat(at, name, flags, mode);
  if (fd >= 0 && at >= 0 && at < MAX_FDS && fds[at].kind == FOLDER_BELOW) {
    int error = errno;
    char path[PATH_MAX * 2];
    snprintf(path, sizeof path, "%s/%s", fds[at].path, name);
    pthread_mutex_lock(&lock);
    opened(fd, path, flags, 1);
    pthread_mutex_unlock(&lock);
    errno = error;
  }
  return fd;
}

#define OPEN(NAME, ...)                  \
  va_list more;                          \
  va_start(more, flags);                 \
  mode_t mode = mode_of(flags, more);    \
  va_end(more);                          \
  return NAME(__VA_ARGS__, flags, mode);

int open(const char *path, int flags, ...) { OPEN(open_path, path) }
int open64(const char *path, int flags, ...) { OPEN(open_path, path) }
int openat(int at, const char *path, int flags, ...) { OPEN(open_at, at, path) }
int openat64(int at, const char *path, int flags, ...) { OPEN(open_at, at, path) }

int close(int fd) {
  begin();
  if (fd >= 0 && fd < MAX_FDS) fds[fd].kind = NONE;
  return real_close(fd);
}

static ssize_t write_at(int fd, const void *data, size_t len, off_t at, int moves) {
  pthread_mutex_lock(&lock);
  ssize_t n = -1;
  if (fits(len)) {
    if (moves) at = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    n = moves ? real_write(fd, data, len) : real_pwrite(fd, data, len, at);
  }
  int error = errno;
  uint64_t fields[2] = {fds[fd].inode, (uint64_t)at};
  if (n > 0) entry('W', 2, fields, data, (size_t)n);
  pthread_mutex_unlock(&lock);
  errno = error;
  return n;
}

ssize_t write(int fd, const void *data, size_t len) {
  begin();
  if (watched(fd)) return write_at(fd, data, len, 0, 1);
  if (fd == STDOUT_FILENO) {
    pthread_mutex_lock(&lock);
    entry('A', 0, NULL, data, len);
    pthread_mutex_unlock(&lock);
  }
  return real_write(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at) {
  begin();
  return watched(fd) ? write_at(fd, data, len, at, 0) : real_pwrite(fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t at) { return pwrite(fd, data, len, at); }

int ftruncate(int fd, off_t len) {
  begin();
  if (!watched(fd)) return real_ftruncate(fd, len);
  pthread_mutex_lock(&lock);
  struct stat status;
  fstat(fd, &status);
  int result = len <= status.st_size || fits((size_t)(len - status.st_size))
                   ? real_ftruncate(fd, len)
                   : -1;
  int error = errno;
  uint64_t fields[2] = {fds[fd].inode, (uint64_t)len};
  if (result == 0) entry('L', 2, fields, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int ftruncate64(int fd, off_t len) { return ftruncate(fd, len); }

static int sync_with(int (*real)(int), int fd) {
  begin();
  if (fd < 0 || fd >= MAX_FDS || fds[fd].kind == NONE) return real(fd);
  int file = fds[fd].kind == FILE_BELOW;
  const char *path = fds[fd].path;
  pthread_mutex_lock(&lock);
  uint64_t fields[2] = {file ? fds[fd].inode : 0, ++n_syncs};
  int fails = n_syncs == fail_sync;
  entry('B', 2, fields, path, strlen(path));
  pthread_mutex_unlock(&lock);
  int result = fails ? -1 : real(fd);
  int error = fails ? EIO : errno;
  pthread_mutex_lock(&lock);
  if (result == 0) entry('E', 2, fields, path, strlen(path));
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int fsync(int fd) { begin(); return sync_with(real_fsync, fd); }
int fdatasync(int fd) { begin(); return sync_with(real_fdatasync, fd); }

int rename(const char *from, const char *to) {
  begin();
  if (!below(from)) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  int result = real_rename(from, to), error = errno;
  if (result == 0) {
    char both[PATH_MAX * 2];
    int n = snprintf(both, sizeof both, "%s\n%s", from, to);
    entry('R', 0, NULL, both, (size_t)n);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

#define PATH_CALL(LETTER, PATH, CALL)      \
  begin();                                 \
  pthread_mutex_lock(&lock);               \
  int result = CALL, error = errno;        \
  if (result == 0 && below(PATH)) path_entry(LETTER, PATH); \
  pthread_mutex_unlock(&lock);             \
  errno = error;                           \
  return result;

int unlink(const char *path) { PATH_CALL('U', path, real_unlink(path)) }
int rmdir(const char *path) { PATH_CALL('U', path, real_rmdir(path)) }
int mkdir(const char *path, mode_t mode) { PATH_CALL('M', path, real_mkdir(path, mode)) }

int unlinkat(int at, const char *name, int flags) {
  char path[PATH_MAX * 2];
  if (name[0] == '/' || at < 0 || at >= MAX_FDS || fds[at].kind != FOLDER_BELOW) {
    snprintf(path, sizeof path, "%s", name);
  } else {
    snprintf(path, sizeof path, "%s/%s", fds[at].path, name);
  }
  PATH_CALL('U', path, real_unlinkat(at, name, flags))
}
