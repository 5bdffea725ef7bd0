#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <link.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

mjgLib L;
static char loaded_from[4096];

// MuJoCo reports a fatal error through its log handler and must not be returned to: the handler jumps back into the shim function
// that made the call. The jump stays inside C: no Go frame lies between setjmp and longjmp, because no Go callback is ever installed.
// A cgo call stays on one thread, so thread-local storage is enough. (libmujoco's own thread pool is not used for the same reason.)
static _Thread_local jmp_buf* trap;
static _Thread_local mjgErr* trap_err;

static void on_log(const mjLogMessage* msg) {
  if (msg->level != mjLOG_ERROR) return;  // warnings are counted in mjData.warning; nothing is printed
  if (!trap) {
    fprintf(stderr, "mujoco: error outside the trap: %s\n", msg->subject);
    abort();  // returning would be undefined behaviour; every call that can get here is wrapped below
  }
  snprintf(trap_err->buf, sizeof trap_err->buf, "%s%s%s", msg->func ? msg->func : "", msg->func ? ": " : "", msg->subject);
  longjmp(*trap, 1);
}

#define TRAPPED(fail)          \
  jmp_buf here;                \
  jmp_buf* prev = trap;        \
  mjgErr* prev_err = trap_err; \
  e->buf[0] = 0;               \
  trap = &here;                \
  trap_err = e;                \
  if (setjmp(here)) {          \
    trap = prev;               \
    trap_err = prev_err;       \
    return fail;               \
  }
#define UNTRAP (trap = prev, trap_err = prev_err)

// search_path writes the folders that the loader looks in, which include the rpaths of this binary.
static void search_path(char* out, size_t n) {
  out[0] = 0;
  void* self = dlopen(NULL, RTLD_LAZY);
  Dl_serinfo size, *info;
  if (!self || dlinfo(self, RTLD_DI_SERINFOSIZE, &size) != 0) return;
  info = malloc(size.dls_size);
  if (!info) return;
  if (dlinfo(self, RTLD_DI_SERINFOSIZE, info) == 0 && dlinfo(self, RTLD_DI_SERINFO, info) == 0) {
    for (unsigned i = 0; i < info->dls_cnt; i++) {
      size_t len = strlen(out);
      snprintf(out + len, n - len, "%s%s", i ? ", " : "", info->dls_serpath[i].dls_name);
    }
  }
  free(info);
}

int mjg_load(const char* dir, mjgErr* e) {
  void* lib = NULL;
  if (*dir) {
    char file[4096];
    snprintf(file, sizeof file, "%s/%s", dir, MJG_LIBRARY);
    lib = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  }
  if (!lib) lib = dlopen(MJG_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!lib) {
    const char* why = dlerror();
    if (why && strstr(why, "cannot open shared object file")) {
      char where[768];
      search_path(where, sizeof where);
      snprintf(e->buf, sizeof e->buf, "no %s in %s%s%s", MJG_LIBRARY, dir, *dir ? ", " : "", where);
    } else {
      snprintf(e->buf, sizeof e->buf, "%s", why ? why : "dlopen of " MJG_LIBRARY " failed");
    }
    return -1;
  }
  struct link_map* map;
  if (dlinfo(lib, RTLD_DI_LINKMAP, &map) == 0) snprintf(loaded_from, sizeof loaded_from, "%s", map->l_name);
  int (*version)(void) = (int (*)(void))dlsym(lib, "mj_version");
  if (!version || version() != mjVERSION_HEADER) {
    snprintf(e->buf, sizeof e->buf, "%s is version %d, want %d (4.0.0)", loaded_from, version ? version() : 0, mjVERSION_HEADER);
    dlclose(lib);
    return -1;
  }
#define X(name)                                                                      \
  if (!(L.name = (__typeof__(L.name))dlsym(lib, #name))) {                            \
    snprintf(e->buf, sizeof e->buf, "%s has no function %s", loaded_from, #name);     \
    dlclose(lib);                                                                     \
    return -1;                                                                        \
  }
  MJG_FUNCTIONS(X)
#undef X
  L.mju_setLogHandler(on_log);
  return 0;
}

const char* mjg_path(void) { return loaded_from; }

// diverged is the first warning that says that the state is no longer to be trusted, -1 if none. A full contact or constraint buffer
// is one of them: MuJoCo would go on with contacts left out.
static int diverged(const mjData* d) {
  static const int fatal[] = {mjWARN_BADQPOS, mjWARN_BADQVEL, mjWARN_BADQACC, mjWARN_BADCTRL, mjWARN_INERTIA, mjWARN_CONTACTFULL, mjWARN_CNSTRFULL};
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
    if (d->warning[fatal[i]].number) return fatal[i];
  return -1;
}

// sound checks what a call that takes no step has computed: mj_forward looks at nothing by itself.
static int sound(const mjModel* m, const mjData* d, mjgErr* e) {
  int full = d->warning[mjWARN_CONTACTFULL].number || d->warning[mjWARN_CNSTRFULL].number;
  int bad = 0;
  for (int i = 0; i < m->nq; i++) bad |= !isfinite(d->qpos[i]);
  for (int i = 0; i < m->nv; i++) bad |= !isfinite(d->qvel[i]);
  if (!full && !bad) return 0;
  snprintf(e->buf, sizeof e->buf, "physics diverged: %s", full ? "the contact or constraint buffer is full" : "a position or velocity is not finite");
  return -1;
}

int mjg_step(const mjModel* m, mjData* d, int n, int* done, int* warning, mjgErr* e) {
  *done = 0;
  *warning = -1;
  TRAPPED(-1)
  while (*done < n) {
    L.mj_step(m, d);
    ++*done;
    if ((*warning = diverged(d)) >= 0) break;
  }
  L.mj_kinematics(m, d);
  UNTRAP;
  return 0;
}

int mjg_forward(const mjModel* m, mjData* d, mjgErr* e) {
  TRAPPED(-1)
  L.mj_forward(m, d);
  UNTRAP;
  return sound(m, d, e);
}

int mjg_fwdPosition(const mjModel* m, mjData* d, mjgErr* e) {
  TRAPPED(-1)
  L.mj_fwdPosition(m, d);
  UNTRAP;
  return sound(m, d, e);
}

int mjg_copyData(mjData* to, const mjModel* m, const mjData* from, mjgErr* e) {
  TRAPPED(-1)
  L.mj_copyData(to, m, from);
  UNTRAP;
  return 0;
}

int mjg_copyAwake(mjData* to, const mjModel* m, const mjData* from, mjgErr* e) {
  TRAPPED(-1)
  L.mj_resetData(m, to);
  memcpy(to->qpos, from->qpos, m->nq * sizeof(mjtNum));
  memcpy(to->qvel, from->qvel, m->nv * sizeof(mjtNum));
  memcpy(to->qacc_warmstart, from->qacc_warmstart, m->nv * sizeof(mjtNum));
  memcpy(to->ctrl, from->ctrl, m->nu * sizeof(mjtNum));
  memcpy(to->act, from->act, m->na * sizeof(mjtNum));
  L.mj_forward(m, to);
  UNTRAP;
  return sound(m, to, e);
}

int mjg_resetData(const mjModel* m, mjData* d, mjgErr* e) {
  TRAPPED(-1)
  L.mj_resetData(m, d);
  UNTRAP;
  return 0;
}

mjData* mjg_makeData(const mjModel* m, mjgErr* e) {
  TRAPPED(NULL)
  mjData* d = L.mj_makeData(m);
  UNTRAP;
  return d;
}

mjModel* mjg_compile(mjSpec* s, mjgErr* e) {
  TRAPPED(NULL)
  mjModel* m = L.mj_compile(s, NULL);
  UNTRAP;
  if (!m) snprintf(e->buf, sizeof e->buf, "%s", L.mjs_getError(s));
  return m;
}

mjSpec* mjg_parse(const char* xml, mjgErr* e) {
  TRAPPED(NULL)
  mjSpec* s = L.mj_parseXMLString(xml, NULL, e->buf, sizeof e->buf);
  UNTRAP;
  return s;
}

int mjg_attach(mjsElement* to, const mjsElement* child, const char* prefix, mjSpec* s, mjgErr* e) {
  TRAPPED(-1)
  const mjsElement* done = L.mjs_attach(to, child, prefix, "");
  UNTRAP;
  if (done) return 0;
  snprintf(e->buf, sizeof e->buf, "%s", L.mjs_getError(s));
  return -1;
}

int mjg_raise(mjgErr* e) {
  TRAPPED(-1)
  L.mju_error("raised on purpose, code %d", 7);
  UNTRAP;
  return 0;
}

int mjg_ray(const mjModel* m, const mjData* d, const mjtNum* p, const mjtNum* v, const mjtByte* groups, double* dist, int* geom, mjgErr* e) {
  TRAPPED(-1)
  *dist = L.mj_ray(m, d, p, v, groups, 1, -1, geom, NULL);
  UNTRAP;
  return 0;
}

int mjg_geomDistance(const mjModel* m, mjData* d, int a, int b, double max, double* dist, mjgErr* e) {
  TRAPPED(-1)
  *dist = L.mj_geomDistance(m, d, a, b, max, NULL);
  UNTRAP;
  return 0;
}
