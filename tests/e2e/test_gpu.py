"""The whole service on a machine with a GPU: slots, a run there, out of memory, and the memory given back."""

import subprocess

import pytest
import torch

pytestmark = [
    pytest.mark.stack,
    pytest.mark.gpu,
    pytest.mark.timeout(420),
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU"),
]


def used_mib():
    """Memory in use on the first GPU."""
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0"]
    return int(subprocess.run(query, capture_output=True, text=True, check=True).stdout)


def is_over(run):
    return run["status"] in {"finished", "failed", "stopped"}


def test_a_run_trains_on_the_gpu_and_a_run_too_big_for_it_fails_with_the_reason(server):
    client = server.client()
    workers = client.get("/workers").json()["items"]
    assert next(slot["device"] for worker in workers for slot in worker["slots"]) == "cuda:0"

    run = client.launch("digits-dcgan", steps=300)
    found = client.wait(run, is_over, within_s=180)
    assert found["status"] == "finished", found["reason"]
    assert found["device"] == torch.cuda.get_device_name(0)
    assert client.steps(run, "memory.gpu.allocated")
    assert client.steps(run, "loss.d")[-1] == 300

    before = used_mib()
    greedy = client.launch("digits-dcgan", batch=65_536, network={"width": 1024}, steps=5)
    failed = client.wait(greedy, is_over, within_s=240)
    assert failed["status"] == "failed"
    assert "out of memory" in failed["reason"].lower(), failed["reason"]
    after = client.launch("digits-dcgan", steps=20)
    assert client.wait(after, is_over, within_s=120)["status"] == "finished"
    assert used_mib() < before + 1000, "a trainer that ended has left nothing on the GPU"
