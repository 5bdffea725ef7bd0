// A headless OpenGL 3.3 context through EGL, without a window and without a display server. libEGL is opened at run time, so that its
// absence is an error message and not a program that does not start.
#ifndef REFARENA_EGL_H
#define REFARENA_EGL_H

// A renderDisplay is a place where contexts can be made: a GPU, or Mesa's software renderer.
typedef struct {
	void *display; // EGLDisplay
	int software;  // 1: its device says that it is the CPU; 0: it is a GPU; -1: its driver chooses
} renderDisplay;

enum { RENDER_MAX_DISPLAYS = 16 };

// renderKeepMemory tells malloc to keep up to 32 MB that is free for later, instead of giving it back to the kernel. llvmpipe allocates
// and frees some MB for each picture; the page faults cost 4 ms of it.
void renderKeepMemory(void);

// renderLoadEGL opens libEGL.so.1. It returns NULL, or what is missing.
const char *renderLoadEGL(void);

// renderListDisplays writes the displays there are, GPUs first, and returns their number. Nothing is initialised yet.
int renderListDisplays(renderDisplay *out);

// renderMakeContext makes an OpenGL 3.3 core context on the display and makes it current on the calling thread. It returns NULL and
// the context, or the name of the EGL call that failed; *code is its EGL error.
const char *renderMakeContext(void *display, void **context, int *code);

// renderFreeContext releases the context from the calling thread, which is the one that made it, and destroys it.
void renderFreeContext(void *display, void *context);

// renderProcAddress is the address of a GL function, NULL if there is none.
void *renderProcAddress(const char *name);

#endif
