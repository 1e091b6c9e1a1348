"""What starts training and tagging elsewhere: manifests that Kubernetes takes, and scripts under a Slurm of stubs."""

import functools
import importlib
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import tyro
import yaml
from helpers import given_by, write

from competition.commands.train import train

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
MANIFESTS, SCRIPTS = sorted(DEPLOY.glob("*.yaml")), sorted(DEPLOY.glob("*.sh"))
KUBERNETES = ["1.31", "1.37"]  # the first in which podFailurePolicy is stable, and the newest schemas
# Fields of RayCluster: https://ray-project.github.io/kuberay/reference/api and, of authOptions,
# https://docs.ray.io/en/latest/cluster/kubernetes/user-guides/kuberay-auth.html
RAY_FIELDS = {
    "RayCluster": {"apiVersion", "kind", "metadata", "spec"},
    "spec": {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs"},
    "authOptions": {"mode"},
    "headGroupSpec": {"rayStartParams", "template"},
    "workerGroupSpecs": {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"},
}
SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do shift; done
for ((task = 0; task < ${TASKS:-1}; task++)); do
  SLURM_PROCID=$task "$@" || status=$?
done
exit "${status:-0}"
"""
SCONTROL = """#!/bin/bash
echo "$@" >> scontrol.txt
if [[ $1 == show ]]; then printf '%s\\n' node7 node9; fi
"""
COMPETITION = """#!/bin/bash
printf '%s\\n' "${TF_CONFIG-}" "$@" > "task$SLURM_PROCID.txt"
exit "${STATUS:-0}"
"""
RAY = """#!/bin/bash
printf '%s\\n' "$RAY_AUTH_MODE" "$RAY_AUTH_TOKEN" > ray.txt
while [[ $1 != -- ]]; do echo "$1" >> ray.txt; shift; done
if [[ ! -v FAILS ]]; then shift; "$@"; fi
"""


@functools.cache
def documents(manifest: Path) -> list[dict]:
    return list(yaml.safe_load_all(manifest.read_text(encoding="utf-8")))


def pods(*manifests: Path) -> Iterator[dict]:
    """The templates of all pods in some manifests."""
    for spec in (document["spec"] for manifest in manifests for document in documents(manifest)):
        groups = [spec, spec.get("headGroupSpec", {}), *spec.get("workerGroupSpecs", [])]
        yield from (group["template"] for group in groups if "template" in group)


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_takes_a_manifest_without_an_unknown_field(manifest, version):
    core = [document for document in documents(manifest) if document["kind"] != "RayCluster"]
    templates = [{"apiVersion": "v1", "kind": "PodTemplate", "template": template} for template in pods(manifest)]
    for document in [*core, *templates]:
        kubernetes_validate.validate(document, version, strict=True)


def test_the_ray_cluster_has_fields_that_the_documentation_of_ray_names():
    (cluster,) = documents(DEPLOY / "ray-cluster.yaml")
    assert cluster["apiVersion"] == "ray.io/v1"
    parts = [(cluster["kind"], cluster), ("spec", cluster["spec"]), *cluster["spec"].items()]
    parts = [(name, one) for name, value in parts for one in (value if isinstance(value, list) else [value])]
    assert {name: set(value) for name, value in parts if isinstance(value, dict)} == RAY_FIELDS
    for params in (value["rayStartParams"] for _, value in parts if "rayStartParams" in value):
        assert all(isinstance(value, str) for value in params.values())  # as ray start gets them
    assert f"\nray=={cluster['spec']['rayVersion']} " in (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")


def test_no_pod_runs_as_root_or_may_become_it_and_each_volume_is_claimed():
    (claim,) = documents(DEPLOY / "volume.yaml")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    uid = int(re.search(r"useradd .*--uid (\d+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))[1])
    found = [template["spec"] for template in pods(*MANIFESTS)]
    assert len(found) == 3
    for spec in found:
        assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["runAsUser"]) == (True, uid)
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        assert volumes["shared"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        for container in spec["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)


def test_each_pod_of_the_training_is_told_its_place_among_names_that_the_service_gives():
    """Kubernetes calls pod i of an indexed job JOB-i.SUBDOMAIN, and replaces $(NAME) by a variable listed before."""
    service, job = documents(DEPLOY / "train.yaml")
    spec, name = job["spec"], job["metadata"]["name"]
    pod = spec["template"]["spec"]
    assert (spec["completionMode"], spec["parallelism"]) == ("Indexed", spec["completions"])
    assert service["spec"]["selector"] == {"batch.kubernetes.io/job-name": name}
    assert (service["spec"]["clusterIP"], service["metadata"]["name"]) == ("None", pod["subdomain"])
    threads, index, config = pod["containers"][0]["env"]
    assert (threads["name"], index["name"]) == ("COMPETITION_THREADS", "JOB_COMPLETION_INDEX")
    assert threads["value"] == pod["containers"][0]["resources"]["requests"]["cpu"]
    for place in range(spec["completions"]):
        told = json.loads(config["value"].replace("$(JOB_COMPLETION_INDEX)", str(place)))
        port = pod["containers"][0]["ports"][0]["containerPort"]
        hosts = [f"{name}-{other}.{pod['subdomain']}:{port}" for other in range(spec["completions"])]
        assert told == {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": place}}


def commands() -> list[list[str]]:
    """The words of every `competition` command in a manifest, and in comments and documents that say how to start."""
    containers = (container for template in pods(*MANIFESTS) for container in template["spec"]["containers"])
    found = [container.get("command", []) for container in containers]
    for file in [*MANIFESTS, *SCRIPTS, *sorted((ROOT / "docs").glob("*.md"))]:
        text = re.sub(r" \\\n#? +", " ", file.read_text(encoding="utf-8"))
        found += map(shlex.split, re.findall(r"^#.* (competition (?:train|tag) .+)", text, re.MULTILINE))
        for script, line in re.findall(r"sbatch .*deploy/(\S+\.sh) (.+)", text):
            verb = {"slurm.sh": "train", "ray-slurm.sh": "tag"}[script]
            found.append(["competition", verb, *shlex.split(line, comments=True)])
    return [list(words) for words in sorted({*map(tuple, found)} - {()})]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_command_line_takes_the_commands(words):
    program, verb, *given = words
    assert program == "competition"
    if verb == "train":
        assert given_by(train, *given)["run"] is not None
        return
    command = getattr(importlib.import_module(f"competition.commands.{verb}"), verb)
    called = functools.wraps(command)(lambda *positional, **flags: (positional, flags))
    tyro.cli(called, args=given, config=(tyro.conf.FlagCreatePairsOff,))


def test_commands_were_found():
    assert {words[1] for words in commands()} == {"train", "tag"}
    assert len(commands()) >= len([*MANIFESTS, *SCRIPTS]) - 1  # all but the volume's


def test_the_extras_that_an_image_is_built_with_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    used = re.findall(r"EXTRAS=([a-z,]+)", "\n".join(file.read_text(encoding="utf-8") for file in MANIFESTS))
    used += re.findall(r"^ARG EXTRAS=(\S+)", dockerfile, re.MULTILINE)
    assert set(",".join(used).split(",")) == {"cluster", "gpu", "serve"}
    assert set(",".join(used).split(",")) <= set(project["optional-dependencies"])
    assert '".[$EXTRAS]"' in dockerfile


def slurm(folder: Path, script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a job of two nodes, node7 and node9, by stubs; each task writes what it was given."""
    for name, text in {"srun": SRUN, "scontrol": SCONTROL, "competition": COMPETITION, "ray": RAY}.items():
        write(folder / ".venv/bin" / name, text).chmod(0o755)
    job = {"SLURM_JOB_ID": "31234", "SLURM_JOB_NODELIST": "node[7,9]", "SLURM_CPUS_PER_TASK": "4"}
    environment = {"PATH": "/usr/bin:/bin", "SLURM_SUBMIT_DIR": str(folder), **job, **environment}
    command = ["bash", str(DEPLOY / script), *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


WORDS = ["fashionai", "--data", "a folder", "--run", "runs/$HOME-1"]  # to be passed on as they are


def test_each_task_of_a_slurm_job_trains_as_the_worker_of_its_node(tmp_path):
    done = slurm(tmp_path, "slurm.sh", *WORDS, TASKS="2")
    assert (done.returncode, done.stderr) == (0, "")
    for index in (0, 1):
        config, *given = lines(tmp_path / f"task{index}.txt")
        hosts = ["node7:21234", "node9:21234"]
        assert json.loads(config) == {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
        assert given == ["train", *WORDS]
    assert lines(tmp_path / "scontrol.txt") == ["show hostnames node[7,9]"]


@pytest.mark.parametrize(("status", "requeued"), [("143", ["requeue 31234"]), ("1", []), ("2", [])])
def test_a_training_that_the_time_limit_stopped_queues_again_and_no_other(tmp_path, status, requeued):
    assert slurm(tmp_path, "slurm.sh", *WORDS, STATUS=status).returncode == int(status)
    assert lines(tmp_path / "scontrol.txt")[1:] == requeued


def test_ray_on_slurm_runs_the_tagging_on_the_first_node_and_joins_with_a_secret_of_the_job(tmp_path):
    done = slurm(tmp_path, "ray-slurm.sh", *WORDS)
    assert (done.returncode, done.stderr) == (0, "")
    mode, token, *arguments = lines(tmp_path / "ray.txt")
    assert (mode, len(token)) == ("token", 36)
    assert arguments == ["symmetric-run", "--address", "node7:21234", "--min-nodes", "2", "--num-cpus", "4"]
    assert lines(tmp_path / "task0.txt") == ["", "tag", *WORDS, "--address", "node7:21234"]
    slurm(tmp_path, "ray-slurm.sh", *WORDS)
    assert token not in lines(tmp_path / "ray.txt")


@pytest.mark.parametrize(("environment", "status"), [({"STATUS": "130"}, 130), ({"FAILS": ""}, 1)])
def test_ray_on_slurm_ends_as_the_tagging_does_and_also_says_where_ray_did_not_start(tmp_path, environment, status):
    done = slurm(tmp_path, "ray-slurm.sh", *WORDS, **environment)
    assert done.returncode == status
    assert ("Ray did not start on node7" in done.stderr) == ("FAILS" in environment)
