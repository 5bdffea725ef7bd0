#define _GNU_SOURCE
#include "dl.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// ONNX Runtime hands out its functions as a table that only ever grows at its end: a function keeps its place for good, and a caller says
// which API version's table it wants. So two places are all that is needed here of onnxruntime_c_api.h, which is not in the wheel. The
// places count pointers from the table's start; onnxruntime_go v1.27.0 asks for the same API version.
enum { API_VERSION = 24, GET_AVAILABLE_PROVIDERS = 125, RELEASE_AVAILABLE_PROVIDERS = 126 };

typedef struct {
  void* const* (*GetApi)(uint32_t version);  // NULL: the library is older than that version
  const char* (*GetVersionString)(void);
} ApiBase;

typedef void* (*GetAvailableProviders)(char*** names, int* n);  // returns NULL or an error
typedef void* (*ReleaseAvailableProviders)(char** names, int n);

void* ronnx_open(const char* path, char* message, int size) {
  void* lib = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (!lib) snprintf(message, size, "%s", dlerror());
  return lib;
}

void ronnx_close(void* lib) { dlclose(lib); }

const char* ronnx_path(void* lib) {
  struct link_map* map;
  return dlinfo(lib, RTLD_DI_LINKMAP, &map) == 0 ? map->l_name : "";
}

static const ApiBase* base(void* lib) {
  const ApiBase* (*get)(void) = (const ApiBase* (*)(void))dlsym(lib, "OrtGetApiBase");
  return get ? get() : NULL;
}

static void* const* api(void* lib) {
  const ApiBase* b = base(lib);
  return b ? b->GetApi(API_VERSION) : NULL;
}

const char* ronnx_version(void* lib) {
  const ApiBase* b = base(lib);
  return b ? b->GetVersionString() : NULL;
}

int ronnx_providers(void* lib, char*** names) {
  void* const* a = api(lib);
  int n;
  if (!a || ((GetAvailableProviders)a[GET_AVAILABLE_PROVIDERS])(names, &n)) return -1;
  return n;
}

void ronnx_free_providers(void* lib, char** names, int n) {
  ((ReleaseAvailableProviders)api(lib)[RELEASE_AVAILABLE_PROVIDERS])(names, n);
}

int ronnx_search_path(void** info) {
  *info = NULL;
  void* self = dlopen(NULL, RTLD_LAZY);
  Dl_serinfo size;
  if (!self || dlinfo(self, RTLD_DI_SERINFOSIZE, &size) != 0) return 0;
  Dl_serinfo* found = malloc(size.dls_size);
  if (!found || dlinfo(self, RTLD_DI_SERINFOSIZE, found) != 0 || dlinfo(self, RTLD_DI_SERINFO, found) != 0) {
    free(found);
    return 0;
  }
  *info = found;
  return found->dls_cnt;
}

const char* ronnx_search_dir(void* info, int i) { return ((Dl_serinfo*)info)->dls_serpath[i].dls_name; }
