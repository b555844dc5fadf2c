"""What the fuzzer is told of this API: names that are there, and what an answer has to be besides its schema."""

import json
import os
import re
import zlib

import schemathesis

KNOWN = json.loads(os.environ["HOLDFAST_FUZZ_KNOWN"])
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
NAME = re.compile(rf"{LABEL.pattern}(\.{LABEL.pattern})*")
# A pool so small that requests meet what others have made.
POOL = 6
# Fields without which a run has nothing to do.
KEPT = ("cluster", "includedNamespaces", "backupName", "scheduleName", "retryOf")


def number_of(text):
    """A number that a text has in every run."""
    return zlib.crc32(text.encode())


def pooled(text):
    return f"fuzz-{number_of(text) % POOL}"


def known(text, names):
    """Three of four names become one that is there; the rest stay as they are."""
    number = number_of(text)
    return names[number % len(names)] if number % 4 else text


def is_name(value, pattern=LABEL):
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def kind_of(path):
    return path.removeprefix("/api/v1/").split("/")[0].split(":")[0]


def map_parameters(case):
    path = case.operation.path
    parameters = case.path_parameters
    name = parameters.get("name")
    if is_name(name, NAME):
        if case.method.upper() in ("DELETE", "PUT"):
            parameters["name"] = pooled(name)
        else:
            parameters["name"] = known(name, [*KNOWN["names"].get(kind_of(path), []), pooled(name)])
    for place in (parameters, case.query or {}):
        for key, values in KNOWN["parameters"].items():
            if is_name(place.get(key), NAME):
                place[key] = known(place[key], values)


def map_body(case):
    body = case.body
    if not isinstance(body, dict):
        return
    metadata, spec = body.get("metadata"), body.get("spec")
    kind = kind_of(case.operation.path)
    if isinstance(metadata, dict) and is_name(metadata.get("name"), NAME):
        metadata["name"] = case.path_parameters.get("name") or new_name(metadata["name"], kind)
    if isinstance(spec, dict):
        name_known(spec)
        # What is wrong with a spec on purpose stays so.
        if case.meta is None or case.meta.generation.mode.is_positive:
            make_meaningful(spec, kind)


def new_name(text, kind):
    # A plugin whose worker is not there is waited for.
    return "here" if kind == "plugins" else pooled(text)


def name_known(spec):
    if is_name(spec.get("cluster")):
        spec["cluster"] = known(spec["cluster"], [KNOWN["cluster"]])
    if is_name(spec.get("backupName"), NAME):
        spec["backupName"] = known(spec["backupName"], KNOWN["names"]["backups"])
    if isinstance(spec.get("template"), dict):
        name_known(spec["template"])


def make_meaningful(spec, kind):
    number = number_of(json.dumps(spec, sort_keys=True))
    if kind in KNOWN["specs"] and number % 3:
        # Their schema leaves the fields to who reads them.
        choices = KNOWN["specs"][kind]
        spec.update(choices[number % len(choices)])
    if kind == "schedules" and number % 4:
        spec["schedule"] = ["@yearly", "0 3 * * *"][number % 2]
        make_meaningful(spec.get("template", {}), "backups")
    if kind in ("backups", "restores") and number % 4:
        # Two fields at random: with all of them at once, some always contradict each other.
        for key in sorted(spec, key=lambda key: number_of(f"{key}{number}"))[2:]:
            if key not in KEPT:
                del spec[key]
        spec["includedNamespaces"] = KNOWN["namespaces"]


@schemathesis.hook
def before_call(context, case, kwargs):
    map_parameters(case)
    map_body(case)


@schemathesis.check
def is_an_honest_problem(ctx, response, case):
    """Whatever is no success is a problem that says its own status; of clusters, only one has a worker."""
    if response.status_code < 400 or case.method.upper() == "HEAD":
        return
    problem = response.json()
    assert problem["status"] == response.status_code, "status differs from that of the answer"
    assert problem["code"] != "internal", "something unforeseen happened"
    if response.status_code >= 500:
        assert problem["code"] == "no-worker", f"a failure that is no outage: {problem['code']}"
        assert KNOWN["cluster"] not in problem["detail"], "the cluster has a worker"
