import pytest
import torch
from torch.nn.utils import parametrizations
from torch.testing import assert_close

from worker import conditioning, losses
from worker.networks._parts import VerdictLayers
from worker.verdict import Verdict

ATTRIBUTES = {"hair": 3, "eyes": 2}


def begun():
    component = conditioning.family.create("projection", {})
    component.begin(ATTRIBUTES)
    return component


def seeded(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_the_logit_gains_the_products_with_the_embeddings_of_its_own_classes():
    D, features = VerdictLayers(2, begun().head), torch.tensor([[1.0, 2.0], [-1.0, 0.5]])
    hair, eyes = D.label_head.embeddings
    with torch.no_grad():
        D.logit.weight.copy_(torch.tensor([[10.0, 20.0]]))
        D.logit.bias.fill_(100.0)
        hair.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, -1.0]]))
        eyes.weight.copy_(torch.tensor([[0.5, 0.5], [-2.0, 4.0]]))
    # First: 10 + 40 + 100, hair 2 gives 3 - 2, eyes 1 gives -2 + 8.  Second: -10 + 10 + 100, hair 1 gives 0.5, eyes 0
    # gives -0.25.
    verdict = D(features, torch.tensor([[2, 1], [1, 0]]))
    assert verdict.logits.tolist() == [157.0, 100.25]


def test_equals_the_sum_written_out_in_float64():
    D, features = VerdictLayers(7, begun().head).double(), seeded(5, 7).double()
    labels = torch.tensor([[0, 1], [2, 0], [1, 1], [2, 1], [0, 0]])
    psi = D.logit.weight[0].tolist(), D.logit.bias.item()
    tables = [embedding.weight.tolist() for embedding in D.label_head.embeddings]
    expected = []
    for phi, own in zip(features.tolist(), labels.tolist(), strict=True):
        logit = sum(w * f for w, f in zip(psi[0], phi, strict=True)) + psi[1]
        for table, label in zip(tables, own, strict=True):
            logit += sum(e * f for e, f in zip(table[label], phi, strict=True))
        expected.append(logit)
    assert_close(D(features, labels).logits.tolist(), expected, rtol=1e-12, atol=1e-12)


def test_only_the_embedding_of_a_samples_own_class_learns_from_it():
    D = VerdictLayers(4, begun().head)
    D(seeded(1, 4), torch.tensor([[2, 0]])).logits.sum().backward()
    moved = [embedding.weight.grad.abs().sum(1).gt(0).tolist() for embedding in D.label_head.embeddings]
    assert moved == [[False, False, True], [True, False]]


def test_embeddings_are_layers_without_bias_that_spectral_norm_takes_in():
    D = VerdictLayers(4, begun().head)
    for embedding in D.label_head.embeddings:
        assert embedding.bias is None
        parametrizations.spectral_norm(embedding)
    D.eval()
    features, labels = seeded(3, 4), torch.tensor([[0, 1], [1, 0], [2, 1]])
    tables = [embedding.weight.detach() for embedding in D.label_head.embeddings]
    shift = D(features, labels).logits - D.logit(features)[:, 0]
    expected = sum((features * table[labels[:, column]]).sum(1) for column, table in enumerate(tables))
    assert_close(shift, expected)
    assert all(abs(torch.linalg.matrix_norm(table, 2).item() - 1) < 1e-2 for table in tables)


def test_neither_player_pays_for_labels_apart_from_the_adversarial_loss():
    component, verdict = begun(), Verdict(logits=torch.zeros(2))
    labels = torch.tensor([[0, 1], [2, 0]])
    assert component.discriminator(verdict, verdict, labels, labels) is None
    assert component.generator(verdict, labels) is None
    assert component.labels_generator


def test_a_wrong_label_can_be_what_gives_a_sample_away():
    D, loss = VerdictLayers(2, begun().head), losses.family.create("hinge", {})
    with torch.no_grad():
        for parameter in D.parameters():
            parameter.zero_()
        D.label_head.embeddings[0].weight.copy_(torch.tensor([[3.0, -3.0], [-3.0, 3.0], [0.0, 0.0]]))
    sample = torch.tensor([[1.0, 0.0]])
    right, wrong = (D(sample, torch.tensor([[own, 0]])) for own in (0, 1))
    assert [loss.generator(None, verdict).item() for verdict in (right, wrong)] == [-3.0, 3.0]
    assert loss.discriminator(right, wrong).item() == 0


def test_missing_labels_are_refused_in_words():
    with pytest.raises(ValueError, match="needs labels for hair, eyes; got none"):
        VerdictLayers(4, begun().head)(torch.zeros(2, 4))
