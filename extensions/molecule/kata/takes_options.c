/* Copyright: (c) 2026, The Firebreak authors
 * GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What makes Debian's containerd-shim-runc-v2 take the options of Kata's shim: loaded into it, this stands between the engine and the shim's own
 * server. Of a request to create a container it takes the Kata options out, and leaves a link to the named configuration in the bundle, where the
 * container runtime below the shim looks for it. Everything else passes as it is.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SERVED = 3, HEAD = 10, REQUEST = 1, LARGEST = 4 << 20 };
/* Fields of ttrpc's Request, of CreateTaskRequest, of Any, and of the options themselves. */
enum { METHOD = 2, PAYLOAD = 3, BUNDLE = 2, OPTIONS = 10, TYPE = 1, VALUE = 2, CONFIG_PATH = 2 };

typedef struct { uint8_t *at; size_t size; } bytes;
typedef struct { int from, to; int answers; } way;

static int listener;
static struct sockaddr_un own = { .sun_family = AF_UNIX };
static socklen_t own_size;

static uint64_t varint(bytes *text)
{
  uint64_t number = 0;
  for (int shift = 0; text->size && shift < 64; shift += 7) {
    uint8_t byte = *text->at++;
    text->size--;
    number |= (uint64_t)(byte & 127) << shift;
    if (byte < 128)
      break;
  }
  return number;
}

/* The next field of a message: its number, its value where it is a string, and all its bytes. 0 at the end. */
static unsigned next(bytes *message, bytes *value, bytes *whole)
{
  if (!message->size)
    return 0;
  *whole = *message;
  uint64_t key = varint(message);
  size_t size = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : 0;
  if ((key & 7) == 0)
    varint(message);
  else if ((key & 7) == 2)
    size = varint(message);
  if (size > message->size)
    return 0;
  *value = (bytes){ message->at, size };
  message->at += size;
  message->size -= size;
  whole->size -= message->size;
  return key >> 3;
}

static bytes find(bytes message, unsigned wanted)
{
  bytes value, whole, found = { NULL, 0 };
  for (unsigned number; (number = next(&message, &value, &whole));)
    if (number == wanted)
      found = value;
  return found;
}

static int is(bytes text, const char *word)
{
  return text.size == strlen(word) && !memcmp(text.at, word, text.size);
}

/* The message with another string in a field, or without the field where that is NULL. */
static bytes with(bytes message, unsigned wanted, const bytes *string)
{
  bytes value, whole, made = { malloc(message.size + 16), 0 };
  for (unsigned number; (number = next(&message, &value, &whole)); )
    if (number != wanted) {
      memcpy(made.at + made.size, whole.at, whole.size);
      made.size += whole.size;
    }
  if (string) {
    made.at[made.size++] = wanted << 3 | 2;
    size_t left = string->size;
    for (; left > 127; left >>= 7)
      made.at[made.size++] = left | 128;
    made.at[made.size++] = left;
    memcpy(made.at + made.size, string->at, string->size);
    made.size += string->size;
  }
  return made;
}

static bytes without_kata_options(bytes request)
{
  bytes payload = find(request, PAYLOAD), options = find(payload, OPTIONS);
  if (!is(find(request, METHOD), "Create") || !is(find(options, TYPE), "runtimeoptions.v1.Options"))
    return request;
  bytes bundle = find(payload, BUNDLE), path = find(find(options, VALUE), CONFIG_PATH);
  char link[4096], target[4096];
  snprintf(link, sizeof link, "%.*s/configuration.toml", (int)bundle.size, bundle.at);
  snprintf(target, sizeof target, "%.*s", (int)path.size, path.at);
  if (path.size && symlink(target, link))
    perror(link);
  payload = with(payload, OPTIONS, NULL);
  return with(request, PAYLOAD, &payload);
}

static int all(int from, uint8_t *at, size_t size)
{
  for (ssize_t got; size; at += got, size -= got)
    if ((got = read(from, at, size)) <= 0)
      return 0;
  return 1;
}

static int put(int to, const uint8_t *at, size_t size)
{
  for (ssize_t done; size; at += done, size -= done)
    if ((done = write(to, at, size)) <= 0)
      return 0;
  return 1;
}

static void *carry(void *given)
{
  way *one = given;
  uint8_t head[HEAD];
  while (all(one->from, head, HEAD)) {
    uint32_t size = (uint32_t)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
    bytes message = { size > LARGEST ? NULL : malloc(size + 1), size };
    if (!message.at || !all(one->from, message.at, size))
      break;
    if (!one->answers && head[8] == REQUEST)
      message = without_kata_options(message);
    for (int place = 0; place < 4; place++)
      head[place] = message.size >> (24 - 8 * place);
    if (!put(one->to, head, HEAD) || !put(one->to, message.at, message.size))
      break;
  }
  shutdown(one->from, SHUT_RDWR);
  shutdown(one->to, SHUT_RDWR);
  return NULL;
}

static void start(void *(*run)(void *), void *given)
{
  pthread_t thread;
  if (pthread_create(&thread, NULL, run, given))
    abort();
  pthread_detach(thread);
}

static void *stand_between(void *nothing)
{
  for (int engine; (engine = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
    int shim = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(shim, (struct sockaddr *)&own, own_size)) {
      close(engine);
      close(shim);
      continue;
    }
    way *ways = malloc(2 * sizeof *ways);
    ways[0] = (way){ engine, shim, 0 };
    ways[1] = (way){ shim, engine, 1 };
    start(carry, &ways[0]);
    start(carry, &ways[1]);
  }
  return nothing;
}

/* The shim that serves was given its socket. One that is asked to start or to delete was not, but may be given the options on its standard input. */
__attribute__((constructor)) static void begin(void)
{
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(SERVED, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens) {
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    return;
  }
  listener = fcntl(SERVED, F_DUPFD_CLOEXEC, 10);
  own_size = offsetof(struct sockaddr_un, sun_path) + 1 + sprintf(own.sun_path + 1, "stand-in-%d", getpid());
  int served = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(served, (struct sockaddr *)&own, own_size) || listen(served, 64) || dup2(served, SERVED) < 0)
    abort();
  close(served);
  sigset_t every, before;
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  start(stand_between, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}
