"""Takes the shared libraries and headers out of the wheels that native.txt names: unpack.py NATIVE_TXT WHEELS DEPS STAMP.

Every package becomes DEPS/<name>-<version>/{lib,include} with STAMP's text in the file `stamp`. A folder is complete or not there: it is
filled under another name and then renamed. The version is part of the name because go's build cache does not look at headers outside
a package: new headers in an old folder would meet old object files.
"""

import glob
import os
import re
import shutil
import sys
import zipfile

# package: (folder, [(file in the wheel, subfolder)]); group 1 is the name that the file gets.
PACKAGES = {
    "mujoco-core": ("mujoco", [(r"mujoco/(libmujoco\.so\.[0-9.]+)", "lib"), (r"mujoco/include/(mujoco/\w+\.h)", "include")]),
    "onnxruntime": ("onnxruntime", [(r"onnxruntime/capi/(libonnxruntime(?:_providers_shared)?\.so(?:\.[0-9.]+)?)", "lib")]),
}


def unpack(wheel, into, files, stamp):
    part, old = into + ".part", into + ".old"
    shutil.rmtree(part, ignore_errors=True)
    found = set()
    with zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            for pattern, sub in files:
                m = re.fullmatch(pattern, name)
                if not m:
                    continue
                to = os.path.join(part, sub, m[1])
                os.makedirs(os.path.dirname(to), exist_ok=True)
                with z.open(name) as src, open(to, "wb") as dst:
                    shutil.copyfileobj(src, dst)
                found.add(pattern)
    for pattern, _ in files:
        if pattern not in found:
            sys.exit(f"unpack: nothing matches {pattern} in {os.path.basename(wheel)}")
    with open(os.path.join(part, "stamp"), "w") as f:
        f.write(stamp + "\n")
    shutil.rmtree(old, ignore_errors=True)
    if os.path.exists(into):
        os.rename(into, old)
    os.rename(part, into)
    shutil.rmtree(old, ignore_errors=True)


def main():
    native_txt, wheels, deps, stamp = sys.argv[1:]
    with open(native_txt) as f:
        pins = re.findall(r"^([a-z-]+)==([0-9.]+)", f.read(), re.MULTILINE)
    for name, version in pins:
        if name not in PACKAGES:
            sys.exit(f"unpack: no rule for package {name} (have {', '.join(sorted(PACKAGES))})")
        folder, files = PACKAGES[name]
        found = glob.glob(os.path.join(wheels, f"{name.replace('-', '_')}-{version}-*.whl"))
        if len(found) != 1:
            sys.exit(f"unpack: {len(found)} wheels of {name} {version} in {wheels}, want 1")
        unpack(found[0], os.path.join(deps, f"{folder}-{version}"), files, stamp)


main()
