#define _GNU_SOURCE
#include "dl.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// ONNX Runtime hands out its functions as a table that only ever grows at its end: a function keeps its place for good, and a caller says
// which API version's table it wants. So a few places are all that is needed here of onnxruntime_c_api.h, which is not in the wheel. The
// places count pointers from the table's start; onnxruntime_go v1.27.0 asks for the same API version.
enum {
  API_VERSION = 24,
  GET_ERROR_MESSAGE = 2,
  CREATE_TENSOR_WITH_DATA = 49,
  CREATE_MEMORY_INFO = 68,
  RELEASE_STATUS = 93,
  RELEASE_MEMORY_INFO = 94,
  RELEASE_VALUE = 96,
  GET_AVAILABLE_PROVIDERS = 125,
  RELEASE_AVAILABLE_PROVIDERS = 126
};

typedef struct {
  void* const* (*GetApi)(uint32_t version);  // NULL: the library is older than that version
  const char* (*GetVersionString)(void);
} ApiBase;

typedef const char* (*GetErrorMessage)(const void* status);
typedef void (*Release)(void* object);
typedef void* (*CreateMemoryInfo)(const char* name, int allocator, int id, int mem, void** info);
typedef void* (*CreateTensorWithData)(const void* info, void* data, size_t bytes, const int64_t* shape, size_t rank, int type, void** value);
typedef void* (*GetAvailableProviders)(char*** names, int* n);  // returns NULL or an error
typedef void* (*ReleaseAvailableProviders)(char** names, int n);

void* ronnx_open(const char* path, char* message, int size) {
  void* lib = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (!lib) snprintf(message, size, "%s", dlerror());
  return lib;
}

void ronnx_close(void* lib) { dlclose(lib); }

void ronnx_preload(const char* path) { dlopen(path, RTLD_NOW | RTLD_GLOBAL); }

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

// failed writes the message of status, which it releases, and says whether there was one.
static int failed(void* const* a, void* status, char* message, int size) {
  if (!status) return 0;
  snprintf(message, size, "%s", ((GetErrorMessage)a[GET_ERROR_MESSAGE])(status));
  ((Release)a[RELEASE_STATUS])(status);
  return 1;
}

void* ronnx_tensor(void* lib, int cuda, int id, void* data, size_t bytes, const int64_t* shape, size_t rank, int type, char* message, int size) {
  void* const* a = api(lib);
  void *info, *value = NULL;
  enum { DEVICE_ALLOCATOR = 0, MEM_DEFAULT = 0 };
  if (failed(a, ((CreateMemoryInfo)a[CREATE_MEMORY_INFO])(cuda ? "Cuda" : "Cpu", DEVICE_ALLOCATOR, id, MEM_DEFAULT, &info), message, size)) return NULL;
  if (failed(a, ((CreateTensorWithData)a[CREATE_TENSOR_WITH_DATA])(info, data, bytes, shape, rank, type, &value), message, size)) value = NULL;
  ((Release)a[RELEASE_MEMORY_INFO])(info);
  return value;
}

void ronnx_release(void* lib, void* tensor) { ((Release)api(lib)[RELEASE_VALUE])(tensor); }

static struct {
  int (*set_device)(int);
  int (*get_device_count)(int*);
  int (*malloc)(void**, size_t);
  int (*free)(void*);
  int (*mem_get_info)(size_t*, size_t*);
  int (*memcpy2d)(void*, size_t, const void*, size_t, size_t, size_t, int);
  int (*synchronize)(void);
  const char* (*error_string)(int);
} cuda;

int rcuda_open(char* message, int size) {
  static const char* names[] = {"libcudart.so.13", "libcudart.so.12"};
  if (cuda.error_string) return 0;
  void* lib = NULL;
  for (int pass = 0; pass < 2 && !lib; pass++)
    for (int i = 0; i < 2 && !lib; i++) lib = dlopen(names[i], RTLD_NOW | (pass ? 0 : RTLD_NOLOAD));
  if (!lib) {
    snprintf(message, size, "%s", dlerror());
    return -1;
  }
  struct {
    void** f;
    const char* name;
  } want[] = {{(void**)&cuda.set_device, "cudaSetDevice"},        {(void**)&cuda.get_device_count, "cudaGetDeviceCount"},
              {(void**)&cuda.malloc, "cudaMalloc"},               {(void**)&cuda.free, "cudaFree"},
              {(void**)&cuda.mem_get_info, "cudaMemGetInfo"},     {(void**)&cuda.memcpy2d, "cudaMemcpy2D"},
              {(void**)&cuda.synchronize, "cudaDeviceSynchronize"}, {(void**)&cuda.error_string, "cudaGetErrorString"}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++)
    if (!(*want[i].f = dlsym(lib, want[i].name))) {
      snprintf(message, size, "%s", dlerror());
      cuda.error_string = NULL;
      return -1;
    }
  return 0;
}

static int cuda_failed(int code, char* message, int size) {
  if (code) snprintf(message, size, "%s", cuda.error_string(code));
  return code;
}

int rcuda_count(int* devices, char* message, int size) { return cuda_failed(cuda.get_device_count(devices), message, size); }

int rcuda_malloc(int device, void** data, size_t bytes, char* message, int size) {
  int code = cuda.set_device(device);
  return cuda_failed(code ? code : cuda.malloc(data, bytes), message, size);
}

int rcuda_free(int device, void* data, char* message, int size) {
  int code = cuda.set_device(device);
  return cuda_failed(code ? code : cuda.free(data), message, size);
}

int rcuda_memory(int device, size_t* free, size_t* total, char* message, int size) {
  int code = cuda.set_device(device);
  return cuda_failed(code ? code : cuda.mem_get_info(free, total), message, size);
}

int rcuda_copy(int device, void* dst, size_t dst_pitch, const void* src, size_t src_pitch, size_t width, size_t rows, char* message, int size) {
  enum { BY_ADDRESS = 4 };  // cudaMemcpyDefault
  int code = cuda.set_device(device);
  if (!code) code = cuda.memcpy2d(dst, dst_pitch, src, src_pitch, width, rows, BY_ADDRESS);
  return cuda_failed(code ? code : cuda.synchronize(), message, size);
}
