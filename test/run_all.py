# test/run_all.py - Every test, one count
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Runs ctest and lit on a build folder, adds up what each says, and closes with
# one line, 'N passed, N failed, N skipped'. A test that did not run is counted:
# if the skipped tests are not those of test/unsupported.txt, the run fails,
# because a missing package must not look like success.

import argparse
import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
SUITES = ["lit", "style", "integration", "conformance"]
# lit's result codes that are neither a pass nor a test that did not run.
PASSED = {"PASS", "FLAKYPASS", "XFAIL"}
SKIPPED = {"UNSUPPORTED", "SKIPPED", "EXCLUDED"}


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.bad, self.left = [], []  # names of those that failed, were skipped

    def add(self, name, outcome):
        setattr(self, outcome, getattr(self, outcome) + 1)
        if outcome == "failed":
            self.bad.append(name)
        if outcome == "skipped":
            self.left.append(name)


def add_gtest(count, path):
    """The cases of one GoogleTest report; returns whether it failed."""
    failed = False
    for case in ET.parse(path).iter("testcase"):
        outcome = "passed"
        if case.get("result") in ("skipped", "suppressed"):
            outcome = "skipped"
        elif case.find("failure") is not None:
            outcome, failed = "failed", True
        count.add(f"{case.get('classname')}.{case.get('name')}", outcome)
    return failed


def run_unit(count, build):
    """ctest; an executable without a report of its own counts as one test."""
    reports = os.path.join(build, "test", "reports")
    shutil.rmtree(reports, ignore_errors=True)
    os.makedirs(reports)
    junit = os.path.join(reports, "ctest.xml")
    subprocess.run(["ctest", "--output-on-failure", "-j2", "--output-junit", junit],
                   cwd=build, env={**os.environ, "GTEST_OUTPUT": f"xml:{reports}/"})
    if not os.path.exists(junit):
        count.add("ctest", "failed")
        return
    for case in ET.parse(junit).iter("testcase"):
        name, status = case.get("name"), case.get("status")
        report = os.path.join(reports, name + ".xml")
        known = os.path.exists(report) and add_gtest(count, report)
        if status == "fail" and not known:
            count.add(name, "failed")  # crashed, or is no GoogleTest
        elif not os.path.exists(report):
            count.add(name, "passed" if status == "run" else "skipped")


def run_lit(count, build, lit, extra):
    output = os.path.join(build, "test", "reports", "lit.json")
    folders = [os.path.join(build, "test", s) for s in SUITES]
    subprocess.run([lit, "-v", "--output", output, *extra, *folders])
    if not os.path.exists(output):
        count.add("lit", "failed")
        return
    with open(output) as f:
        for test in json.load(f)["tests"]:
            code = test["code"]
            count.add(test["name"], "passed" if code in PASSED else
                      "skipped" if code in SKIPPED else "failed")


def expected_skips(build):
    """Names from unsupported.txt; a line is 'NAME: OPTION', with the CMake option
    of the builds that leave the test out."""
    with open(os.path.join(build, "CMakeCache.txt")) as f:
        cache = f.read().splitlines()
    with open(os.path.join(HERE, "unsupported.txt")) as f:
        listed = [line.rsplit(": ", 1) for line in f.read().splitlines()]
    return sorted(name for name, option in listed if f"{option}:BOOL=ON" in cache)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True)
    p.add_argument("--lit", default="/usr/lib/llvm-22/bin/lit")
    p.add_argument("--lit-option", action="append", default=[])
    args = p.parse_args()
    build = os.path.abspath(args.build)
    count = Count()
    run_unit(count, build)
    run_lit(count, build, args.lit, args.lit_option)
    expected = expected_skips(build)
    for name in count.bad:
        print(f"failed: {name}")
    if sorted(count.left) != expected:
        print(f"error: the tests that did not run are {sorted(count.left)}, "
              f"test/unsupported.txt has {expected}")
    print(f"{count.passed} passed, {count.failed} failed, {count.skipped} skipped",
          flush=True)
    sys.exit(1 if count.failed or sorted(count.left) != expected or not count.passed else 0)


if __name__ == "__main__":
    main()
