# seeds.py - The fuzzers' seeds: written, gathered, checked
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   seeds.py write BIN    writes corpus/target/small.yaml, a preset with a small
#                         PE, and compiles Inputs/*.mlir for it to corpus/weft
#   seeds.py check BIN    does weft-verify still accept every file of corpus/weft?
#   seeds.py text FOLDER  the modules of the lit tests, one a file
#   seeds.py onnx FOLDER  the models of the lit tests, the small ones of the
#                         integration tests contrib, spellings and near_misses, and
#                         of the package libonnx-testdata where it is installed
#
# Small programs, since 10^7 inputs are wanted: one to two PEs, and a target of
# 1 KiB of SRAM without citations. BIN is a build's folder of tools.

import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "corpus", "weft")
TARGET = os.path.join(HERE, "corpus", "target", "small.yaml")
PRESET = os.path.join(HERE, "..", "..", "lib", "Target", "presets", "wse2.yaml")
SMALL = {"width": "8", "height": "8", "sram_bytes": "1024", "reserved_bytes": "64"}
GRIDS = {"add": "1x1", "gather": "1x1", "linear-x": "2x1", "linear-y": "1x2",
         "norm": "1x1", "star": "4x1", "stream": "2x1"}
# Folders of test/lit whose modules are seeds of the dialects' fuzzer.
LIT = ["nn", "wafer", "fabric", "pe", "passes"]
LARGEST = 3000  # bytes of a seed
MODELS = ["import", "weftc/Inputs"]
NODE_TESTS = "/usr/share/libonnx-testdata/data/node"
LARGEST_MODEL = 4096


def write_target():
    with open(PRESET) as f:
        text = re.sub(r"^\s*(#.*)?\n", "", f.read(), flags=re.M)
    text = re.sub(r" range: \[[^]]*\],", "", text)
    text = re.sub(r"source: ('[^\n]*'|[^\n}]*?)\s*}", "source: s }", text)
    for key, value in SMALL.items():
        text = re.sub(rf"({key}: *{{ *value: )\d+", rf"\g<1>{value}", text)
    text = re.sub(r" +", " ", re.sub(r"^name:.*", "name: small", text)).replace("\n ", "\n  ")
    os.makedirs(os.path.dirname(TARGET), exist_ok=True)
    with open(TARGET, "w") as f:
        f.write(text)


def write(bin_folder):
    weftc = os.path.join(bin_folder, "weftc")
    write_target()
    with open(TARGET) as f:
        target = "".join({"\n": r"\0A", '"': r"\22"}.get(c, c) for c in f.read())
    os.makedirs(CORPUS, exist_ok=True)
    for name, grid in GRIDS.items():
        with open(os.path.join(HERE, "Inputs", name.split("-")[0] + ".mlir")) as f:
            text = f.read()
        # A module below nn states its machine.
        given = [] if "TARGET" in text else [f"--target={TARGET}", f"--grid={grid}"]
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, name + ".mlir")
            with open(source, "w") as f:
                f.write(text.replace("TARGET", target))
            subprocess.run([weftc, source, *given, "-o", os.path.join(CORPUS, name + ".weft")],
                           check=True)


def check(bin_folder):
    seeds = sorted(glob.glob(os.path.join(CORPUS, "*.weft")))
    bad = [s for s in seeds
           if subprocess.run([os.path.join(bin_folder, "weft-verify"), s],
                             stdout=subprocess.DEVNULL).returncode]
    print(f"{len(seeds)} seeds, {len(bad)} refused")
    sys.exit(1 if bad or not seeds else 0)


def gather_text(folder):
    os.makedirs(folder, exist_ok=True)
    for path in sorted(p for d in LIT for p in glob.glob(
            os.path.join(HERE, "..", "lit", d, "*.mlir"))):
        name = "-".join(path[:-len(".mlir")].split(os.sep)[-2:])
        with open(path) as f:
            parts = re.split(r"^// -----.*$", f.read(), flags=re.M)
        for i, part in enumerate(parts):
            lines = [x for x in part.split("\n") if x.strip() and not x.strip().startswith("//")]
            if lines and len("\n".join(lines)) < LARGEST:
                with open(os.path.join(folder, f"{name}-{i}.mlir"), "w") as f:
                    f.write("\n".join(lines) + "\n")


def integration_models():
    """Ops of com.microsoft, and what exporters write for norms, GELUs, RoPE and attention."""
    sys.path.insert(0, os.path.join(HERE, "..", "integration"))
    import contrib
    import near_misses
    import spellings
    models = {"contrib-" + name: contrib.build(*parts)[0]
              for name, parts in contrib.CASES.items()}
    for name, _, _, opset, build in spellings.CASES + near_misses.CASES:
        graph = spellings.Graph(opset)
        models["spelling-" + name] = graph.model(build(graph))[0]
    return {name: m.SerializeToString(deterministic=True) for name, m in models.items()}


def gather_onnx(folder):
    import onnx
    from google.protobuf import text_format
    os.makedirs(folder, exist_ok=True)
    models = {}
    for path in sorted(p for d in MODELS for p in glob.glob(
            os.path.join(HERE, "..", "lit", d, "*.textproto"))):
        with open(path) as f:
            model = text_format.Parse(f.read(), onnx.ModelProto())
        name = "-".join(path[:-len(".textproto")].split(os.sep)[-2:])
        models[name] = model.SerializeToString(deterministic=True)
    models.update(integration_models())
    for path in sorted(glob.glob(os.path.join(NODE_TESTS, "test_*", "model.onnx"))):
        with open(path, "rb") as f:
            models[path.split(os.sep)[-2]] = f.read()
    for name, content in models.items():
        if len(content) < LARGEST_MODEL:
            with open(os.path.join(folder, name + ".onnx"), "wb") as f:
                f.write(content)


# Gathered from the tests at each run, so that new ops have seeds.
GATHERED = {"text": gather_text, "onnx": gather_onnx}

if __name__ == "__main__":
    {"write": write, "check": check, **GATHERED}[sys.argv[1]](sys.argv[2])
