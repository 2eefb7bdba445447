"""Hessian-vector products against torch's dense Hessian, and against losses whose Hessian is known."""

import torch
from torch import nn
from torch.autograd.functional import hessian
from torch.func import functional_call
from torch.testing import assert_close

from worker.curvature.products import HessianOperator, flattened, unflattened


def net(dtype=torch.float64):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).to(dtype)


def inputs(dtype=torch.float64):
    return torch.randn(16, 3, generator=torch.Generator().manual_seed(1), dtype=dtype)


def loss_of(module, x):
    return nn.functional.softplus(-module(x)).mean()


def dense(module, x):
    """The (n, n) Hessian of the loss as a function of one flat vector, by torch's own."""
    parameters = dict(module.named_parameters())
    shapes = {name: parameter.shape for name, parameter in parameters.items()}

    def loss(flat):
        pieces = flat.split([shape.numel() for shape in shapes.values()])
        given = {name: piece.view(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}
        return nn.functional.softplus(-functional_call(module, given, (x,))).mean()

    return hessian(loss, torch.cat([parameter.detach().flatten() for parameter in parameters.values()]))


def test_products_are_the_columns_of_the_dense_hessian():
    module, x = net(), inputs()
    operator = HessianOperator(lambda: loss_of(module, x), list(module.parameters()))
    columns = torch.stack([operator(unit) for unit in torch.eye(operator.n, dtype=torch.float64)], dim=1)
    assert operator.n == 21
    assert_close(columns, dense(module, x), rtol=1e-10, atol=1e-12)


def test_float32_weights_stay_float32_and_the_product_is_right_to_their_rounding():
    module, x = net(torch.float32), inputs(torch.float32)
    before = [parameter.detach().clone() for parameter in module.parameters()]
    operator = HessianOperator(lambda: loss_of(module, x), list(module.parameters()))
    vector = torch.randn(operator.n, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    product = operator(vector)
    assert product.dtype == torch.float64
    exact = dense(module.double(), x.double()) @ vector
    assert_close(product, exact, rtol=0, atol=2e-6 * float(exact.abs().max()))
    kept = [parameter.float() for parameter in module.parameters()]
    assert all(torch.equal(now, old) for now, old in zip(kept, before, strict=True))


def test_the_loss_is_computed_once_and_grad_is_left_alone():
    module, x, calls = net(), inputs(), []
    operator = HessianOperator(lambda: calls.append(1) or loss_of(module, x), list(module.parameters()))
    for _ in range(3):
        operator(torch.ones(operator.n, dtype=torch.float64))
    assert calls == [1]
    assert all(parameter.grad is None for parameter in module.parameters())


def test_a_linear_loss_has_no_curvature():
    """In L = ψ θ the gradient of one does depend on the other, but not on itself."""
    theta, psi = nn.Parameter(torch.tensor([2.0])), nn.Parameter(torch.tensor([3.0]))
    one = torch.ones(1, dtype=torch.float64)
    assert_close(HessianOperator(lambda: (theta * psi).sum(), [theta])(one), 0 * one)
    assert_close(HessianOperator(lambda: 5 * theta.sum(), [theta])(one), 0 * one)


def test_a_weight_that_the_loss_does_not_use_has_zeros():
    used, unused = nn.Parameter(torch.tensor([2.0])), nn.Parameter(torch.zeros(2))
    operator = HessianOperator(lambda: (used**3).sum(), [unused, used])
    product = operator(torch.ones(3, dtype=torch.float64))
    assert_close(product, torch.tensor([0.0, 0.0, 12.0], dtype=torch.float64))  # (w³)'' = 6 w


def test_a_weight_in_which_the_loss_is_linear_has_zeros_beside_one_in_which_it_is_not():
    curved, straight = nn.Parameter(torch.tensor([2.0])), nn.Parameter(torch.tensor([7.0]))
    operator = HessianOperator(lambda: (curved**3).sum() + 5 * straight.sum(), [straight, curved])
    assert_close(operator(torch.ones(2, dtype=torch.float64)), torch.tensor([0.0, 12.0], dtype=torch.float64))


def test_order_of_elements_does_not_depend_on_memory_format():
    plain = torch.arange(48.0).reshape(4, 3, 2, 2)
    last = plain.to(memory_format=torch.channels_last)
    assert torch.equal(flattened([last]), torch.arange(48.0, dtype=torch.float64))
    [back] = unflattened(flattened([last]), [last])
    assert torch.equal(back, plain)
    assert back.stride() == last.stride()
    assert back.dtype == torch.float32
