// What package onnx needs of the loader and of ONNX Runtime's C interface before onnxruntime_go takes over.

// ronnx_open opens the library, or returns NULL and writes the loader's message.
void* ronnx_open(const char* path, char* message, int size);
void ronnx_close(void* lib);

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
