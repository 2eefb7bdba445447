import torch

from worker import conditioning
from worker.verdict import Verdict


def test_labels_do_not_enter():
    component = conditioning.family.create("none", {})
    component.begin({"hair": 3})
    verdict, labels = Verdict(logits=torch.zeros(2)), torch.zeros(2, 1, dtype=torch.int64)
    assert not component.labels_generator
    assert component.discriminator(verdict, verdict, labels, labels) is None
    assert component.generator(verdict, labels) is None
