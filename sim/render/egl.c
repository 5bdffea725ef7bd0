#include "egl.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <dlfcn.h>
#include <malloc.h>
#include <stddef.h>
#include <string.h>

// The core functions that are used, by their names without "egl".
#define CORE(X)                                                                                                                     \
	X(GetProcAddress, PFNEGLGETPROCADDRESSPROC)                                                                                     \
	X(QueryString, PFNEGLQUERYSTRINGPROC)                                                                                           \
	X(Initialize, PFNEGLINITIALIZEPROC)                                                                                             \
	X(BindAPI, PFNEGLBINDAPIPROC)                                                                                                   \
	X(ChooseConfig, PFNEGLCHOOSECONFIGPROC)                                                                                         \
	X(CreateContext, PFNEGLCREATECONTEXTPROC)                                                                                       \
	X(DestroyContext, PFNEGLDESTROYCONTEXTPROC)                                                                                     \
	X(MakeCurrent, PFNEGLMAKECURRENTPROC)                                                                                           \
	X(ReleaseThread, PFNEGLRELEASETHREADPROC)                                                                                       \
	X(GetError, PFNEGLGETERRORPROC)

#define DECLARE(name, type) static type egl##name##Fn;
CORE(DECLARE)
static PFNEGLGETPLATFORMDISPLAYEXTPROC getPlatformDisplay;
static PFNEGLQUERYDEVICESEXTPROC queryDevices;
static PFNEGLQUERYDEVICESTRINGEXTPROC queryDeviceString;

void renderKeepMemory(void) {
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 32 << 20);
	mallopt(M_TOP_PAD, 1 << 20);
}

const char *renderLoadEGL(void) {
	void *lib = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!lib) return "libEGL.so.1";
#define RESOLVE(name, type)                                                                                                         \
	egl##name##Fn = (type)dlsym(lib, "egl" #name);                                                                                  \
	if (!egl##name##Fn) return "egl" #name " in libEGL.so.1";
	CORE(RESOLVE)
	getPlatformDisplay = (PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddressFn("eglGetPlatformDisplayEXT");
	queryDevices = (PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddressFn("eglQueryDevicesEXT");
	queryDeviceString = (PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddressFn("eglQueryDeviceStringEXT");
	if (!getPlatformDisplay) return "eglGetPlatformDisplayEXT in libEGL.so.1";
	return NULL;
}

// has reports whether a space-separated list holds a word.
static int has(const char *list, const char *word) {
	size_t n = strlen(word);
	for (const char *p = list; p && (p = strstr(p, word)); p += n) {
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == 0)) return 1;
	}
	return 0;
}

int renderListDisplays(renderDisplay *out) {
	EGLDeviceEXT devices[RENDER_MAX_DISPLAYS - 1];
	EGLint found = 0;
	int n = 0;
	const char *client = eglQueryStringFn(EGL_NO_DISPLAY, EGL_EXTENSIONS);
	if (queryDevices && queryDeviceString && has(client, "EGL_EXT_platform_device") &&
	    queryDevices(RENDER_MAX_DISPLAYS - 1, devices, &found)) {
		for (int software = 0; software < 2; software++) {
			for (EGLint i = 0; i < found; i++) {
				if (has(queryDeviceString(devices[i], EGL_EXTENSIONS), "EGL_MESA_device_software") != software) continue;
				EGLDisplay d = getPlatformDisplay(EGL_PLATFORM_DEVICE_EXT, devices[i], NULL);
				if (d != EGL_NO_DISPLAY) out[n++] = (renderDisplay){d, software};
			}
		}
	}
	if (has(client, "EGL_MESA_platform_surfaceless")) { // for a Mesa without devices
		EGLDisplay d = getPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, (void *)EGL_DEFAULT_DISPLAY, NULL);
		if (d != EGL_NO_DISPLAY) out[n++] = (renderDisplay){d, -1};
	}
	return n;
}

const char *renderMakeContext(void *display, void **context, int *code) {
	static const EGLint configAttribs[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
	static const EGLint contextAttribs[] = {
	    EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 3, EGL_CONTEXT_OPENGL_PROFILE_MASK,
	    EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
	const char *failed = NULL;
	EGLConfig config;
	EGLint n = 0;
	EGLContext c = EGL_NO_CONTEXT;
	if (!eglInitializeFn(display, NULL, NULL)) failed = "eglInitialize";
	else if (!eglBindAPIFn(EGL_OPENGL_API)) failed = "eglBindAPI";
	else if (!eglChooseConfigFn(display, configAttribs, &config, 1, &n) || n < 1) failed = "eglChooseConfig";
	else if ((c = eglCreateContextFn(display, config, EGL_NO_CONTEXT, contextAttribs)) == EGL_NO_CONTEXT) failed = "eglCreateContext";
	else if (!eglMakeCurrentFn(display, EGL_NO_SURFACE, EGL_NO_SURFACE, c)) failed = "eglMakeCurrent";
	if (!failed) {
		*context = c;
		return NULL;
	}
	*code = eglGetErrorFn();
	if (c != EGL_NO_CONTEXT) eglDestroyContextFn(display, c);
	eglReleaseThreadFn();
	return failed;
}

void renderFreeContext(void *display, void *context) {
	eglMakeCurrentFn(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
	eglDestroyContextFn(display, context);
	malloc_trim(0); // what renderKeepMemory kept for its frames
	eglReleaseThreadFn();
}

void *renderProcAddress(const char *name) { return (void *)eglGetProcAddressFn(name); }
