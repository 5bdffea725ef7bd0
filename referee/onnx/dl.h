// What package onnx needs of the loader and of ONNX Runtime's C interface before onnxruntime_go takes over.
#include <stddef.h>
#include <stdint.h>


// ronnx_open opens the library, or returns NULL and writes the loader's message.
void* ronnx_open(const char* path, char* message, int size);
void ronnx_close(void* lib);

// ronnx_preload opens a library for others to find by its name, if it can.
void ronnx_preload(const char* path);

// ronnx_path is where the loader found the library: valid until ronnx_close.
const char* ronnx_path(void* lib);

// ronnx_version is the library's own version, NULL if it is not ONNX Runtime: valid until ronnx_close.
const char* ronnx_version(void* lib);

// ronnx_providers returns the number of execution providers and sets names, to be given to ronnx_free_providers; or it returns -1.
int ronnx_providers(void* lib, char*** names);
void ronnx_free_providers(void* lib, char** names, int n);

// ronnx_search_path returns the number of folders that the loader searches and sets info, to be given to free.
int ronnx_search_path(void** info);
const char* ronnx_search_dir(void* info, int i);

// ronnx_tensor makes a tensor over memory that the caller keeps: on the CPU, or on CUDA device id if cuda is not 0. type is an
// ONNXTensorElementDataType. On failure it returns NULL and writes a message.
void* ronnx_tensor(void* lib, int cuda, int id, void* data, size_t bytes, const int64_t* shape, size_t rank, int type, char* message, int size);
void ronnx_release(void* lib, void* tensor);

// The few functions of the CUDA runtime that memory on a GPU takes. rcuda_open finds the library that ONNX Runtime's CUDA provider has
// loaded, or loads it; each function returns 0, or writes a message and returns an error's number.
int rcuda_open(char* message, int size);
int rcuda_count(int* devices, char* message, int size);
int rcuda_malloc(int device, void** data, size_t bytes, char* message, int size);
int rcuda_free(int device, void* data, char* message, int size);
int rcuda_memory(int device, size_t* free, size_t* total, char* message, int size);
// rcuda_copy copies between any two of host and device memory, rows × width bytes with a pitch each, and waits until it is done.
int rcuda_copy(int device, void* dst, size_t dst_pitch, const void* src, size_t src_pitch, size_t width, size_t rows, char* message, int size);
