/* The ceiling for HTTP on this machine: one thread that answers every read with the same bytes, without looking at it.
 * This costs only what the kernel costs; what a server costs beyond that is its own. The fixed answer is as long as
 * Unum's answer to GET /get, so that both move the same bytes.
 *
 *   cc -O2 -o responder responder.c && ./responder PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 128, REQUEST = 2048 };

static const char ANSWER[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n"
    "ETag: \"0.42\"\r\nCache-Control: no-cache\r\n\r\n42";

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int listening(int port) {
  int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0) fail("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  if (listen(fd, 512) < 0) fail("listen");
  return fd;
}

static void watch(int set, int fd) {
  struct epoll_event interest = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &interest) < 0) close(fd);
}

static void welcome(int set, int listener) {
  int yes = 1, client;
  while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    watch(set, client);
  }
}

static void answer(int client) {
  char request[REQUEST];
  /* A client that is gone, or does not take its answer, is not worth another line here. */
  if (recv(client, request, sizeof request, 0) <= 0 ||
      send(client, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof ANSWER - 1))
    close(client);
}

int main(int count, char **arguments) {
  struct epoll_event ready[EVENTS];
  int set = epoll_create1(EPOLL_CLOEXEC), listener = listening(count > 1 ? atoi(arguments[1]) : 8090);
  if (set < 0) fail("epoll_create1");
  watch(set, listener);
  for (;;) {
    int events = epoll_wait(set, ready, EVENTS, -1);
    for (int i = 0; i < events; i++) {
      if (ready[i].data.fd == listener)
        welcome(set, listener);
      else
        answer(ready[i].data.fd);
    }
  }
}
