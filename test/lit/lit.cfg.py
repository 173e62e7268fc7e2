# test/lit/lit.cfg.py - Configuration of the lit suites
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Shared by all suites; the build folder's
# lit.site.cfg.py says which and where the tools are. `lit test/lit/SOME/FILE`
# on the sources works too: then $WEFT_BUILD or build/dev is asked.

import os
import re
import subprocess

import lit.formats


def configure(config, lit_config):
    source, build = config.weft_source, config.weft_build
    config.name = f"Weft-{config.weft_suite}"
    config.test_source_root = os.path.join(source, "test", config.weft_suite)
    config.test_exec_root = os.path.join(build, "test", config.weft_suite)
    config.test_format = lit.formats.ShTest(execute_external=False)
    config.suffixes = [".mlir", ".test", ".asm", ".textproto", ".onnxtxt"]
    config.excludes = ["Inputs", "data", "CMakeLists.txt", "README.md"]
    set_environment(config)
    set_substitutions(config)
    set_features(config)


def set_environment(config):
    tools = os.path.join(config.weft_build, "bin")
    path = [tools, config.llvm_tools, os.environ.get("PATH", "")]
    config.environment["PATH"] = os.pathsep.join(path)
    config.environment["WEFT_BIN"] = tools
    config.environment["PYTHONPATH"] = os.path.join(config.weft_source, "python")
    config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
    # Messages are compared as text: no colour, no translation.
    config.environment["NO_COLOR"] = "1"
    config.environment["LC_ALL"] = "C.UTF-8"


def set_substitutions(config):
    config.substitutions += [
        ("%python", config.weft_python),
        ("%weft_source", config.weft_source),
        ("%weft_build", config.weft_build),
        ("%onnx_tests", onnx_tests()),
    ]
    # WEFT_ROUNDTRIP=1 prints and parses every module that weft-opt reads.
    if os.environ.get("WEFT_ROUNDTRIP", "0") not in ("", "0"):
        config.substitutions.append(
            (r"(?<![\w./-])weft-opt(?![\w./-])", "weft-opt --verify-roundtrip"))


def onnx_tests():
    return "/usr/share/libonnx-testdata/data"


def importable(config, name):
    code = f"import importlib.util, sys; sys.exit(not importlib.util.find_spec('{name}'))"
    return subprocess.run([config.weft_python, "-c", code]).returncode == 0


def set_features(config):
    for package in ("onnx", "onnxruntime"):
        if importable(config, package):
            config.available_features.add(package)
    if os.path.isdir(onnx_tests()):
        config.available_features.add("onnx-testdata")
    if not re.search(r"NDEBUG|Release|RelWithDebInfo|MinSizeRel", config.weft_cxx_flags):
        config.available_features.add("asserts")
    if config.weft_sanitizers in ("ON", "1", "TRUE", "YES"):
        config.available_features.add("sanitizers")


if hasattr(config, "weft_source"):
    configure(config, lit_config)
else:
    # Started on the sources: the site file comes back here with its paths.
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    site = os.path.join(os.environ.get("WEFT_BUILD", os.path.join(root, "build", "dev")),
                        "test", "lit", "lit.site.cfg.py")
    if not os.path.exists(site):
        lit_config.fatal(f"no '{site}': configure first, or set WEFT_BUILD")
    lit_config.load_config(config, site)
