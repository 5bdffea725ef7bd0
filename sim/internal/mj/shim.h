#ifndef REFARENA_MJ_SHIM_H_
#define REFARENA_MJ_SHIM_H_

#include <stdint.h>

#if !__has_include(<mujoco/mujoco.h>)
#error "libmujoco is not unpacked yet: run `make build` once, at the top of the refarena checkout"
#endif
#include <mujoco/mujoco.h>

#define MJG_LIBRARY "libmujoco.so.4.0.0"

// Every function of libmujoco that is used, by name: mjg_load fills the table L with their addresses.
#define MJG_FUNCTIONS(X)                                                                                                       \
  X(mj_version) X(mj_versionString) X(mju_setLogHandler) X(mju_error) X(mj_makeSpec) X(mj_deleteSpec) X(mj_parseXMLString)    \
  X(mjs_setDeepCopy) X(mjs_getError) X(mjs_attach) X(mjs_addBody) X(mjs_addSite)          \
  X(mjs_addFreeJoint) X(mjs_addGeom) X(mjs_addFrame) X(mjs_addMesh) X(mjs_findBody) X(mjs_findElement) X(mjs_setName)          \
  X(mjs_setString) X(mjs_setFloat) X(mjs_setInt) X(mj_compile) X(mj_saveXMLString) X(mj_deleteModel) X(mj_makeData)            \
  X(mj_deleteData) X(mj_copyData) X(mj_resetData) X(mj_step) X(mj_forward) X(mj_kinematics) X(mj_name2id) X(mj_id2name)        \
  X(mj_ray) X(mj_jacSite) X(mj_contactForce) X(mj_objectVelocity) X(mj_sizeModel) X(mj_geomDistance) X(mj_fwdPosition) \
  X(mjs_firstElement) X(mjs_nextElement) X(mjs_asBody)

typedef struct {
#define X(name) __typeof__(name)* name;
  MJG_FUNCTIONS(X)
#undef X
} mjgLib;
extern mjgLib L;

// A failed call leaves its message in buf (always terminated). Every function that can meet mju_error returns -1 or NULL then.
typedef struct { char buf[1024]; } mjgErr;

// mjg_load opens libmujoco and fills L: from dir unless it is "" or has none, else from the loader's folders. 0, or -1 with the reason
// in e. Not safe for concurrent use: call it once.
int mjg_load(const char* dir, mjgErr* e);

// mjg_path is the file that libmujoco was loaded from.
const char* mjg_path(void);

// mjg_step advances n steps and then brings the bodies' frames up to date with qpos. It stops after the step that raises a warning
// of diverged physics: *done steps were taken and *warning is its mjtWarning, else -1.
int mjg_step(const mjModel* m, mjData* d, int n, int* done, int* warning, mjgErr* e);
int mjg_forward(const mjModel* m, mjData* d, mjgErr* e);
int mjg_fwdPosition(const mjModel* m, mjData* d, mjgErr* e);
int mjg_copyData(mjData* to, const mjModel* m, const mjData* from, mjgErr* e);
int mjg_copyAwake(mjData* to, const mjModel* m, const mjData* from, mjgErr* e);
int mjg_resetData(const mjModel* m, mjData* d, mjgErr* e);
mjData* mjg_makeData(const mjModel* m, mjgErr* e);
mjModel* mjg_compile(mjSpec* s, mjgErr* e);
mjSpec* mjg_parse(const char* xml, mjgErr* e);
int mjg_attach(mjsElement* to, const mjsElement* child, const char* prefix, mjSpec* s, mjgErr* e);
int mjg_ray(const mjModel* m, const mjData* d, const mjtNum* p, const mjtNum* v, const mjtByte* groups, double* dist, int* geom, mjgErr* e);
int mjg_geomDistance(const mjModel* m, mjData* d, int a, int b, double max, double* dist, mjgErr* e);
int mjg_raise(mjgErr* e);  // calls mju_error, to test the trap

#endif
